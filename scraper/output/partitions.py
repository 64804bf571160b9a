"""Records to many files at once, each of which takes its name when the whole run is whole."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from scraper.errors import OutputError
from scraper.output.compression import packer_for
from scraper.output.files import failure, journal_of, open_part, part_of, take_name
from scraper.output.patterns import Pattern

_MOST: Final = 32 << 20
"""Bytes that are held back, of all files together: of 3,000 newspapers 10 kB each, so that most of what is written at once is a
member of a size at which gzip and Zstandard are worth it."""


class Partitions:
    """Files whose names a pattern gives. A context manager.

    Lines are held back until there are many, and then written file by file: one is open at a time, however many there are.
    As with a single output, part files stay if the block raises, and what bears the names is untouched.

    Args:
        pattern: gives the names.
        is_kept: whether what a killed run left is kept; how much of it, :meth:`cut` is told.

    Raises:
        OutputError: if a file cannot be opened, written or renamed, or another run writes below the same directory.
    """

    def __init__(self, pattern: Pattern, *, is_kept: bool = False) -> None:
        self._pattern = pattern
        self._is_kept = is_kept
        self._base = pattern.base
        self._held: dict[str, bytearray] = {}
        self._size = 0
        self._lengths: dict[str, int] = {}
        """Of the part files of this run."""
        self._changed: set[str] = set()
        """Those that have grown since they were settled."""
        self._identities: set[tuple[int, int]] = set()
        self.part: Path | None = None
        """The part files, as long as there are any, as a shell names them."""

    def __enter__(self) -> Self:
        root = self._pattern.root
        try:
            root.mkdir(parents=True, exist_ok=True)
            self._lock = open_part(part_of(self._base))
            if not self._is_kept:
                journal_of(self._base).unlink(missing_ok=True)
                self._base.unlink(missing_ok=True)
        except OSError as error:
            raise failure(str(root), error) from None
        self._identities.update(self._pattern.identities())
        self._note(self._lock.fileno())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._lock:
            if not isinstance(error, OutputError):
                self._write_held()
            if error is None:
                for target in self._lengths:
                    try:
                        take_name(Path(target))
                    except OSError as fault:
                        raise failure(target, fault) from None
                self.part = None
            if self.part is None:
                part_of(self._base).unlink(missing_ok=True)

    def write(self, target: str, lines: bytes) -> None:
        """Write whole lines to a file of the pattern."""
        held = self._held.get(target)
        if held is None:
            held = self._held[target] = bytearray()
        held += lines
        self._size += len(lines)
        if self._size > _MOST:
            self._write_held()

    def identities(self) -> set[tuple[int, int]]:
        """Return device and inode of the files that are outputs or may become outputs. The set grows as they do."""
        return self._identities

    def cut(self, lengths: Mapping[str, int]) -> bool:
        """Keep of what a killed run left only what it had settled, and return whether that is there."""
        self._lengths.clear()
        for target, length in lengths.items():
            if self._pattern.may_be(Path(target)):
                try:
                    if os.path.getsize(part_of(Path(target))) < length:
                        return False
                    os.truncate(part_of(Path(target)), length)
                except OSError:
                    return False
                self._lengths[target] = length
                self.part = self._pattern.root / "**" / "*.part"
        return True

    def settle(self) -> dict[str, int]:
        """Write all that is held back, and return the lengths of the files that have grown.

        It is not put on disk, file by file, which would take longer than to clean it again.
        """
        self._write_held()
        changed = {target: self._lengths[target] for target in self._changed}
        self._changed.clear()
        return changed

    def _write_held(self) -> None:
        for target, lines in self._held.items():
            try:
                self._append(target, bytes(lines))
            except OSError as error:
                raise failure(target, error) from None
        self._held.clear()
        self._size = 0

    def _append(self, target: str, lines: bytes) -> None:
        path = Path(target)
        length = self._lengths.get(target)
        if length is None:
            if path.is_dir():
                raise IsADirectoryError(None, "it is a directory")
            path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(part_of(path), flags, 0o666)
        try:
            if length is None:
                self._begin(descriptor)
            packer = packer_for(self._pattern.ending)
            place = length or 0
            for data in (packer.compress(lines), packer.flush()):
                rest = memoryview(data)
                while rest:
                    written = os.pwrite(descriptor, rest, place)
                    place += written
                    rest = rest[written:]
        finally:
            os.close(descriptor)
        self._lengths[target] = place
        self._changed.add(target)

    def _begin(self, descriptor: int) -> None:
        """Take a part file over, from nobody or from a run that was killed."""
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(None, "its part file is no file")
        os.ftruncate(descriptor, 0)
        self._note(descriptor)
        self.part = self._pattern.root / "**" / "*.part"

    def _note(self, descriptor: int) -> None:
        status = os.fstat(descriptor)
        self._identities.add((status.st_dev, status.st_ino))
