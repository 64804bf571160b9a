"""The marks that lynx, w3m, pandoc and html2text put into a text: no words of the page.

An item of a list begins with a stroke or a bullet, a heading with number signs; links are numbered, ``[12]``, or written as Markdown
has them, ``[words](address)``.
"""

import re
from collections.abc import Callable
from typing import Final

Mark = tuple[int, int]
"""Where a mark begins and ends in a text."""

_OPENS: Final = frozenset("*+•◦▪-(#")
_AT_START: Final = re.compile(r"(?:[*+•◦▪](?:\s+|\Z)|-\s{3,}|\(BUTTON\)\s|#{1,6}\s+)+")
"""A dash before a single space may be the page's own; and so may an asterisk that stands within a line."""

_NUMBER: Final = r"\[\d{1,4}\]"
_LINK: Final = r"""!?\[(?=[^\[\]]*\]\()|\]\(\s*<?[^()\s]*(?:\([^()\s]*\)[^()\s]*)*>?(?:\s+"[^"]*")?\s*\)"""
_NUMBERS: Final = re.compile(_NUMBER)
_LINKS: Final = re.compile(rf"{_LINK}|\*\*")
_TABLE_RULE: Final = "---|---"
_LINKS_AND_CELLS: Final = re.compile(rf"{_LINK}|\*\*|(?<=\S)\|(?=\s)|---(?:\|---)+")
"""The same in a text with a table, whose cells end with strokes."""
_FIRST_NUMBERS: Final = ("[1]", "[2]", "[3]", "[4]", "[5]")
_FEW_LINKS: Final = 5
"""Links that make a text Markdown: a page may show one or two to its readers."""

Finder = Callable[[int, int], list[Mark]]


def finder_of(text: str) -> Finder:
    """Return what finds the marks in a line of ``text``, from its start to its end; the line is trimmed."""
    inside = _inside(text)

    def find(start: int, end: int) -> list[Mark]:
        first = _AT_START.match(text, start, end) if text[start] in _OPENS else None
        marks = [] if first is None else [first.span()]
        if inside is not None:
            marks += [match.span() for match in inside.finditer(text, first.end() if first is not None else start, end)]
        return marks

    return find


def without_marks(text: str, start: int, end: int, marks: list[Mark]) -> str:
    """Return a line with spaces in the place of its marks, so that each of its words stands where it stood."""
    if not marks:
        return text[start:end]
    pieces: list[str] = []
    position = start
    for begin, stop in marks:
        pieces += (text[position:begin], " " * (stop - begin))
        position = stop
    return "".join([*pieces, text[position:end]])


def remover_of(text: str) -> Callable[[str], str]:
    """Return what takes the marks of links out of a line of ``text``."""
    inside = _inside(text)
    return (lambda line: line) if inside is None else (lambda line: inside.sub(" ", line))


def _inside(text: str) -> re.Pattern[str] | None:
    # One character is found thirty times as fast as two.
    if "|" in text and _TABLE_RULE in text:
        return _LINKS_AND_CELLS
    if "[" not in text:
        return None
    if "](" in text and text.count("](") >= _FEW_LINKS:
        return _LINKS
    if "[1]" in text and all(number in text for number in _FIRST_NUMBERS):
        return _NUMBERS
    return None
