"""What the elements of an HTML page say its text is."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from scraper.core import UNTITLED_TEASER
from scraper.layouts import Layout, Region
from scraper.pages import Element
from scraper.segments import Segment
from scraper.spans import Label, Ledger
from scraper.ticker import claim_linked_ticker

_TEASER_LABELS: Final[dict[str, Label]] = {
    "teaser-title": "teaser-title",
    "teaser-author": "teaser-author",
    "teaser-newspaper": "teaser-newspaper",
    "teaser-subtitle": "teaser-subtitle",
}


def label_elements(ledger: Ledger, text: str, segments: Sequence[Segment], layout: Layout) -> list[Segment]:
    """Claim what elements name beyond doubt (chrome, ticker, teasers), and return the segments that are left."""
    left: list[Segment] = []
    teasers = _Teasers(segments)
    for region, group in groupby(segments, key=lambda segment: segment.region):
        part = list(group)
        label = region.rule.label if region is not None else None
        if region is None or label is None:
            left += part
        elif label == "chrome":
            for segment in part:
                ledger.claim(segment.start, segment.end, "chrome", layout.full(region.rule.id))
        elif label == "ticker":
            # Where the ticker was never closed, the rest of the page seems to stand in it.
            left += [segment for segment in part if segment.hit is not None]
            claim_linked_ticker(ledger, text, [run for segment in part if segment.hit is None for run in segment.runs], layout)
        elif label in _TEASER_LABELS:
            _claim_teaser(ledger, part, region, teasers.place(region), layout)
        else:
            left += part
    return left


def _claim_teaser(ledger: Ledger, part: Sequence[Segment], region: Region, group: int, layout: Layout) -> None:
    start, end = part[0].start, part[-1].end
    label = _TEASER_LABELS[region.rule.label]
    if group == 0 and label != "teaser-subtitle":
        ledger.claim(start, end, "chrome", UNTITLED_TEASER)
        return
    links = (run.element.link for segment in part for run in segment.runs)
    link = next((link.href for link in links if link is not None), None)
    ledger.claim(start, end, label, layout.full(region.rule.id), link=link, group=group)


class _Teasers:
    """Numbers the teasers of a page from 1: a container is one, and each further title in it another."""

    def __init__(self, segments: Iterable[Segment]) -> None:
        self._count = 0
        self._numbers: dict[Element, int] = {}
        self._titles: dict[Element, int] = {}
        self._placed: set[tuple[int, str]] = set()
        for region in _teaser_titles(segments):
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


def _teaser_titles(segments: Iterable[Segment]) -> Iterator[Region]:
    seen: set[Element] = set()
    for segment in segments:
        region = segment.region
        if region is not None and region.rule.label == "teaser-title" and region.element not in seen:
            seen.add(region.element)
            yield region


def _container(region: Region) -> Element:
    return region.around.element if region.around is not None else region.element
