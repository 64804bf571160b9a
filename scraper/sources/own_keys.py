"""What this program has written among the inputs: records, headlines, failures and spans are no pages."""

from collections.abc import Collection
from typing import Final

import msgspec

from scraper.errors import BadRecord
from scraper.records import FailureRecord, HeadlineHistory, HeadlineRecord, PageRecord
from scraper.sources.items import Item, Place

_WRITTEN: Final = (
    (PageRecord.__struct_encode_fields__, "records of this program, not pages; `scraper headlines` and `scraper stats` read them"),
    (
        HeadlineRecord.__struct_encode_fields__,
        "headlines of this program, not pages; `scraper fetch --from-list` reads their articles",
    ),
    (HeadlineHistory.__struct_encode_fields__, "headlines of this program, not pages; name the pages themselves"),
    (FailureRecord.__struct_encode_fields__, "failures of an earlier run, not pages; --from-list reads them"),
    (
        ("start", "end", "label", "rule", "fate", "text"),
        "pieces of pages that this program has labelled; name the pages themselves",
    ),
)
"""The keys of each kind of line, and what it is."""


def own_kind(keys: Collection[str]) -> str | None:
    """Return what lines with these keys are, if this program has written them."""
    found = set(keys)
    return next((what for names, what in _WRITTEN if found.issuperset(names)), None)


def own_kind_of_line(line: bytes) -> str | None:
    """Return what a line of JSON is, if this program has written it."""
    try:
        value = msgspec.json.decode(line)
    except (ValueError, RecursionError):
        return None
    return own_kind(value) if isinstance(value, dict) else None


def refusal(place: Place, what: str) -> Item:
    """Return the item of a file that this program has written: a failure if the user named it; otherwise it is skipped."""
    if not place.is_named:
        return Item(place.input, None, None, False, "own-records")
    return place.failed(BadRecord(f"it holds {what}"))
