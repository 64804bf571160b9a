"""Check on every page that each visible character stands in one field or is counted as removed.

The audit trusts no earlier count. It checks that claims don't overlap and that the text between them is blank, so each visible
character is claimed once. Then it compares the text claimed for each field with that field, and counts the removed text again.
"""

from collections.abc import Sequence
from typing import Final

from scraper.characters import texts_of
from scraper.errors import Unaccounted
from scraper.extract.spans import REMOVED_LABELS, Claim, Label, SpanRow, is_row_of
from scraper.records import PageRecord
from scraper.text import is_blank, visible

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
