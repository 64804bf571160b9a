"""Parse plain text into a document with a block for each line."""

from typing import Final

from scraper.errors import TooComplex
from scraper.models import Block, Document

_MOST_LINES: Final = 1_000_000
"""Lines of a page; each takes some 400 bytes of memory until its record is written."""
_OTHER_ENDS: Final = "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
"""Line ends of :meth:`str.splitlines` other than "\n"."""


def read_text(text: str) -> Document:
    """Parse a page of plain text.

    Raises:
        TooComplex: if it has too many lines to be held in memory.
    """
    # Nearly all texts have no other line end than "\n", and str.split is much faster than str.splitlines.
    is_plain = not any(map(text.__contains__, _OTHER_ENDS))
    lines = text.split("\n") if is_plain else text.splitlines(keepends=True)
    if len(lines) > _MOST_LINES:
        raise TooComplex(f"it has more than {_MOST_LINES:,} lines, too many to be held in memory; split the page")
    blocks: list[Block] = []
    position = 0
    for line in lines:
        if bare := line.strip():
            start = position if len(bare) == len(line) else position + len(line) - len(line.lstrip())
            blocks.append(Block(start, start + len(bare)))
        position += len(line) + is_plain
    return Document(form="text", text=text, blocks=blocks)
