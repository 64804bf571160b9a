"""Files, directories and stdin."""

import io
import os
import select
import stat
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from itertools import groupby
from typing import BinaryIO, Final, NamedTuple, TypeVar, cast

from scraper.errors import EmptyInput, MissingInput, PageError, UnreadableInput, map_unexpected_errors
from scraper.sources.containers import read_stream
from scraper.sources.items import Item, Place, ReadOptions
from scraper.sources.streams import Stream

STDIN: Final = "-"

T = TypeVar("T")

FileId = tuple[int, int]
"""Device and inode: what makes two names one file."""

Meter = Callable[[int], object]
"""Is told of each stretch of bytes that was read, by its length."""


class InputEntry(NamedTuple):
    """A file or stdin that is to be read."""

    name: str
    is_named: bool = True
    pieces: tuple[str, ...] = ()
    """The pieces that are wanted of it, where that is not all."""

    @property
    def place(self) -> Place:
        """Where it lies, as it stands in a record."""
        return Place(_shown(self.name), self.is_named)


def read_inputs(
    inputs: Iterable[str], request: ReadOptions, *, skip: Collection[FileId] = (), meter: Meter | None = None
) -> Iterator[Item]:
    """Read what the user named, in order; a directory gives its files, recursively, sorted by path.

    Args:
        inputs: paths, or ``-`` for stdin, or pieces of containers as records name them: ``dump.jsonl#42``.
        request: what the user said of all inputs.
        skip: files that are left out of directories, such as the output itself.
        meter: is told how many bytes are read.
    """
    for entry in find_entries(inputs, skip):
        yield from read_entry(entry, request, meter)


def find_entries(inputs: Iterable[str], skip: Collection[FileId] = ()) -> Iterator[InputEntry | Item]:
    """Yield what is to be read, in order, and a failure in place of what is not there. Nothing is opened."""
    for (name, is_whole), group in groupby(inputs, _container):
        if not is_whole:
            yield InputEntry(name, True, tuple(dict.fromkeys(map(_shown, group))))
            continue
        for _ in group:
            if name == STDIN or (os.path.lexists(name) and not os.path.isdir(name)):
                yield InputEntry(name)
            elif os.path.isdir(name):
                yield from _find_in_directory(name, skip)
            else:
                yield InputEntry(name).place.failed(MissingInput("there is no such file or directory; check the path"))


def read_entry(entry: InputEntry | Item, request: ReadOptions, meter: Meter | None = None) -> Iterator[Item]:
    """Read the pages of a file or of stdin."""
    if isinstance(entry, Item):
        yield entry
    elif entry.pieces:
        yield from _read_pieces(entry, request, meter)
    else:
        yield from _read_file(entry, request, meter)


def _container(name: str) -> tuple[str, bool]:
    """Return what is to be opened for an input, and whether all of it is wanted."""
    if name != STDIN and not os.path.lexists(name):
        end = len(name)
        while (end := name.rfind("#", 0, end)) > 0:
            if os.path.isfile(name[:end]):
                return name[:end], False
    return name, True


def _read_pieces(entry: InputEntry, request: ReadOptions, meter: Meter | None) -> Iterator[Item]:
    wanted = dict.fromkeys(entry.pieces)
    for reading in _read_file(entry, request, meter):
        if reading.input in wanted:
            yield reading
            del wanted[reading.input]
            if not wanted:
                return
    for piece in wanted:
        yield Item(piece, None, MissingInput(f"{_shown(entry.name)} holds no such piece; check what stands behind #"), True)


def _find_in_directory(name: str, skip: Collection[FileId]) -> Iterator[InputEntry | Item]:
    is_empty = True
    for path in walk(name):
        is_empty = False
        if isinstance(path, Item):
            yield path
        elif file_id(path) not in skip:
            yield InputEntry(path, False)
    if is_empty:
        yield InputEntry(name).place.failed(EmptyInput("the directory holds no file; name one that does"))


def walk(directory: str) -> Iterator[str | Item]:
    """Yield the regular files below ``directory``, in the order of their paths as strings; links to directories are not followed."""
    try:
        with os.scandir(directory) as entries:
            # A directory sorts as its name and a slash, so that the whole comes in the order of `find | LC_ALL=C sort`.
            found = sorted((entry.name + "/" * entry.is_dir(follow_symlinks=False), entry.is_file()) for entry in entries)
    except OSError as error:
        yield Item(_shown(directory), None, _unreadable(error), True)
        return
    for name, is_file in found:
        path = os.path.join(directory, name.rstrip("/"))
        if name.endswith("/"):
            yield from walk(path)
        elif is_file:
            yield path


def _read_file(entry: InputEntry, request: ReadOptions, meter: Meter | None) -> Iterator[Item]:
    return read_opened(entry, lambda stream, file: read_stream(stream, entry.place, request, file), meter)


def read_opened(
    entry: InputEntry, read: Callable[[Stream, BinaryIO | None], Iterator[T]], meter: Meter | None = None
) -> Iterator[T | Item]:
    """Open a file or stdin, and yield what ``read`` makes of its bytes; a failure, if it cannot be read."""
    name, place = entry.name, entry.place
    if name == STDIN and sys.stdin is None:
        yield place.failed(UnreadableInput("stdin is closed; pipe a page in"))
        return
    try:
        with map_unexpected_errors("input"):
            try:
                with _File(0 if name == STDIN else name, closefd=name != STDIN) as file:
                    file.meter = meter
                    yield from read(Stream(file), _seekable(file))
            except OSError as error:
                yield place.failed(_unreadable(error))
    except PageError as error:
        yield place.failed(error)


class _File(io.FileIO):
    """A file that tells a meter of what it gives."""

    meter: Meter | None = None

    def read(self, size: int | None = -1, /) -> bytes:
        while (piece := super().read(size)) is None:  # somebody made the pipe non-blocking
            select.select([self], [], [])
        if self.meter is not None:
            self.meter(len(piece))
        return piece


def _seekable(file: io.FileIO) -> BinaryIO | None:
    with suppress(OSError):
        if file.seekable() and file.tell() == 0:
            return cast("BinaryIO", file)
    return None


def file_id(path: str) -> FileId | None:
    """Return what makes a regular file one, whatever names it has."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


def _shown(name: str) -> str:
    """Return a path as it stands in a record; bytes that are no UTF-8 become U+FFFD."""
    return os.fsencode(name).decode("utf-8", "replace")


def _unreadable(error: OSError) -> UnreadableInput:
    return UnreadableInput(f"it cannot be read ({error.strerror or error}); check its permissions")
