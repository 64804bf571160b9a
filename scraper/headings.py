"""Which blocks of a body are its sub-headings."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from scraper.characters import visible
from scraper.layouts import Layout
from scraper.segments import Segment

_ENDS_A_SENTENCE: Final = re.compile(r"[.!?:;,…؟؛،۔]['\"’”»)\]]*\Z")


def headings_of(blocks: Sequence[Segment], text: str, layout: Layout) -> set[int]:
    """Return the indices of the sub-headings among the blocks of a body.

    By its shape a heading is a short block without end punctuation above a longer one. By its markup it is a block that is
    wholly bold or a heading element, unless all blocks are, which says nothing.
    """
    bold = {index for index, block in enumerate(blocks) if _is_marked(block, text, layout)}
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


def _is_marked(block: Segment, text: str, layout: Layout) -> bool:
    runs = [run for run in block.runs if visible(text[run.start : run.end])]
    part = block.region.element if block.region is not None else None
    for run in runs:
        for element in run.element.ancestry():
            if element is part:
                return False
            if layout.makes_heading(element):
                break
        else:
            return False
    return bool(runs)
