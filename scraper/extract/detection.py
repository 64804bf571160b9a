"""Which layout a page is of, by evidence, or an honest "unknown"."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

from scraper.errors import AmbiguousLayout
from scraper.extract.marks import Finder, finder_of, without_marks
from scraper.extract.segments import Regions, Segment, segments_of
from scraper.extract.ticker import end_of_line, is_plainly_ticker
from scraper.layouts import Layout
from scraper.layouts.schema import Evidence
from scraper.models import Block, Document
from scraper.text import is_blank
from scraper.urls import site_of

ENOUGH: Final = {"text": 1, "html": 2}
"""Pieces of evidence that make a page a layout's. Text has nothing but its words; markup gives more than one sign, and a single
sentence in it may be a quotation."""

HOST: Final = "host"
"""What the evidence of a page's address is called; the other names are those of rules."""

_FEW: Final = 2
"""Lines of a text that was put on one line: its ticker, and all the rest."""


class Detection(NamedTuple):
    """How well a layout fits a page: the rules that speak for it, and the page as the layout sees it."""

    layout: Layout
    evidence: Mapping[str, Evidence]
    """How much each rule says for the layout."""
    regions: Regions
    segments: list[Segment]

    def suits(self, document: Document) -> bool:
        """Return True if all that was cut out of the page is what the layout takes it for: chrome."""
        regions = map(self.regions.of, document.cut)
        return all(region is not None and region.rule.label == "chrome" for region in regions)

    @property
    def is_strong(self) -> bool:
        """Whether any of the evidence is more than weak."""
        return "strong" in self.evidence.values()

    def is_enough(self, document: Document) -> bool:
        """Tell whether the evidence makes ``document`` a page of this layout."""
        return self.is_strong and len(self.evidence) >= ENOUGH[document.form]


def recognise(document: Document, url: str | None, layouts: Sequence[Layout]) -> Detection | None:
    """Return the layout that fits, or None. Of several that do it is the one of which the others' files, or its own, say so (``over``).

    Raises:
        AmbiguousLayout: if more than one does, and no file says which is meant.
    """
    site = site_of(url) if url is not None else None
    candidates = [layout for layout in layouts if document.form == "html" or layout.is_host(site) or _shows_signs(document, layout)]
    fits = [fit for fit in weigh(document, url, candidates) if fit.is_enough(document)]
    # What another one that fits is preferred to is out.
    left = [fit for fit in fits if not any(fit.layout.name in other.layout.file.over for other in fits)]
    if fits and len(left) != 1:
        names = " and ".join(f"{fit.layout.name} ({', '.join(fit.evidence)})" for fit in left or fits)
        one, other = (fit.layout.name for fit in (left or fits)[:2])
        raise AmbiguousLayout(
            f'more than one layout fits the page: {names}; to decide, write over = ["{one}"] into the file of {other}, '
            f'or over = ["{other}"] into one of {one}, or take its evidence from a rule that fits both'
        )
    return left[0] if left else None


def weigh(document: Document, url: str | None, layouts: Sequence[Layout]) -> Iterator[Detection]:
    """Yield for each layout what speaks for it."""
    for layout in layouts:
        regions = Regions(layout)
        segments = segments_of(document, regions)
        evidence = dict(_evidence(document, segments, layout))
        if url is not None and layout.is_host(site_of(url)):
            rule = layout.rule_of_address(url)
            if document.form == "html" or (rule is not None and rule.evidence is not None):
                evidence[HOST] = "strong"
            if rule is not None and rule.evidence is not None:
                evidence[rule.id] = rule.evidence
        yield Detection(layout, evidence, regions, segments)


def _is_several(notice: str, lang: str, layout: Layout) -> bool:
    """Tell whether a line that reads like a notice has several sentences of it."""
    return len(notice) > 2 * layout.shortest and any(layout.stretches("notice", notice, lang=lang))


def _shows_signs(document: Document, layout: Layout) -> bool:
    """Tell, ten times as fast as the evidence is weighed, whether a text may give any.

    In a dump one text in ten thousand does. A text of few lines may have been put on one, where signs stand anywhere.
    """
    text = document.text
    find_marks = finder_of(text)
    if layout.speaks_in([_words(text, block, find_marks) for block in document.blocks]):
        return True
    lines = (block for block in document.blocks if not is_blank(text[block.start : block.end]))
    first, *others = islice(lines, _FEW + 1)
    return len(others) < _FEW or is_plainly_ticker(document, first.start, first.end, layout)


def _words(text: str, block: Block, find_marks: Finder) -> str:
    """Return a line without the marks of an extractor."""
    marks = find_marks(block.start, block.end)
    return without_marks(text, block.start, block.end, marks).strip() if marks else text[block.start : block.end]


def _evidence(document: Document, segments: list[Segment], layout: Layout) -> Iterator[tuple[str, Evidence]]:
    notices = 0
    for segment in segments:
        region = segment.region
        while region is not None:
            if region.rule.evidence is not None:
                yield region.rule.id, region.rule.evidence
            region = region.around
        hit = segment.hit
        if hit is None or hit.rule.evidence is None:
            continue
        # Anybody may thank for a report; the notice has a second sentence.
        notices += hit.rule.label == "notice"
        if hit.rule.label != "notice" or notices > 1 or _is_several(segment.text, hit.lang, layout):
            yield hit.rule.id, hit.rule.evidence
    if document.form == "text" and segments:
        from scraper.extract.single_line import evidence_on_one_line, is_flattened  # of no use to HTML

        text = document.text
        end = end_of_line(text, segments[0].end, segments[1].start if len(segments) > 1 else len(text))
        if is_plainly_ticker(document, segments[0].start, end, layout, segments[0].slots):
            yield layout.file.ticker.id, "strong"
        if is_flattened(document, segments, layout):
            yield from evidence_on_one_line(text, segments[-1].start, layout)
