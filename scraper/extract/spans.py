"""Labelled spans of a text, and the ledger that collects them.

A rule *claims* a span of a text under a label. No span can be claimed twice. Unclaimed text becomes ``unlabelled`` at the end, or
``blank`` if none of it is visible, so the spans of a text are a partition of it by construction. Most rules belong to a layout; the
*core rules* apply to every page.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from operator import attrgetter
from typing import Final, Literal

import msgspec

from scraper.errors import ClaimError
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
"""The role of a piece of a page. :data:`FATES` maps each label to the use of the piece."""

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
"""The use of a piece by its label: it becomes a field or part of the body, or it is removed and counted."""

BODY_LABELS: Final = frozenset(label for label, fate in FATES.items() if fate == "body")
REMOVED_LABELS: Final = frozenset(label for label, fate in FATES.items() if fate == "removed")

TITLE_RULE: Final = "core/title"
BODY_RULE: Final = "core/body"
KEPT_RULE: Final = "core/kept"
MARK_RULE: Final = "core/list-mark"
UNTITLED_TEASER_RULE: Final = "core/untitled-teaser"
UNLABELLED_RULE: Final = "core/unlabelled"
BLANK_RULE: Final = "core/blank"

REASONS: Final = {
    TITLE_RULE: "No element marks the title: it is the line above the dateline, or else the first below notice or ticker.",
    BODY_RULE: "Text in the main column, or below title and dateline, that no other rule matches is part of the body.",
    MARK_RULE: "A mark that an extractor put before the item of a list: lynx, w3m, pandoc and html2text do.",
    KEPT_RULE: "No layout fits the page: all of it is kept.",
    UNTITLED_TEASER_RULE: "An author or newspaper in a teaser without a title belongs to no entry.",
    UNLABELLED_RULE: "No rule matches this text, and it stands outside the article.",
    BLANK_RULE: "White space and characters that no reader sees.",
}
"""The reasons of the core rules, by id."""


class Span(msgspec.Struct, frozen=True, gc=False):
    """A stretch ``text[start:end]`` with its label and the rule that claimed it."""

    start: int
    end: int
    label: Label
    rule: str
    link: str | None = None
    """The link on the piece, as written in the page (``href``)."""
    group: int = 0
    """A number above 0 that the pieces of one unit, such as a teaser, share; 0 for a piece on its own."""


class SpanRow(msgspec.Struct, frozen=True, gc=False):
    """Several stretches in a row under one label, with the same blank separator between them.

    A ticker has more pieces than the rest of the page; one row for all costs no more than one span.
    """

    start: int
    end: int
    label: Label
    rule: str
    pieces: Sequence[str]
    """The text of the stretches, as in a field; empty between two adjoining separators."""
    separator: str
    links: Sequence[str | None] = ()
    """The link of each piece; empty if no piece has one."""


Claim = Span | SpanRow

_START: Final = attrgetter("start")


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the bounds of ``text[start:end]`` without leading and trailing white space."""
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
            ClaimError: if the span is empty or outside the text.
        """
        if not 0 <= start < end <= len(self.text):
            raise ClaimError(f"{rule} claims {start}:{end} of a text of {len(self.text)} characters")
        self._claims.append(Span(start, end, label, rule, link, group))

    def claim_row(
        self, start: int, pieces: Sequence[str], separator: str, label: Label, rule: str, links: Sequence[str | None] = ()
    ) -> None:
        """Claim the pieces of a row that begins at ``start``; ``links`` is empty or has one entry for each piece.

        Raises:
            ClaimError: if the text there differs from the row.
        """
        joined = separator.join(pieces)
        if not (separator.isspace() and self.text.startswith(joined, start)):
            raise ClaimError(f"{rule} claims a row at {start} that is none")
        self._claims.append(SpanRow(start, start + len(joined), label, rule, pieces, separator, links))

    def text_of(self, label: Label) -> str | None:
        """Return the text of the first claim with a label; None if there is none."""
        return next((self.text[claim.start : claim.end] for claim in self._claims if claim.label == label), None)

    def settle(self) -> list[Claim]:
        """Return the claims in order, with ``unlabelled`` spans for visible text between them.

        Raises:
            ClaimError: if claims overlap.
        """
        text, claims = self.text, sorted(self._claims, key=_START)
        gaps: list[tuple[int, int]] = []
        position = 0
        for n, claim in enumerate(claims):
            if claim.start < position:
                held = claims[n - 1]
                raise ClaimError(f"{claim.rule} claims {claim.start}:{claim.end}, but {held.rule} holds {held.start}:{held.end}")
            if claim.start > position:
                gaps.append((position, claim.start))
            position = claim.end
        gaps.append((position, len(text)))
        unclaimed = "".join([text[start:end] for start, end in gaps])
        if not unclaimed or is_blank(unclaimed):
            return claims
        unlabelled = [Span(start, end, "unlabelled", UNLABELLED_RULE) for start, end in gaps if not is_blank(text[start:end])]
        return sorted([*claims, *unlabelled], key=_START)


def is_row_of(text: str, row: SpanRow) -> bool:
    """Return True if ``text`` between the start and end of the row is exactly this row, with a blank separator."""
    joined = row.separator.join(row.pieces)
    return len(joined) == row.end - row.start and text.startswith(joined, row.start) and row.separator.isspace()


def _gaps_between(claims: Sequence[Claim], length: int) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each stretch between sorted claims on a text of ``length`` characters."""
    position = 0
    for claim in claims:
        if position < claim.start:
            yield position, claim.start
        position = claim.end
    if position < length:
        yield position, length


def spread(claims: Iterable[Claim]) -> Iterator[Span]:
    """Yield the claims as single spans: each row as one span for each of its pieces that is not empty."""
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
    """Return the spans of a text of ``length`` characters: the claimed pieces, and the blanks between them."""
    spans = list(spread(claims))
    blanks = [Span(start, end, "blank", BLANK_RULE) for start, end in _gaps_between(spans, length)]
    return sorted([*spans, *blanks], key=_START)
