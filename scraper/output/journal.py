"""How far a run has come, in a file beside its outputs, from which the next run goes on."""

import os
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from scraper.errors import ResumeError
from scraper.output.files import failure, open_part

_SLACK: Final = 8 << 20
"""Bytes by which a journal may grow before it is written anew."""


class Position(msgspec.Struct, frozen=True):
    """A place in the input."""

    chunks: int = 0
    """How many chunks lie before it."""
    readings: int = 0
    """How many readings of the next one do."""
    expected: int | None = None
    """Where the next record of an archive begins, if it is known."""
    digest: str = ""
    """Of all chunks before it, and of the one in which it lies: their names, sizes and times."""


class JournalEntry(msgspec.Struct):
    """What was done when a position had been reached."""

    number: int = 0
    """Greater than that of the entry before."""
    position: Position = Position()
    lengths: dict[str, int] = {}
    """Of the outputs, as far as they have changed since the entry before."""
    tally: dict[str, Any] = {}
    is_done: bool = False
    """Whether nothing is left to do but to give the outputs their names."""


class _Head(msgspec.Struct):
    run: str


_encode: Final = msgspec.json.Encoder().encode


class Journal:
    """The journal of one run. A context manager; one run at a time has it.

    Each entry is a line; a last line that is torn does not count.

    Args:
        path: the file.
        run: a digest of what the run is to do. A journal with another one is no use to it.

    Raises:
        OutputError: if it cannot be opened or written, or another run has it.
        ResumeError: if it is of a run that was to do something else.
    """

    def __init__(self, path: Path, run: str) -> None:
        self.path = path
        self._run = run
        self.last = JournalEntry()
        """The last entry, with the lengths of all outputs."""
        self.identities: set[tuple[int, int]] = set()
        """Device and inode of the journal, and of those before it, are added to this."""

    def __enter__(self) -> Self:
        try:
            self._file = open_part(self.path, is_kept=True)
        except OSError as error:
            raise failure(str(self.path), error) from None
        with ExitStack() as opened:
            opened.push(self)
            self._read(self.path.read_bytes())
            self._rewrite()
            opened.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def _read(self, data: bytes) -> None:
        lines = data.split(b"\n")[:-1]
        if not lines:
            return
        with suppress(msgspec.DecodeError):
            if msgspec.json.decode(lines[0], type=_Head).run != self._run:
                raise ResumeError(
                    f"{self.path}: it is of a run with other inputs or options, or of another version; "
                    "give those again, or remove it to start anew"
                )
            for line in lines[1:]:
                entry = msgspec.json.decode(line, type=JournalEntry)
                self._take(entry)

    def note(self, position: Position, lengths: Mapping[str, int], tally: Mapping[str, Any], *, is_done: bool = False) -> None:
        """Note that a position was reached; it is on disk when this returns, and what the lengths are of must be before."""
        entry = JournalEntry(self.last.number + 1, position, dict(lengths), dict(tally), is_done)
        line = _encode(entry) + b"\n"
        self._take(entry)
        if self._left < len(line):
            self._rewrite()
            return
        self._left -= len(line)
        self._write(line)

    def _take(self, entry: JournalEntry) -> None:
        entry.lengths = self.last.lengths | entry.lengths
        self.last = entry

    def forget(self) -> None:
        """Start anew."""
        self.last = JournalEntry()
        self._rewrite()

    def _rewrite(self) -> None:
        """Replace the journal by a short one, at once."""
        data = _encode(_Head(self._run)) + b"\n" + _encode(self.last) + b"\n"
        name = self.path.with_name(f"{self.path.name}.new")
        try:
            file = open_part(name)
            self._file.close()
            self._file = file
            self._write(data)
            os.replace(name, self.path)
            status = os.fstat(file.fileno())
            self.identities.add((status.st_dev, status.st_ino))
        except OSError as error:
            raise failure(str(name), error) from None
        self._left = len(data) + _SLACK

    def _write(self, data: bytes) -> None:
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[self._file.write(rest) :]
            os.fdatasync(self._file.fileno())
        except OSError as error:
            raise failure(str(self.path), error) from None
