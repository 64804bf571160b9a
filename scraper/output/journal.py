"""The journal of a resumable run: a file next to its outputs that records how far the run has come."""

import os
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from scraper.errors import ResumeError
from scraper.output.files import file_ids, mapped_os_errors, open_part, write_all

_SLACK: Final = 8 << 20
"""Bytes by which a journal may grow before it is rewritten."""


class Position(msgspec.Struct, frozen=True):
    """A position in the input."""

    chunks: int = 0
    """The number of complete chunks before it."""
    readings: int = 0
    """The number of items of the next chunk before it."""
    expected: int | None = None
    """The offset of the next record of an archive, if known."""
    digest: str = ""
    """The digest of names, sizes and times of all chunks before it, and of the chunk it is in."""


class JournalEntry(msgspec.Struct):
    """The outputs and counts of a run at a position."""

    number: int = 0
    """Greater than the number of the previous entry."""
    position: Position = Position()
    lengths: dict[str, int] = {}
    """The lengths of the outputs that have changed since the previous entry, by path."""
    tally: dict[str, Any] = {}
    is_done: bool = False
    """Whether only the part files remain to be renamed."""


class _JournalHead(msgspec.Struct):
    run: str


_encode: Final = msgspec.json.Encoder().encode


class Journal:
    """The journal of one run, which it locks. A context manager.

    Each entry is a line; an incomplete last line is ignored.

    Args:
        path: the file.
        run: the digest of the run's options; the journal must have the same.

    Raises:
        OutputError: if it cannot be opened or written, or another run has locked it.
        ResumeError: if it is the journal of a run with other options.
    """

    def __init__(self, path: Path, run: str) -> None:
        self.path = path
        self._run = run
        self.last = JournalEntry()
        """The last entry, but with the lengths of all outputs."""
        self.identities: set[tuple[int, int]] = set()
        """Device and inode of the journal and of each file it replaces; the set grows."""

    def __enter__(self) -> Self:
        with mapped_os_errors(str(self.path)):
            self._file = open_part(self.path, is_kept=True)
        with ExitStack() as on_error:
            on_error.push(self)
            self._read(self.path.read_bytes())
            self._rewrite()
            on_error.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def _read(self, data: bytes) -> None:
        lines = data.split(b"\n")[:-1]
        if not lines:
            return
        with suppress(msgspec.DecodeError):
            if msgspec.json.decode(lines[0], type=_JournalHead).run != self._run:
                raise ResumeError(
                    f"{self.path}: it is of a run with other inputs or options, or of another version; "
                    "give those again, or remove it to start anew"
                )
            for line in lines[1:]:
                self._add(msgspec.json.decode(line, type=JournalEntry))

    def append(self, position: Position, lengths: Mapping[str, int], tally: Mapping[str, Any], *, is_done: bool = False) -> None:
        """Append an entry and sync it. The outputs must have been synced up to ``lengths`` before."""
        entry = JournalEntry(self.last.number + 1, position, dict(lengths), dict(tally), is_done)
        line = _encode(entry) + b"\n"
        self._add(entry)
        self._slack -= len(line)
        if self._slack < 0:
            self._rewrite()
        else:
            with mapped_os_errors(str(self.path)):
                self._write(line)

    def _add(self, entry: JournalEntry) -> None:
        entry.lengths = self.last.lengths | entry.lengths
        self.last = entry

    def reset(self) -> None:
        """Remove all entries."""
        self.last = JournalEntry()
        self._rewrite()

    def _rewrite(self) -> None:
        """Replace the journal, atomically, by one with only the last entry."""
        data = _encode(_JournalHead(self._run)) + b"\n" + _encode(self.last) + b"\n"
        new = self.path.with_name(f"{self.path.name}.new")
        with mapped_os_errors(str(new)):
            file = open_part(new)
            self._file.close()
            self._file = file
            self._write(data)
            os.replace(new, self.path)
            self.identities.update(file_ids([file.fileno()]))
        self._slack = len(data) + _SLACK

    def _write(self, data: bytes) -> None:
        write_all(self._file, data)
        os.fdatasync(self._file.fileno())
