"""What a run of ``fetch`` leaves behind, kept in step: records, raw exchanges, and the state that says how far both are good."""

import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from scraper import __version__
from scraper.cli.talk import say
from scraper.errors import OutputError
from scraper.fetch import Exchange, Rules, exchange_records, warcinfo
from scraper.output.appending import AppendFile
from scraper.output.fetch_state import FetchedRow, State
from scraper.output.files import Output, is_special

_EVERY: Final = 0.25
"""Seconds of work, at most, that a run which is killed does again."""


class Store:
    """Where a run's results go. A context manager; what is not committed when its block raises, is given up.

    Without a state, records go where :class:`~scraper.output.files.Output` sends them. With one, a file is appended to, and is first
    cut to the length that the state knows to be good; stdout, a device or a pipe cannot be cut, and is only written to.

    Raises:
        OutputError: if an output cannot be opened or written, or is shorter than the state has it.
        StateError: if the state cannot be used, or another run holds it.
    """

    def __init__(self, *, out: Path | None, save: Path | None, state: Path | None) -> None:
        self._out, self._save, self._path = out, save, state
        self._stack = ExitStack()
        self._lines: Output | AppendFile = Output(out)
        self._raw: AppendFile | None = None
        self._raw_lock = threading.Lock()
        self._committed_at = 0.0
        self._is_dirty = False
        self.state: State | None = None

    @property
    def part(self) -> Path | None:
        """The part file, as long as there is one."""
        return self._lines.part if isinstance(self._lines, Output) else None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            if self._path is not None:
                self.state = stack.enter_context(State(self._path))
            if self.state is not None and self._out is not None and not is_special(self._out):
                self._lines = stack.enter_context(_appended(self._out, self.state))
            else:
                stack.enter_context(self._lines)
            if self._save is not None:
                self._raw = stack.enter_context(_archive(self._save))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            if kind is None:
                self.commit()
            elif self.state is not None and isinstance(self._lines, AppendFile):
                # Only the state knows what was committed: a signal may have arrived right behind the commit.
                self._lines.truncate(self.state.committed_length(self._lines.path))
        finally:
            self._stack.__exit__(kind, *rest)  # type: ignore[arg-type]  # they are what this was given

    def keep(self, exchange: Exchange) -> None:
        """Save an exchange, if exchanges are saved. Any thread may call this."""
        if self._raw is not None:
            data = exchange_records(exchange)
            with self._raw_lock:
                self._raw.write(data)

    def add(self, lines: Sequence[bytes], row: Callable[[], FetchedRow], keys: Sequence[str] = ()) -> int:
        """Write a page's lines, and note what is known of it now; return how many were written.

        Args:
            lines: the lines.
            row: returns what is known of the page, where there is a state to keep it.
            keys: for headlines, what makes each the same as one that was seen before; only those not yet seen are written.
        """
        if self.state is not None:
            if keys:
                are_new = self.state.add_headlines([hashlib.blake2b(key.encode(), digest_size=16).digest() for key in keys])
                lines = [line for line, is_new in zip(lines, are_new, strict=True) if is_new]
            self.state.put(row())
        if lines:
            self._lines.write(b"".join(lines))
        self._is_dirty = True
        return len(lines)

    def commit(self, *, soon: bool = False) -> None:
        """Make what was added part of the state; with ``soon``, only if the last time is a while ago."""
        if self.state is None or not self._is_dirty or (soon and time.monotonic() < self._committed_at + _EVERY):
            return
        if self._raw is not None:
            self._raw.sync()
        if isinstance(self._lines, AppendFile):
            self._lines.sync()
            self.state.put_length(self._lines.path, self._lines.length)
        self.state.commit()
        self._committed_at, self._is_dirty = time.monotonic(), False


class RobotsCache:
    """Keeps what sites ask of programs in the state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def get(self, origin: str, /) -> Rules | None:
        """Return what is kept for an origin."""
        found = self._state.robots(origin)
        return Rules(*found) if found is not None else None

    def __setitem__(self, origin: str, rules: Rules, /) -> None:
        """Keep it."""
        if rules.text is not None:
            self._state.put_robots(origin, rules.text, rules.fetched_at)


def _appended(path: Path, state: State) -> AppendFile:
    with ExitStack() as failing:
        file = failing.enter_context(AppendFile(path))
        length = state.length(file.path)
        if length is None or file.length == 0:  # a file of its own right; or one that was moved away, to begin anew
            if not file.ends_with(b"\n"):
                raise OutputError(
                    f"{path}: its last line has no end, and nothing can be appended to it; mend it, or name another output"
                )
        elif file.length < length:
            raise OutputError(
                f"{path}: it has {file.length} bytes, and the state knows of {length}; put it back as it was, or move it away to begin anew"
            )
        else:
            file.truncate(length)
        state.put_length(file.path, file.length)
        state.commit()
        failing.pop_all()
    return file


def _archive(path: Path) -> AppendFile:
    with ExitStack() as failing:
        file = failing.enter_context(AppendFile(path))
        cut = file.repair_gzip(b"WARC/1.")
        if cut:
            say(f"{path}: its last record was not whole; {cut} bytes of it are cut off")
        if file.length == 0:
            file.write(warcinfo(f"scraper/{__version__}", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")))
        failing.pop_all()
    return file
