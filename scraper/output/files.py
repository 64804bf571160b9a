"""Records to the world: a stream that hands on each line at once, or a file that takes its name only when it is whole."""

import errno
import fcntl
import io
import os
import select
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from scraper.errors import OutputError, ReaderGone
from scraper.output.compression import packer_for

PART: Final = ".part"
"""What an output bears behind its name until it is whole."""

_STDOUT: Final = 1

_STRETCH: Final = 16 << 20
"""Bytes after which the disk is asked to begin with them."""


class Output:
    """Where records go: stdout, a device or pipe, or a file. A context manager.

    A file is written beside its name, with ``.part`` behind it, and renamed when the block ends well; if the block raises, the
    part file stays, and what bears the name is untouched. A link is followed. A name that ends in ``.gz`` or ``.zst`` gets
    compressed data.

    Args:
        path: the file; None for stdout.
        is_kept: whether what a killed run left is kept; how much of it, :meth:`cut` is told.

    Raises:
        OutputError: if it cannot be opened, written or renamed.
        ReaderGone: if it is a pipe that its reader has closed.
    """

    def __init__(self, path: Path | None, *, is_kept: bool = False) -> None:
        self._is_kept = is_kept
        self._is_begun = True
        """Whether there is something that the packer has not given back."""
        self._name = "stdout" if path is None else str(path)
        # The link of a pipe that the shell has opened (/dev/fd/63) leads to no path.
        self._target = path if path is None or is_special(path) else Path(os.path.realpath(path))
        self._path = path
        self._packer = packer_for(path)  # by the name the user gave: the target of a link may have another suffix
        self._unsent = 0
        """Bytes of a part file that its disk may not have been asked to write."""
        self.part: Path | None = None
        """The part file, as long as there is one."""

    def __enter__(self) -> Self:
        if self._target is not None and not is_special(self._target):
            self.part = part_of(self._target)
        try:
            if self._target is None:
                self._file = io.FileIO(_STDOUT, "w", closefd=False)
            else:
                if self._target.is_dir():
                    raise IsADirectoryError(None, "it is a directory")
                self._file = io.FileIO(self._target, "w") if self.part is None else open_part(self.part, is_kept=self._is_kept)
            if self._target is not None and not self._is_kept:
                journal_of(self._target).unlink(missing_ok=True)
        except OSError as error:
            self.part = None
            raise self._failure(error) from None
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if not isinstance(error, OutputError) and self._is_begun:
                self._write(self._packer.flush())
            if self.part is not None and self._target is not None and error is None:
                take_name(self._target)
                self.part = None
            self._file.close()
        except OSError as failure:
            raise self._failure(failure) from None

    def write(self, line: bytes) -> None:
        """Write one whole line, or several."""
        self._is_begun = True
        try:
            self._write(self._packer.compress(line))
        except OSError as error:
            raise self._failure(error) from None

    def cut(self, lengths: Mapping[str, int]) -> bool:
        """Keep of what a killed run left only what it had settled, and return whether that is there."""
        length = lengths.get(str(self._target), 0)
        if os.fstat(self._file.fileno()).st_size < length:
            return False
        self._file.truncate(length)
        self._file.seek(length)
        self._is_begun = length == 0
        return True

    def settle(self) -> dict[str, int]:
        """Put all that was written on disk, so that it can be read as far as here, and return the length of the file by its name."""
        try:
            if self._is_begun:
                self._write(self._packer.flush())
                os.fdatasync(self._file.fileno())
        except OSError as error:
            raise self._failure(error) from None
        self._packer = packer_for(self._path)
        self._is_begun = False
        return {str(self._target): self._file.tell()}

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            written = self._file.write(rest)
            if written is None:  # somebody made the pipe non-blocking
                select.select([], [self._file], [])
            else:
                rest = rest[written:]
        if self.part is not None:
            self._unsent += len(data)
            if self._unsent >= _STRETCH:
                _write_back(self._file, self._unsent)
                self._unsent = 0

    def identities(self) -> set[tuple[int, int]]:
        """Return device and inode of the files that this output is or will be; they are no inputs."""
        found = set()
        for file in (self._file.fileno(), self._target):
            try:
                status = os.stat(file) if file is not None else None
            except OSError:
                continue
            if status is not None and stat.S_ISREG(status.st_mode):
                found.add((status.st_dev, status.st_ino))
        return found

    def _failure(self, error: OSError) -> OutputError:
        return failure(self._name, error)


def _write_back(file: io.FileIO, size: int) -> None:
    """Ask the disk to write the last bytes of a file while the program goes on, lest the end wait for all of them.

    Python has no ``sync_file_range``; on Linux this advice begins to write, too (posix_fadvise(2)), and drops only what is written.
    """
    if hasattr(os, "posix_fadvise"):
        with suppress(OSError):  # it is advice
            os.posix_fadvise(file.fileno(), file.tell() - size, size, os.POSIX_FADV_DONTNEED)


def failure(name: str, error: OSError) -> OutputError:
    """Return what the system says of an output, in a sentence."""
    if isinstance(error, BrokenPipeError):
        return ReaderGone(f"{name}: its reader has closed it")
    remedy = "free some space" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "check the path, or name another output"
    return OutputError(f"{name}: the output cannot be written ({error.strerror}); {remedy}")


def part_of(path: Path) -> Path:
    """Return the name of the file in which an output is written, until it is whole."""
    return path.with_name(path.name + PART)


def journal_of(path: Path) -> Path:
    """Return the name of the file that says how far a run has come with an output."""
    return path.with_name(f"{path.name}{PART}.journal")


def take_name(path: Path) -> None:
    """Give an output that is whole its name."""
    part = part_of(path)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    if path.exists():
        os.chmod(part, stat.S_IMODE(path.stat().st_mode))
    os.replace(part, path)


def open_part(path: Path, *, is_kept: bool = False) -> io.FileIO:
    """Open a part file for this run alone: no link is followed, no other run's file is touched.

    What a killed run left is replaced, unless it is to be kept.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not path.exists() or not os.path.samestat(os.fstat(descriptor), path.stat()):
            raise BlockingIOError  # it became that run's output while this one waited
        if not is_kept:
            os.ftruncate(descriptor, 0)
        umask = os.umask(0)
        os.umask(umask)
        os.fchmod(descriptor, 0o666 & ~umask)
    except BlockingIOError:
        os.close(descriptor)
        raise OSError(None, "another run is writing it") from None
    except OSError:
        os.close(descriptor)
        raise
    return io.FileIO(descriptor, "w")


def is_special(path: Path) -> bool:
    """Tell whether there is something that is neither file nor directory: a device, a pipe, a socket."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)
