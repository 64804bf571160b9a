"""Files, directories and stdin as inputs."""

import io
import os
import re
import select
import stat
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from itertools import groupby
from typing import BinaryIO, Final, NamedTuple, TypeVar, cast

from scraper import remote
from scraper.errors import BadRecord, EmptyInput, MissingInput, PageError, TooLarge, UnreadableInput, map_unexpected_errors
from scraper.remote import is_remote, local_name
from scraper.sources.containers import read_stream
from scraper.sources.items import Item, Place, ReadOptions
from scraper.sources.selection import chosen_items, companion_folders, is_chosen
from scraper.sources.sniffing import compression_of
from scraper.sources.streams import Stream
from scraper.urls import is_absolute

STDIN: Final = "-"

_RANGE: Final = re.compile(r"(?P<file>.+)#range=(?P<offset>[^,#]*),(?P<length>[^,#]*)", re.DOTALL)
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_MAGIC_BYTES: Final = 8

T = TypeVar("T")

FileId = tuple[int, int]
"""The device and inode of a file, which are equal for all its names."""

Meter = Callable[[int], object]
"""A function called with the number of bytes of each read."""


class InputEntry(NamedTuple):
    """A file or stdin to read."""

    name: str
    is_named: bool = True
    pieces: tuple[str, ...] = ()
    """The names of the only pieces to read; empty for all."""
    span: tuple[int, int] | None = None
    """The offset and the length of the only bytes to read, in a web archive."""

    @property
    def place(self) -> Place:
        """The input, as it is named in records."""
        return Place(utf8_name(self.name), self.is_named)


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
    return chosen_items((item for entry in entries for item in read_entry(entry, options, meter)), options)


def find_entries(inputs: Iterable[str], options: ReadOptions, skip: Collection[FileId] = ()) -> Iterator[InputEntry | Item]:
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
                yield InputEntry(name).place.failed(_missing(name))


def _range_entry(match: re.Match[str]) -> InputEntry | Item:
    offset, length = match["offset"], match["length"]
    if _NUMBER.fullmatch(offset) is None or _NUMBER.fullmatch(length) is None or int(length) == 0:
        error = BadRecord(f"{offset!r} and {length!r} are not a range; give the offset and the length of a record in bytes")
        return InputEntry(match["file"]).place.failed(error)
    return InputEntry(match["file"], span=(int(offset), int(length)))


def _find_remote(name: str, options: ReadOptions) -> Iterator[InputEntry | Item]:
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


def _missing(name: str) -> MissingInput:
    if is_absolute(name):
        return MissingInput("it is an address, not a file; use `scraper fetch` to read it")
    return MissingInput("there is no such file or directory; check the path")


def read_entry(entry: InputEntry | Item, options: ReadOptions, meter: Meter | None = None) -> Iterator[Item]:
    """Read the pages of a file or of stdin."""
    if isinstance(entry, Item):
        yield entry
    elif entry.pieces:
        yield from _read_pieces(entry, options, meter)
    elif entry.span is not None:
        yield from _read_span(entry, *entry.span, options, meter)
    else:
        yield from _read_file(entry, options, meter)


def _container(name: str) -> tuple[str, bool]:
    """Return the file to open for an input, and whether to read all of it or a piece."""
    if _RANGE.fullmatch(name) is not None:
        return name, True
    if is_remote(name):
        file, _, piece = name.rpartition("#")
        with suppress(OSError, PageError):  # whoever reads it names the fault
            if file and piece and not remote.exists(name):
                return file, False
    elif name != STDIN and not os.path.lexists(name):
        end = len(name)
        while (end := name.rfind("#", 0, end)) > 0:
            if os.path.isfile(name[:end]):
                return name[:end], False
    return name, True


def _read_pieces(entry: InputEntry, options: ReadOptions, meter: Meter | None) -> Iterator[Item]:
    missing = dict.fromkeys(entry.pieces)
    for item in _read_file(entry, options, meter):
        if item.input in missing:
            yield item
            del missing[item.input]
            if not missing:
                return
    for piece in missing:
        yield Item(piece, None, MissingInput(f"{utf8_name(entry.name)} has no such piece; check the part after #"), True)


def _read_span(entry: InputEntry, offset: int, length: int, options: ReadOptions, meter: Meter | None) -> Iterator[Item]:
    """Read the records in some bytes of a web archive. They are named by their offsets in the whole archive."""
    from scraper.sources.warc import HEADROOM, WarcSlice

    place = entry.place
    try:
        if length > 2 * options.max_bytes + HEADROOM:
            raise TooLarge(f"the range has {length} bytes; raise --max-bytes to read it")
        data = read_range(entry.name, offset, length)
        if not data:
            raise MissingInput(f"the file ends before byte {offset}")
        if meter is not None:
            meter(len(data))
        with map_unexpected_errors("input"):
            compression = compression_of(data[:_MAGIC_BYTES])
            span = {"start": offset, "end": offset + length}
            yield from WarcSlice(io.BytesIO(data), compression, place, options, **span, is_exact=True)
    except PageError as error:
        yield place.failed(error, offset)
    except FileNotFoundError:
        yield place.failed(_missing(entry.name), offset)
    except OSError as error:
        yield place.failed(unreadable(error), offset)


def read_range(name: str, offset: int, length: int) -> bytes:
    """Return bytes of a local or remote file.

    Raises:
        OSError: if it cannot be read.
    """
    if is_remote(name):
        return remote.read_range(name, offset, length)
    with open(name, "rb") as file:
        file.seek(offset)
        return file.read(length)


def _find_in_directory(name: str, options: ReadOptions, skip: Collection[FileId]) -> Iterator[InputEntry | Item]:
    is_empty = True
    for path in walk(name):
        is_empty = False
        if isinstance(path, Item):
            yield path
        elif file_id(path) not in skip:
            below = os.path.relpath(path, name).replace(os.sep, "/")
            yield InputEntry(path, False) if is_chosen(below, options) else _skipped(path, "excluded")
    if is_empty:
        yield InputEntry(name).place.failed(EmptyInput("the directory has no files; name one that has"))


def walk(directory: str) -> Iterator[str | Item]:
    """Yield the regular files below ``directory``, sorted by path as strings. Links to directories are not followed.

    A skipped item stands for each file in a folder that a browser has saved beside a page.
    """
    try:
        with os.scandir(directory) as entries:
            # A directory sorts as its name with a slash, so that the order is that of `find | LC_ALL=C sort`.
            found = sorted((entry.name + "/" * entry.is_dir(follow_symlinks=False), entry.is_file()) for entry in entries)
    except OSError as error:
        yield Item(utf8_name(directory), None, unreadable(error), True)
        return
    companions = companion_folders(name for name, is_file in found if is_file)
    for name, is_file in found:
        path = os.path.join(directory, name.rstrip("/"))
        if name.endswith("/"):
            inside = walk(path)
            yield from map(_companion, inside) if name[:-1] in companions else inside
        elif is_file:
            yield path


def _companion(found: str | Item) -> Item:
    return found if isinstance(found, Item) else _skipped(found, "saved-beside-a-page")


def _skipped(path: str, reason: str) -> Item:
    return Item(utf8_name(path), None, None, False, reason)


def _read_file(entry: InputEntry, options: ReadOptions, meter: Meter | None) -> Iterator[Item]:
    return read_opened(entry, lambda stream, file: read_stream(stream, entry.place, options, file), meter)


def read_opened(
    entry: InputEntry, read: Callable[[Stream, BinaryIO | None], Iterator[T]], meter: Meter | None = None
) -> Iterator[T | Item]:
    """Open a file or stdin and yield what ``read`` yields; a failed item if it cannot be read.

    Args:
        entry: the file.
        read: called with its bytes as a stream, and as a file if it is seekable.
        meter: called with the number of bytes of each read.
    """
    name, place = entry.name, entry.place
    if name == STDIN and sys.stdin is None:
        yield place.failed(UnreadableInput("stdin is closed; pipe a page in"))
        return
    try:
        with map_unexpected_errors("input"):
            try:
                with open_input(name) as file:
                    file.meter = meter
                    yield from read(Stream(file), _seekable(file))
            except OSError as error:
                yield place.failed(unreadable(error))
    except PageError as error:
        yield place.failed(error)


def open_input(name: str) -> "_File | remote.RemoteFile":
    """Open a file, a remote file or stdin for reading.

    Raises:
        OSError: if it cannot be opened.
        UnreadableInput: if the library for a remote file is not installed.
    """
    return remote.RemoteFile(name) if is_remote(name) else _File(0 if name == STDIN else name, closefd=name != STDIN)


class _File(io.FileIO):
    """A file that reports its reads to a meter."""

    meter: Meter | None = None

    def read(self, size: int | None = -1, /) -> bytes:
        while (piece := super().read(size)) is None:  # a non-blocking pipe without data
            select.select([self], [], [])
        if self.meter is not None:
            self.meter(len(piece))
        return piece


def _seekable(file: io.RawIOBase) -> BinaryIO | None:
    with suppress(OSError):
        if file.seekable() and file.tell() == 0:
            return cast("BinaryIO", file)
    return None


def file_id(path: str) -> FileId | None:
    """Return the identity of a regular file; None if ``path`` is something else."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


def utf8_name(name: str) -> str:
    """Return a path as it is written in records; bytes that are not UTF-8 become U+FFFD."""
    return os.fsencode(name).decode("utf-8", "replace")


def unreadable(error: OSError) -> UnreadableInput:
    """Return the error of an input that cannot be read."""
    return UnreadableInput(f"it cannot be read ({error.strerror or error}); check its permissions")
