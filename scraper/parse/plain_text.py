"""Tell plain text from HTML by its content, never by a file name, and parse it into a document with a block for each line."""

import re
from itertools import islice
from typing import Final

from scraper.errors import TooComplex
from scraper.models import HTML_TYPES, Block, Document

_MOST_LINES: Final = 1_000_000
"""Lines of a page. Each takes memory until the record is written."""
_OTHER_ENDS: Final = "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
"""Line ends of :meth:`str.splitlines` other than "\n"."""

# The tags by which browsers recognise HTML (https://mimesniff.spec.whatwg.org/#identifying-a-resource-with-an-unknown-mime-type).
_OPENS_AS_HTML: Final = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?<(?:!--|(?:!doctype\s+html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p)[\s>/])",
    re.IGNORECASE,
)
_FRAME: Final = re.compile(r"^\s*<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE | re.MULTILINE)
_END_TAG: Final = re.compile(r"</(?:a|b|body|div|html|li|p|span|td)\s*>", re.IGNORECASE)

_TAG: Final = re.compile(r"<(?:a|br|div|li|p|span|td)[\s/>]", re.IGNORECASE)

_HEAD: Final = 4096
_SOME_END_TAGS: Final = 3
"""A fragment of a page may begin with any tag. A text that mentions one or two tags is still a text."""


def is_html(text: str, media_type: str | None = None) -> bool:
    """Return True if ``text`` is HTML. A declared media type decides only if the content does not."""
    if "<" not in text:
        return media_type in HTML_TYPES
    if _OPENS_AS_HTML.match(text) or _FRAME.search(text, 0, _HEAD):
        return True
    if media_type == "text/plain" or "</" not in text:
        return media_type in HTML_TYPES
    tags = _END_TAG.finditer(text)
    return _TAG.search(text) is not None and sum(1 for _ in islice(tags, _SOME_END_TAGS)) == _SOME_END_TAGS


def read_text(text: str) -> Document:
    """Parse a page of plain text.

    Raises:
        TooComplex: if it has too many lines to be held in memory.
    """
    # str.split is faster than str.splitlines, and nearly all texts have only "\n" as line ends.
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
