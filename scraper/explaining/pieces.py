"""The pieces of a page as data: all of its readable text, cut where the rules cut it."""

from collections.abc import Iterator

from msgspec import UNSET, Struct, UnsetType

from scraper.cleaning import Outcome
from scraper.spans import FATES, Fate, Label


class Piece(Struct, frozen=True, kw_only=True, gc=False):
    """A piece of a page's readable text; a line of ``explain --json`` and of ``clean --spans``."""

    id: str | UnsetType = UNSET
    """The ``id`` of the page's record, where pieces of several pages stand in one file."""
    start: int
    end: int
    """Where it lies in the readable text, in characters (code points)."""
    label: Label
    rule: str
    fate: Fate
    text: str


def pieces_of(outcome: Outcome, *, keyed: bool = False) -> Iterator[Piece]:
    """Yield the pieces of a page, in order; their texts, joined, are its readable text.

    Args:
        outcome: what became of the page.
        keyed: whether each piece bears the ``id`` of the page's record.
    """
    page_id = outcome.record.id if keyed else UNSET
    text = outcome.document.text
    for span in outcome.spans:
        yield Piece(
            id=page_id,
            start=span.start,
            end=span.end,
            label=span.label,
            rule=span.rule,
            fate=FATES[span.label],
            text=text[span.start : span.end],
        )
