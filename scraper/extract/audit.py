"""The promise, checked on every page: each visible character stands in one field or is counted as removed.

Nothing that was counted or written on the way is trusted. No two claims share a character, and what lies between them no reader
sees; so each visible character was claimed once. What was claimed for a field is held against that field, and the rest is counted
anew: then the sum holds.
"""

from collections.abc import Sequence
from typing import Final

from scraper.errors import Unaccounted
from scraper.extract.spans import REMOVED, Claim, Label, SpanRow, is_row_of
from scraper.records import PageRecord
from scraper.text import is_blank, visible

_JOINTS: Final[dict[str, str]] = {"title": " ", "text": "\n\n", "headlines": "\n", "teasers": "\n"}
"""The fields that hold text of the page, and what stands between two pieces of one."""

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
        Unaccounted: if claims overlap or miss what is visible, or the record does not hold what was claimed.
    """
    position = 0
    between: list[str] = []
    removed: dict[str, list[str]] = {}
    claimed: dict[str, list[str]] = {field: [] for field in _JOINTS}
    for claim in claims:
        if not position <= claim.start < claim.end <= len(text):
            raise _mistake(f"claims overlap at {position}, or leave the text")
        between.append(text[position : claim.start])
        position = claim.end
        if claim.label in REMOVED:
            removed.setdefault(claim.rule, []).append(text[claim.start : position])
        elif claim.label not in _FIELDS:
            raise _mistake(f"what is {claim.label} was claimed")
        elif isinstance(claim, SpanRow):
            if not is_row_of(text, claim):
                raise _mistake(f"what was claimed as a row at {claim.start} is none")
            claimed[_FIELDS[claim.label]] += filter(None, claim.pieces)
        else:
            claimed[_FIELDS[claim.label]].append(text[claim.start : position])
    between.append(text[position:])
    if not is_blank("".join(between)):
        raise _mistake("nobody claimed all of the page")
    if {rule: visible("".join(pieces)) for rule, pieces in removed.items()} != {
        piece.rule: piece.chars for piece in record.removed
    }:
        raise _mistake("the counts of what was removed are wrong")
    for field, joint in _JOINTS.items():
        pieces, values = claimed[field], _told(record, field)
        if pieces == values or (one := joint.join(pieces)) == (other := joint.join(values)):
            continue  # what is the same need not be counted
        if (wanted := visible(one)) != (told := visible(other)):
            raise _mistake(f"its {field} should have {wanted} visible characters, and has {told}")


def _told(record: PageRecord, field: str) -> list[str]:
    """Return what a field holds of the page's text."""
    if field == "headlines":
        return [headline.text for headline in record.headlines]
    if field == "teasers":
        return [piece for teaser in record.teasers for piece in (teaser.title, teaser.author, teaser.newspaper) if piece]
    return list(filter(None, [getattr(record, field)]))


def _mistake(what: str) -> Unaccounted:
    return Unaccounted(
        f"the record does not add up ({what}); it is withheld; this is a mistake of the program, please report the page"
    )
