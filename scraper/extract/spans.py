"""Spans and the ledger they are claimed in: arithmetic, with no web in sight.

A rule *claims* a stretch of a text under a label. No stretch can be claimed twice, and what nobody claims becomes ``unlabelled``
at the end, or ``blank`` where no reader sees anything, so that the spans of a text are a partition of it by construction.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise, zip_longest
from operator import attrgetter
from typing import Final, Literal

import msgspec

from scraper.errors import ClaimError
from scraper.extract.core_rules import BLANK, UNLABELLED
from scraper.text import is_blank

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


BODY: Final = frozenset(label for label, fate in FATES.items() if fate == "body")
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


class SpanRow(msgspec.Struct, frozen=True, gc=False):
    """Several stretches that stand in a row under one label, with the same blank between each and the next.

    A ticker has three times as many pieces as all the rest of a page; held together they cost no more than one.
    """

    start: int
    end: int
    label: Label
    rule: str
    pieces: Sequence[str]
    """What stands in the stretches, with nothing in it that a field would not hold; nothing where two separators adjoin."""
    separator: str
    links: Sequence[str | None] = ()
    """Where each piece leads, if any does."""


Claim = Span | SpanRow

_START: Final = attrgetter("start")


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the bounds of ``text[start:end]`` without white space at its ends."""
    if start < end and not text[start].isspace() and not text[end - 1].isspace():
        return start, end
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    return start, max(start, end - len(piece) + len(piece.rstrip()))


class Ledger:
    """The claims on one text, in any order."""

    __slots__ = ("_claims", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._claims: list[Claim] = []

    def claim(self, start: int, end: int, label: Label, rule: str, *, link: str | None = None, group: int = 0) -> None:
        """Claim ``text[start:end]``.

        Raises:
            ClaimError: if the stretch is empty or leaves the text.
        """
        if not 0 <= start < end <= len(self.text):
            raise ClaimError(f"{rule} claims {start}:{end} of a text of {len(self.text)} characters")
        self._claims.append(Span(start, end, label, rule, link, group))

    def claim_row(
        self, start: int, pieces: Sequence[str], separator: str, label: Label, rule: str, links: Sequence[str | None] = ()
    ) -> None:
        """Claim the pieces of a row that begins at ``start``; ``links`` are none, or one for each.

        Raises:
            ClaimError: if the text there is no such row.
        """
        row = SpanRow(start, start + len(separator.join(pieces)), label, rule, pieces, separator, links)
        if not is_row_of(self.text, row):
            raise ClaimError(f"{rule} claims a row at {start} that is none")
        self._claims.append(row)

    def text_of(self, label: Label) -> str | None:
        """Return the text of the first claim with a label; None if there is none."""
        return next((self.text[claim.start : claim.end] for claim in self._claims if claim.label == label), None)

    def settle(self) -> list[Claim]:
        """Return the claims and, between them, what nobody claimed and a reader can see, in order.

        Raises:
            ClaimError: if some stretch was claimed twice, in whole or in part.
        """
        text, claims = self.text, sorted(self._claims, key=_START)
        for one, other in pairwise(claims):
            if other.start < one.end:
                raise ClaimError(f"{other.rule} claims {other.start}:{other.end}, but {one.rule} holds {one.start}:{one.end}")
        gaps = list(gaps_between(claims, len(text)))
        between = "".join([text[start:end] for start, end in gaps])
        if not between or is_blank(between):
            return claims
        unlabelled = [Span(start, end, "unlabelled", UNLABELLED) for start, end in gaps if not is_blank(text[start:end])]
        return sorted([*claims, *unlabelled], key=_START)


def is_row_of(text: str, row: SpanRow) -> bool:
    """Tell whether a row is what stands in ``text`` from its start to its end, with nothing visible between its pieces."""
    joined = row.separator.join(row.pieces)
    return len(joined) == row.end - row.start and text.startswith(joined, row.start) and row.separator.isspace()


def gaps_between(claims: Sequence[Claim], length: int) -> Iterator[tuple[int, int]]:
    """Yield what sorted claims leave of a text of so many characters."""
    position = 0
    for claim in claims:
        if position < claim.start:
            yield position, claim.start
        position = claim.end
    if position < length:
        yield position, length


def spread(claims: Iterable[Claim]) -> Iterator[Span]:
    """Yield a span for each piece of what was claimed."""
    for claim in claims:
        if isinstance(claim, Span):
            yield claim
            continue
        position = claim.start
        for piece, link in zip_longest(claim.pieces, claim.links):
            if piece:
                yield Span(position, position + len(piece), claim.label, claim.rule, link)
            position += len(piece) + len(claim.separator)


def partition(claims: Sequence[Claim], length: int) -> list[Span]:
    """Return the spans of all of a text of so many characters: the pieces of what was claimed, and the blanks between them."""
    spans = list(spread(claims))
    blanks = [Span(start, end, "blank", BLANK) for start, end in gaps_between(spans, length)]
    return sorted([*spans, *blanks], key=_START)
