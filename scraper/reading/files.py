"""Files, directories and stdin."""

import io
import os
import select
import stat
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from itertools import groupby
from typing import BinaryIO, Final, cast

from scraper.errors import EmptyInput, MissingInput, UnreadableInput
from scraper.reading.containers import read_stream
from scraper.reading.readings import Place, Reading, Request
from scraper.reading.streams import Stream

STDIN: Final = "-"

FileId = tuple[int, int]
"""Device and inode: what makes two names one file."""

Meter = Callable[[int], object]
"""Is told of each stretch of bytes that was read, by its length."""


def read_inputs(
    inputs: Iterable[str], request: Request, *, skip: Collection[FileId] = (), meter: Meter | None = None
) -> Iterator[Reading]:
    """Read what the user named, in order; a directory gives its files, recursively, sorted by path.

    Args:
        inputs: paths, or ``-`` for stdin, or pieces of containers as records name them: ``dump.jsonl#42``.
        request: what the user said of all inputs.
        skip: files that are left out of directories, such as the output itself.
        meter: is told how many bytes are read.
    """
    for (name, is_whole), group in groupby(inputs, _container):
        if not is_whole:
            yield from _read_pieces(name, dict.fromkeys(map(_shown, group)), request, meter)
            continue
        for _ in group:
            yield from _read_input(name, request, skip, meter)


def _container(name: str) -> tuple[str, bool]:
    """Return what is to be opened for an input, and whether all of it is wanted."""
    if name != STDIN and not os.path.lexists(name):
        end = len(name)
        while (end := name.rfind("#", 0, end)) > 0:
            if os.path.isfile(name[:end]):
                return name[:end], False
    return name, True


def _read_pieces(name: str, wanted: dict[str, None], request: Request, meter: Meter | None) -> Iterator[Reading]:
    for reading in _read_file(name, request, meter, is_named=True):
        if reading.input in wanted:
            yield reading
            del wanted[reading.input]
            if not wanted:
                return
    for piece in wanted:
        yield Reading(piece, None, MissingInput(f"{_shown(name)} holds no such piece; check what stands behind #"), True)


def _read_input(name: str, request: Request, skip: Collection[FileId], meter: Meter | None) -> Iterator[Reading]:
    if name != STDIN and not os.path.lexists(name):
        yield Reading(_shown(name), None, MissingInput("there is no such file or directory; check the path"), True)
    elif name != STDIN and os.path.isdir(name):
        yield from _read_directory(name, request, skip, meter)
    else:
        yield from _read_file(name, request, meter, is_named=True)


def _read_directory(name: str, request: Request, skip: Collection[FileId], meter: Meter | None) -> Iterator[Reading]:
    is_empty = True
    for path in walk(name):
        is_empty = False
        if isinstance(path, Reading):
            yield path
        elif file_id(path) not in skip:
            yield from _read_file(path, request, meter, is_named=False)
    if is_empty:
        yield Reading(_shown(name), None, EmptyInput("the directory holds no file; name one that does"), True)


def walk(directory: str) -> Iterator[str | Reading]:
    """Yield the regular files below ``directory``, in the order of their paths as strings; links to directories are not followed."""
    try:
        with os.scandir(directory) as entries:
            # A directory sorts as its name and a slash, so that the whole comes in the order of `find | LC_ALL=C sort`.
            found = sorted((entry.name + "/" * entry.is_dir(follow_symlinks=False), entry.is_file()) for entry in entries)
    except OSError as error:
        yield Reading(_shown(directory), None, _unreadable(error), True)
        return
    for name, is_file in found:
        path = os.path.join(directory, name.rstrip("/"))
        if name.endswith("/"):
            yield from walk(path)
        elif is_file:
            yield path


def _read_file(name: str, request: Request, meter: Meter | None, *, is_named: bool) -> Iterator[Reading]:
    place = Place(_shown(name), is_named)
    if name == STDIN and sys.stdin is None:
        yield place.failed(UnreadableInput("stdin is closed; pipe a page in"))
        return
    try:
        with open(0 if name == STDIN else name, "rb", buffering=0, closefd=name != STDIN) as file:
            yield from read_stream(Stream(_Metered(file, meter)), place, request, _seekable(file))
    except (OSError, ValueError) as error:
        yield place.failed(_unreadable(error))


class _Metered:
    """A source that tells a meter of what it gives."""

    def __init__(self, file: io.FileIO, meter: Meter | None) -> None:
        self._file = file
        self._meter = meter

    def read(self, size: int, /) -> bytes:
        while (piece := self._file.read(size)) is None:  # somebody made the pipe non-blocking
            select.select([self._file], [], [])
        if self._meter is not None:
            self._meter(len(piece))
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


def _unreadable(error: OSError | ValueError) -> UnreadableInput:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return UnreadableInput(f"it cannot be read ({reason}); check its permissions")
