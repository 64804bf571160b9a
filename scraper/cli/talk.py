"""What is said to people, on stderr, in plain text."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from scraper.text import printable

Printer = Callable[[str], object]

_printers: list[Printer] = []


def say(text: str) -> None:
    """Print a line to stderr. What a page or a file name holds never reaches a terminal as a control character."""
    if sys.stderr is None:  # closed by whoever started the program; print() would then write to stdout
        return
    with suppress(OSError):  # nobody is there to be told
        if _printers:
            _printers[-1](f"scraper: {printable(text)}")
        else:
            print(f"scraper: {printable(text)}", file=sys.stderr, flush=True)


@contextmanager
def speaking_through(printer: Printer) -> Iterator[None]:
    """Let ``printer`` print what is said during the block: it knows what else stands on the terminal."""
    _printers.append(printer)
    try:
        yield
    finally:
        _printers.pop()


def is_watched() -> bool:
    """Tell whether somebody looks at stderr who can be shown progress."""
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
