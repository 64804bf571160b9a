"""Spans and the ledger they are claimed in: arithmetic, with no web in sight.

A rule *claims* a stretch of a text under a label. No stretch can be claimed twice, and what nobody claims becomes ``blank``
or ``unlabelled`` at the end, so that the spans of a text are a partition of it by construction.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from scraper.characters import is_blank
from scraper.core import BLANK, UNLABELLED
from scraper.errors import ClaimError

Label = Literal[
    "ticker",
    "headline",
    "separator",
    "notice",
    "title",
    "dateline",
    "byline",
    "body",
    "heading",
    "footer",
    "chrome",
    "teaser-title",
    "teaser-author",
    "teaser-newspaper",
    "teaser-subtitle",
    "blank",
    "unlabelled",
]
"""What a piece of a page is. What becomes of it is another question: see :data:`FATES`."""

Fate = Literal["field", "body", "removed", "blank"]

FATES: Final[dict[Label, Fate]] = {
    "ticker": "removed",
    "headline": "field",
    "separator": "removed",
    "notice": "removed",
    "title": "field",
    "dateline": "removed",
    "byline": "removed",
    "body": "body",
    "heading": "body",
    "footer": "removed",
    "chrome": "removed",
    "teaser-title": "field",
    "teaser-author": "field",
    "teaser-newspaper": "field",
    "teaser-subtitle": "removed",
    "blank": "blank",
    "unlabelled": "removed",
}
"""What becomes of a piece, by its label. What is removed is counted."""


BODY: Final = tuple(label for label, fate in FATES.items() if fate == "body")
REMOVED: Final = frozenset(label for label, fate in FATES.items() if fate == "removed")


class Span(msgspec.Struct, frozen=True, gc=False):
    """A stretch ``text[start:end]`` and what it was taken for."""

    start: int
    end: int
    label: Label
    rule: str
    link: str | None = None
    """Where the piece leads, as the page wrote it (``href``)."""
    group: int = 0
    """Pieces of one thing, such as one teaser, share a number above 0."""


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the bounds of ``text[start:end]`` without white space at its ends."""
    if start < end and not text[start].isspace() and not text[end - 1].isspace():
        return start, end
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    return start, max(start, end - len(piece) + len(piece.rstrip()))


class Ledger:
    """The claims on one text, kept sorted by position."""

    __slots__ = ("_spans", "_starts", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._spans: list[Span] = []
        self._starts: list[int] = []

    def claim(self, start: int, end: int, label: Label, rule: str, *, link: str | None = None, group: int = 0) -> None:
        """Claim ``text[start:end]``.

        Raises:
            ClaimError: if the stretch is empty, leaves the text, or is claimed already, in whole or in part.
        """
        if not 0 <= start < end <= len(self._text):
            raise ClaimError(f"{rule} claims {start}:{end} of a text of {len(self._text)} characters")
        if not self._spans or self._spans[-1].end <= start:
            self._starts.append(start)
            self._spans.append(Span(start, end, label, rule, link, group))
            return
        at = bisect_right(self._starts, start)
        before = self._spans[at - 1] if at else None
        after = self._spans[at] if at < len(self._spans) else None
        for other in (before, after):
            if other is not None and other.start < end and start < other.end:
                raise ClaimError(f"{rule} claims {start}:{end}, but {other.rule} holds {other.start}:{other.end}")
        self._starts.insert(at, start)
        self._spans.insert(at, Span(start, end, label, rule, link, group))

    def claim_all(self, offset: int, bounds: Sequence[tuple[int, int]], label: Label, rule: str) -> None:
        """Claim stretches under one label; their bounds, in order, are counted from ``offset``.

        Raises:
            ClaimError: as :meth:`claim` does.
        """
        if self._spans and bounds and self._spans[-1].end > offset + bounds[0][0]:
            for start, end in bounds:
                self.claim(offset + start, offset + end, label, rule)
            return
        spans = [Span(offset + start, offset + end, label, rule) for start, end in bounds]
        position = 0
        for span in spans:
            if not position <= span.start < span.end <= len(self._text):
                raise ClaimError(
                    f"{rule} claims {span.start}:{span.end} behind {position} of a text of {len(self._text)} characters"
                )
            position = span.end
        self._starts += [span.start for span in spans]
        self._spans += spans

    def partition(self) -> list[Span]:
        """Return the claims and, between them, what nobody claimed: the spans of the whole text, in order."""
        spans: list[Span] = []
        position = 0
        for span in self._spans:
            if position < span.start:
                spans.append(self._unclaimed(position, span.start))
            spans.append(span)
            position = span.end
        if position < len(self._text):
            spans.append(self._unclaimed(position, len(self._text)))
        return spans

    def _unclaimed(self, start: int, end: int) -> Span:
        gap = self._text[start:end]
        if gap.isspace() or is_blank(gap):
            return Span(start, end, "blank", BLANK)
        return Span(start, end, "unlabelled", UNLABELLED)
