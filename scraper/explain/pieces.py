"""The pieces of a page as data: all of its readable text, cut where the rules cut it."""

import re
from collections.abc import Iterator
from typing import Final

from msgspec import UNSET, Struct, UnsetType

from scraper.extract.cleaning import Outcome
from scraper.extract.spans import FATES, Fate, Label
from scraper.records import to_json_line

_ACTING: Final = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""What may act on a terminal that shows it, and what JSON does not escape by itself: DEL, C1 controls, directional marks,
embeddings, overrides and isolates. Fields hold none of them; pieces are the page's text as it is."""


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


def to_line(piece: Piece) -> bytes:
    """Return a piece as a line of JSON that may be shown on a terminal; read as JSON, its text is the page's."""
    line = to_json_line(piece)
    text = line.decode()
    return line if _ACTING.search(text) is None else _ACTING.sub(_escaped, text).encode()


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
