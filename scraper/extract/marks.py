"""Find the marks that lynx, w3m, pandoc and html2text add to a text.

List items begin with a dash or a bullet, headings with number signs. Links are numbered, ``[12]``, or written as in Markdown,
``[words](address)``.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from scraper.models import Block

Mark = tuple[int, int]
"""The start and end of a mark in a text."""

_OPENS: Final = frozenset("*+•◦▪-(#")
_AT_START: Final = re.compile(r"(?:[*+•◦▪](?:\s+|\Z)|-\s{3,}|\(BUTTON\)\s|#{1,6}\s+)+")
"""Marks at the start of a line. A dash before a single space may be the page's own, and so may an asterisk within a line."""

_NUMBER: Final = r"\[\d{1,4}\]"
_LINK: Final = r"""!?\[(?=[^\[\]]*\]\()|\]\(\s*<?[^()\s]*(?:\([^()\s]*\)[^()\s]*)*>?(?:\s+"[^"]*")?\s*\)"""
_NUMBERS: Final = re.compile(_NUMBER)
_LINKS: Final = re.compile(rf"{_LINK}|\*\*")
_TABLE_RULE: Final = "---|---"
_LINKS_AND_CELLS: Final = re.compile(rf"{_LINK}|\*\*|(?<=\S)\|(?=\s)|---(?:\|---)+")
"""The same for a text with a table, whose cells end with vertical bars."""
_FIRST_NUMBERS: Final = ("[1]", "[2]", "[3]", "[4]", "[5]")
_FEW_LINKS: Final = 5
"""Links from which on a text is Markdown: a page may print one or two itself."""


def marks_of(text: str, lines: Sequence[Block]) -> list[Sequence[Mark]]:
    """Return the marks in each of the lines of ``text``."""
    inside = _pattern_for(text)
    return [_find(text, line, inside) if inside is not None or text[line.start] in _OPENS else () for line in lines]


def _find(text: str, line: Block, inside: re.Pattern[str] | None) -> Sequence[Mark]:
    first = _AT_START.match(text, line.start, line.end) if text[line.start] in _OPENS else None
    marks = [] if first is None else [first.span()]
    if inside is not None:
        marks += [match.span() for match in inside.finditer(text, first.end() if first is not None else line.start, line.end)]
    return marks


def without_marks(text: str, start: int, end: int, marks: Sequence[Mark]) -> str:
    """Return a line with its marks replaced by spaces, so that its words keep their positions."""
    if not marks:
        return text[start:end]
    pieces: list[str] = []
    position = start
    for begin, stop in marks:
        pieces += (text[position:begin], " " * (stop - begin))
        position = stop
    return "".join([*pieces, text[position:end]])


def remover_of(text: str) -> Callable[[str], str]:
    """Return a function that removes the marks of links from a line of ``text``."""
    inside = _pattern_for(text)
    return (lambda line: line) if inside is None else (lambda line: inside.sub(" ", line))


def _pattern_for(text: str) -> re.Pattern[str] | None:
    """Return the pattern of the marks within lines of ``text``; None if it has none."""
    # Searching for one character first is far faster than searching for two.
    if "|" in text and _TABLE_RULE in text:
        return _LINKS_AND_CELLS
    if "[" not in text:
        return None
    if "](" in text and text.count("](") >= _FEW_LINKS:
        return _LINKS
    if "[1]" in text and all(number in text for number in _FIRST_NUMBERS):
        return _NUMBERS
    return None
