"""A text page that a dump has put on one line: no lines are left to go by, only words."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from scraper.extract.core_rules import BODY, TITLE
from scraper.extract.names import is_name
from scraper.extract.segments import Segment
from scraper.extract.spans import Label, Ledger, trim
from scraper.extract.ticker import claim_ticker, claim_unsplit, end_of_line, is_ticker
from scraper.layouts import Layout
from scraper.layouts.layout import Match
from scraper.layouts.schema import Evidence
from scraper.layouts.wording import Found
from scraper.models import Document
from scraper.text import squeeze_in_place, visible

Stretch = tuple[Found, Match]

_TICKER_AND_REST: Final = 2

_WORD: Final = re.compile(r"\S+")
_FEWEST_WORDS: Final = 2
"""Words of a writer's name, and of a title that is told by being repeated."""
_MOST_WORDS: Final = 5
_LONGEST_SITE: Final = 40
"""Characters before the title in the page's ``<title>``: the name of the site."""


def is_flattened(document: Document, segments: Sequence[Segment], layout: Layout) -> bool:
    """Tell whether all of a text page stands on one line, or all but its ticker."""
    if any(segment.hit is not None and segment.hit.rule.evidence is not None for segment in segments):
        return False
    return len(segments) - _leading_tickers(document, segments, layout) == 1


def stretches(text: str, layout: Layout, start: int) -> dict[str, Stretch]:
    """Return notice, dateline and footer of a page that stands on one line from ``start``, by label, as far as it has them.

    They follow each other: no two share a character, though a slot of one may hold what reads like another.
    """
    plain, places = squeeze_in_place(text[start:])
    notice = _first(layout.stretches("notice", plain))
    dateline = _first(layout.stretches("dateline", plain, notice[0].end if notice is not None else 0))
    head = dateline or notice
    footer = _last("footer", plain, layout, head[0].end if head is not None else 0)
    found = {"notice": notice, "dateline": dateline, "footer": footer}
    return {label: _placed(stretch, places, start) for label, stretch in found.items() if stretch is not None}


def evidence_on_one_line(text: str, start: int, layout: Layout) -> Iterator[tuple[str, Evidence]]:
    """Yield the rules that speak for the layout on a page that stands on one line.

    A dateline alone may be quoted by any text; with it there must be another sign, or room for a ticker above it.
    """
    found = stretches(text, layout, start)
    has_room = layout.has_ticker and "dateline" in found and found["dateline"][0].start - start > layout.file.ticker.longest
    is_alone = found.keys() == {"dateline"} and not has_room
    for _, hit in found.values():
        if hit.rule.evidence is not None and not is_alone:
            yield hit.rule.id, hit.rule.evidence


def _placed(stretch: Stretch, places: Sequence[int] | None, offset: int) -> Stretch:
    """Return a stretch of the squeezed text as it lies in the text itself, of which that from ``offset`` was squeezed."""
    found, hit = stretch
    start, end = (found.start, found.end) if places is None else (places[found.start], places[found.end - 1] + 1)
    return Found(offset + start, offset + end, found.slots), hit


def label_flattened(ledger: Ledger, document: Document, segments: Sequence[Segment], layout: Layout) -> Iterator[tuple[str, Match]]:
    """Claim all of the page, and yield the wordings that were found, each with its stretch of text."""
    text = document.text
    tickers = _leading_tickers(document, segments, layout)
    for segment in segments[:tickers]:
        claim_ticker(ledger, document, segment.start, segment.end, layout)
    start, end = segments[tickers].start, segments[tickers].end

    found = stretches(text, layout, start)
    for stretch, hit in found.values():
        ledger.claim(stretch.start, stretch.end, hit.rule.label, layout.full(hit.rule.id))
    notice = found["notice"][0] if "notice" in found else None
    dateline = found["dateline"][0] if "dateline" in found else None
    if "footer" in found:
        end = found["footer"][0].start

    if not found:
        if tickers and layout.separator.search(text, *trim(text, start, end)) is None:
            _claim(ledger, text, start, end, "body", BODY)  # one line below a ticker
        else:
            claim_ticker(ledger, document, start, end, layout)
        return
    title = _end_of_ticker(text, start, end, notice or dateline, layout)
    if title > start:
        _claim_opening(ledger, document, start, title, layout)
    if notice is not None:
        title = notice.end
    body = title
    if dateline is not None:
        body = dateline.end
        is_glued = title > start and notice is None and not layout.file.ticker.closed
        _claim_head(ledger, title, dateline.start, layout, is_glued=is_glued)
    _claim(ledger, text, body, end, "body", BODY)
    yield from ((text[stretch.start : stretch.end], hit) for stretch, hit in found.values())


def _claim_head(ledger: Ledger, start: int, end: int, layout: Layout, *, is_glued: bool) -> None:
    """Claim what stands above the dateline: title and writer; or, if the last headline and the title have run together, neither."""
    text = ledger.text
    if is_glued:
        if visible(text[start:end]):
            claim_unsplit(ledger, *trim(text, start, end), layout)
        return
    name = _split_head(text, start, end, layout)
    if name - start <= layout.file.ticker.longest:  # else words of the page's frame stand between ticker and title
        _claim(ledger, text, start, name, "title", TITLE)
    _claim(ledger, text, name, end, "byline", layout.author_rule)


def _end_of_ticker(text: str, start: int, end: int, before: Found | None, layout: Layout) -> int:
    """Return where the ticker ends: at the notice; else behind its last separator; else, if it has lost them, at the dateline.

    A page that gives none of these has a ticker only if it opens with as many slots as betray one.
    """
    if before is not None and "newspaper" not in before.slots and "date" not in before.slots:
        return before.start
    if not layout.has_ticker:
        return start
    separators = list(layout.separator.finditer(text, start, before.start if before is not None else end))
    if separators and (before is not None or len(separators) >= layout.file.ticker.slots):
        return separators[-1].end()
    return before.start if before is not None else start


def _claim_opening(ledger: Ledger, document: Document, start: int, end: int, layout: Layout) -> None:
    text = document.text
    start, stop = trim(text, start, end)
    if not visible(text[start:stop]):
        return
    if layout.separator.search(text, start, stop) is None:
        claim_unsplit(ledger, start, stop, layout)
    else:
        # White space around a stroke or bullet is part of a last separator.
        ends = [match.end() for match in layout.separator.finditer(text, start, end) if visible(match[0])]
        claim_ticker(ledger, document, start, max([stop, *ends]), layout)


def _claim(ledger: Ledger, text: str, start: int, end: int, label: Label, rule: str) -> None:
    start, end = trim(text, start, end)
    if visible(text[start:end]):
        ledger.claim(start, end, label, rule)


def _leading_tickers(document: Document, segments: Sequence[Segment], layout: Layout) -> int:
    """Return 1 if a first line is a ticker and a second all the rest, else 0."""
    if len(segments) != _TICKER_AND_REST:
        return 0
    first, rest = segments
    end = end_of_line(document.text, first.end, rest.start)
    return int(is_ticker(document, first.start, end, layout.file.ticker.slots, layout))


def _first(stretches: Iterator[Stretch]) -> Stretch | None:
    return min(stretches, key=lambda stretch: stretch[0].start, default=None)


def _last(label: str, text: str, layout: Layout, start: int) -> Stretch | None:
    """Return the last such stretch behind ``start``; one further up is a quotation."""
    found = layout.last_stretches(label, text, start)
    return max(found, key=lambda stretch: stretch[0].start, default=None)


def _split_head(text: str, start: int, end: int, layout: Layout) -> int:
    """Return where the writer's name begins behind the title, by what the page has made of its ``<title>``; ``end`` if it names none.

    On one line nothing parts title and name; but many extractors keep the page's ``<title>``, which holds the title alone.
    """
    head = text[start:end]
    words = list(_WORD.finditer(head))
    if not layout.names_authors or len(words) < 2 * _FEWEST_WORDS:
        return end
    before = text[: min(start, len(head) + _LONGEST_SITE)]
    for word in reversed(words[_FEWEST_WORDS:][-_MOST_WORDS:]):
        title, name = head[: word.start()].strip(), head[word.start() :].strip()
        if title in before and head.strip() not in before and is_name(name):
            return start + word.start()
    return end
