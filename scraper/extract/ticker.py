"""Find the ticker, a line of the day's headlines with separators between them, and claim its headlines."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from typing import Final, NamedTuple

from scraper.extract.spans import Ledger
from scraper.layouts import Layout
from scraper.models import Document, Run
from scraper.text import is_blank, squeeze, visible

_SHORT_HEADLINE: Final = 15
"""The fewest characters of nearly all headlines."""
_LINKED: Final = (re.compile(r"\[(.*\S)\]\((\S*)\)", re.DOTALL), re.compile(r"\[\d{1,4}\](\S.*)()", re.DOTALL))
"""A headline written as a Markdown link, and a headline after the number that lynx gives its link."""
_EMPTY_LINK: Final = re.compile(r"\[\]\(\S*\)")
"""An empty slot written as a Markdown link."""
_GAP: Final = re.compile(r"\s{2}")
_FEW: Final = 5
"""The fewest slots in which one may contain a run of spaces by accident."""


class Slot(NamedTuple):
    """A stretch of a ticker: a headline, or a visible separator."""

    start: int
    end: int
    is_headline: bool


class UsualSlots(NamedTuple):
    """The slots of a ticker whose separators all have the usual form."""

    pieces: Sequence[str]
    """The text of the slots; empty between two adjoining separators."""
    headlines: int
    """The number of those that are not empty."""
    longest: int
    """The length of the longest."""
    is_long: bool
    """Whether most are as long as a headline."""


def split_ticker(text: str, start: int, end: int, layout: Layout) -> Iterator[Slot]:
    """Yield the headlines of ``text[start:end]`` and its visible separators; empty slots are left out."""
    position = start
    for match in layout.separator.finditer(text, start, end):
        yield from _slot(text, position, match.start())
        if not is_blank(match[0]):
            yield Slot(match.start(), match.end(), False)
        position = match.end()
    yield from _slot(text, position, end)


def _usual_slots(document: Document, start: int, end: int, layout: Layout) -> UsualSlots | None:
    """Return the slots of a stretch if all its separators have the usual form; None if any may have another form."""
    text = document.text
    while start < end and text[end - 1].isspace():  # usually the last separator
        end -= 1
    return split_usual(text[start:end], layout.file.ticker.usual)


def split_usual(line: str, separator: str) -> UsualSlots | None:
    """Split a line at the usual separator; return None if it may hold separators of other forms.

    This is much faster than the layout's pattern, which matches all forms. Printable text without double spaces and U+FFFD holds no
    separator, and without spaces at its ends it needs no squeezing to be a headline.
    """
    if not separator or separator not in line:
        return None
    slots = line.split(separator)
    headlines = list(filter(None, slots))
    joined = " ".join(["", *headlines, ""])
    if not joined.isprintable() or "  " in joined or "\ufffd" in joined:
        return None
    lengths = sorted(map(len, headlines))
    return UsualSlots(slots, len(lengths), lengths[-1] if lengths else 0, _are_long(lengths))


def _slot(text: str, start: int, end: int) -> Iterator[Slot]:
    slot = text[start:end]
    if not is_blank(slot):
        # A slot of nothing but damaged characters was part of a separator.
        yield Slot(start, end, "\ufffd" not in slot or not is_blank(slot.replace("\ufffd", "")))


def is_ticker(document: Document, start: int, end: int, slots: int, layout: Layout, usual: UsualSlots | None = None) -> bool:
    """Return True if a stretch has at least ``slots`` headlines, judging by its separators.

    Args:
        document: the page.
        start: the start of the stretch.
        end: the end of the stretch.
        slots: the smallest number of headlines.
        layout: the layout of the page.
        usual: the slots of the stretch, if all its separators have the usual form.
    """
    wanted = slots - 1
    if usual is not None and usual.headlines > wanted:
        return True
    return sum(1 for _ in islice(layout.separator.finditer(document.text, start, end), wanted)) == wanted


def is_plainly_ticker(
    document: Document, start: int, end: int, limit: int, layout: Layout, usual: UsualSlots | None = None
) -> bool:
    """Return True if a line is a ticker regardless of its neighbours: it has many slots, most as long as a headline.

    Of 911 headlines 5 % had fewer than 24 characters; the cells of a table aligned with spaces are shorter.

    Args:
        document: the page.
        start: the start of the line.
        end: the end of its words.
        limit: the start of the next line.
        layout: the layout of the page.
        usual: the slots of the line, if all its separators have the usual form.
    """
    wanted = layout.file.ticker.slots
    if usual is not None and usual.headlines >= wanted:
        return usual.is_long
    end = end_of_line(document.text, end, limit)
    if end - start < wanted // 2 * _SHORT_HEADLINE or not is_ticker(document, start, end, wanted, layout):
        return False
    slots = split_ticker(document.text, start, end, layout)
    return _are_long(sorted(slot.end - slot.start for slot in slots if slot.is_headline))


def _are_long(lengths: Sequence[int]) -> bool:
    """Return True if more than half of some lengths, in ascending order, are lengths of headlines."""
    return bool(lengths) and lengths[(len(lengths) - 1) // 2] >= _SHORT_HEADLINE


def end_of_line(text: str, position: int, limit: int) -> int:
    """Return the end of the white space after ``position`` on the same line, which may hold a last separator."""
    lines = text[position:limit].splitlines()
    return position + len(lines[0]) if lines else position


def is_unsplit(text: str, layout: Layout) -> bool:
    """Return True if ``text`` is longer than any headline and has no separator."""
    if not layout.has_ticker:
        return False
    usual = layout.file.ticker.usual
    if usual and usual in text.strip():
        return False
    return len(squeeze(text)) > layout.file.ticker.longest and layout.separator.search(text.strip()) is None


def claim_ticker(ledger: Ledger, document: Document, start: int, end: int, layout: Layout, usual: UsualSlots | None = None) -> None:
    """Claim the headlines and separators of a ticker, or all of it as unsplit if its separators are lost."""
    rule = layout.full_id(layout.file.ticker.id)
    if document.is_rejoined and "\n" in document.text[start:end]:
        claim_unsplit(ledger, start, end, layout)  # a separator may have been lost where a line was wrapped
        return
    if usual is None:
        usual = _usual_slots(document, start, end, layout)
    if usual is not None and usual.longest > layout.file.ticker.longest:
        usual = None
    has_several = usual is not None and usual.headlines > 1
    if not has_several and is_unsplit(document.text[start:end], layout):
        claim_unsplit(ledger, start, end, layout)
    elif usual is not None:
        ledger.claim_row(start, usual.pieces, layout.file.ticker.usual, "headline", rule)
    else:
        slots = list(split_ticker(document.text, start, end, layout))
        if _has_lost_separators(document.text, slots, layout.file.ticker.longest):
            claim_unsplit(ledger, start, end, layout)
            return
        for slot in slots:
            _claim_slot(ledger, slot, layout, rule)


def _claim_slot(ledger: Ledger, slot: Slot, layout: Layout, rule: str) -> None:
    text = ledger.text
    link = next((match for form in _LINKED if (match := form.fullmatch(text, slot.start, slot.end))), None)
    if link is not None:
        ledger.claim(slot.start, link.start(1), "separator", rule)
        ledger.claim(*link.span(1), "headline", rule, link=link[2] or None)
        if link.end(1) < slot.end:
            ledger.claim(link.end(1), slot.end, "separator", rule)
    elif slot.end - slot.start > layout.file.ticker.longest:
        claim_unsplit(ledger, slot.start, slot.end, layout)
    else:
        is_headline = slot.is_headline and _EMPTY_LINK.fullmatch(text, slot.start, slot.end) is None
        ledger.claim(slot.start, slot.end, "headline" if is_headline else "separator", rule)


def _has_lost_separators(text: str, slots: Sequence[Slot], longest: int) -> bool:
    """Return True if separators are missing: a slot is too long for a headline, or many slots hold runs of spaces.

    The first and the last slot may be too long, since text beside the ticker may have been glued to them.
    """
    if any(slot.end - slot.start > longest for slot in slots[1:-1]):
        return True
    gaps = sum(_GAP.search(text, slot.start, slot.end) is not None for slot in slots)
    return gaps * _FEW > len(slots)


def claim_unsplit(ledger: Ledger, start: int, end: int, layout: Layout) -> None:
    """Claim a ticker that has lost its separators."""
    ledger.claim(start, end, "ticker", layout.full_id(layout.unsplit))


def claim_linked_ticker(ledger: Ledger, document: Document, runs: Sequence[Run], layout: Layout) -> None:
    """Claim a ticker in HTML: each link is a headline, and text outside links is split as in plain text.

    A few characters between links are the remains of a separator, such as ``&n\ufffdsp;``.
    """
    text = document.text
    rule = layout.full_id(layout.file.ticker.id)
    linked = _linked_slots(document, runs, layout)
    if linked is not None:
        ledger.claim_row(runs[0].start, linked[0], layout.file.ticker.usual, "headline", rule, linked[1])
        return
    groups = [(link, list(group)) for link, group in groupby(runs, key=lambda run: run.element.link)]
    has_links = any(link is not None for link, _ in groups)
    for link, group in groups:
        start, end = group[0].start, group[-1].end
        if is_blank(text[start:end]):
            continue
        if link is not None:
            ledger.claim(start, end, "headline", rule, link=link.href)
        elif has_links and visible(text[start:end]) < _SHORT_HEADLINE:
            ledger.claim(start, end, "separator", rule)
        else:
            claim_ticker(ledger, document, start, end, layout)


def _linked_slots(document: Document, runs: Sequence[Run], layout: Layout) -> tuple[Sequence[str], Sequence[str | None]] | None:
    """Return the slots of a ticker and the link of each, if each is a run in a link of its own; otherwise None."""
    text = document.text
    slots = _usual_slots(document, runs[0].start, runs[-1].end, layout)
    if slots is None:
        return None
    links = {run.element.link: text[run.start : run.end] for run in runs}
    if None in links or len(links) < len(runs) or list(links.values()) != list(filter(None, slots.pieces)):
        return None
    hrefs = iter([link.href for link in links if link is not None])
    return slots.pieces, [next(hrefs) if slot else None for slot in slots.pieces]
