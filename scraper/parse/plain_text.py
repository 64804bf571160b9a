"""A text page as a document: all of it, a block for each line."""

from typing import Final

from scraper.errors import TooComplex
from scraper.models import Block, Document

_MOST_LINES: Final = 1_000_000
"""Lines of a page. Each takes some 400 bytes of memory until it is written."""
_OTHER_ENDS: Final = "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
"""What else than "\n" ends a line, as :meth:`str.splitlines` has it."""


def read_text(text: str) -> Document:
    """Make the document of a text page.

    Raises:
        TooComplex: if it has more lines than can be held in memory.
    """
    # Nearly all texts end their lines with "\n" alone, and are split at it three times as fast as at all that ends a line.
    is_plain = not any(map(text.__contains__, _OTHER_ENDS))
    lines = text.split("\n") if is_plain else text.splitlines(keepends=True)
    if len(lines) > _MOST_LINES:
        raise TooComplex(f"it has more than {_MOST_LINES:,} lines, too many to be held in memory; split the page")
    blocks: list[Block] = []
    position = 0
    for line in lines:
        bare = line.strip()
        if bare:
            start = position if bare[0] == line[0] else position + len(line) - len(line.lstrip())
            blocks.append(Block(start, start + len(bare)))
        position += len(line) + is_plain
    return Document(form="text", text=text, blocks=blocks)
