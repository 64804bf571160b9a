"""Texts whose lines were wrapped at a width, as lynx, w3m, pandoc and html2text leave them, put together again.

A program that wraps breaks a line where its next word would not fit. So a line that had room for the first word of the next one ends
a paragraph, and any other may go on in the next. No paragraph is cut by this; two are joined where the first fills its last line.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from msgspec.structs import replace

from scraper.extract.marks import remover_of
from scraper.extract.names import is_capitalised, is_name
from scraper.models import Block, Document

_NARROWEST: Final = 50
_WIDEST: Final = 132
"""Columns of a terminal to which programs wrap; most wrap at 72 to 80."""
_USUAL: Final = 100
_NEAR: Final = 12
"""Columns below the width in which a line ends that was wrapped: few words are longer."""
_FEW: Final = 3
_ENOUGH: Final = 5
"""Lines that must show the width; few are enough where nearly all do."""
_MOST_WIDER: Final = 0.03
"""The share of lines that may be wider: what holds no space can't be wrapped."""
_SOME: Final = 0.12
_MOSTLY: Final = 0.35
_NEARLY_ALL: Final = 0.8
"""The share of lines, of those over half as long as the width, that must have had no room for the next word. In a text that is not
wrapped it is the share of lines that end near the width by chance."""

_LONGEST_WORDING: Final = 400
_MOST_LINES: Final = 4
"""Lines over which a wording may be broken."""

_ITEM: Final = re.compile(r"(?:[*+•◦▪·]|-(?=\s{3}))\s")
"""What begins an item of a list. A number with a stop may as well end a sentence."""
_MARKS: Final = re.compile("[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u200b-\u200f\u202a-\u202e]")
_HARD_BREAK: Final = "  "
"""What Markdown writes behind a line that is to be broken there."""


class _Line(NamedTuple):
    block: Block
    indent: int
    width: int
    """Its characters, from the margin on."""
    columns: int
    """The same without marks above and below letters, which some programs count and others do not."""
    is_item: bool
    follows: bool
    """Whether there is no blank line before it."""


def rejoined(document: Document, is_wording: Callable[[str], bool]) -> Document:
    """Return a text with its wrapped lines joined, each block a paragraph; the text itself if it shows no width.

    Args:
        document: a text page.
        is_wording: returns True for a line that is whole as it is, such as a dateline.
    """
    blocks, text = document.blocks, document.text
    if len(blocks) <= _FEW:
        return document
    wide = [block for block in blocks if block.end - block.start > _WIDEST]
    breakable = sum(not _is_unbreakable(text, block) for block in wide[: len(blocks) // 10 + 3])
    if breakable > 1:
        return document
    lines = _lines_of(document)
    # Marks before lists are those of programs that wrap.
    is_marked = sum(line.is_item for line in lines) >= _ENOUGH
    if is_marked and breakable:
        return document
    few = _FEW - 1 if is_marked else _FEW
    width = _width_of([line for line in lines if not _is_unbreakable(text, line.block)], few)
    if width is None:
        return document
    full = [_is_full(one, other, text, width) for one, other in pairwise(lines)]
    long = sum(one.width > width // 2 and other.follows and not _is_unbreakable(text, one.block) for one, other in pairwise(lines))
    count = sum(full)
    is_usual = count >= _ENOUGH and width <= _USUAL
    share = _SOME if is_marked else _MOSTLY if is_usual else _NEARLY_ALL
    if count < few or count < long * share:
        return document
    without_marks = remover_of(text)
    words = [without_marks(text[line.block.start : line.block.end]).strip() for line in lines]
    return replace(document, blocks=_joined(lines, full, words, is_wording), is_rejoined=True)


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
        columns = width - len(_MARKS.findall(text, block.start, block.end))
        is_item = _ITEM.match(text, block.start) is not None
        lines.append(_Line(block, indent, width, columns, is_item, gap == 1))
        end = block.end
    return lines


def _width_of(lines: Sequence[_Line], few: int) -> int | None:
    """Return the width at which ``few`` lines or more end; None if there is none."""
    widths = sorted((line.columns for line in lines), reverse=True)
    for wider, width in enumerate(widths):
        if width < _NARROWEST or wider > len(widths) * _MOST_WIDER + 1:
            return None
        near = sum(other > width - _NEAR for other in widths[wider : wider + few])
        if width <= _WIDEST and near >= few:
            return width
    return None


def _is_full(line: _Line, after: _Line, text: str, width: int) -> bool:
    """Return True if ``line`` had no room for the first word of the next one, which may be its own."""
    if not after.follows or after.is_item:
        return False
    if after.indent != line.indent and not (line.is_item and after.indent > line.indent):
        return False
    if text.startswith(_HARD_BREAK + "\n", line.block.end):
        return False
    word = text[after.block.start : after.block.end].split(maxsplit=1)[0]
    return line.width + 1 + len(word) > width


def _joined(lines: Sequence[_Line], full: Sequence[bool], words: Sequence[str], is_wording: Callable[[str], bool]) -> list[Block]:
    whole = [len(said) <= _LONGEST_WORDING and is_wording(said) for said in words]
    broken = set(_broken_wordings(words, is_wording))
    blocks = [lines[0].block]
    said = words[0]
    for n, goes_on in enumerate(full, 1):
        line, last = lines[n].block, blocks[-1]
        is_ended = len(said) <= _LONGEST_WORDING and last.start < lines[n - 1].block.start and is_wording(said)
        is_writer = n + 1 < len(lines) and whole[n + 1] and _is_writer(words[n], words[n - 1], words[n + 1])
        if goes_on and not (whole[n] or whole[n - 1] or n in broken or is_ended or is_writer):
            blocks[-1] = Block(last.start, line.end)
            said = f"{said} {words[n]}"
        else:
            blocks.append(line)
            said = words[n]
    return blocks


def _is_writer(line: str, above: str, dateline: str) -> bool:
    """Return True if a line above a dateline is no end of the title above it: the writer's name, or the newspaper's instead.

    In French and English a name is told by its capitals, unless those of the title are no fewer.
    """
    return line in dateline or (is_name(line) and is_capitalised(line) and not is_capitalised(above.rsplit(maxsplit=1)[-1]))


def _broken_wordings(words: Sequence[str], is_wording: Callable[[str], bool]) -> Iterator[int]:
    """Yield the lines with which a wording begins that a link has broken over several: no line above goes on in it."""
    for n in range(len(words)):
        for end in range(n + 2, min(n + _MOST_LINES, len(words)) + 1):
            said = " ".join(words[n:end])
            if len(said) <= _LONGEST_WORDING and is_wording(said) and not is_wording(" ".join(words[n + 1 : end])):
                yield n
