"""What each piece of a known page is: every piece that something is known of is claimed under its rule.

A page that a dump has put on one line is cut by its words alone (:mod:`scraper.extract.single_line`); any other line by line.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from scraper.extract.column import MainColumn
from scraper.extract.core_rules import BODY, MARK, TITLE, UNTITLED_TEASER
from scraper.extract.elements import label_elements
from scraper.extract.head import Head
from scraper.extract.headings import headings_of
from scraper.extract.outline import Outline, Role
from scraper.extract.segments import Segment
from scraper.extract.spans import Label, Ledger, trim
from scraper.extract.ticker import claim_ticker
from scraper.layouts import Layout
from scraper.layouts.layout import Match
from scraper.models import Document
from scraper.text import is_blank, squeeze


class Labelled(NamedTuple):
    """The claims on a page, and what its words say beside their place in it."""

    ledger: Ledger
    dateline: str | None
    """The text of the dateline."""
    dateline_hit: Match | None
    """The wording that it reads like, where that is known."""
    is_several: bool
    """Whether another page begins behind the end of this one."""
    langs: dict[str, str]
    """The languages of the wordings that were found, by label."""
    said: dict[str, str]
    """What stands in the slots of the wordings that were found, but for the dateline's: ``author``, ``newspaper``."""


def label(document: Document, segments: Sequence[Segment], layout: Layout) -> Labelled:
    """Label all of a page that is of ``layout``."""
    text = document.text
    ledger = Ledger(text)
    if document.form == "text":
        from scraper.extract.single_line import is_flattened, label_flattened  # of no use to HTML

        if is_flattened(document, segments, layout):
            found = list(label_flattened(ledger, document, segments, layout))
            dateline = next((stretch for stretch, hit in found if hit.rule.label == "dateline"), None)
            said = {name: value for _, hit in found if hit.rule.label != "dateline" for name, value in hit.slots.items()}
            if (author := ledger.text_of("byline")) is not None:
                said = {"author": squeeze(author)} | said
            return Labelled(ledger, dateline, None, False, {hit.rule.label: hit.lang for _, hit in found}, said)
    lines = label_elements(ledger, document, segments, layout) if document.form == "html" else segments
    column = MainColumn(lines, document, layout)
    return _label_lines(ledger, document, Outline(column, Head(column)), layout)


def _label_lines(ledger: Ledger, document: Document, outline: Outline, layout: Layout) -> Labelled:
    lines = outline.column.lines
    roles = outline.roles
    for n in roles["ticker"]:
        line = lines[n]
        start = line.start if document.text[line.start] == "[" else line.begin  # a headline that is a link begins so, too
        claim_ticker(ledger, document, start, line.end, layout, line.slots)
        if line.start < start:
            ledger.claim(*trim(document.text, line.start, start), "chrome", MARK)
    for n in (*roles["notice"], *roles["chrome"], *roles["footer"]):
        _claim_wording(ledger, lines[n], layout)
    for first, last in outline.column.adjoining(roles["title"]):
        rule = _rule(lines[first], "title", layout, TITLE)
        _claim_words(ledger, lines[first : last + 1], lines[first].start, lines[last].end, "title", rule)
    for n in roles["byline"]:
        line, hit = lines[n], lines[n].hit
        rule = layout.full(hit.rule.id) if hit is not None else _rule(line, "byline", layout, layout.author_rule)
        ledger.claim(line.start, line.end, "byline", rule, link=line.link)
    _label_dateline(ledger, outline, roles["dateline"], layout)
    for n in roles["leftover"]:
        ledger.claim(lines[n].start, lines[n].end, "chrome", _rule(lines[n], lines[n].label, layout, UNTITLED_TEASER))
    _label_body(ledger, document.text, [lines[n] for n in roles["body"]], outline, layout)
    shared = outline.head.shared_dateline if roles["dateline"] else None
    hits = [lines[n].hit for n in roles["dateline"]]
    hit = hits[0] if len(hits) == 1 and shared is None else None
    langs, said = _what_is_said(outline, roles)
    dateline = (
        document.text[shared.start : shared.end]
        if shared is not None
        else " ".join(lines[n].text for n in roles["dateline"]) or None
    )
    return Labelled(ledger, dateline, hit, outline.next_page is not None, langs, said)


def _what_is_said(outline: Outline, roles: Mapping[Role, Sequence[int]]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the languages of the wordings that were found, by label, and what stands in their slots."""
    lines = outline.column.lines
    langs: dict[str, str] = {}
    said: dict[str, str] = {}
    for hit in [lines[n].hit for n in (*roles["notice"], *roles["chrome"], *roles["footer"])]:
        if hit is not None:
            langs.setdefault(hit.rule.label, hit.lang)
            said = hit.slots | said
    if outline.head.author is not None:
        said = {"author": outline.head.author} | said
    for n in reversed(roles["byline"]):
        hit = lines[n].hit
        said = said | (hit.slots if hit is not None else {"author": lines[n].text})
    return langs, said


def _label_dateline(ledger: Ledger, outline: Outline, lines: Sequence[int], layout: Layout) -> None:
    title = outline.head.title_before_dateline
    for first, last in outline.column.adjoining(lines):
        line = outline.column.lines[first]
        rule = layout.full(line.hit.rule.id) if line.hit is not None else _rule(line, "dateline", layout, layout.dateline_rule)
        start = line.start
        if title is not None and title.line == first:
            begin, start = trim(ledger.text, line.start, title.start)
            _claim_words(ledger, [line], begin, start, "title", TITLE)
        ledger.claim(*trim(ledger.text, start, outline.column.lines[last].end), "dateline", rule)


def _claim_words(ledger: Ledger, lines: Sequence[Segment], start: int, end: int, label: Label, rule: str) -> None:
    """Claim a stretch for a field, without the marks in it, which are claimed as such."""
    marks = [mark for line in lines for mark in line.marks if start <= mark[0] and mark[1] <= end]
    if not marks:
        ledger.claim(start, end, label, rule)
        return
    position = start
    for begin, stop in [*marks, (end, end)]:
        if not is_blank(ledger.text[position:begin]):
            ledger.claim(position, begin, label, rule, group=start + 1)
        if begin < stop:
            ledger.claim(begin, stop, "chrome", MARK)
        position = stop


def _claim_wording(ledger: Ledger, line: Segment, layout: Layout) -> None:
    hit = line.hit
    if hit is not None:
        ledger.claim(line.start, line.end, hit.rule.label, layout.full(hit.rule.id), link=line.link)


def _label_body(ledger: Ledger, text: str, blocks: Sequence[Segment], outline: Outline, layout: Layout) -> None:
    glued = outline.glued_footer
    headings = headings_of(blocks, text, layout, has_title=bool(outline.head.title or outline.head.title_before_dateline))
    for n, block in enumerate(blocks):
        start, end = block.start, block.end
        if glued is not None and outline.column.lines[glued.line] is block:
            start, end = trim(text, start, glued.start)
            footer = next(layout.stretches("footer", squeeze(text[glued.start : glued.end])), None)
            if footer is not None:
                ledger.claim(glued.start, glued.end, "footer", layout.full(footer[1].rule.id), link=block.link)
        if start < end and n in headings:
            _claim_words(ledger, [block], start, end, "heading", layout.full(layout.file.heading.id))
        elif start < end:
            rule = _rule(block, "body", layout, BODY) if block.region is not None else BODY
            _claim_words(ledger, [block], start, end, "body", rule)


def _rule(line: Segment, label: str | None, layout: Layout, by_place: str) -> str:
    """Return the rule of the element in which ``line`` stands, if it is one for this label, else the rule of its place."""
    if line.region is not None and line.region.rule.label == label:
        return layout.full(line.region.rule.id)
    return by_place
