"""A layout tried on sample pages: which of its rules find something, how often, and which never do."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from scraper.extract.cleaning import Outcome
from scraper.extract.detection import ENOUGH, weigh
from scraper.extract.segments import Regions
from scraper.extract.spans import spread
from scraper.layouts import Layout
from scraper.text import visible


class Count(NamedTuple):
    """How often a rule has found something."""

    rule: str
    """Its id as it stands in records."""
    pages: int
    pieces: int
    """Pieces of text that stand under its id, or elements that it has found, or addresses, whichever are more."""


class Trial:
    """Counts what the rules of ``layout`` find in pages that are of it."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._pages: Counter[str] = Counter()
        self._pieces: Counter[str] = Counter()

    def add(self, outcome: Outcome) -> None:
        """Count a page, if it is of the layout."""
        if outcome.layout is not self.layout:
            return
        found = Counter(span.rule for span in spread(outcome.claimed))
        for counts in (self._elements(outcome), self._addresses(outcome)):
            found |= counts  # of each rule the larger count
        self._pieces += found
        self._pages.update(found.keys())

    def counts(self) -> Iterator[Count]:
        """Yield a count for each rule, in the order of the layout file."""
        file = self.layout.file
        ids = [file.ticker.id, self.layout.unsplit] if self.layout.has_ticker else []
        ids += [file.heading.id, *(rule.id for rule in file.rules)]
        for rule in map(self.layout.full_id, ids):
            yield Count(rule, self._pages[rule], self._pieces[rule])

    def _elements(self, outcome: Outcome) -> Counter[str]:
        regions, document = Regions(self.layout), outcome.document
        found = {
            region
            for block in document.blocks
            for run in block.runs
            if (region := regions.of(run.element)) is not None and visible(document.text[run.start : run.end])
        }
        # What holds a part that was found was found too.
        for region in list(found):
            outer = region.around
            while outer is not None and outer not in found:
                found.add(outer)
                outer = outer.around
        return Counter(self.layout.full_id(rule_id) for rule_id, _ in {(region.rule.id, region.element) for region in found})

    def _addresses(self, outcome: Outcome) -> Counter[str]:
        record = outcome.record
        urls = [record.url, *(line.url for line in record.headlines), *(teaser.url for teaser in record.teasers)]
        rules = [self.layout.rule_of_address(url) for url in urls if url is not None]
        return Counter(self.layout.full_id(rule.id) for rule in rules if rule is not None)


def signs(outcome: Outcome, layout: Layout) -> str:
    """Return what speaks for ``layout`` on a page, and, where that is too little, what is missing."""
    if outcome.layout is not None:
        return ", ".join(outcome.evidence)
    (fit,) = weigh(outcome.document, outcome.record.url, [layout])
    missing = [] if fit.is_strong else ["no strong evidence"]
    if len(fit.evidence) < ENOUGH[outcome.document.form]:
        missing.append(f"{len(fit.evidence)} of {ENOUGH[outcome.document.form]} pieces of evidence")
    return "; ".join([", ".join(fit.evidence) or "nothing", *missing])
