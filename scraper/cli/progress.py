"""How far a run has come, on a terminal, on stderr. Loaded only where there is one."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from scraper.cli.talk import speaking_through
from scraper.engine.counts import Counts

T = TypeVar("T")

_PAUSE: Final = 0.2
"""Seconds between two looks at the counts: often enough for the eye, seldom enough to cost nothing."""
_MEGABYTE: Final = 1e6


class Display:
    """A line that shows pages, pages and megabytes a second, the share of known pages, and the time left.

    Args:
        progress: what draws it.
        counts: the counts of the run.
        size: how many bytes there are to read, if that is known.
    """

    def __init__(self, progress: Progress, counts: Counts, size: int | None) -> None:
        self._progress = progress
        self._tally = counts
        self._task = progress.add_task("", total=size, said="")
        self._begun = self._drawn = time.monotonic()
        self._bytes = 0

    def read(self, size: int) -> None:
        """Note that so many more bytes have been read."""
        self._bytes += size
        now = time.monotonic()
        if now - self._drawn >= _PAUSE:
            self._drawn = now
            self._draw(now - self._begun)

    def _draw(self, seconds: float) -> None:
        pages = sum(self._tally.kinds.values())
        seen = pages + sum(self._tally.left_out.values()) + sum(self._tally.failures.values())
        known = pages - self._tally.kinds["unknown"]
        parts = [f"{pages:,} pages", f"{seen / seconds:,.0f}/s", f"{self._bytes / _MEGABYTE / seconds:,.1f} MB/s"]
        if seen:
            parts.append(f"{known / seen:.0%} known")
        if failed := sum(self._tally.failures.values()):
            parts.append(f"{failed:,} failed")
        self._progress.update(self._task, completed=self._bytes, said="  ".join(parts), refresh=True)


@contextmanager
def drawing(make: Callable[[Console], AbstractContextManager[T]]) -> Iterator[T]:
    """Draw on the terminal during the block; what is said meanwhile stands above the drawing."""
    console = Console(stderr=True, markup=False, highlight=False, emoji=False)
    with make(console) as drawn, speaking_through(lambda line: console.print(Text(line), soft_wrap=True)):
        yield drawn


@contextmanager
def displaying(counts: Counts, size: int | None) -> Iterator[Display]:
    """Show a display during the block."""
    columns = [TextColumn("{task.fields[said]}")]
    known = [BarColumn(bar_width=20), TaskProgressColumn(), TimeRemainingColumn()] if size else []
    with drawing(lambda console: Progress(*columns, *known, console=console, auto_refresh=False, transient=True)) as progress:
        yield Display(progress, counts, size)


def size_of(inputs: Iterable[str]) -> int | None:
    """Return how many bytes inputs have together, or None if one of them is no regular file."""
    total = 0
    for name in inputs:
        if not os.path.isfile(name):
            return None
        total += os.path.getsize(name)
    return total
