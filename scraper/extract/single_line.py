"""Label a text page that a dump has put on one line, by its words alone."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from scraper.extract.converted_text import is_name
from scraper.extract.segments import Segment
from scraper.extract.spans import BODY_RULE, TITLE_RULE, Label, Ledger, trim
from scraper.extract.ticker import claim_ticker, claim_unsplit, end_of_line, is_ticker
from scraper.layouts import Layout
from scraper.layouts.layout import Match
from scraper.layouts.schema import Evidence
from scraper.layouts.wording import Found
from scraper.models import Document
from scraper.text import squeeze_in_place, visible

_Stretch = tuple[Found, Match]

_TICKER_AND_PAGE: Final = 2
"""The number of lines of a page that has its ticker on one line, and everything else on another."""

_WORD: Final = re.compile(r"\S+")
_FEWEST_WORDS: Final = 2
"""The fewest words of a writer's name, and of a title that is recognised by its repetition."""
_MOST_WORDS: Final = 5
"""The most words of a writer's name."""
_OPENING_QUOTES: Final = frozenset('"“„«')
_CLOSING_QUOTES: Final = frozenset('"”“»')
_LONGEST_SITE: Final = 40
"""The most characters of the site's name, which precedes the title in the page's ``<title>``."""


def is_flattened(document: Document, segments: Sequence[Segment], layout: Layout) -> bool:
    """Return True if all of a text page, or all but its ticker, stands on one line."""
    if len(segments) > _TICKER_AND_PAGE or any(
        segment.hit is not None and segment.hit.rule.evidence is not None for segment in segments
    ):
        return False
    return len(segments) - _leading_tickers(document, segments, layout) == 1


def _find_wordings(text: str, layout: Layout, start: int) -> dict[str, _Stretch]:
    """Return the notice, dateline and footer of a page on one line from ``start``, by label.

    They come in this order and never overlap, though a slot of one may contain text that reads like another.
    """
    plain, places = squeeze_in_place(text[start:])
    notice = _first(layout.find_wordings("notice", plain))
    dateline = _first(layout.find_wordings("dateline", plain, notice[0].end if notice is not None else 0))
    head = dateline or notice
    footer = _last_footer(plain, layout, head[0].end if head is not None else 0)
    found = {"notice": notice, "dateline": dateline, "footer": footer}
    return {label: _placed(stretch, places, start) for label, stretch in found.items() if stretch is not None}


def evidence_on_one_line(text: str, start: int, layout: Layout) -> Iterator[tuple[str, Evidence]]:
    """Yield the evidence for the layout on a page that stands on one line.

    Any text may quote a dateline, so there must be another sign with it, or room for a ticker before it.
    """
    found = _find_wordings(text, layout, start)
    has_room = layout.has_ticker and "dateline" in found and found["dateline"][0].start - start > layout.file.ticker.longest
    is_alone = found.keys() == {"dateline"} and not has_room
    for _, hit in found.values():
        if hit.rule.evidence is not None and not is_alone:
            yield hit.rule.id, hit.rule.evidence


def _placed(stretch: _Stretch, places: Sequence[int] | None, offset: int) -> _Stretch:
    """Map a stretch of the squeezed text to the original text, which was squeezed from ``offset`` on."""
    found, hit = stretch
    start, end = (found.start, found.end) if places is None else (places[found.start], places[found.end - 1] + 1)
    return Found(offset + start, offset + end, found.slots), hit


def label_flattened(ledger: Ledger, document: Document, segments: Sequence[Segment], layout: Layout) -> Iterator[tuple[str, Match]]:
    """Claim all of the page, and yield the wordings found, each with its text."""
    text = document.text
    tickers = _leading_tickers(document, segments, layout)
    for segment in segments[:tickers]:
        claim_ticker(ledger, document, segment.start, segment.end, layout)
    start, end = segments[tickers].start, segments[tickers].end

    found = _find_wordings(text, layout, start)
    for stretch, hit in found.values():
        ledger.claim(stretch.start, stretch.end, hit.rule.label, layout.full_id(hit.rule.id))
    notice = found["notice"][0] if "notice" in found else None
    dateline = found["dateline"][0] if "dateline" in found else None
    if "footer" in found:
        end = found["footer"][0].start

    if not found:
        if tickers and layout.separator.search(text, *trim(text, start, end)) is None:
            _claim(ledger, text, start, end, "body", BODY_RULE)  # one line below a ticker
        else:
            claim_ticker(ledger, document, start, end, layout)
        return
    title_start = _end_of_ticker(text, start, end, notice or dateline, layout)
    if title_start > start:
        _claim_opening(ledger, document, start, title_start, layout)
    if notice is not None:
        title_start = notice.end
    body_start = title_start
    if dateline is not None:
        body_start = dateline.end
        is_glued = title_start > start and notice is None and not layout.file.ticker.closed
        _claim_head(ledger, title_start, dateline.start, layout, is_glued=is_glued)
    _claim(ledger, text, body_start, end, "body", BODY_RULE)
    yield from ((text[stretch.start : stretch.end], hit) for stretch, hit in found.values())


def _claim_head(ledger: Ledger, start: int, end: int, layout: Layout, *, is_glued: bool) -> None:
    """Claim title and writer, which precede the dateline; claim neither if the title is glued to the last headline."""
    text = ledger.text
    if is_glued:
        if visible(text[start:end]):
            claim_unsplit(ledger, *trim(text, start, end), layout)
        return
    name_start = _start_of_name(text, start, end, layout)
    if name_start - start <= layout.file.ticker.longest:  # otherwise words of the page's frame are between ticker and title
        _claim(ledger, text, start, name_start, "title", TITLE_RULE)
    _claim(ledger, text, name_start, end, "byline", layout.author_rule)


def _end_of_ticker(text: str, start: int, end: int, head: Found | None, layout: Layout) -> int:
    """Return the end of the ticker.

    It ends at the notice; without one, after its last separator; or at the dateline if its separators are lost. Without notice and
    dateline, the page has a ticker only if it has enough separators.

    Args:
        text: the text of the document.
        start: the start of the page.
        end: the end of the page.
        head: the notice, or the dateline if there is no notice.
        layout: the layout of the page.
    """
    if head is not None and "newspaper" not in head.slots and "date" not in head.slots:
        return head.start
    if not layout.has_ticker:
        return start
    separators = list(layout.separator.finditer(text, start, head.start if head is not None else end))
    if separators and (head is not None or len(separators) >= layout.file.ticker.slots):
        return separators[-1].end()
    return head.start if head is not None else start


def _claim_opening(ledger: Ledger, document: Document, start: int, end: int, layout: Layout) -> None:
    """Claim the ticker with which the page begins."""
    text = document.text
    start, stop = trim(text, start, end)
    if not visible(text[start:stop]):
        return
    if layout.separator.search(text, start, stop) is None:
        claim_unsplit(ledger, start, stop, layout)
    else:
        # A last separator with a visible character, such as a bullet, includes the white space after it.
        ends = [match.end() for match in layout.separator.finditer(text, start, end) if visible(match[0])]
        claim_ticker(ledger, document, start, max([stop, *ends]), layout)


def _claim(ledger: Ledger, text: str, start: int, end: int, label: Label, rule: str) -> None:
    start, end = trim(text, start, end)
    if visible(text[start:end]):
        ledger.claim(start, end, label, rule)


def _leading_tickers(document: Document, segments: Sequence[Segment], layout: Layout) -> int:
    """Return 1 if the page is a ticker and one other line, else 0."""
    if len(segments) != _TICKER_AND_PAGE:
        return 0
    first, second = segments
    end = end_of_line(document.text, first.end, second.start)
    return int(is_ticker(document, first.start, end, layout.file.ticker.slots, layout))


def _first(stretches: Iterator[_Stretch]) -> _Stretch | None:
    return min(stretches, key=lambda stretch: stretch[0].start, default=None)


def _last_footer(text: str, layout: Layout, start: int) -> _Stretch | None:
    """Return the last footer after ``start``; earlier ones are quotations, and so is one in quotation marks."""
    found = layout.find_last_wordings("footer", text, start)
    last = max(found, key=lambda stretch: stretch[0].start, default=None)
    return None if last is None or _is_quoted(text, last[0]) else last


def _is_quoted(text: str, found: Found) -> bool:
    return text[: found.start].rstrip()[-1:] in _OPENING_QUOTES and text[found.end :].lstrip()[:1] in _CLOSING_QUOTES


def _start_of_name(text: str, start: int, end: int, layout: Layout) -> int:
    """Return the start of the writer's name after the title; ``end`` if no name is found.

    On one line nothing separates title and name, but many extractors keep the page's ``<title>``, which has the title alone.
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
