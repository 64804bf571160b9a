"""What each piece of a known page is: every piece that something is known of is claimed under its rule.

A page that a dump has put on one line is cut by its words alone (:mod:`scraper.flattened`); any other line by line.
"""

from collections.abc import Sequence
from typing import NamedTuple

from scraper.core import BODY, TITLE, UNTITLED_TEASER
from scraper.elements import label_elements
from scraper.headings import headings_of
from scraper.layouts import Layout
from scraper.outline import Outline
from scraper.pages import Document
from scraper.segments import Segment
from scraper.spans import Ledger
from scraper.ticker import claim_ticker


class Labelled(NamedTuple):
    """The claims on a page, and what its words say beside their place in it."""

    ledger: Ledger
    dateline: str | None
    """The text of the dateline."""
    langs: dict[str, str]
    """The languages of the wordings that were found, by label."""
    said: dict[str, str]
    """What stands in the slots of the wordings that were found, but for the dateline's: ``author``, ``newspaper``."""


def label(document: Document, segments: Sequence[Segment], layout: Layout) -> Labelled:
    """Label all of a page that is of ``layout``."""
    text = document.text
    ledger = Ledger(text)
    if document.form == "text":
        from scraper.flattened import is_flattened, label_flattened  # of no use to HTML

        if is_flattened(document, segments, layout):
            found = list(label_flattened(ledger, document, segments, layout))
            dateline = next((stretch for stretch, hit in found if hit.rule.label == "dateline"), None)
            said = {name: value for _, hit in found if hit.rule.label != "dateline" for name, value in hit.slots.items()}
            return Labelled(ledger, dateline, {hit.rule.label: hit.lang for _, hit in found}, said)
    lines = label_elements(ledger, document, segments, layout) if document.form == "html" else segments
    return _label_lines(ledger, document, Outline(lines, document, layout), layout)


def _label_lines(ledger: Ledger, document: Document, outline: Outline, layout: Layout) -> Labelled:
    lines = outline.lines
    langs: dict[str, str] = {}
    said: dict[str, str] = {}
    roles = outline.roles
    for n in roles["ticker"]:
        claim_ticker(ledger, document, lines[n].start, lines[n].end, layout)
    for n in (*roles["notice"], *roles["chrome"]):
        _claim_wording(ledger, lines[n], layout)
    for first, last in outline.stretches(roles["title"]):
        ledger.claim(lines[first].start, lines[last].end, "title", _rule(lines[first], "title", layout, TITLE))
    for n in roles["byline"]:
        line, hit = lines[n], lines[n].hit
        rule = layout.full(hit.rule.id) if hit is not None else _rule(line, "byline", layout, TITLE)
        ledger.claim(line.start, line.end, "byline", rule, link=line.link)
    for first, last in outline.stretches(roles["dateline"]):
        hit = lines[first].hit
        rule = layout.full(hit.rule.id) if hit is not None else _rule(lines[first], "dateline", layout, TITLE)
        ledger.claim(lines[first].start, lines[last].end, "dateline", rule)
    for n in roles["leftover"]:
        ledger.claim(lines[n].start, lines[n].end, "chrome", _rule(lines[n], lines[n].label, layout, UNTITLED_TEASER))
    _label_body(ledger, document.text, [lines[n] for n in roles["body"]], layout)
    for n in roles["footer"]:
        _claim_wording(ledger, lines[n], layout)
    for hit in [lines[n].hit for n in (*roles["notice"], *roles["chrome"], *roles["footer"])]:
        if hit is not None:
            langs.setdefault(hit.rule.label, hit.lang)
            said = hit.slots | said
    for n in roles["byline"]:
        hit = lines[n].hit
        said = (hit.slots if hit is not None else {"author": lines[n].text}) | said
    return Labelled(ledger, " ".join(lines[n].text for n in roles["dateline"]) or None, langs, said)


def _claim_wording(ledger: Ledger, line: Segment, layout: Layout) -> None:
    hit = line.hit
    if hit is not None:
        ledger.claim(line.start, line.end, hit.rule.label, layout.full(hit.rule.id), link=line.link)


def _label_body(ledger: Ledger, text: str, blocks: Sequence[Segment], layout: Layout) -> None:
    headings = headings_of(blocks, text, layout)
    for n, block in enumerate(blocks):
        if n in headings:
            ledger.claim(block.start, block.end, "heading", layout.full(layout.file.heading.id))
        else:
            rule = _rule(block, "body", layout, BODY) if block.region is not None else BODY
            ledger.claim(block.start, block.end, "body", rule)


def _rule(line: Segment, label: str | None, layout: Layout, by_place: str) -> str:
    """Return the rule of the element in which ``line`` stands, if it is one for this label, else the rule of its place."""
    if line.region is not None and line.region.rule.label == label:
        return layout.full(line.region.rule.id)
    return by_place
