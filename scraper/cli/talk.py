"""What is said to people, on stderr, in plain text."""

import sys


def say(text: str) -> None:
    """Print a line to stderr. What a page or a file name holds never reaches a terminal as a control character."""
    shown = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)
    try:
        print(f"scraper: {shown}", file=sys.stderr, flush=True)
    except OSError:
        pass  # nobody is there to be told
