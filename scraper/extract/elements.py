"""Claim the text of an HTML page that its elements identify: chrome, ticker and teasers."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from scraper.extract.core_rules import UNTITLED_TEASER
from scraper.extract.segments import SETTLED, Segment
from scraper.extract.spans import Label, Ledger, trim
from scraper.extract.ticker import claim_linked_ticker
from scraper.layouts import Layout, Region
from scraper.models import Document, Element
from scraper.text import is_blank

_TEASER_LABELS: Final[dict[str, Label]] = {
    "teaser-title": "teaser-title",
    "teaser-author": "teaser-author",
    "teaser-newspaper": "teaser-newspaper",
    "teaser-subtitle": "teaser-subtitle",
}


def label_elements(ledger: Ledger, document: Document, segments: Sequence[Segment], layout: Layout) -> list[Segment]:
    """Claim the segments that elements mark as chrome, ticker or teasers, and return the other segments."""
    text = document.text
    unclaimed: list[Segment] = []
    teasers = _Teasers(segments, text)
    for segment in segments:
        region = segment.region
        if region is None or region.rule.label not in (*SETTLED, "ticker"):
            unclaimed.append(segment)
        elif segment.hit is not None:
            unclaimed.append(segment)  # if a part was never closed, the rest of the page seems to stand in it
        elif region.rule.label == "ticker":
            claim_linked_ticker(ledger, document, segment.runs, layout)
        elif not is_blank(text[segment.start : segment.end]):
            _claim_settled(ledger, text, segment, region, teasers, layout)
    return unclaimed


def _claim_settled(ledger: Ledger, text: str, segment: Segment, region: Region, teasers: "_Teasers", layout: Layout) -> None:
    start, end = trim(text, segment.start, segment.end)
    rule = layout.full_id(region.rule.id)
    label = _TEASER_LABELS.get(region.rule.label)
    if label is None:
        ledger.claim(start, end, "chrome", rule)
        return
    number = teasers.number_of(region)
    if number or label == "teaser-subtitle":
        ledger.claim(start, end, label, rule, link=segment.link, group=number)
    else:
        ledger.claim(start, end, "chrome", UNTITLED_TEASER)


class _Teasers:
    """Numbers the teasers of a page from 1: a container holds one teaser, and another one for each further title."""

    def __init__(self, segments: Iterable[Segment], text: str) -> None:
        self._count = 0
        self._numbers: dict[Element, int] = {}
        self._titles: dict[Element, int] = {}
        self._pieces: set[tuple[int, str]] = set()
        for region in _teaser_titles(segments, text):
            self._count += 1
            self._titles[region.element] = self._count
            self._numbers.setdefault(_container(region), self._count)

    def number_of(self, region: Region) -> int:
        """Return the number of the teaser that a piece belongs to; 0 if it has no title or already has such a piece."""
        container = _container(region)
        if region.element in self._titles:
            self._numbers[container] = self._titles[region.element]
        number = self._numbers.get(container, 0)
        piece = (number, region.rule.label)
        if piece in self._pieces:
            return 0
        self._pieces.add(piece)
        return number


def _teaser_titles(segments: Iterable[Segment], text: str) -> Iterator[Region]:
    """Yield the parts that hold the title of a teaser, each once."""
    elements: set[Element] = set()
    for segment in segments:
        region = segment.region
        if region is None or region.rule.label != "teaser-title" or region.element in elements or segment.hit is not None:
            continue  # a wording, such as a notice or a dateline, is no title
        if not is_blank(text[segment.start : segment.end]):
            elements.add(region.element)
            yield region


def _container(region: Region) -> Element:
    return region.around.element if region.around is not None else region.element
