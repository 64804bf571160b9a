"""The promise, checked on every page: each visible character stands in one field or is counted as removed.

Nothing that was counted on the way is trusted: spans and fields are added up anew from the text and from the record.
"""

from collections.abc import Sequence

from scraper.characters import visible
from scraper.errors import Unaccounted
from scraper.records import PageRecord
from scraper.spans import REMOVED, Span


def audit(text: str, spans: Sequence[Span], record: PageRecord) -> None:
    """Check a record against the readable text of its page.

    Raises:
        Unaccounted: if the spans are no partition of the text, or the record does not add up to it.
    """
    position = 0
    taken: dict[str, list[str]] = {}
    for span in spans:
        if span.start != position or span.end <= span.start:
            raise _mistake(f"the spans are no partition at {position}")
        position = span.end
        if span.label in REMOVED:
            taken.setdefault(span.rule, []).append(text[span.start : span.end])
    if position != len(text):
        raise _mistake(f"the spans end at {position} of {len(text)} characters")
    removed = {rule: visible("".join(pieces)) for rule, pieces in taken.items()}
    if removed != {piece.rule: piece.chars for piece in record.removed}:
        raise _mistake("the counts of what was removed are wrong")
    readable, told = visible(text), in_fields(record) + sum(removed.values())
    if readable != told:
        raise _mistake(f"the page has {readable} visible characters, the record accounts for {told}")


def in_fields(record: PageRecord) -> int:
    """Return the number of visible characters in those fields of a record that hold text of the page."""
    pieces = [record.title or "", record.text, *[headline.text for headline in record.headlines]]
    for teaser in record.teasers:
        pieces += [teaser.title, teaser.author or "", teaser.newspaper or ""]
    return visible("".join(pieces))


def _mistake(what: str) -> Unaccounted:
    return Unaccounted(
        f"the record does not add up ({what}); it is withheld; this is a mistake of the program, please report the page"
    )
