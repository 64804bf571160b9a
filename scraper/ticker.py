"""The run-on line: the day's headlines one after another, with nothing but a separator between."""

from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from typing import NamedTuple

from scraper.characters import squeeze, visible
from scraper.layouts import Layout
from scraper.pages import Run
from scraper.spans import Ledger


class Slot(NamedTuple):
    """A stretch of a ticker: a headline, or a separator that a reader can see."""

    start: int
    end: int
    is_headline: bool


def split_ticker(text: str, start: int, end: int, layout: Layout) -> Iterator[Slot]:
    """Yield the headlines of ``text[start:end]`` and those separators that are not white space; empty slots are left out."""
    position = start
    for match in layout.separator.finditer(text, start, end):
        if visible(text[position : match.start()]):
            yield Slot(position, match.start(), True)
        if visible(match[0]):
            yield Slot(match.start(), match.end(), False)
        position = match.end()
    if visible(text[position:end]):
        yield Slot(position, end, True)


def is_ticker(text: str, start: int, end: int, slots: int, layout: Layout) -> bool:
    """Tell whether ``text[start:end]`` holds ``slots`` headlines or more, counting by their separators."""
    wanted = slots - 1
    return sum(1 for _ in islice(layout.separator.finditer(text, start, end), wanted)) == wanted


def end_of_line(text: str, position: int, limit: int) -> int:
    """Return where the white space ends that follows on the same line: a last separator may be part of it, a blank line is none."""
    rest = text[position:limit].splitlines()
    return position + len(rest[0]) if rest else position


def is_unsplit(text: str, layout: Layout) -> bool:
    """Tell whether ``text`` is longer than any headline and yet holds no separator."""
    return len(squeeze(text)) > layout.file.ticker.longest and layout.separator.search(text.strip()) is None


def claim_ticker(ledger: Ledger, text: str, start: int, end: int, layout: Layout) -> None:
    """Claim ``text[start:end]`` as a ticker, or, where its separators are lost, as one that cannot be split."""
    if is_unsplit(text[start:end], layout):
        claim_unsplit(ledger, start, end, layout)
        return
    rule = layout.full(layout.file.ticker.id)
    for slot in split_ticker(text, start, end, layout):
        ledger.claim(slot.start, slot.end, "headline" if slot.is_headline else "separator", rule)


def claim_unsplit(ledger: Ledger, start: int, end: int, layout: Layout) -> None:
    """Claim a ticker that has lost its separators."""
    ledger.claim(start, end, "ticker", layout.full(layout.unsplit))


def claim_linked_ticker(ledger: Ledger, text: str, runs: Sequence[Run], layout: Layout) -> None:
    """Claim a ticker in markup: each link is a headline, and text outside links is split as in a text."""
    rule = layout.full(layout.file.ticker.id)
    for link, group in groupby(runs, key=lambda run: run.element.link):
        part = list(group)
        start, end = part[0].start, part[-1].end
        if text[start:end].isspace():
            continue
        if link is None:
            claim_ticker(ledger, text, start, end, layout)
        elif visible(text[start:end]):
            ledger.claim(start, end, "headline", rule, link=link.href)
