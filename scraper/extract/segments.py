"""A document as one layout sees it: its lines, cut where a named part of the page begins or ends."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from scraper.extract.marks import Mark, finder_of, without_marks
from scraper.extract.spans import trim
from scraper.extract.ticker import split_usual
from scraper.layouts import Layout, Region
from scraper.layouts.layout import Match
from scraper.layouts.schema import ElementRule
from scraper.models import Block, Document, Element, Run
from scraper.text import is_blank, squeeze

SETTLED: Final = frozenset(["chrome", "teaser-title", "teaser-author", "teaser-newspaper", "teaser-subtitle"])
"""Labels of elements that leave nothing open, but for the words of notice and footer, which stand in them where a part of the
page was never closed."""

_LONGEST_WORDING: Final = 400
"""Characters of a line that may consist of a wording; the longest, a notice of two sentences on one line, has 160."""
_LONGEST_RAW: Final = 4 * _LONGEST_WORDING
"""The same with some white space too much."""


class Segment(msgspec.Struct, eq=False, gc=False):
    """A line, or the part of a line that stands in one named part of the page."""

    start: int
    end: int
    text: str
    """As it would stand in a field; of a settled part nothing, and what is too long for a wording is as the page has it."""
    region: Region | None
    runs: Sequence[Run]
    hit: Match | None
    marks: list[Mark] = []
    """What an extractor put into it: no words of the page."""
    slots: Sequence[str] | None = None
    """What stands between its separators, if it holds those that tickers usually have, and no others."""

    @property
    def begin(self) -> int:
        """Where its words begin, behind the mark at its start."""
        return self.marks[0][1] if self.marks and self.marks[0][0] == self.start else self.start

    def words(self, text: str) -> str:
        """Return it as it stands in ``text``, from its start on, with spaces in the place of marks."""
        return without_marks(text, self.start, self.end, self.marks)

    @property
    def label(self) -> str | None:
        """The label of the part it stands in."""
        return self.region.rule.label if self.region is not None else None

    @property
    def link(self) -> str | None:
        """Where its words lead; of several links the last, for another was never closed."""
        links = (run.element.link for run in reversed(self.runs))
        return next((link.href for link in links if link is not None), None)

    def says(self, label: str) -> bool:
        """Tell whether its words, all of them, are a wording with this label."""
        return self.hit is not None and self.hit.rule.label == label


class Regions:
    """Which named part of the page an element stands in: its own, else that of the element around it."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._rules_of, self._ruled_tags = layout.rules_of, layout.ruled_tags
        self._known: dict[Element | None, Region | None] = {}

    def of(self, element: Element) -> Region | None:
        """Return the innermost part that holds ``element``."""
        known = self._known
        if element in known:
            return known[element]
        outer = element.parent
        if outer in known and not (element.id or element.class_ or element.tag in self._ruled_tags):
            region = known[element] = known[outer]  # as nearly all links
            return region
        path = [element]
        while outer is not None and outer not in known:
            path.append(outer)
            outer = outer.parent
        region = known[outer] if outer is not None else None
        for inner in reversed(path):
            for rule in self._rules_of(inner.tag, inner.id, inner.class_):
                if _applies(rule, region):
                    region = Region(rule, inner, region)
                    break
            known[inner] = region
        return region


def _applies(rule: ElementRule, around: Region | None) -> bool:
    """Tell whether ``rule`` holds for an element that stands in the part ``around``."""
    if rule.within and (around is None or around.rule.id not in rule.within):
        return False
    return not rule.not_within or all(outer.rule.id not in rule.not_within for outer in _up_to_column(around))


def _up_to_column(region: Region | None) -> Iterator[Region]:
    """Yield a part and those around it, as far as the main column: where an element was never closed, that lies inside it."""
    while region is not None:
        yield region
        region = region.around if region.rule.label != "main" else None


def segments_of(document: Document, regions: Regions) -> list[Segment]:
    """Cut the lines of ``document`` into segments; lines that stand in one settled part are one segment.

    What has no visible character is left out.
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
            line, hit = ("", None) if is_settled and not layout.may_be_wording(raw) else read_line(raw, layout)
            if not is_settled or (hit is not None and hit.rule.label != "chrome"):
                if not is_blank(line):
                    segments.append(Segment(inner, outer, line, region, runs, hit))
                    settled = None
            elif settled is not None and settled.region is region:
                settled.end = end
            else:
                settled = Segment(start, end, "", region, runs, None)
                segments.append(settled)
    opened = [n for n, segment in enumerate(segments) if segment.hit is None and layout.may_begin_wording(segment.text)]
    return _whole_wordings(segments, opened, layout)


def _lines_of(document: Document, layout: Layout) -> list[Segment]:
    """Return the lines of a text as segments: no line of it stands in any part."""
    text, separator, may_be_wording = document.text, layout.file.ticker.usual, layout.may_begin_wording
    find_marks = finder_of(text)
    segments: list[Segment] = []
    opened: list[int] = []
    for block in document.blocks:
        start, end = block.start, block.end
        marks = find_marks(start, end)
        raw = text[start:end] if not marks else without_marks(text, start, end, marks).lstrip()
        if may_be_wording(raw):
            line, hit = read_line(raw, layout)
            if hit is None:
                opened.append(len(segments))
        else:
            line, hit = raw if len(raw) > _LONGEST_WORDING and "  " not in raw else squeeze(raw), None
        if marks or not is_blank(line):
            slots = split_usual(raw, separator) if separator and separator in raw and not marks else None
            segments.append(Segment(start, end, line, None, (), hit, marks, slots))
    return _whole_wordings(segments, opened, layout) if opened else segments


_MOST_LINES: Final = 4
"""Lines over which a wording may be broken: a link within a sentence makes three of it."""
_BROKEN: Final = frozenset(["notice", "dateline", "footer"])


def _whole_wordings(lines: Sequence[Segment], opened: Sequence[int], layout: Layout) -> list[Segment]:
    """Join lines that are a wording together, and none alone: those that a link or a width has broken.

    Args:
        lines: the lines of a page.
        opened: those that begin as a wording does, and are none.
        layout: the layout.
    """
    whole: list[Segment] = []
    done = 0
    for n in opened:
        if n < done or not layout.may_open(lines[n].text):
            continue
        joined = _broken_wording(lines[n : n + _MOST_LINES], layout)
        if joined is not None:
            merged, count = joined
            whole += [*lines[done:n], merged]
            done = n + count
    whole += lines[done:]
    return whole


def _broken_wording(lines: Sequence[Segment], layout: Layout) -> tuple[Segment, int] | None:
    first = lines[0]
    text = first.text
    for count, line in enumerate(lines[1:], 2):
        text = f"{text} {line.text}"
        if line.hit is not None or line.region is not first.region or len(text) > _LONGEST_WORDING:
            return None
        hit = layout.wording_of(text)
        if hit is not None and hit.rule.label in _BROKEN:
            runs = [run for part in lines[:count] for run in part.runs]
            return Segment(first.start, line.end, text, first.region, runs, hit), count
    return None


def read_line(raw: str, layout: Layout) -> tuple[str, Match | None]:
    """Return a line as a segment holds it, and the wording that it is."""
    if len(raw) > _LONGEST_RAW and "   " not in raw:
        return raw, None
    line = squeeze(raw)
    return line, layout.wording_of(line) if layout.shortest < len(line) <= _LONGEST_WORDING else None


def _cuts(text: str, block: Block, regions: Regions) -> list[tuple[int, int, Region | None, Sequence[Run]]]:
    runs = block.runs
    parts: list[tuple[int, int, Region | None, Sequence[Run]]] = []
    region = regions.of(runs[0].element)
    if len(runs) == 1:
        return [(block.start, block.end, region, runs)]
    first = 0
    for n in range(1, len(runs)):
        other = regions.of(runs[n].element)
        if other is not region and not (
            region is not None and region.rule.label == "body" and _is_one_word(text, runs[n - 1], runs[n])
        ):
            parts.append((runs[first].start, runs[n - 1].end, region, runs[first:n]))
            first, region = n, other
    parts.append((runs[first].start, runs[-1].end, region, runs[first:] if first else runs))
    return parts


def _is_one_word(text: str, one: Run, other: Run) -> bool:
    """Return True if a word begins in one run and ends in the next: a stray tag within it has closed the body."""
    return one.end == other.start and text[one.end - 1].isalnum() and text[other.start].isalnum()
