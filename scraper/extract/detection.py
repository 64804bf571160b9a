"""Detect the layout of a page by evidence."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

from scraper.errors import AmbiguousLayout
from scraper.extract.converted_text import marks_of, without_marks
from scraper.extract.segments import Regions, Segment, segments_of
from scraper.extract.single_line import evidence_on_one_line, is_flattened
from scraper.extract.ticker import is_plainly_ticker
from scraper.layouts import Layout
from scraper.layouts.schema import Evidence
from scraper.models import Document
from scraper.text import is_blank
from scraper.urls import site_of

ENOUGH: Final = {"text": 1, "html": 2}
"""Pieces of evidence that a layout needs, by the form of the page. A text has only its words. HTML has more signs, and a single
sentence in it may be a quotation."""

HOST: Final = "host"
"""The name of the evidence from a page's address; the other names are ids of rules."""

_SEVERAL: Final = 2
"""If at least so many layouts fit a page, their files decide between them."""
_FEW: Final = 2
"""The most lines of a text that was put on one line: its ticker, and everything else."""


class Detection(NamedTuple):
    """The evidence for a layout on a page, and the segments into which the layout cuts the page."""

    layout: Layout
    evidence: Mapping[str, Evidence]
    """The strength of each rule that matched."""
    address: Mapping[str, str]
    """The newspaper's slug and the language that the page's address contains."""
    regions: Regions
    segments: list[Segment]

    def suits(self, document: Document) -> bool:
        """Return True if all elements cut out of the page are chrome in this layout."""
        regions = map(self.regions.of, document.cut)
        return all(region is not None and region.rule.label == "chrome" for region in regions)

    @property
    def is_strong(self) -> bool:
        """Whether any of the evidence is more than weak."""
        return "strong" in self.evidence.values()

    def missing(self, document: Document) -> list[str]:
        """Return a description of the evidence that ``document`` lacks for this layout; an empty one if it lacks none."""
        missing = [] if self.is_strong else ["no strong evidence"]
        if len(self.evidence) < ENOUGH[document.form]:
            missing.append(f"{len(self.evidence)} of {ENOUGH[document.form]} pieces of evidence")
        return missing


def detect(document: Document, url: str | None, layouts: Sequence[Layout]) -> Detection | None:
    """Return the layout that fits the page, or None. If several fit, the ``over`` key of their files decides.

    Raises:
        AmbiguousLayout: if several layouts fit, and no file decides between them.
    """
    site = site_of(url) if url is not None else None
    candidates = [layout for layout in layouts if document.form == "html" or layout.is_host(site) or _shows_signs(document, layout)]
    fitting = [found for found in weigh(document, url, candidates) if not found.missing(document)]
    if len(fitting) < _SEVERAL:
        return fitting[0] if fitting else None
    overridden = {name for found in fitting for name in found.layout.file.over}
    left = [found for found in fitting if found.layout.name not in overridden]
    if len(left) != 1:
        names = " and ".join(f"{found.layout.name} ({', '.join(found.evidence)})" for found in left or fitting)
        one, other = (found.layout.name for found in (left or fitting)[:2])
        raise AmbiguousLayout(
            f'more than one layout fits the page: {names}; to decide, write over = ["{one}"] into the file of {other}, '
            f'or over = ["{other}"] into one of {one}, or take its evidence from a rule that fits both'
        )
    return left[0]


def weigh(document: Document, url: str | None, layouts: Sequence[Layout]) -> Iterator[Detection]:
    """Yield the evidence for each layout."""
    site = site_of(url) if url is not None else None
    for layout in layouts:
        regions = Regions(layout)
        segments = segments_of(document, regions)
        evidence = dict(_evidence(document, segments, layout))
        rule, address = layout.match_address(url) if url is not None else (None, {})
        if layout.is_host(site):
            if document.form == "html" or (rule is not None and rule.evidence is not None):
                evidence[HOST] = "strong"
            if rule is not None and rule.evidence is not None:
                evidence[rule.id] = rule.evidence
        yield Detection(layout, evidence, address, regions, segments)


def _is_several(notice: str, lang: str, layout: Layout) -> bool:
    """Return True if a line that begins like a notice contains several sentences of a notice."""
    return len(notice) > 2 * layout.shortest and any(layout.find_wordings("notice", notice, lang=lang))


def _shows_signs(document: Document, layout: Layout) -> bool:
    """Return False if a text has no evidence for the layout.

    This is far faster than weighing the evidence, and few texts of a dump have any. A text of few lines may have been put on one
    line, with evidence anywhere in it.
    """
    text = document.text
    marks = marks_of(text, document.blocks)
    words = [
        without_marks(text, block.start, block.end, found).strip() if found else text[block.start : block.end]
        for block, found in zip(document.blocks, marks, strict=True)
    ]
    if layout.contains_wording(words):
        return True
    lines = (block for block in document.blocks if not is_blank(text[block.start : block.end]))
    first, *others = islice(lines, _FEW + 1)
    return len(others) < _FEW or is_plainly_ticker(document, first.start, first.end, first.end, layout)


def _evidence(document: Document, segments: list[Segment], layout: Layout) -> Iterator[tuple[str, Evidence]]:
    for segment in segments if document.form == "html" else ():
        region = segment.region
        while region is not None:
            if region.rule.evidence is not None:
                yield region.rule.id, region.rule.evidence
            region = region.around
    hits = [(segment, segment.hit) for segment in segments if segment.hit is not None]
    notices = [hit for _, hit in hits if hit.rule.label == "notice"]
    for segment, hit in hits:
        # Any page may thank for a report; a notice has a second sentence.
        is_certain = hit.rule.label != "notice" or len(notices) > 1 or _is_several(segment.text, hit.lang, layout)
        if hit.rule.evidence is not None and is_certain:
            yield hit.rule.id, hit.rule.evidence
    if document.form == "text" and segments:
        text = document.text
        first, limit = segments[0], segments[1].start if len(segments) > 1 else len(text)
        if is_plainly_ticker(document, first.start, first.end, limit, layout, first.slots):
            yield layout.file.ticker.id, "strong"
        if is_flattened(document, segments, layout):
            yield from evidence_on_one_line(text, segments[-1].start, layout)
