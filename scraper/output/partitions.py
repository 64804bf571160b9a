"""Records split over many files, which all get their names at the end of the run."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from scraper.errors import OutputError
from scraper.output.files import (
    file_ids,
    mapped_os_errors,
    open_part,
    open_unlocked,
    part_of,
    remove_checkpoint,
    rename_part,
    write_all,
)
from scraper.output.formats import OutputTable, packer_for, table_packer
from scraper.output.patterns import Pattern

_BUFFER: Final = 32 << 20
"""Bytes buffered for all files together: 10 kB for each of 3,000 newspapers, enough for gzip and Zstandard to compress well, since
each write is a gzip member or Zstandard frame of its own."""


class Partitions:
    """Many files whose names come from a pattern. A context manager.

    Lines are buffered and then written file by file, so that only one file is open at a time.
    As with :class:`~scraper.output.files.Output`, part files stay if the block raises, and existing files are unchanged.

    Args:
        pattern: the pattern of the names.
        is_kept: keep the part files of a killed run; :meth:`restore` truncates them.
        table: what the lines of each file become at the end, if not JSON Lines.

    Raises:
        OutputError: if a file cannot be opened, written or renamed, or another run writes below the same directory.
    """

    def __init__(self, pattern: Pattern, *, is_kept: bool = False, table: OutputTable | None = None) -> None:
        self._pattern = pattern
        self._table = table
        self._is_kept = is_kept
        self._base = pattern.base
        self._buffers: dict[str, bytearray] = {}
        self._buffered = 0
        self._lengths: dict[str, int] = {}
        """The lengths of this run's part files, by target."""
        self._changed: set[str] = set()
        """The targets written since the last commit."""
        self._identities: set[tuple[int, int]] = set()
        self.part: Path | None = None
        """A glob pattern of the part files, while there are any."""

    def __enter__(self) -> Self:
        root = self._pattern.root
        with mapped_os_errors(str(root)):
            root.mkdir(parents=True, exist_ok=True)
            self._lock = open_part(part_of(self._base))
            if not self._is_kept:
                remove_checkpoint(self._base)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._lock:
            if not isinstance(error, OutputError):
                self._write_buffers()
            if error is None:
                for target in self._lengths:
                    with mapped_os_errors(target):
                        rename_part(Path(target), self._table)
                self.part = None
            if self.part is None:
                part_of(self._base).unlink(missing_ok=True)

    def write(self, target: str, lines: bytes) -> None:
        """Write complete lines to a file of the pattern."""
        buffer = self._buffers.get(target)
        if buffer is None:
            buffer = self._buffers[target] = bytearray()
        buffer += lines
        self._buffered += len(lines)
        if self._buffered > _BUFFER:
            self._write_buffers()

    def identities(self) -> set[tuple[int, int]]:
        """Return device and inode of the files that are or may become outputs. The set grows during the run; it need not be open."""
        self._identities.update(self._pattern.identities(), file_ids([part_of(self._base)]))
        return self._identities

    def restore(self, lengths: Mapping[str, int]) -> bool:
        """Truncate the part files of a killed run to their committed lengths; return False if one is shorter or missing."""
        self._lengths.clear()
        for target, length in lengths.items():
            if self._pattern.matches(Path(target)):
                part = part_of(Path(target))
                try:
                    if os.path.getsize(part) < length:
                        return False
                    os.truncate(part, length)
                except OSError:
                    return False
                self._lengths[target] = length
                self.part = self._parts
        return True

    def commit(self) -> dict[str, int]:
        """Write all buffers, and return the lengths of the files that have grown, by target.

        The files are not synced: to sync thousands of files takes longer than to clean the pages again.
        """
        self._write_buffers()
        changed = {target: self._lengths[target] for target in self._changed}
        self._changed.clear()
        return changed

    @property
    def _parts(self) -> Path:
        return self._pattern.root / "**" / "*.part"

    def _write_buffers(self) -> None:
        for target, lines in self._buffers.items():
            with mapped_os_errors(target):
                self._append(target, bytes(lines))
        self._buffers.clear()
        self._buffered = 0

    def _append(self, target: str, lines: bytes) -> None:
        path = Path(target)
        length = self._lengths.get(target)
        if length is None:
            if path.is_dir():
                raise IsADirectoryError(None, "it is a directory")
            path.parent.mkdir(parents=True, exist_ok=True)
        with open_unlocked(part_of(path)) as file:
            if length is None:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise OSError(None, "its part file is not a regular file")
                file.truncate(0)  # of a killed run
                self._identities.update(file_ids([file.fileno()]))
                self.part = self._parts
            packer = packer_for(self._pattern.ending) if self._table is None else table_packer()
            file.seek(length or 0)
            write_all(file, packer.compress(lines))
            write_all(file, packer.flush())
            self._lengths[target] = file.tell()
        self._changed.add(target)
