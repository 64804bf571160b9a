"""Lists of inputs: a path or an address per line, the failures of an earlier run, or ranges of web archives."""

import csv
import io
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from typing import BinaryIO, Final

import msgspec
from msgspec import UNSET, UnsetType

from scraper.errors import MissingInput, UnreadableInput
from scraper.sources.files import STDIN, open_input

_COLUMNS: Final = (("file", "warc_filename"), ("offset", "warc_record_offset"), ("length", "warc_record_length"))
"""The columns of a range, each with the name that it has in Common Crawl's index."""


class _Entry(msgspec.Struct):
    input: str | UnsetType = UNSET
    url: str | UnsetType | None = UNSET
    headline: str | UnsetType = UNSET
    file: str | None = None
    offset: int | None = None
    length: int | None = None
    warc_filename: str | None = None
    warc_record_offset: int | None = None
    warc_record_length: int | None = None

    @property
    def name(self) -> str | UnsetType | None:
        """The input: where a failure was read, where a headline leads, or a range."""
        values = [next((value for name in names if (value := getattr(self, name)) is not None), None) for names in _COLUMNS]
        if None not in values:
            return _range(*values)
        return self.url if self.input is UNSET or self.headline is not UNSET else self.input


_decoder: Final = msgspec.json.Decoder(_Entry)


def read_list(name: str, left_out: Counter[str] | None = None) -> Iterator[str]:
    """Yield the inputs in a list, in order, skipping blank lines.

    Args:
        name: the file, or ``-`` for stdin. A line is an input, a failure as ``--failures`` writes it, which gives its ``input``, a
            headline, which gives the address of its article, or an object with the file, offset and length of a range. A list that
            begins with the names of these three columns is a table of ranges.
        left_out: counts headlines without an address.

    Raises:
        MissingInput: if there is no such file.
        UnreadableInput: if it cannot be read.
    """
    try:
        if name == STDIN:
            if sys.stdin is None:
                raise UnreadableInput("stdin is closed; pipe a list in")
            yield from _entries(sys.stdin.buffer, left_out)
        else:
            with io.BufferedReader(open_input(name)) as file:
                yield from _entries(file, left_out)
    except FileNotFoundError:
        raise MissingInput("there is no such list; check the path") from None
    except OSError as error:
        raise UnreadableInput(f"the list cannot be read ({error.strerror or error}); check its permissions") from None


def _entries(file: BinaryIO, left_out: Counter[str] | None) -> Iterator[str]:
    first = file.readline()
    if (table := _table_of(first)) is not None:
        yield from _ranges(file, *table)
        return
    for line in chain((first,), file):
        text = line.rstrip(b"\r\n")
        name: str | UnsetType | None = UNSET
        if text.startswith(b"{"):
            with suppress(msgspec.MsgspecError, ValueError):  # a path may begin with a brace
                name = _decoder.decode(text).name
        if isinstance(name, str):
            yield name
        elif name is UNSET and text.strip():
            yield os.fsdecode(text)
        elif name is None and left_out is not None:
            left_out["headline without address"] += 1


def _table_of(first: bytes) -> tuple[str, list[str]] | None:
    """Return the delimiter and the columns of a table of ranges, by its first line; None if the list is no such table."""
    names = first.decode("utf-8-sig", "replace").strip()
    for delimiter in ",\t":
        columns = [name.strip(" \"'").lower() for name in names.split(delimiter)]
        if all(any(name in columns for name in pair) for pair in _COLUMNS):
            return delimiter, columns
    return None


def _ranges(file: BinaryIO, delimiter: str, columns: list[str]) -> Iterator[str]:
    text = io.TextIOWrapper(file, "utf-8", "surrogateescape", newline="")
    places = [next(columns.index(name) for name in pair if name in columns) for pair in _COLUMNS]
    for row in csv.reader(text, delimiter=delimiter):
        if row:
            yield _range(*(row[place].strip() if place < len(row) else "" for place in places))
    text.detach()


def _range(file: object, offset: object, length: object) -> str:
    return f"{file}#range={offset},{length}"
