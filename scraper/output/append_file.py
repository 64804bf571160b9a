"""Files that runs append to: committed data stay, and anything that a killed run has written after them is truncated."""

import io
import os
import stat
import zlib
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

from scraper.defaults import GZIP_WBITS
from scraper.errors import OutputError
from scraper.output.files import lock, mapped_os_errors, write_all

_BLOCK: Final = 1 << 20
_GZIP_MAGIC: Final = b"\x1f\x8b\x08"


class AppendFile:
    """A file that one run at a time appends to. A context manager.

    Args:
        path: the file, which is created if it is missing, with its directory; symbolic links are followed.

    Raises:
        OutputError: if it cannot be opened or written, is not a regular file, or another run appends to it.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.realpath(path))
        self._name = str(path)
        with ExitStack() as on_error, mapped_os_errors(self._name):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = io.FileIO(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o666), "r+")
            on_error.callback(self._file.close)
            if not stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
                raise OutputError(f"{self._name}: it is not a regular file, and nothing can be appended to it; name another output")
            lock(self._file)
            self.length = self._file.seek(0, os.SEEK_END)
            on_error.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, data: bytes) -> None:
        """Append all of ``data``, or nothing if that fails."""
        with mapped_os_errors(self._name):
            try:
                write_all(self._file, data)
            except OSError:
                self.truncate(self.length)
                raise
        self.length += len(data)

    def truncate(self, length: int) -> None:
        """Truncate the file to ``length`` bytes."""
        with mapped_os_errors(self._name):
            self._file.truncate(length)
            self.length = self._file.seek(length)

    def sync(self) -> None:
        """Write the data to the disk."""
        with mapped_os_errors(self._name):
            os.fdatasync(self._file.fileno())

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
