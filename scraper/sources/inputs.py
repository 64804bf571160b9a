"""Find the files of the inputs that the user names, and choose which of their pages to read."""

import csv
import io
import os
import posixpath
import random
import re
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from fnmatch import fnmatchcase
from itertools import chain, groupby
from operator import itemgetter
from typing import BinaryIO, Final

import msgspec
from msgspec import UNSET, UnsetType

from scraper import remote
from scraper.errors import BadRecord, EmptyInput, MissingInput, PageError, UnreadableInput
from scraper.remote import is_remote, local_name
from scraper.sources.files import (
    STDIN,
    FileId,
    InputEntry,
    Meter,
    inode_of,
    missing_input,
    open_input,
    read_entry,
    unreadable,
    utf8_name,
)
from scraper.sources.items import Failed, Item, ReadOptions, Skipped, Unread

_RANGE: Final = re.compile(r"(?P<file>.+)#range=(?P<offset>[^,#]*),(?P<length>[^,#]*)", re.DOTALL)
_NUMBER: Final = re.compile(r"[0-9]{1,18}")


def read_inputs(
    inputs: Iterable[str], options: ReadOptions, *, skip: Collection[FileId] = (), meter: Meter | None = None
) -> Iterator[Item]:
    """Read inputs in order. The files of a directory are read recursively, sorted by path.

    Args:
        inputs: paths, ``-`` for stdin, addresses of remote files, pieces of containers as in records (``dump.jsonl#42``), or ranges of
            web archives (``crawl.warc.gz#range=1234,567``).
        options: the options of all inputs.
        skip: files to skip in directories, such as the output itself.
        meter: called with the number of bytes of each read.
    """
    entries = find_entries(inputs, options, skip)
    return _chosen_items((item for entry in entries for item in read_entry(entry, options, meter)), options)


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


def find_entries(inputs: Iterable[str], options: ReadOptions, skip: Collection[FileId] = ()) -> Iterator[InputEntry | Unread]:
    """Yield the files to read, in order, and a failed item for each input that does not exist. No file is opened."""
    for (name, is_whole), group in groupby(map(local_name, inputs), _container):
        if (match := _RANGE.fullmatch(name)) is not None and not os.path.lexists(name):
            yield from (_range_entry(match) for _ in group)
            continue
        if not is_whole:
            yield InputEntry(name, True, tuple(dict.fromkeys(map(utf8_name, group))))
            continue
        for _ in group:
            if is_remote(name):
                yield from _find_remote(name, options)
            elif name == STDIN or (os.path.lexists(name) and not os.path.isdir(name)):
                yield InputEntry(name)
            elif os.path.isdir(name):
                yield from _find_in_directory(name, options, skip)
            else:
                yield InputEntry(name).place.failed(missing_input(name))


def _range_entry(match: re.Match[str]) -> InputEntry | Failed:
    offset, length = match["offset"], match["length"]
    if _NUMBER.fullmatch(offset) is None or _NUMBER.fullmatch(length) is None or int(length) == 0:
        error = BadRecord(f"{offset!r} and {length!r} are not a range; give the offset and the length of a record in bytes")
        return InputEntry(match["file"]).place.failed(error)
    return InputEntry(match["file"], span=(int(offset), int(length)))


def _find_remote(name: str, options: ReadOptions) -> Iterator[InputEntry | Unread]:
    place = InputEntry(name).place
    try:
        found = remote.find_files(name)
    except PageError as error:
        yield place.failed(error)
    except OSError as error:
        yield place.failed(unreadable(error))
    else:
        if found is None:
            yield InputEntry(name)
            return
        for address in found:
            below = address.removeprefix(name.rstrip("/")).lstrip("/")
            yield InputEntry(address, False) if is_chosen(below, options) else _skipped(address, "excluded")


def _container(name: str) -> tuple[str, bool]:
    """Return the file to open for an input, and True if all of it is read, False if a piece."""
    if _RANGE.fullmatch(name) is not None:
        return name, True
    if is_remote(name):
        file, _, piece = name.rpartition("#")
        with suppress(OSError, PageError):  # the reader reports the error
            if file and piece and not remote.exists(name):
                return file, False
    elif name != STDIN and not os.path.lexists(name):
        end = len(name)
        while (end := name.rfind("#", 0, end)) > 0:
            if os.path.isfile(name[:end]):
                return name[:end], False
    return name, True


def _find_in_directory(name: str, options: ReadOptions, skip: Collection[FileId]) -> Iterator[InputEntry | Unread]:
    is_empty = True
    for path in _walk(name):
        is_empty = False
        if not isinstance(path, str):
            yield path
        elif inode_of(path) not in skip:
            below = os.path.relpath(path, name).replace(os.sep, "/")
            yield InputEntry(path, False) if is_chosen(below, options) else _skipped(path, "excluded")
    if is_empty:
        yield InputEntry(name).place.failed(EmptyInput("the directory has no files; name one that has"))


def _walk(directory: str) -> Iterator[str | Unread]:
    """Yield the regular files below ``directory``, sorted by path as strings. Links to directories are not followed.

    A skipped item stands for each file in a folder that a browser has saved beside a page.
    """
    try:
        with os.scandir(directory) as entries:
            # A directory sorts as its name with a slash, so that the order is that of `find | LC_ALL=C sort`.
            found = sorted((entry.name + "/" * entry.is_dir(follow_symlinks=False), entry.is_file()) for entry in entries)
    except OSError as error:
        yield Failed(utf8_name(directory), unreadable(error), True)
        return
    companions = companion_folders(name for name, is_file in found if is_file)
    for name, is_file in found:
        path = os.path.join(directory, name.rstrip("/"))
        if name.endswith("/"):
            inside = _walk(path)
            yield from map(_companion, inside) if name[:-1] in companions else inside
        elif is_file:
            yield path


def _companion(found: str | Unread) -> Unread:
    return found if not isinstance(found, str) else _skipped(found, "saved-beside-a-page")


def _skipped(path: str, reason: str) -> Skipped:
    return Skipped(utf8_name(path), reason)


_PAGES: Final = (".html", ".htm", ".xhtml")
_COMPANIONS: Final = ("_files", "_fichiers", ".files")
"""Endings of the folders in which browsers save the scripts, frames and pictures of a page; Firefox translates them."""


def companion_folders(files: Iterable[str]) -> set[str]:
    """Return the names of folders that browsers save beside the pages among ``files``: ``x_files`` beside ``x.html``."""
    stems = [file[: -len(ending)] for file in files for ending in _PAGES if file.lower().endswith(ending)]
    return {stem + companion for stem in stems for companion in _COMPANIONS}


def is_in_companion(path: str, folders: set[str]) -> bool:
    """Return True if a path leads into one of these folders."""
    parent = posixpath.dirname(path)
    while parent and parent not in folders and parent != posixpath.dirname(parent):
        parent = posixpath.dirname(parent)
    return parent in folders


def is_chosen(path: str, options: ReadOptions) -> bool:
    """Return True if a file is to be read.

    Args:
        path: its path below the directory, or in the archive, in which it was found.
        options: the patterns that it must match, and those that it must not match.
    """
    return (not options.include or _matches(path, options.include)) and not _matches(path, options.exclude)


def _matches(path: str, patterns: Iterable[str]) -> bool:
    """Return True if a pattern matches: one with a slash the whole path, any other the file's name."""
    name = posixpath.basename(path)
    return any(fnmatchcase(path if "/" in pattern else name, pattern) for pattern in patterns)


def _chosen_items(items: Iterator[Item], options: ReadOptions) -> Iterator[Item]:
    """Yield the first items, or a random sample in input order, as the options say. Skipped items do not count."""
    if options.limit is not None:
        items = _first(items, options.limit)
    return items if options.sample is None else _sample(items, options.sample, options.seed)


def _first(items: Iterator[Item], count: int) -> Iterator[Item]:
    for item in items:
        yield item
        count -= not isinstance(item, Skipped)
        if not count:
            return


def _sample(items: Iterator[Item], size: int, seed: int) -> Iterator[Item]:
    """Choose ``size`` items, each with the same chance, without holding more (reservoir sampling, algorithm R)."""
    chance = random.Random(seed)  # noqa: S311 - it only has to be fair
    kept: list[tuple[int, Item]] = []
    count = 0
    for item in items:
        if isinstance(item, Skipped):
            yield item
            continue
        place = len(kept) if len(kept) < size else chance.randrange(count + 1)
        if place < size:
            kept[place : place + 1] = [(count, item)]
        count += 1
    yield from map(itemgetter(1), sorted(kept, key=itemgetter(0)))


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
    """Return the delimiter and the columns of a table of ranges, from its first line; None for any other list."""
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
