"""What a command tells the user: messages and progress on stderr, and its exit status."""

import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Final, NoReturn, Protocol, Self, TypeVar

import typer

from scraper.errors import (
    FAILED,
    INTERRUPTED,
    READER_GONE,
    TERMINATED,
    LayoutError,
    OutputError,
    ReaderGone,
    ResumeError,
    StateError,
    TooManyFailures,
)
from scraper.text import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from scraper.engine.counts import Counts
    from scraper.output.formats import OutputTable

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


def stdout_is_terminal() -> bool:
    """Return True if a person reads stdout."""
    return sys.stdout is not None and sys.stdout.isatty()


def can_show_progress() -> bool:
    """Return True if progress can be shown on stderr."""
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


@contextmanager
def showing_progress(inputs: Sequence[str] | None, counts: "Counts", *, quiet: bool) -> Iterator[Callable[[int], object] | None]:
    """Show the progress during the block, and yield a callback for the bytes of each read; None if nothing is shown.

    Args:
        inputs: the inputs, if they are known before they are read.
        counts: the counts of the run.
        quiet: whether to show nothing.
    """
    if quiet or not can_show_progress():
        yield None
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    size = _total_size(inputs) if inputs is not None else None
    columns = [TextColumn("{task.fields[text]}")]
    timed = [BarColumn(bar_width=20), TaskProgressColumn(), TimeRemainingColumn()] if size else []
    with drawing(lambda console: Progress(*columns, *timed, console=console, auto_refresh=False, transient=True)) as progress:
        yield Display(progress, counts, size).advance


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


def _total_size(inputs: Iterable[str]) -> int | None:
    """Return the total size of the inputs in bytes, or None if one of them is not a regular file."""
    total = 0
    for name in inputs:
        if not os.path.isfile(name):
            return None
        total += os.path.getsize(name)
    return total


class _Terminated(BaseException):
    """Raised when SIGTERM arrives."""


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise _Terminated


class Closable(Protocol):
    """An output or a group of them."""

    @property
    def part(self) -> Path | None:
        """The part file, as long as there is one."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None: ...


@contextmanager
def finishing(
    outputs: Sequence[Closable],
    counts: "Counts",
    *,
    quiet: bool,
    unopened: Sequence[Closable] = (),
    table: "OutputTable | None" = None,
) -> Iterator[None]:
    """Open the outputs around the block, report how it ended, and exit with the status for it.

    Args:
        outputs: what the block writes to.
        counts: the counts of the run, which decide on the exit status.
        quiet: whether to print no summary.
        unopened: outputs that the block opens itself; their unfinished files are reported, too.
        table: what the records become at the end, if not JSON Lines.
    """
    # The collector is off since the start. What was imported until now is never garbage.
    gc.freeze()
    gc.enable()
    signal.signal(signal.SIGTERM, _terminate)
    status = FAILED
    try:
        with ExitStack() as opened:
            for output in outputs:
                opened.enter_context(output)
            yield
        status = counts.exit_status
    except ReaderGone as error:
        status = error.exit_status
    except ResumeError as error:
        say(str(error))
        raise typer.Exit(error.exit_status) from None
    except (LayoutError, OutputError, StateError, TooManyFailures) as error:
        say(str(error))
        status = error.exit_status
    except KeyboardInterrupt:
        status = INTERRUPTED
    except _Terminated:
        status = TERMINATED
    for output in (*outputs, *unopened):
        if output.part is not None:
            say(f"stopped before the end; what was written so far is in {output.part}")
    if table is not None and any(output.part is not None for output in (*outputs, *unopened)):
        say(f"records that were to become {table.format.name} are JSON Lines there, compressed with Zstandard")
    if not quiet and status != READER_GONE:
        say(counts.summary())
    raise typer.Exit(status)
