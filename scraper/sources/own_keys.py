"""Page records of this program among the inputs: they are no pages."""

from collections.abc import Collection
from typing import Final

import msgspec

from scraper.errors import BadRecord
from scraper.records import PageRecord
from scraper.sources.items import Item, Place

_KEYS: Final = frozenset(PageRecord.__struct_encode_fields__)


def is_own(keys: Collection[str]) -> bool:
    """Return True if these are the keys of a page record."""
    return len(keys) >= len(_KEYS) and set(keys) >= _KEYS


def is_own_line(line: bytes) -> bool:
    """Return True if a line of JSON is a page record."""
    try:
        value = msgspec.json.decode(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and is_own(value)


def refusal(place: Place) -> Item:
    """Return the item of a file of page records: a failure if the user named it; otherwise it is skipped."""
    if not place.is_named:
        return Item(place.input, None, None, False, "own-records")
    return place.failed(BadRecord("it holds records of this program, not pages; `scraper headlines` and `scraper stats` read them"))
