"""Which blocks of a body are its sub-headings."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from scraper.characters import is_blank
from scraper.layouts import Layout
from scraper.pages import Element
from scraper.segments import Segment

_ENDS_A_SENTENCE: Final = re.compile(r"[.!?:;,…؟؛،۔]['\"’”»)\]]*\Z")


def headings_of(blocks: Sequence[Segment], text: str, layout: Layout) -> set[int]:
    """Return the indices of the sub-headings among the blocks of a body.

    By its shape a heading is a short block without end punctuation above a longer one. By its markup it is a block that is
    wholly bold or a heading element, unless all blocks are, which says nothing; an element that holds several, since it was never
    closed, marks the first.
    """
    seen: set[Element] = set()
    bold = {index for index, block in enumerate(blocks) if block.runs and _is_marked(block, text, layout, seen)}
    if len(bold) == len(blocks):
        bold = set()
    shaped = {
        index
        for index, (block, after) in enumerate(pairwise(blocks))
        if len(block.text) <= layout.file.heading.longest
        and len(after.text) > len(block.text)
        and not _ENDS_A_SENTENCE.search(block.text)
    }
    return bold | shaped


def _is_marked(block: Segment, text: str, layout: Layout, seen: set[Element]) -> bool:
    """Tell whether all of a block stands in elements that mark headings and have marked none before; they are added to ``seen``."""
    part = block.region.element if block.region is not None else None
    marks: set[Element] = set()
    for run in block.runs:
        if is_blank(text[run.start : run.end]):
            continue
        element: Element | None = run.element
        while element is not part and element is not None and not layout.makes_heading(element):
            element = element.parent
        if element is part or element is None:
            return False
        marks.add(element)
    is_new = not marks & seen
    seen |= marks
    return bool(marks) and is_new
