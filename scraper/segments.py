"""A document as one layout sees it: its lines, cut where a named part of the page begins or ends."""

from collections.abc import Sequence
from typing import Final

from scraper.characters import squeeze
from scraper.layouts import Layout, Region
from scraper.layouts.layout import Hit
from scraper.pages import Block, Document, Element, Run
from scraper.spans import trim

SETTLED: Final = frozenset(["chrome", "teaser-title", "teaser-author", "teaser-newspaper", "teaser-subtitle"])
"""Labels of elements that leave nothing open: no words are looked for in them."""

_LONGEST_WORDING: Final = 400
"""Characters of a line that may consist of a wording; the longest, a notice of two sentences on one line, has 160."""


class Segment:
    """A line, or the part of a line that stands in one named part of the page."""

    __slots__ = ("end", "hit", "region", "runs", "start", "text")

    def __init__(self, start: int, end: int, text: str, region: Region | None, runs: Sequence[Run], hit: Hit | None) -> None:
        self.start = start
        self.end = end
        self.text = text
        """As it would stand in a field."""
        self.region = region
        self.runs = runs
        self.hit = hit

    @property
    def label(self) -> str | None:
        """The label of the part it stands in."""
        return self.region.rule.label if self.region is not None else None

    def says(self, label: str) -> bool:
        """Tell whether its words, all of them, are a wording with this label."""
        return self.hit is not None and self.hit.rule.label == label


class Regions:
    """Which named part of the page an element stands in: its own, else that of the element around it."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._known: dict[Element, Region | None] = {}

    def of(self, element: Element) -> Region | None:
        """Return the innermost part that holds ``element``."""
        known = self._known
        if element in known:
            return known[element]
        path = [element]
        parent = element.parent
        while parent is not None and parent not in known:
            path.append(parent)
            parent = parent.parent
        region = known[parent] if parent is not None else None
        for inner in reversed(path):
            rule = self._layout.rule_of(inner, region)
            if rule is not None:
                region = Region(rule, inner, region)
            known[inner] = region
        return region


def segments_of(document: Document, layout: Layout) -> list[Segment]:
    """Cut the lines of ``document`` into segments; those without a visible character are left out."""
    regions = Regions(layout)
    segments: list[Segment] = []
    for block in document.blocks:
        for start, end, region, runs in _cuts(block, regions):
            text = squeeze(document.text[start:end])
            if text:
                is_settled = region is not None and region.rule.label in SETTLED
                hit = layout.wording_of(text) if len(text) <= _LONGEST_WORDING and not is_settled else None
                segments.append(Segment(*trim(document.text, start, end), text, region, runs, hit))
    return segments


def _cuts(block: Block, regions: Regions) -> list[tuple[int, int, Region | None, Sequence[Run]]]:
    runs = block.runs
    if not runs:
        return [(block.start, block.end, None, ())]
    parts: list[tuple[int, int, Region | None, Sequence[Run]]] = []
    first = 0
    region = regions.of(runs[0].element)
    for n in range(1, len(runs)):
        other = regions.of(runs[n].element)
        if other is not region:
            parts.append((runs[first].start, runs[n - 1].end, region, runs[first:n]))
            first, region = n, other
    parts.append((runs[first].start, runs[-1].end, region, runs[first:] if first else runs))
    return parts
