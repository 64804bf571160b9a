"""Messages to the user on stderr."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from scraper.text import printable

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


@contextmanager
def printing_with(printer: Printer) -> Iterator[None]:
    """Print messages with ``printer`` during the block, so that they do not disturb what it draws."""
    _printers.append(printer)
    try:
        yield
    finally:
        _printers.pop()


def can_show_progress() -> bool:
    """Return True if progress can be shown on stderr."""
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
