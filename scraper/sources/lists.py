"""Lists of inputs, with a path or an address per line, or the failures of an earlier run."""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO, Final

import msgspec
from msgspec import UNSET, UnsetType

from scraper.errors import MissingInput, UnreadableInput

STDIN: Final = "-"


class _Entry(msgspec.Struct):
    input: str | UnsetType = UNSET
    url: str | UnsetType | None = UNSET
    headline: str | UnsetType = UNSET

    @property
    def name(self) -> str | UnsetType | None:
        """The input: where a failure was read, or where a headline leads."""
        return self.url if self.input is UNSET or self.headline is not UNSET else self.input


_decoder: Final = msgspec.json.Decoder(_Entry)


def read_list(name: str, left_out: Counter[str] | None = None) -> Iterator[str]:
    """Yield the inputs in a list, in order, skipping blank lines.

    Args:
        name: the file, or ``-`` for stdin. A line is an input, a failure as ``--failures`` writes it, which gives its ``input``, or a
            headline, which gives the address of its article.
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
            with open(name, "rb") as file:
                yield from _entries(file, left_out)
    except FileNotFoundError:
        raise MissingInput("there is no such list; check the path") from None
    except OSError as error:
        raise UnreadableInput(f"the list cannot be read ({error.strerror or error}); check its permissions") from None


def _entries(file: BinaryIO, left_out: Counter[str] | None) -> Iterator[str]:
    for line in file:
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
