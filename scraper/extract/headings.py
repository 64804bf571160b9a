"""Find the sub-headings among the blocks of a body."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Final, NamedTuple

from scraper.extract.segments import Segment
from scraper.layouts import Layout
from scraper.models import Element
from scraper.text import is_blank

_ENDS_A_SENTENCE: Final = re.compile(r"[.!?:;,…؟؛،۔]['\"’”»)\]]*\Z")

_CELLS: Final = frozenset("caption dd dt figcaption li td th".split())
"""Elements whose lines are never headings."""
_LONGEST_BOLD: Final = 160
"""The most characters of a bold heading; a longer bold block is a paragraph."""
_HEADING_MARKS: Final = ("#", "**")
"""The Markdown marks of headings and of bold type."""
_ROW: Final = 3
"""The fewest short lines in a row that are a poem, a table or a list."""
_ROW_OF_CELLS: Final = re.compile(r"\S(?:\s{2,}|\t)\S|\A[-\s]+\Z")
"""A row of a table, whose cells are aligned with spaces or separated by tabs, or a line of dashes below one."""

_JOINED_WORDS: Final = re.compile(r"[\u0629\u0649][^\W_]|[^\W\d_]{3}\d|[a-z\u00df-\u00ff]{2}[A-Z\u00c0-\u00de]")
"""The joint of two words without a space, as between the cells of a table that a program has put on one line: teh marbuta and alef
maksura end words, and so do a digit behind a word and a capital within one."""


class Headings(NamedTuple):
    """The sub-headings among the blocks of a body, by index."""

    found: frozenset[int] = frozenset()
    possible: frozenset[int] = frozenset()
    """Blocks that may be headings: the last line of a list or table, or a table on a single line, looks the same."""


def headings_of(blocks: Sequence[Segment], text: str, layout: Layout, *, has_title: bool = True) -> Headings:
    """Return the sub-headings among the blocks of a body.

    By shape, a heading is a short block without end punctuation that stands alone above a longer block. Several short blocks in a
    row, with no more blank lines around one than between them, are a poem or a table.

    By markup, a heading is a block that is entirely bold or in heading elements, unless all blocks are. An element with several
    blocks, because it was never closed, marks only the first.

    Args:
        blocks: the blocks of the body.
        text: the text of the document.
        layout: the layout of the page.
        has_title: whether the page has a title; if not, the first block may be the title and is no sub-heading.
    """
    used: set[Element] = set()
    bold = {index for index, block in enumerate(blocks) if block.runs and _is_marked(block, text, layout, used)}
    if len(bold) == len(blocks):
        bold = set()
    bold -= {index for index in bold if {index - 1, index, index + 1} <= bold or {index, index + 1, index + 2} <= bold}
    longest = layout.file.heading.longest
    short = [len(block.text) <= longest and not _ENDS_A_SENTENCE.search(block.text) for block in blocks]
    if not bold and True not in short:
        return Headings()
    cells = [is_short and bool(_ROW_OF_CELLS.search(block.words(text))) for block, is_short in zip(blocks, short, strict=True)]
    listed = [is_short and _is_listed(block, text) for block, is_short in zip(blocks, short, strict=True)]
    in_row = [is_short and not (index in bold or listed[index]) for index, is_short in enumerate(short)]
    rows = set(_in_rows(in_row, cells, blocks, text))
    shaped = {
        index
        for index, (block, after) in enumerate(pairwise(blocks))
        if short[index]
        and len(after.text) > len(block.text)
        and index not in rows
        and not (listed[index] or cells[index])
        and (index or has_title)
    }
    found = frozenset(index for index in bold | shaped if not _is_cell(blocks[index]))
    below_tables = {index for index in shaped if index and cells[index - 1]}  # or a last row whose cells one space separates
    possible = (index for index in rows | below_tables if not cells[index] and _is_between(index, short, blocks, text))
    joined = (index for index in shaped - bold if _JOINED_WORDS.search(blocks[index].text))
    return Headings(found, frozenset((*possible, *joined)))


def _is_between(index: int, short: Sequence[bool], blocks: Sequence[Segment], text: str) -> bool:
    """Return True if a block is the last of a row, above a paragraph, and not closer to the paragraph than to the row."""
    if not 0 < index < len(blocks) - 1 or short[index + 1]:
        return False
    above, block, below = blocks[index - 1 : index + 2]
    return text.count("\n", above.end, block.start) <= text.count("\n", block.end, below.start)


def _is_listed(block: Segment, text: str) -> bool:
    """Return True if a block begins with the mark of a list item."""
    return bool(block.text) and block.begin > block.start and not text.startswith(_HEADING_MARKS, block.start)


def _in_rows(short: Sequence[bool], cells: Sequence[bool], blocks: Sequence[Segment], text: str) -> Iterator[int]:
    """Yield the indices of short blocks in a row.

    Blocks that blank lines separate from the row are left out, also a last one that is closer to the paragraph below, and so is a block
    below the cells of a table.
    """
    for is_short, row in groupby(enumerate(short), key=itemgetter(1)):
        indices = [index for index, _ in row]
        if not is_short or len(indices) < _ROW:
            continue
        first, last = indices[0], indices[-1]
        gaps = [text.count("\n", one.end, other.start) for one, other in pairwise(blocks[first : last + 2])]
        above = text.count("\n", blocks[first - 1].end, blocks[first].start) if first else 0
        usual = min(gaps[: last - first])
        for index, over, under in zip(indices, [above, *gaps], [*gaps, 0], strict=False):
            is_below_table = index == last and over == under and cells[last - 1] and not cells[last]
            is_above_paragraph = index == last and over > usual and over > under
            if min(over, under) <= usual and not (is_below_table or is_above_paragraph):
                yield index


def _is_cell(block: Segment) -> bool:
    """Return True if a block stands in a table, list or caption of the body."""
    part = block.part
    for run in block.runs[:1]:
        element: Element | None = run.element
        while element is not None and element is not part:
            if element.tag in _CELLS:
                return True
            element = element.parent
    return False


def _is_marked(block: Segment, text: str, layout: Layout, used: set[Element]) -> bool:
    """Return True if all of a block is in heading elements that contain no earlier block; they are added to ``used``."""
    if len(block.text) > _LONGEST_BOLD:
        return False
    part = block.part
    marks: set[Element] = set()
    for run in block.runs:
        if is_blank(text[run.start : run.end]):
            continue
        element: Element | None = run.element
        while element is not part and element is not None and not layout.is_heading_element(element):
            element = element.parent
        if element is part or element is None:
            return False
        marks.add(element)
    is_new = not marks & used
    used |= marks
    return bool(marks) and is_new
