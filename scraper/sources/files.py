"""Files, remote or not, and stdin, opened and read as pages."""

import io
import os
import select
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import BinaryIO, Final, NamedTuple, TypeVar, cast

from scraper import remote
from scraper.errors import DamagedInput, MissingInput, PageError, TooLarge, UnreadableInput, WorkerDied, map_unexpected_errors
from scraper.remote import is_remote
from scraper.sources.containers import DumpReader, read_dump, read_stream
from scraper.sources.items import Failed, Guard, Item, Place, ReadOptions, Unread
from scraper.sources.sniffing import compression_of
from scraper.sources.streams import Stream
from scraper.urls import is_absolute

STDIN: Final = "-"

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
        """The place of the input, named as in records."""
        return Place(utf8_name(self.name), self.is_named)


def read_entry(
    entry: InputEntry | Unread, options: ReadOptions, meter: Meter | None = None, guard: Guard | None = None
) -> Iterator[Item]:
    """Read the pages of a file or of stdin.

    Args:
        entry: the file, or an item, which is yielded.
        options: the options of all inputs.
        meter: called with the number of bytes of each read.
        guard: is asked before each record, row or member.
    """
    guard = guard or Guard()
    if not isinstance(entry, InputEntry):
        yield entry
    elif entry.pieces:
        yield from _read_pieces(entry, options, guard, meter)
    elif entry.span is not None:
        yield from _read_span(entry, *entry.span, options, meter, guard)
    else:
        yield from read_file(entry, options, read_dump, guard, meter)


def _read_pieces(entry: InputEntry, options: ReadOptions, guard: Guard, meter: Meter | None) -> Iterator[Item]:
    missing = dict.fromkeys(entry.pieces)
    fault = f"{utf8_name(entry.name)} has no such piece; check the part after #"
    damage: Failed | None = None
    for item in read_file(entry, options, read_dump, guard, meter):
        if item.input in missing:
            yield item
            del missing[item.input]
            if not missing:
                return
        elif isinstance(item, Failed) and isinstance(item.error, DamagedInput | WorkerDied):
            damage = item
    if damage is not None:
        fault += f"; or it may be lost with {damage.input}: {damage.error}"
    for piece in missing:
        yield Failed(piece, MissingInput(fault), True)


def _read_span(
    entry: InputEntry, offset: int, length: int, options: ReadOptions, meter: Meter | None, guard: Guard
) -> Iterator[Item]:
    """Read the records in a range of bytes of a web archive. Their names have their offsets in the whole archive."""
    from scraper.sources.warc import HEADROOM, WarcSlice

    place = entry.place
    try:
        if length > 2 * options.max_bytes + HEADROOM:
            raise TooLarge(f"the range has {length} bytes; raise --max-bytes to read it")
        data = _read_range(entry.name, offset, length)
        if not data:
            raise MissingInput(f"the file ends before byte {offset}")
        if meter is not None:
            meter(len(data))
        with map_unexpected_errors("input"):
            compression = compression_of(data)
            source = io.BytesIO(data)
            yield from WarcSlice(source, compression, place, options, start=offset, end=offset + length, is_exact=True, guard=guard)
    except PageError as error:
        yield place.failed(error, offset)
    except FileNotFoundError:
        yield place.failed(missing_input(entry.name), offset)
    except OSError as error:
        yield place.failed(unreadable(error), offset)


def _read_range(name: str, offset: int, length: int) -> bytes:
    """Return bytes of a local or remote file.

    Raises:
        OSError: if it cannot be read.
    """
    if is_remote(name):
        return remote.read_range(name, offset, length)
    with open(name, "rb") as file:
        file.seek(offset)
        return file.read(length)


def read_file(
    entry: InputEntry, options: ReadOptions, reader: DumpReader[T], guard: Guard, meter: Meter | None = None
) -> Iterator[Item | T]:
    """Read all pages of a file or of stdin.

    Args:
        entry: the file.
        options: the options of all inputs.
        reader: reads each dump or web archive.
        guard: is asked before each record, row or member.
        meter: called with the number of bytes of each read.
    """
    return with_stream(entry, lambda stream, file: read_stream(stream, entry.place, options, reader, guard, file), meter)


def with_stream(
    entry: InputEntry, read: Callable[[Stream, BinaryIO | None], Iterator[T]], meter: Meter | None = None
) -> Iterator[T | Failed]:
    """Open a file or stdin as a stream, and yield what ``read`` yields; a failed item if it cannot be read.

    Args:
        entry: the file.
        read: called with its bytes as a stream, and as a file if it is seekable.
        meter: called with the number of bytes of each read.
    """
    if entry.name == STDIN and sys.stdin is None:
        yield entry.place.failed(UnreadableInput("stdin is closed; pipe a page in"))
        return
    yield from with_file(entry.name, entry.place, lambda file: read(Stream(file), _seekable(file)), meter)


def with_file(
    name: str, place: Place, read: Callable[["InputFile"], Iterator[T]], meter: Meter | None = None
) -> Iterator[T | Failed]:
    """Open a file or stdin, and yield what ``read`` yields; a failed item if it cannot be read.

    Args:
        name: the file, or ``-`` for stdin.
        place: where the items come from.
        read: called with the file.
        meter: called with the number of bytes of each read.
    """
    try:
        with map_unexpected_errors("input"):
            try:
                with open_input(name) as file:
                    file.meter = meter
                    yield from read(file)
            except OSError as error:
                yield place.failed(unreadable(error))
    except PageError as error:
        yield place.failed(error)


def open_input(name: str) -> "InputFile":
    """Open a file, a remote file or stdin for reading.

    Raises:
        OSError: if it cannot be opened.
        UnreadableInput: if the library for a remote file is not installed.
    """
    return remote.RemoteFile(name) if is_remote(name) else LocalFile(0 if name == STDIN else name, closefd=name != STDIN)


class LocalFile(io.FileIO):
    """A file that reports its reads to a meter."""

    meter: Meter | None = None

    def read(self, size: int | None = -1, /) -> bytes:
        """Return at most ``size`` bytes, and none at the end; wait for a pipe that has none yet."""
        while (piece := super().read(size)) is None:  # a non-blocking pipe without data
            select.select([self], [], [])
        if self.meter is not None:
            self.meter(len(piece))
        return piece


InputFile = LocalFile | remote.RemoteFile


def _seekable(file: io.RawIOBase) -> BinaryIO | None:
    with suppress(OSError):
        if file.seekable() and file.tell() == 0:
            return cast("BinaryIO", file)
    return None


def inode_of(path: str) -> FileId | None:
    """Return the device and inode of a regular file; None if ``path`` is something else."""
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


def missing_input(name: str) -> MissingInput:
    """Return the error of an input that does not exist."""
    if is_absolute(name):
        return MissingInput("it is an address, not a file; use `scraper fetch` to read it")
    return MissingInput("there is no such file or directory; check the path")
