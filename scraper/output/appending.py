"""Files that grow: what a run has committed stays, what a killed run left behind it is cut off."""

import fcntl
import io
import os
import stat
import zlib
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

from scraper.errors import OutputError

_BLOCK: Final = 1 << 20
_MEMBER: Final = b"\x1f\x8b\x08"
_GZIP: Final = 31


class AppendFile:
    """A file to whose end one run at a time appends. A context manager, which closes it.

    Args:
        path: the file; a link is followed. It is made if it is missing.

    Raises:
        OutputError: if it cannot be opened or written, is no file, or another run appends to it.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.realpath(path))
        self._name = str(path)
        try:
            self._file = io.FileIO(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o666), "r+")
        except OSError as error:
            raise self._failure(error) from None
        with ExitStack() as failing:
            failing.callback(self._file.close)
            if not stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
                raise OutputError(f"{self._name}: it is no file, and nothing can be appended to it; name another")
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise OutputError(f"{self._name}: another run is writing it; wait for it, or name another output") from None
            self.length = self._file.seek(0, os.SEEK_END)
            failing.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, data: bytes) -> None:
        """Append all of ``data``; where that fails, none of it."""
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self.cut(self.length)
            raise self._failure(error) from None
        self.length += len(data)

    def cut(self, length: int) -> None:
        """Let the file end after ``length`` bytes."""
        try:
            self._file.truncate(length)
            self.length = self._file.seek(length)
        except OSError as error:
            raise self._failure(error) from None

    def sync(self) -> None:
        """Have the system put on disk what was written."""
        try:
            os.fdatasync(self._file.fileno())
        except OSError as error:
            raise self._failure(error) from None

    def ends_with(self, ending: bytes) -> bool:
        """Tell whether the file is empty, or ends with ``ending``."""
        return self.length == 0 or os.pread(self._file.fileno(), len(ending), max(0, self.length - len(ending))) == ending

    def mend_gzip(self, start: bytes) -> int:
        """Cut off a last gzip member that is not whole, and return how many bytes that were.

        A run that is killed can leave only the last one torn, since it writes one after the other; so the file is read from
        its end, back to where a member begins, however long it is.

        Args:
            start: how each member's content begins, which tells members from bytes that look like one.

        Raises:
            OutputError: if it is another kind of file.
        """
        whole = self.length
        before = self.length
        tail = b""
        while before > 0:
            size = min(_BLOCK, before)
            before -= size
            tail = os.pread(self._file.fileno(), size, before) + tail
            place = min(size + len(_MEMBER) - 1, len(tail))
            while (place := tail.rfind(_MEMBER, 0, place)) >= 0:
                member = _member(tail[place:], start)
                if member is not None:
                    self.cut(before + place + member)
                    return whole - self.length
                place += len(_MEMBER) - 1
        if self.length and _is_torn_beginning(tail):
            self.cut(0)
        elif self.length:
            raise OutputError(f"{self._name}: it is no gzipped WARC, and would be spoilt; name another file")
        return whole - self.length

    def _failure(self, error: OSError) -> OutputError:
        return OutputError(f"{self._name}: it cannot be written ({error.strerror}); check the path and the space on the disk")


def _member(data: bytes, start: bytes) -> int | None:
    """Return how many bytes the whole gzip member takes with which ``data`` begins: 0 if it is torn, None if there is no member."""
    unpacker = zlib.decompressobj(_GZIP)
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


def _is_torn_beginning(data: bytes) -> bool:
    """Tell whether ``data`` is the beginning of a gzip member, too short to tell of what."""
    unpacker = zlib.decompressobj(_GZIP)
    try:
        return unpacker.decompress(data, 1) == b"" and not unpacker.eof
    except zlib.error:
        return False
