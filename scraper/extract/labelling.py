"""Label the text of a page whose layout is known, and claim each piece under its rule.

A page that a dump has put on one line is labelled by :mod:`scraper.extract.single_line`, any other page line by line.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from scraper.errors import ClaimError
from scraper.extract.column import MainColumn
from scraper.extract.head import Head
from scraper.extract.outline import LineRole, Outline, headings_of
from scraper.extract.segments import SETTLED, Segment
from scraper.extract.single_line import is_flattened, label_flattened
from scraper.extract.spans import BODY_RULE, MARK_RULE, TITLE_RULE, UNTITLED_TEASER_RULE, Label, Ledger, trim
from scraper.extract.ticker import claim_linked_ticker, claim_ticker
from scraper.layouts import Layout, Region
from scraper.layouts.layout import Match
from scraper.models import Document, Element
from scraper.text import is_blank, squeeze

_ROW: Final = 2
"""The number of paragraphs from which on one row is faster than a claim for each."""
_TEASER_LABELS: Final[dict[str, Label]] = {
    "teaser-title": "teaser-title",
    "teaser-author": "teaser-author",
    "teaser-newspaper": "teaser-newspaper",
    "teaser-subtitle": "teaser-subtitle",
}


class Labelled(NamedTuple):
    """The claims on a page, and the facts that its wordings state."""

    ledger: Ledger
    dateline: str | None
    """The text of the dateline."""
    dateline_hit: Match | None
    """The wording that the dateline matches, if that is known."""
    langs: dict[str, str]
    """The languages of the wordings that were found, by label."""
    slots: dict[str, str]
    """The slots ``author`` and ``newspaper`` of the wordings that were found, without the dateline's."""
    has_next_page: bool = False
    """Whether another page begins below the end of this one."""
    has_guessed_headings: bool = False
    """Whether some line of a text may be a sub-heading, or of a list or table."""
    has_guessed_author: bool = False
    """Whether the writer may be the title, since it is the only line above the dateline and nothing marks it."""


def label(document: Document, segments: Sequence[Segment], layout: Layout) -> Labelled:
    """Label all of a page with ``layout``."""
    ledger = Ledger(document.text)
    if document.form == "text" and is_flattened(document, segments, layout):
        return _label_single_line(ledger, document, segments, layout)
    lines = _label_elements(ledger, document, segments, layout) if document.form == "html" else segments
    column = MainColumn(lines, document, layout)
    return _label_lines(ledger, document, Outline(column, Head(column)), layout)


def _label_single_line(ledger: Ledger, document: Document, segments: Sequence[Segment], layout: Layout) -> Labelled:
    found = list(label_flattened(ledger, document, segments, layout))
    dateline = next((text for text, hit in found if hit.rule.label == "dateline"), None)
    slots = {name: value for _, hit in found if hit.rule.label != "dateline" for name, value in hit.slots.items()}
    if (author := ledger.text_of("byline")) is not None:
        slots = {"author": squeeze(author)} | slots
    return Labelled(ledger, dateline, None, {hit.rule.label: hit.lang for _, hit in found}, slots)


def _label_elements(ledger: Ledger, document: Document, segments: Sequence[Segment], layout: Layout) -> list[Segment]:
    """Claim the segments that elements mark as chrome, ticker or teasers, and return the other segments."""
    text = document.text
    unclaimed: list[Segment] = []
    teasers = _Teasers(segments, text)
    for segment in segments:
        region = segment.region
        if region is None or region.rule.label not in (*SETTLED, "ticker"):
            unclaimed.append(segment)
        elif segment.hit is not None:
            unclaimed.append(segment)  # if a part was never closed, the rest of the page seems to be in it
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
        ledger.claim(start, end, "chrome", UNTITLED_TEASER_RULE)


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
        """Return the number of the teaser that a piece belongs to; 0 if that teaser has no title or already has such a piece."""
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
            continue  # a wording, such as a notice or a dateline, is not a title
        if not is_blank(text[segment.start : segment.end]):
            elements.add(region.element)
            yield region


def _container(region: Region) -> Element:
    return region.around.element if region.around is not None else region.element


def _label_lines(ledger: Ledger, document: Document, outline: Outline, layout: Layout) -> Labelled:
    lines = outline.column.lines
    roles = outline.roles
    for n in roles["ticker"]:
        line = lines[n]
        start = line.start if document.text[line.start] == "[" else line.begin  # a linked headline begins with a bracket, too
        claim_ticker(ledger, document, start, line.end, layout, line.slots)
        if line.start < start:
            ledger.claim(*trim(document.text, line.start, start), "chrome", MARK_RULE)
    for n in (*roles["notice"], *roles["chrome"], *roles["footer"]):
        line, hit = lines[n], lines[n].hit
        if hit is not None:
            ledger.claim(line.start, line.end, hit.rule.label, layout.full_id(hit.rule.id), link=line.link)
    for first, last in outline.column.adjoining(roles["title"]):
        rule = _rule(lines[first], "title", layout, TITLE_RULE)
        _claim_words(ledger, lines[first : last + 1], lines[first].start, lines[last].end, "title", rule)
    for n in roles["byline"]:
        line, hit = lines[n], lines[n].hit
        rule = layout.full_id(hit.rule.id) if hit is not None else _rule(line, "byline", layout, layout.author_rule)
        ledger.claim(line.start, line.end, "byline", rule, link=line.link)
    _label_dateline(ledger, outline, roles["dateline"], layout)
    for n in roles["leftover"]:
        ledger.claim(lines[n].start, lines[n].end, "chrome", _rule(lines[n], lines[n].label, layout, UNTITLED_TEASER_RULE))
    blocks = [lines[n] for n in roles["body"]]
    headings = headings_of(blocks, document.text, layout, has_title=bool(outline.head.title or outline.head.title_before_dateline))
    _label_body(ledger, document.text, blocks, headings.found, outline, layout)
    langs, slots = _langs_and_slots(outline, roles)
    dateline, hit = _dateline_of(document.text, outline, roles["dateline"])
    return Labelled(
        ledger,
        dateline,
        hit,
        langs,
        slots,
        has_next_page=outline.next_page is not None,
        has_guessed_headings=document.form == "text" and len(headings.possible) > 0,
        has_guessed_author=outline.head.has_guessed_author,
    )


def _dateline_of(text: str, outline: Outline, lines: Sequence[int]) -> tuple[str | None, Match | None]:
    """Return the text of the dateline, and the wording that it matches if it is a line of its own."""
    shared = outline.head.shared_dateline
    if lines and shared is not None:
        return text[shared.start : shared.end], None
    segments = [outline.column.lines[n] for n in lines]
    return " ".join(line.text for line in segments) or None, segments[0].hit if len(segments) == 1 else None


def _langs_and_slots(outline: Outline, roles: Mapping[LineRole, Sequence[int]]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the languages of the wordings that were found, by label, and their slots."""
    lines = outline.column.lines
    langs: dict[str, str] = {}
    slots: dict[str, str] = {}
    for hit in [lines[n].hit for n in (*roles["notice"], *roles["chrome"], *roles["footer"])]:
        if hit is not None:
            langs.setdefault(hit.rule.label, hit.lang)
            slots = hit.slots | slots
    if outline.head.author is not None:
        slots = {"author": outline.head.author} | slots
    for n in reversed(roles["byline"]):
        hit = lines[n].hit
        slots = slots | (hit.slots if hit is not None else {"author": lines[n].text})
    return langs, slots


def _label_dateline(ledger: Ledger, outline: Outline, lines: Sequence[int], layout: Layout) -> None:
    title = outline.head.title_before_dateline
    for first, last in outline.column.adjoining(lines):
        line = outline.column.lines[first]
        rule = layout.full_id(line.hit.rule.id) if line.hit is not None else _rule(line, "dateline", layout, layout.dateline_rule)
        start = line.start
        if title is not None and title.line == first:
            begin, start = trim(ledger.text, line.start, title.start)
            _claim_words(ledger, [line], begin, start, "title", TITLE_RULE)
        ledger.claim(*trim(ledger.text, start, outline.column.lines[last].end), "dateline", rule)


def _claim_words(ledger: Ledger, lines: Sequence[Segment], start: int, end: int, label: Label, rule: str) -> None:
    """Claim a stretch for a field, and the marks in it as chrome."""
    marks = [mark for line in lines for mark in line.marks if start <= mark[0] and mark[1] <= end]
    if not marks:
        ledger.claim(start, end, label, rule)
        return
    position = start
    for begin, stop in [*marks, (end, end)]:
        if not is_blank(ledger.text[position:begin]):
            ledger.claim(position, begin, label, rule, group=start + 1)
        if begin < stop:
            ledger.claim(begin, stop, "chrome", MARK_RULE)
        position = stop


def _label_body(
    ledger: Ledger, text: str, blocks: Sequence[Segment], headings: frozenset[int], outline: Outline, layout: Layout
) -> None:
    glued = outline.glued_footer
    for is_heading, run in _runs(blocks, headings):
        if glued is None and not is_heading and _claim_row(ledger, run, layout):
            continue
        for block in run:
            start, end = block.start, block.end
            if glued is not None and outline.column.lines[glued.line] is block:
                start, end = trim(text, start, glued.start)
                footer = next(layout.find_wordings("footer", squeeze(text[glued.start : glued.end])), None)
                if footer is not None:
                    ledger.claim(glued.start, glued.end, "footer", layout.full_id(footer[1].rule.id), link=block.link)
            if start < end and is_heading:
                _claim_words(ledger, [block], start, end, "heading", layout.full_id(layout.file.heading.id))
            elif start < end:
                _claim_words(ledger, [block], start, end, "body", _rule(block, "body", layout, BODY_RULE))


def _runs(blocks: Sequence[Segment], headings: frozenset[int]) -> Iterator[tuple[bool, Sequence[Segment]]]:
    """Yield the headings and the paragraphs between them."""
    if not headings:
        yield False, blocks
        return
    for is_heading, group in groupby(enumerate(blocks), lambda pair: pair[0] in headings):
        yield is_heading, [block for _, block in group]


def _claim_row(ledger: Ledger, run: Sequence[Segment], layout: Layout) -> bool:
    """Claim paragraphs as one row; return False if anything but the same white space separates them."""
    if len(run) < _ROW or len({block.region for block in run}) > 1:
        return False
    first = run[0]
    separator = ledger.text[first.end : run[1].start]
    try:
        ledger.claim_row(first.start, [block.text for block in run], separator, "body", _rule(first, "body", layout, BODY_RULE))
    except ClaimError:
        return False
    return True


def _rule(line: Segment, label: str | None, layout: Layout, by_place: str) -> str:
    """Return the rule of the element around ``line`` if it has this label, else ``by_place``."""
    if line.region is not None and line.region.rule.label == label:
        return layout.full_id(line.region.rule.id)
    return by_place
