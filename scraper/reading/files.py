"""Files, directories and stdin."""

import os
import stat
import sys
from collections.abc import Collection, Iterator, Sequence
from typing import BinaryIO, Final, NamedTuple

from scraper.errors import EmptyInput, MissingInput, PageError, TooLarge, UnreadableInput
from scraper.pages import Page

STDIN: Final = "-"
_PIECE: Final = 1 << 20

FileId = tuple[int, int]
"""Device and inode: what makes two names one file."""


class Reading(NamedTuple):
    """One input as it was read, or why it could not be."""

    input: str
    page: Page | None
    error: PageError | None
    is_named: bool
    """Whether the user named it, or it was found in a directory."""


def read_inputs(inputs: Sequence[str], *, url: str | None, max_bytes: int, skip: Collection[FileId] = ()) -> Iterator[Reading]:
    """Read what the user named, in order; a directory gives its files, recursively, sorted by path.

    Args:
        inputs: paths, or ``-`` for stdin.
        url: the address of the page, where there is one input.
        max_bytes: the most bytes that a page may have.
        skip: files that are left out of directories, such as the output itself.
    """
    for name in inputs:
        if name == STDIN:
            yield _read(name, url, max_bytes, is_named=True)
        elif not os.path.lexists(name):
            yield Reading(_shown(name), None, MissingInput("there is no such file or directory; check the path"), True)
        elif os.path.isdir(name):
            yield from _read_directory(name, max_bytes, skip)
        else:
            yield _read(name, url, max_bytes, is_named=True)


def _read_directory(name: str, max_bytes: int, skip: Collection[FileId]) -> Iterator[Reading]:
    is_empty = True
    for path in _walk(name):
        is_empty = False
        if isinstance(path, Reading):
            yield path
        elif _file_id(path) not in skip:
            yield _read(path, None, max_bytes, is_named=False)
    if is_empty:
        yield Reading(_shown(name), None, EmptyInput("the directory holds no file; name one that does"), True)


def _walk(directory: str) -> Iterator[str | Reading]:
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
            yield from _walk(path)
        elif is_file:
            yield path


def _read(name: str, url: str | None, max_bytes: int, *, is_named: bool) -> Reading:
    shown = _shown(name)
    if name == STDIN and sys.stdin is None:
        return Reading(shown, None, UnreadableInput("stdin is closed; pipe a page in"), is_named)
    try:
        if name == STDIN:
            data = _read_some(sys.stdin.buffer, max_bytes)
        else:
            with open(name, "rb") as file:
                data = _read_some(file, max_bytes)
    except (OSError, ValueError) as error:
        return Reading(shown, None, _unreadable(error), is_named)
    if len(data) > max_bytes:
        return Reading(shown, None, TooLarge(f"the page has more than {max_bytes} bytes; raise --max-bytes to read it"), is_named)
    return Reading(shown, Page(data=data, input=shown, url=url), None, is_named)


def _read_some(file: BinaryIO, max_bytes: int) -> bytes:
    """Read one byte more than is allowed, at most; in pieces, since asking for many bytes takes the memory for them."""
    pieces: list[bytes] = []
    left = max_bytes + 1
    while left > 0 and (piece := file.read(min(left, _PIECE))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _file_id(path: str) -> FileId | None:
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
