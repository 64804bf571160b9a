"""Account for the visible characters of pages: each stands in one field of the record or is counted as removed.

The audit checks this on every page. It trusts no earlier count: it checks that claims do not overlap and that the text between them
is blank, so that each visible character is claimed once. Then it compares the text claimed for each field with that field, and
counts the removed text again. The totals of many pages are added up from their records.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from msgspec import Struct

from scraper.errors import Unaccounted
from scraper.extract.spans import REMOVED_LABELS, Claim, Label, SpanRow, is_row_of
from scraper.records import Headline, PageRecord, Removed, Teaser
from scraper.text import is_blank, visible

TEXT_FIELDS: Final = ("title", "text", "headlines", "teasers")
"""The fields of a record that hold text of the page."""
_JOINTS: Final[dict[str, str]] = {"title": " ", "text": "\n\n", "headlines": "\n", "teasers": "\n"}
"""The fields that hold text of the page, and the joint between two pieces of a field."""

_FIELDS: Final[dict[Label, str]] = {
    "title": "title",
    "body": "text",
    "heading": "text",
    "headline": "headlines",
    "teaser-title": "teasers",
    "teaser-author": "teasers",
    "teaser-newspaper": "teasers",
}


def audit(text: str, claims: Sequence[Claim], record: PageRecord) -> None:
    """Check a record against the readable text of its page.

    Raises:
        Unaccounted: if claims overlap or miss visible text, or if the record differs from the claims.
    """
    position = 0
    gaps: list[str] = []
    removed: dict[str, list[str]] = {}
    claimed: dict[str, list[str]] = {field: [] for field in _JOINTS}
    for claim in claims:
        if not position <= claim.start < claim.end <= len(text):
            raise _unaccounted(f"claims overlap at {position} or leave the text")
        gaps.append(text[position : claim.start])
        position = claim.end
        if claim.label in REMOVED_LABELS:
            removed.setdefault(claim.rule, []).append(text[claim.start : position])
        elif claim.label not in _FIELDS:
            raise _unaccounted(f"a claim at {claim.start} has the label {claim.label}")
        elif isinstance(claim, SpanRow):
            if not is_row_of(text, claim):
                raise _unaccounted(f"the row claimed at {claim.start} differs from the text")
            claimed[_FIELDS[claim.label]] += filter(None, claim.pieces)
        else:
            claimed[_FIELDS[claim.label]].append(text[claim.start : position])
    gaps.append(text[position:])
    if not is_blank("".join(gaps)):
        raise _unaccounted("visible text is not claimed")
    if {rule: visible("".join(pieces)) for rule, pieces in removed.items()} != {
        piece.rule: piece.chars for piece in record.removed
    }:
        raise _unaccounted("the counts of removed text are wrong")
    for field, joint in _JOINTS.items():
        pieces, values = claimed[field], texts_of(record, field)
        if pieces == values or (one := joint.join(pieces)) == (other := joint.join(values)):
            continue  # equal texts need no counting
        if (wanted := visible(one)) != (found := visible(other)):
            raise _unaccounted(f"its {field} should have {wanted} visible characters, and has {found}")


def _unaccounted(fault: str) -> Unaccounted:
    return Unaccounted(f"the record does not add up ({fault}) and is withheld; this is a bug, please report the page")


class Texts(Protocol):
    """A record, or the part of it that holds text of the page."""

    @property
    def title(self) -> str | None:
        """The title."""

    @property
    def text(self) -> str:
        """The body."""

    @property
    def headlines(self) -> Sequence[Headline]:
        """The ticker."""

    @property
    def teasers(self) -> Sequence[Teaser]:
        """The entries of a listing."""


def texts_of(record: Texts, field: str) -> list[str]:
    """Return the pieces of the page's text in a field."""
    if field == "headlines":
        return [headline.text for headline in record.headlines]
    if field == "teasers":
        return [piece for teaser in record.teasers for piece in (teaser.title, teaser.author, teaser.newspaper) if piece]
    return list(filter(None, [getattr(record, field)]))


def kept_in(record: Texts, count: Callable[[str], int] = visible) -> dict[str, int]:
    """Return the number of visible characters in each field that has any.

    Args:
        record: the record.
        count: counts those of a text.
    """
    counts = {field: count("".join(texts)) for field in TEXT_FIELDS if (texts := texts_of(record, field))}
    return {field: count for field, count in counts.items() if count}


class RemovedByRule(Struct, frozen=True):
    """The pages, pieces and characters that one rule removed."""

    rule: str
    pages: int
    pieces: int
    characters: int


class CharacterCounts:
    """Visible characters kept and removed. They add up to all that the pages show."""

    def __init__(self) -> None:
        self.kept: Counter[str] = Counter()
        """Characters by field."""
        self.removed_pages: Counter[str] = Counter()
        """Pages by the rules that removed text from them; pieces and characters likewise."""
        self.removed_pieces: Counter[str] = Counter()
        self.removed_characters: Counter[str] = Counter()

    def add_characters(self, kept: Mapping[str, int], removed: Sequence[Removed]) -> None:
        """Count the characters of a page."""
        if kept:
            self.kept.update(kept)
        for piece in removed:
            self.removed_pages[piece.rule] += 1
            self.removed_pieces[piece.rule] += piece.count
            self.removed_characters[piece.rule] += piece.chars

    @property
    def kept_by_field(self) -> dict[str, int]:
        """The characters kept in each field, in the order of the record."""
        return {field: self.kept[field] for field in TEXT_FIELDS if self.kept[field]}

    @property
    def removed_by_rule(self) -> list[RemovedByRule]:
        """The counts of each rule, most characters first."""
        return [
            RemovedByRule(rule, self.removed_pages[rule], self.removed_pieces[rule], characters)
            for rule, characters in sorted(self.removed_characters.items(), key=lambda item: (-item[1], item[0]))
        ]
