"""What the elements of an HTML page say its text is."""

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
    """Claim what elements name beyond doubt (chrome, ticker, teasers), and return the segments that are left."""
    text = document.text
    left: list[Segment] = []
    teasers = _Teasers(segments, text)
    for segment in segments:
        region = segment.region
        if region is None or region.rule.label not in (*SETTLED, "ticker"):
            left.append(segment)
        elif segment.hit is not None:
            left.append(segment)  # where a part was never closed, the rest of the page seems to stand in it
        elif region.rule.label == "ticker":
            claim_linked_ticker(ledger, document, segment.runs, layout)
        elif not is_blank(text[segment.start : segment.end]):
            _claim_settled(ledger, text, segment, region, teasers, layout)
    return left


def _claim_settled(ledger: Ledger, text: str, segment: Segment, region: Region, teasers: "_Teasers", layout: Layout) -> None:
    start, end = trim(text, segment.start, segment.end)
    rule = layout.full(region.rule.id)
    label = _TEASER_LABELS.get(region.rule.label)
    if label is None:
        ledger.claim(start, end, "chrome", rule)
        return
    number = teasers.place(region)
    if number or label == "teaser-subtitle":
        ledger.claim(start, end, label, rule, link=segment.link, group=number)
    else:
        ledger.claim(start, end, "chrome", UNTITLED_TEASER)


class _Teasers:
    """Numbers the teasers of a page from 1: a container is one, and each further title in it another."""

    def __init__(self, segments: Iterable[Segment], text: str) -> None:
        self._count = 0
        self._numbers: dict[Element, int] = {}
        self._titles: dict[Element, int] = {}
        self._placed: set[tuple[int, str]] = set()
        for region in _teaser_titles(segments, text):
            self._count += 1
            self._titles[region.element] = self._count
            self._numbers.setdefault(_container(region), self._count)

    def place(self, region: Region) -> int:
        """Return the number of the teaser that the piece belongs to; 0 if that has no title, or such a piece already."""
        container = _container(region)
        if region.element in self._titles:
            self._numbers[container] = self._titles[region.element]
        number = self._numbers.get(container, 0)
        piece = (number, region.rule.label)
        if piece in self._placed:
            return 0
        self._placed.add(piece)
        return number


def _teaser_titles(segments: Iterable[Segment], text: str) -> Iterator[Region]:
    seen: set[Element] = set()
    for segment in segments:
        region = segment.region
        if region is None or region.rule.label != "teaser-title" or region.element in seen or segment.hit is not None:
            continue  # what is a notice or a dateline by its words is nobody's title
        if not is_blank(text[segment.start : segment.end]):
            seen.add(region.element)
            yield region


def _container(region: Region) -> Element:
    return region.around.element if region.around is not None else region.element
