"""The pieces of a page: its readable text, split into the spans of the rules."""

import re
from collections.abc import Iterator
from typing import Final

from msgspec import UNSET, Struct, UnsetType

from scraper.extract.cleaning import Outcome
from scraper.extract.spans import FATES, Fate, Label
from scraper.records import to_json_line
from scraper.text import escape

_CONTROLS: Final = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Characters that control terminals or text direction, and that JSON does not escape: DEL, C1 controls, directional marks,
embeddings, overrides and isolates. The fields of records have none of them; pieces are the raw text of the page."""


class Piece(Struct, frozen=True, kw_only=True, gc=False):
    """A piece of a page's readable text; a line of ``explain --json`` and of ``clean --spans``."""

    id: str | UnsetType = UNSET
    """The ``id`` of the page's record, in files with the pieces of several pages."""
    start: int
    end: int
    """The position in the readable text, in code points."""
    label: Label
    rule: str
    fate: Fate
    text: str


def pieces_of(outcome: Outcome, *, keyed: bool = False) -> Iterator[Piece]:
    """Yield the pieces of a page in order; their joined texts are its readable text.

    Args:
        outcome: the outcome of the page.
        keyed: whether each piece has the ``id`` of the page's record.
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
    """Return a piece as a line of JSON that is safe to show on a terminal: control characters are escaped."""
    line = to_json_line(piece)
    text = line.decode()
    return line if _CONTROLS.search(text) is None else _CONTROLS.sub(lambda match: escape(match[0]), text).encode()
