"""How often each rule of a layout matches on sample pages."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from scraper.extract.cleaning import Outcome
from scraper.extract.detection import weigh
from scraper.extract.segments import Regions
from scraper.extract.spans import spread
from scraper.layouts import Layout
from scraper.text import visible


class RuleCount(NamedTuple):
    """How often a rule has matched."""

    rule: str
    """The rule's id, as in records."""
    pages: int
    pieces: int
    """The largest of three numbers: pieces of text labelled by the rule, elements it has matched, and addresses it has matched."""


class RuleCounter:
    """Counts the matches of the rules of ``layout`` on its pages."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._pages: Counter[str] = Counter()
        self._pieces: Counter[str] = Counter()

    def add(self, outcome: Outcome) -> None:
        """Count a page, if it has the layout."""
        if outcome.layout is not self.layout:
            return
        found = Counter(span.rule for span in spread(outcome.claimed))
        for counts in (self._elements(outcome), self._addresses(outcome)):
            found |= counts  # the maximum per rule
        self._pieces += found
        self._pages.update(found.keys())

    def counts(self) -> Iterator[RuleCount]:
        """Yield the count of each rule, in the order of the layout file."""
        file = self.layout.file
        ids = [file.ticker.id, self.layout.unsplit] if self.layout.has_ticker else []
        ids += [file.heading.id, *(rule.id for rule in file.rules)]
        for rule in map(self.layout.full_id, ids):
            yield RuleCount(rule, self._pages[rule], self._pieces[rule])

    def _elements(self, outcome: Outcome) -> Counter[str]:
        regions, document = Regions(self.layout), outcome.document
        found = {
            region
            for block in document.blocks
            for run in block.runs
            if (region := regions.of(run.element)) is not None and visible(document.text[run.start : run.end])
        }
        # A region was matched, too, if a region inside it was.
        for region in list(found):
            outer = region.around
            while outer is not None and outer not in found:
                found.add(outer)
                outer = outer.around
        return Counter(self.layout.full_id(rule_id) for rule_id, _ in {(region.rule.id, region.element) for region in found})

    def _addresses(self, outcome: Outcome) -> Counter[str]:
        record = outcome.record
        urls = [record.url, *(line.url for line in record.headlines), *(teaser.url for teaser in record.teasers)]
        rules = [self.layout.match_address(url)[0] for url in urls if url is not None]
        return Counter(self.layout.full_id(rule.id) for rule in rules if rule is not None)


def evidence_for(layout: Layout, outcome: Outcome) -> str:
    """Return the evidence for a layout on a page, and if it is too little, what is missing."""
    if outcome.layout is not None:
        return ", ".join(outcome.evidence)
    (detection,) = weigh(outcome.document, outcome.record.url, [layout])
    return "; ".join([", ".join(detection.evidence) or "nothing", *detection.missing(outcome.document)])
