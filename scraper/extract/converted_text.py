"""Read texts that lynx, w3m, pandoc or html2text made from a page: rejoin the lines that they wrap, find the marks that they add.

A program that wraps breaks a line where the next word does not fit. So a line with room for the first word of the next line ends a
paragraph, and any other line may continue in the next. This never cuts a paragraph; it joins two if the first fills its last line.

List items begin with a dash or a bullet, headings with number signs. Links are numbered, ``[12]``, or written as in Markdown,
``[words](address)``.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, pairwise
from typing import Final, NamedTuple

from msgspec.structs import replace

from scraper.layouts.wording import LONGEST_WORDING, MOST_WORDING_LINES
from scraper.models import Block, Document

Mark = tuple[int, int]
"""The start and end of a mark in a text."""

_NARROWEST: Final = 50
_WIDEST: Final = 132
"""The range of widths, in columns, at which programs wrap; most wrap at 72 to 80."""
_USUAL: Final = 100
"""The largest width at which many programs wrap."""
_NEAR: Final = 12
"""Columns below the width within which wrapped lines end: few words are longer."""
_FEW: Final = 3
_ENOUGH: Final = 5
"""Lines that must end at the width; :data:`_FEW` are enough if nearly all lines do."""
_MOST_WIDER: Final = 0.03
"""The largest share of wider lines: text without spaces cannot be wrapped."""
_SOME: Final = 0.12
_MOSTLY: Final = 0.35
_NEARLY_ALL: Final = 0.8
"""The smallest share of full lines, without room for the next word, among lines longer than half the width. In a text that is not
wrapped, lines are full only by chance."""

_ITEM: Final = re.compile(r"(?:[*+•◦▪·]|-(?=\s{3}))\s")
"""The start of a list item. A number with a full stop is left out, since it may end a sentence."""
_DIACRITICS: Final = re.compile("[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u200b-\u200f\u202a-\u202e]")
_HARD_BREAK: Final = "  "
"""The end of a line that Markdown breaks on purpose."""

_OPENS_WITH_MARK: Final = frozenset("*+•◦▪-(#")
_MARKS_AT_START: Final = re.compile(r"(?:[*+•◦▪](?:\s+|\Z)|-\s{3,}|\(BUTTON\)\s|#{1,6}\s+)+")
"""Marks at the start of a line. A dash before a single space may be the page's own, and so may an asterisk within a line."""

_LINK: Final = r"""!?\[(?=[^\[\]]*\]\()|\]\(\s*<?[^()\s]*(?:\([^()\s]*\)[^()\s]*)*>?(?:\s+"[^"]*")?\s*\)"""
_NUMBERS: Final = re.compile(r"\[\d{1,4}\]")
_LINKS: Final = re.compile(rf"{_LINK}|\*\*")
_TABLE_RULE: Final = "---|---"
_LINKS_AND_CELLS: Final = re.compile(rf"{_LINK}|\*\*|(?<=\S)\|(?=\s)|---(?:\|---)+")
"""Markdown marks in a text with a table, whose cells end with vertical bars."""
_FIRST_NUMBERS: Final = ("[1]", "[2]", "[3]", "[4]", "[5]")
_FEW_LINKS: Final = 5
"""The fewest links in a text of Markdown: a page itself may contain one or two."""

_NO_NAME: Final = re.compile(r"[^\w\s.'’\-]|\d|\.\s*(?:\.|\Z)")
_MOST_NAME_WORDS: Final = 5
_LONGEST_NAME: Final = 40
_PARTICLES: Final = frozenset("al ben bin d de des di du el ibn la le o van von".split())
_WORD: Final = re.compile(r"[^\W\d_]+")


class _Line(NamedTuple):
    block: Block
    indent: int
    width: int
    """Characters from the margin on."""
    columns: int
    """The same without diacritics and directional marks, which only some programs count."""
    is_item: bool
    follows: bool
    """Whether it follows the line above without a blank line."""


class _Wordings(NamedTuple):
    """The wordings among the lines of a text."""

    whole: Sequence[bool]
    """Whether each line is one."""
    broken: frozenset[int]
    """The first line of each one that stands on several."""
    match: Callable[[str], bool]


def rejoined(document: Document, is_wording: Callable[[str], bool]) -> Document:
    """Return the document with its wrapped lines joined into paragraphs; the document itself if it is not wrapped.

    Args:
        document: a text page.
        is_wording: returns True for a line that is complete by itself, such as a dateline.
    """
    blocks, text = document.blocks, document.text
    if len(blocks) <= _FEW:
        return document
    wide = [block for block in blocks if block.end - block.start > _WIDEST]
    sample = reversed(wide[: len(blocks) // 10 + 3])  # the first of them is usually the ticker, the longest line of all
    breakable = list(islice((block for block in sample if not _is_unbreakable(text, block)), 2))
    if len(breakable) > 1:
        return document
    lines = _lines_of(document)
    # Programs that wrap put marks before list items.
    is_marked = sum(line.is_item for line in lines) >= _ENOUGH
    few = _FEW - 1 if is_marked else _FEW
    plain = [line for line in lines if not _is_unbreakable(text, line.block)]
    width = _width_of(plain, few) or (_width_of(plain, 1) if is_marked else None)
    if width is None or (is_marked and breakable):
        return document
    full = [_is_full(one, other, text, width) for one, other in pairwise(lines)]
    long = [one.width > width // 2 and other.follows and not _is_unbreakable(text, one.block) for one, other in pairwise(lines)]
    is_usual = sum(full) >= _ENOUGH and width <= _USUAL
    share = _SOME if is_marked else _MOSTLY if is_usual else _NEARLY_ALL
    is_wrapped = sum(full) >= max(few, sum(long) * share)
    if not (is_wrapped or is_marked):
        return document
    inside = _pattern_for(text)
    raw = [text[line.block.start : line.block.end] for line in lines]
    texts = [(line if inside is None else inside.sub(" ", line)).strip() for line in raw]
    wordings = _Wordings(
        [len(line) <= LONGEST_WORDING and is_wording(line) for line in texts],
        frozenset(_broken_wordings(texts, is_wording)),
        is_wording,
    )
    if not (is_wrapped or _is_part_wrapped(lines, full, long, wordings)):
        return document
    return replace(document, blocks=_joined(lines, full, texts, wordings), is_rejoined=True)


def _is_unbreakable(text: str, block: Block) -> bool:
    """Return True if a line holds a link, which may be longer than a line."""
    return text.find("](", block.start, block.end) >= 0 or text.find("://", block.start, block.end) >= 0


def _lines_of(document: Document) -> list[_Line]:
    text = document.text
    lines: list[_Line] = []
    end = 0
    for block in document.blocks:
        start = max(text.rfind("\n", end, block.start) + 1, end)
        indent = block.start - start
        gap = text.count("\n", end, block.start)
        width = block.end - start
        columns = width - len(_DIACRITICS.findall(text, block.start, block.end))
        is_item = _ITEM.match(text, block.start) is not None
        lines.append(_Line(block, indent, width, columns, is_item, gap == 1))
        end = block.end
    return lines


def _width_of(lines: Sequence[_Line], few: int) -> int | None:
    """Return the width at which at least ``few`` lines end; None if there is none."""
    widths = sorted((line.columns for line in lines), reverse=True)
    for wider, width in enumerate(widths):
        if width < _NARROWEST or wider > len(widths) * _MOST_WIDER + 1:
            return None
        near = sum(other > width - _NEAR for other in widths[wider : wider + few])
        if width <= _WIDEST and near >= few:
            return width
    return None


def _is_full(line: _Line, after: _Line, text: str, width: int) -> bool:
    """Return True if ``line`` had no room for the first word of the next line, and so may continue there."""
    if not after.follows or after.is_item:
        return False
    if after.indent != line.indent and not (line.is_item and after.indent > line.indent):
        return False
    if text.startswith(_HARD_BREAK + "\n", line.block.end):
        return False
    word = text[after.block.start : after.block.end].split(maxsplit=1)[0]
    return line.width + 1 + len(word) > width


def _is_part_wrapped(lines: Sequence[_Line], full: Sequence[bool], long: Sequence[bool], wordings: _Wordings) -> bool:
    """Return True if the lines between two wordings, such as a body, are wrapped: the many short lines of a sidebar hide it.

    They are if many of the long ones are full, or all that no blank line follows; also if a wording is broken where a line is full.
    """
    if any(full[n] for n in wordings.broken):
        return True
    direct = [other.follows for other in lines[1:]]
    bounds = [0, *(n for n, is_whole in enumerate(wordings.whole) if is_whole), len(full)]
    for start, end in pairwise(bounds):
        full_count = sum(full[start:end])
        if full_count == sum(direct[start:end]) > 0 or full_count >= max(_FEW - 1, sum(long[start:end]) * _MOSTLY):
            return True
    return False


def _joined(lines: Sequence[_Line], full: Sequence[bool], texts: Sequence[str], wordings: _Wordings) -> list[Block]:
    """Return the paragraphs: each full line joined to the next one, unless a wording or the writer's name begins or ends there."""
    whole = wordings.whole
    blocks = [lines[0].block]
    paragraph = texts[0]
    for n, is_full in enumerate(full, 1):
        line, last = lines[n].block, blocks[-1]
        is_ended = len(paragraph) <= LONGEST_WORDING and last.start < lines[n - 1].block.start and wordings.match(paragraph)
        is_writer = n + 1 < len(lines) and whole[n + 1] and _is_writer(texts[n], texts[n - 1], texts[n + 1])
        if is_full and not (whole[n] or whole[n - 1] or n in wordings.broken or is_ended or is_writer):
            blocks[-1] = Block(last.start, line.end)
            paragraph = f"{paragraph} {texts[n]}"
        else:
            blocks.append(line)
            paragraph = texts[n]
    return blocks


def _is_writer(line: str, above: str, dateline: str) -> bool:
    """Return True if a line above a dateline is the name of the writer or newspaper, and not the end of the title above it.

    In French and English names are recognised by their capitals, unless the title above is capitalised, too.
    """
    return line in dateline or (is_name(line) and _is_capitalised(line) and not any(map(_is_capitalised, above.split()[-1:])))


def is_name(text: str) -> bool:
    """Return True if a line may be a writer's name: a few words without digits or punctuation that do not end a sentence."""
    return len(text) <= _LONGEST_NAME and 0 < len(text.split()) <= _MOST_NAME_WORDS and not _NO_NAME.search(text)


def is_capitalised_name(text: str) -> bool:
    """Return True if a line may be a name, and its words begin with capitals if the script has capitals."""
    return is_name(text) and (text.upper() == text.lower() or _is_capitalised(text))


def _is_capitalised(text: str) -> bool:
    """Return True if all words of a text except particles (``de``, ``ben``) begin with capitals; always False for Arabic."""
    words = [word for word in _WORD.findall(text) if word not in _PARTICLES]
    return bool(words) and all(word[0].isupper() for word in words)


def _broken_wordings(texts: Sequence[str], is_wording: Callable[[str], bool]) -> Iterator[int]:
    """Yield the first line of each wording that a link has broken into several lines: no line above continues in it."""
    for n in range(len(texts)):
        for end in range(n + 2, min(n + MOST_WORDING_LINES, len(texts)) + 1):
            joined = " ".join(texts[n:end])
            if len(joined) <= LONGEST_WORDING and is_wording(joined) and not is_wording(" ".join(texts[n + 1 : end])):
                yield n


def marks_of(text: str, lines: Sequence[Block]) -> list[Sequence[Mark]]:
    """Return the marks in each of the lines of ``text``."""
    inside = _pattern_for(text)
    return [_marks_in(text, line, inside) if inside is not None or text[line.start] in _OPENS_WITH_MARK else () for line in lines]


def _marks_in(text: str, line: Block, inside: re.Pattern[str] | None) -> Sequence[Mark]:
    first = _MARKS_AT_START.match(text, line.start, line.end) if text[line.start] in _OPENS_WITH_MARK else None
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
