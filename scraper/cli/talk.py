"""What is said to people, on stderr, in plain text."""

import sys
from contextlib import suppress


def say(text: str) -> None:
    """Print a line to stderr. What a page or a file name holds never reaches a terminal as a control character."""
    if sys.stderr is None:  # closed by whoever started the program; print() would then write to stdout
        return
    with suppress(OSError):  # nobody is there to be told
        print(f"scraper: {printable(text)}", file=sys.stderr, flush=True)


def printable(text: str) -> str:
    """Return ``text`` with each character that a terminal would obey instead of show spelled out."""
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)
