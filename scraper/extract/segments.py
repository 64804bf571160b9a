"""Cut a document into segments: its lines, divided where a named part of the layout begins or ends."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from scraper.extract.converted_text import Mark, marks_of, without_marks
from scraper.extract.spans import trim
from scraper.extract.ticker import UsualSlots, split_usual
from scraper.layouts import Layout, Region
from scraper.layouts.layout import Match, match_among
from scraper.layouts.schema import ElementRule
from scraper.layouts.wording import LONGEST_WORDING, MOST_WORDING_LINES
from scraper.models import Block, Document, Element, Run
from scraper.text import is_blank, squeeze

SETTLED: Final = frozenset(["chrome", "teaser-title", "teaser-author", "teaser-newspaper", "teaser-subtitle"])
"""Labels of elements that decide the label of their text. Only wordings of notice and footer are still searched for: they are in
such elements if a part of the page was never closed."""

_LONGEST_RAW: Final = 4 * LONGEST_WORDING
"""As :data:`~scraper.layouts.wording.LONGEST_WORDING`, but before white space is squeezed."""
_BROKEN: Final = frozenset(["notice", "dateline", "footer"])
"""Labels of wordings that may be broken."""

_Cut = tuple[int, int, Region | None, Sequence[Run]]


class Segment(msgspec.Struct, eq=False, gc=False):
    """A line, or the piece of a line within one named part of the page."""

    start: int
    end: int
    text: str
    """The text as in a field. Empty for a settled part; a long ticker is not squeezed."""
    region: Region | None
    runs: Sequence[Run]
    hit: Match | None
    marks: Sequence[Mark] = ()
    """The marks that an extractor added to it."""
    slots: UsualSlots | None = None
    """Its slots, if it has separators of tickers, and all have the usual form."""

    @property
    def begin(self) -> int:
        """The start of its words, after a mark at its start."""
        return self.marks[0][1] if self.marks and self.marks[0][0] == self.start else self.start

    def words(self, text: str) -> str:
        """Return its stretch of ``text`` with its marks replaced by spaces."""
        return without_marks(text, self.start, self.end, self.marks)

    @property
    def part(self) -> Element | None:
        """The element of its part of the page."""
        return self.region.element if self.region is not None else None

    @property
    def label(self) -> str | None:
        """The label of its part of the page."""
        return self.region.rule.label if self.region is not None else None

    @property
    def link(self) -> str | None:
        """The address that its words link to; the last of several links, since the others were never closed."""
        if not self.runs:
            return None
        links = (run.element.link for run in reversed(self.runs))
        return next((link.href for link in links if link is not None), None)

    def says(self, label: str) -> bool:
        """Return True if all of it is a wording with this label."""
        return self.hit is not None and self.hit.rule.label == label


class Regions:
    """Finds the named part of the page that contains an element: its own, or that of the element around it."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._rules_of = layout.rules_of
        self._regions: dict[Element | None, Region | None] = {}

    def of(self, element: Element) -> Region | None:
        """Return the innermost part that holds ``element``."""
        regions = self._regions
        if element in regions:
            return regions[element]
        outer = element.parent
        path = [element]
        while outer is not None and outer not in regions:
            path.append(outer)
            outer = outer.parent
        region = regions[outer] if outer is not None else None
        for inner in reversed(path):
            for rule in self._rules_of(inner.tag, inner.id, inner.class_):
                if _applies(rule, region):
                    region = Region(rule, inner, region)
                    break
            regions[inner] = region
        return region


def _applies(rule: ElementRule, around: Region | None) -> bool:
    """Return True if ``rule`` applies to an element in the part ``around``."""
    if rule.within and (around is None or around.rule.id not in rule.within):
        return False
    return not rule.not_within or all(outer.rule.id not in rule.not_within for outer in _up_to_column(around))


def _up_to_column(region: Region | None) -> Iterator[Region]:
    """Yield a part and those around it, up to the main column, which is inside an element that was never closed."""
    while region is not None:
        yield region
        region = region.around if region.rule.label != "main" else None


def segments_of(document: Document, regions: Regions) -> list[Segment]:
    """Cut the lines of ``document`` into segments; lines in one settled part are one segment.

    Segments without visible characters are left out.
    """
    if document.form == "text":
        return _lines_of(document, regions.layout)
    text, layout = document.text, regions.layout
    segments: list[Segment] = []
    settled: Segment | None = None
    for block in document.blocks:
        for start, end, region, runs in _cuts(text, block, regions):
            inner, outer = trim(text, start, end)
            raw = text[inner:outer]
            label = region.rule.label if region is not None else None
            is_settled = label in SETTLED
            if is_settled and not layout.may_be_wording(raw):
                line, hit = "", None
            elif label == "ticker" and len(raw) > _LONGEST_RAW:
                line, hit = raw, None
            else:
                line, hit = _read_line(raw, layout)
            if not is_settled or (hit is not None and hit.rule.label != "chrome"):
                if not is_blank(line):
                    segments.append(Segment(inner, outer, line, region, runs, hit))
                    settled = None
            elif settled is not None and settled.region is region:
                settled.end = end
            else:
                settled = Segment(start, end, "", region, runs, None)
                segments.append(settled)
    starts = [n for n, segment in enumerate(segments) if segment.hit is None and layout.may_begin_content(segment.text)]
    return _with_joined_wordings(segments, starts, layout)


def _lines_of(document: Document, layout: Layout) -> list[Segment]:
    """Return the lines of a text as segments, which are in no named part."""
    text, blocks, separator = document.text, document.blocks, layout.file.ticker.usual
    shortest, candidates = layout.shortest, layout.candidates
    segments: list[Segment] = []
    starts: list[int] = []
    for block, marks in zip(blocks, marks_of(text, blocks), strict=True):
        start, end = block.start, block.end
        raw = without_marks(text, start, end, marks).lstrip() if marks else text[start:end]
        slots = split_usual(raw, separator) if separator in raw and not marks else None
        is_long_ticker = slots is not None and len(raw) > LONGEST_WORDING
        line = raw if is_long_ticker else squeeze(raw)
        hit = None
        if shortest < len(line) <= LONGEST_WORDING and (found := candidates(line)):
            hit = match_among(line, found)
            if hit is None and layout.may_begin_content(line):
                starts.append(len(segments))
        if line or marks:
            segments.append(Segment(start, end, line, None, (), hit, marks, slots))
    return _with_joined_wordings(segments, starts, layout) if starts else segments


def _with_joined_wordings(lines: Sequence[Segment], starts: Sequence[int], layout: Layout) -> list[Segment]:
    """Join lines that together are a wording, which a link or a line width has broken.

    Args:
        lines: the lines of a page.
        starts: the lines that begin like a wording that is not chrome, but are not a wording.
        layout: the layout of the page.
    """
    joined: list[Segment] = []
    done = 0
    for n in starts:
        if n < done:
            continue
        found = _join_wording(lines[n : n + MOST_WORDING_LINES], layout)
        if found is not None:
            segment, count = found
            joined += [*lines[done:n], segment]
            done = n + count
    joined += lines[done:]
    return joined


def _join_wording(lines: Sequence[Segment], layout: Layout) -> tuple[Segment, int] | None:
    """Return the wording that begins with the first line and continues in the next ones, and the number of its lines."""
    first = lines[0]
    text = first.text
    for count, line in enumerate(lines[1:], 2):
        text = f"{text} {line.text}"
        if line.hit is not None or line.region is not first.region or len(text) > LONGEST_WORDING:
            return None
        hit = layout.wording_of(text)
        if hit is not None and hit.rule.label in _BROKEN:
            runs = [run for part in lines[:count] for run in part.runs]
            return Segment(first.start, line.end, text, first.region, runs, hit), count
    return None


def _read_line(raw: str, layout: Layout) -> tuple[str, Match | None]:
    """Return the text of a line for a segment, and the wording that all of it matches."""
    line = squeeze(raw)
    return line, layout.wording_of(line) if layout.shortest < len(line) <= LONGEST_WORDING else None


def _cuts(text: str, block: Block, regions: Regions) -> list[_Cut]:
    """Divide a line where one part of the page ends and another begins."""
    runs = block.runs
    region = regions.of(runs[0].element)
    if len(runs) == 1:
        return [(block.start, block.end, region, runs)]
    parts: list[_Cut] = []
    first = 0
    for n in range(1, len(runs)):
        other = regions.of(runs[n].element)
        if other is not region and not (region is not None and _is_cut_off(text, region, runs[n - 1], runs[n])):
            parts.append((runs[first].start, runs[n - 1].end, region, runs[first:n]))
            first, region = n, other
    parts.append((runs[first].start, runs[-1].end, region, runs[first:] if first else runs))
    return parts


def _is_cut_off(text: str, region: Region, one: Run, other: Run) -> bool:
    """Return True if a stray tag has closed the body between two runs of a line.

    Either a word continues from one run to the next, or a link begins in a body that is itself in a link: that one was never
    closed, and the second link ends it with all that it contains, as HTML prescribes.
    """
    if region.rule.label != "body":
        return False
    if one.end == other.start and text[one.end - 1].isalnum() and text[other.start].isalnum():
        return True
    link = other.element.link
    return link is not None and region.element.link not in (None, link)
