"""What is kept of the pages and what is removed, in visible characters: the totals of many records."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from msgspec import Struct

from scraper.records import Headline, Removed, Teaser
from scraper.text import visible

TEXT_FIELDS: Final = ("title", "text", "headlines", "teasers")
"""The fields of a record that hold text of the page."""


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
    """What one rule removed."""

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
        """Pages by the rules that removed something; the same for pieces and characters."""
        self.removed_pieces: Counter[str] = Counter()
        self.removed_characters: Counter[str] = Counter()

    def add_characters(self, kept: Mapping[str, int], removed: Sequence[Removed]) -> None:
        """Count those of a page."""
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
        """What each rule removed, most characters first."""
        return [
            RemovedByRule(rule, self.removed_pages[rule], self.removed_pieces[rule], characters)
            for rule, characters in sorted(self.removed_characters.items(), key=lambda item: (-item[1], item[0]))
        ]
