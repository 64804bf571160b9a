"""Files that runs write to: committed data stay, and anything that a killed run has written after them is truncated."""

import errno
import fcntl
import io
import os
import select
import stat
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final, Self

from scraper.defaults import GZIP_WBITS
from scraper.errors import OutputError, ReaderGone

_BLOCK: Final = 1 << 20
_GZIP_MAGIC: Final = b"\x1f\x8b\x08"


class CommittedFile:
    """A file that is written from a length on, to which it can be truncated again; or a stream, which can only be written to.

    A context manager, which closes it.

    Args:
        file: the file, open for writing.
        name: its name in messages.
        length: the bytes of a file that stay; None for a stream.

    Raises:
        OutputError: if the file cannot be truncated.
    """

    def __init__(self, file: io.FileIO, name: str, length: int | None = None) -> None:
        self._file, self._name = file, name
        self._is_stream = length is None
        self.length = 0
        """Its bytes; of a stream, those that were written."""
        if length is not None:
            self.truncate(length)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def fileno(self) -> int:
        """Return its descriptor."""
        return self._file.fileno()

    def write(self, data: bytes) -> None:
        """Append all of ``data``; if that fails, a file stays as it was.

        Raises:
            OutputError: if it fails.
        """
        try:
            self._write(data)
        except OSError as error:  # a context manager would be too slow here: this runs for every page
            if not self._is_stream:
                with suppress(OutputError):  # the first error says what is wrong
                    self.truncate(self.length)
            raise _output_error(self._name, error) from None
        self.length += len(data)

    def _write(self, data: bytes | memoryview) -> None:
        while data and (written := self._file.write(data)) != len(data):
            if written is None:  # another process has made the pipe non-blocking, and it is full
                select.select([], [self._file], [])
            else:
                data = memoryview(data)[written:]

    def truncate(self, length: int) -> None:
        """Truncate the file to ``length`` bytes. One that has them keeps its time."""
        with mapped_os_errors(self._name):
            if os.fstat(self._file.fileno()).st_size != length:
                self._file.truncate(length)
            self.length = self._file.seek(length)

    def sync(self) -> None:
        """Write the data to the disk."""
        with mapped_os_errors(self._name):
            os.fdatasync(self._file.fileno())


class AppendFile(CommittedFile):
    """A file that one run at a time appends to.

    Args:
        path: the file, which is created if it is missing, with its directory; symbolic links are followed.

    Raises:
        OutputError: if it cannot be opened or written, is not a regular file, or another run appends to it.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.realpath(path))
        with ExitStack() as on_error, mapped_os_errors(str(path)):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = io.FileIO(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o666), "r+")
            on_error.callback(file.close)
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OutputError(f"{path}: it is not a regular file, and nothing can be appended to it; name another output")
            lock(file)
            super().__init__(file, str(path), os.fstat(file.fileno()).st_size)
            on_error.pop_all()

    def ends_with(self, ending: bytes) -> bool:
        """Return True if the file is empty or ends with ``ending``."""
        return self.length == 0 or os.pread(self._file.fileno(), len(ending), max(0, self.length - len(ending))) == ending

    def repair_gzip(self, start: bytes) -> int:
        """Remove an incomplete last gzip member, and return the number of bytes removed.

        Only the last member can be incomplete, because a run writes them one after the other. The file is searched backwards for
        the last complete one.

        Args:
            start: the start of each member's content, which distinguishes members from bytes that look like one.

        Raises:
            OutputError: if it is not a gzip file with such members.
        """
        length = position = self.length
        tail = b""
        while position > 0:
            size = min(_BLOCK, position)
            position -= size
            tail = os.pread(self._file.fileno(), size, position) + tail
            place = min(size + len(_GZIP_MAGIC) - 1, len(tail))
            while (place := tail.rfind(_GZIP_MAGIC, 0, place)) >= 0:
                member = _member_length(tail[place:], start)
                if member is not None:
                    self.truncate(position + place + member)
                    return length - self.length
                place += len(_GZIP_MAGIC) - 1
        if self.length and _is_truncated_member(tail):
            self.truncate(0)
        elif self.length:
            raise OutputError(f"{self._name}: it is not a gzipped WARC file, and nothing can be appended to it; name another file")
        return length - self.length


def _member_length(data: bytes, start: bytes) -> int | None:
    """Return the length of the gzip member at the start of ``data``: 0 if it is incomplete, None if there is none."""
    unpacker = zlib.decompressobj(GZIP_WBITS)
    try:
        if unpacker.decompress(data, len(start)) != start:
            return None
    except zlib.error:
        return None
    try:
        while unpacker.unconsumed_tail and not unpacker.eof:
            unpacker.decompress(unpacker.unconsumed_tail, _BLOCK)
    except zlib.error:
        return 0
    return len(data) - len(unpacker.unused_data) if unpacker.eof else 0


def _is_truncated_member(data: bytes) -> bool:
    """Return True if ``data`` is the start of a gzip member, too short for any content."""
    unpacker = zlib.decompressobj(GZIP_WBITS)
    try:
        return unpacker.decompress(data, 1) == b"" and not unpacker.eof
    except zlib.error:
        return False


def _output_error(name: str, error: OSError) -> OutputError:
    """Return the OutputError for a system error on the output ``name``."""
    if isinstance(error, BrokenPipeError):
        return ReaderGone(f"{name}: its reader has closed it")
    remedy = "free some space" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "check the path, or name another output"
    return OutputError(f"{name}: the output cannot be written ({error.strerror}); {remedy}")


@contextmanager
def mapped_os_errors(name: str) -> Iterator[None]:
    """Raise each OSError of the block as the OutputError for the output ``name``."""
    try:
        yield
    except OSError as error:
        raise _output_error(name, error) from None


def open_unlocked(path: Path) -> io.FileIO:
    """Open a part file for writing; create it if it is missing. Symbolic links are not followed."""
    return io.FileIO(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666), "w")


def open_part(path: Path) -> io.FileIO:
    """Open a part file for this run alone, with what a killed run has written to it.

    Args:
        path: the file; symbolic links are not followed.

    Raises:
        OSError: if it cannot be opened, or another run has it.
    """
    file = open_unlocked(path)
    with ExitStack() as on_error:
        on_error.callback(file.close)
        lock(file)
        if not path.exists() or not os.path.samestat(os.fstat(file.fileno()), path.stat()):
            raise _in_use()  # the other run has just renamed it to its output
        umask = os.umask(0)
        os.umask(umask)
        os.fchmod(file.fileno(), 0o666 & ~umask)
        on_error.pop_all()
    return file


def lock(file: io.FileIO) -> None:
    """Lock a file for this run; the system unlocks it when the process ends.

    Raises:
        OSError: if another run has locked it.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise _in_use() from None


def _in_use() -> OSError:
    return OSError(None, "another run is writing it")
