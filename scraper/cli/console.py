"""Messages to the user and the progress of a run, on stderr."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING, Final, TypeVar

from scraper.text import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from scraper.engine.counts import Counts

T = TypeVar("T")
Printer = Callable[[str], object]

_printers: list[Printer] = []


def say(text: str) -> None:
    """Print a line to stderr, with control characters escaped, since messages contain file names and text of pages."""
    if sys.stderr is None:  # closed by the parent process; print() would then write to stdout
        return
    with suppress(OSError):  # the terminal or pipe is gone
        if _printers:
            _printers[-1](f"scraper: {printable(text)}")
        else:
            print(f"scraper: {printable(text)}", file=sys.stderr, flush=True)


def can_show_progress() -> bool:
    """Return True if progress can be shown on stderr."""
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


@contextmanager
def displaying(counts: "Counts", size: int | None) -> "Iterator[Display]":
    """Show the progress during the block."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = [TextColumn("{task.fields[text]}")]
    timed = [BarColumn(bar_width=20), TaskProgressColumn(), TimeRemainingColumn()] if size else []
    with drawing(lambda console: Progress(*columns, *timed, console=console, auto_refresh=False, transient=True)) as progress:
        yield Display(progress, counts, size)


@contextmanager
def drawing(make: "Callable[[Console], AbstractContextManager[T]]") -> Iterator[T]:
    """Draw on the terminal during the block; messages are printed above the drawing."""
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, markup=False, highlight=False, emoji=False)
    with make(console) as live:
        _printers.append(lambda line: console.print(Text(line), soft_wrap=True))
        try:
            yield live
        finally:
            _printers.pop()


_INTERVAL: Final = 0.2
"""Seconds between two updates."""
_MEGABYTE: Final = 1e6


class Display:
    """A line with pages, pages and megabytes per second, the share of known pages, and the time left.

    Args:
        progress: draws the line.
        counts: the counts of the run.
        size: the bytes of the inputs, if known.
    """

    def __init__(self, progress: "Progress", counts: "Counts", size: int | None) -> None:
        self._progress = progress
        self._counts = counts
        self._task = progress.add_task("", total=size, text="")
        self._started = self._drawn_at = time.monotonic()
        self._bytes = 0

    def advance(self, size: int) -> None:
        """Add the bytes of a read."""
        self._bytes += size
        now = time.monotonic()
        if now - self._drawn_at >= _INTERVAL:
            self._drawn_at = now
            self._draw(now - self._started)

    def _draw(self, seconds: float) -> None:
        pages = sum(self._counts.kinds.values())
        done = pages + sum(self._counts.left_out.values()) + sum(self._counts.failures.values())
        known = pages - self._counts.kinds["unknown"]
        parts = [f"{pages:,} pages", f"{done / seconds:,.0f}/s", f"{self._bytes / _MEGABYTE / seconds:,.1f} MB/s"]
        if done:
            parts.append(f"{known / done:.0%} known")
        if failed := sum(self._counts.failures.values()):
            parts.append(f"{failed:,} failed")
        self._progress.update(self._task, completed=self._bytes, text="  ".join(parts), refresh=True)


def total_size(inputs: Iterable[str]) -> int | None:
    """Return the total size of the inputs in bytes, or None if one of them is not a regular file."""
    total = 0
    for name in inputs:
        if not os.path.isfile(name):
            return None
        total += os.path.getsize(name)
    return total
