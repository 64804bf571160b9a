"""The distinct headlines of a run, with when and how often each was shown. They are stored in SQLite, since they may not fit into memory."""

from collections.abc import Iterator
from hashlib import blake2b
from typing import Final, Self

import msgspec

from scraper.output.database import Database
from scraper.output.dedup import DIGEST, headline_key
from scraper.records import HeadlineHistory, Keys, to_json_line

_BATCH: Final = 1000
"""Lines per batch."""
_TABLE: Final = """
CREATE TABLE headlines (
    number INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, headline TEXT, url TEXT, lang TEXT, site TEXT, slug TEXT,
    first TEXT, last TEXT, pages INTEGER, page TEXT
)
"""
# A new row gets the highest number plus one, and an existing row keeps its number: numbers are in order of first appearance.
_MERGE: Final = """
INSERT INTO headlines (key, headline, url, lang, site, slug, first, last, pages, page) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET
    first = coalesce(min(first, excluded.first), first, excluded.first),
    last = coalesce(max(last, excluded.last), last, excluded.last),
    pages = pages + excluded.pages
"""
_ROWS: Final = "SELECT headline, url, lang, site, slug, first, last, pages, page FROM headlines ORDER BY number"


class HeadlineStore(Database):
    """Merges any number of history lines per headline into one, in a temporary database.

    Args:
        keys: the keys of the merged lines.

    Raises:
        OutputError: if the disk is full.
    """

    def __init__(self, keys: Keys = ()) -> None:
        super().__init__()
        self._keys = keys
        self._decoder = msgspec.json.Decoder(HeadlineHistory)

    def __enter__(self) -> Self:
        super().__enter__()
        self.do(_TABLE)
        return self

    def write(self, lines: bytes) -> None:
        """Add complete lines. The first line of a headline gives all fields of its record but times and pages."""
        self.do_many(_MERGE, map(_row, self._decoder.decode_lines(lines)))

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of all headlines in batches, in the order in which each headline first appeared."""
        for batch in self.batches(_ROWS, _BATCH):
            yield b"".join(to_json_line(_history(*row), self._keys) for row in batch)


def _row(history: HeadlineHistory) -> tuple[bytes | str | int | None, ...]:
    return (
        blake2b(headline_key(history.site, history.url, history.headline).encode(), digest_size=DIGEST).digest(),
        history.headline,
        history.url,
        history.lang,
        history.site,
        history.newspaper_slug,
        history.first_fetched_at,
        history.last_fetched_at,
        history.pages,
        history.first_page_id,
    )


def _history(
    headline: str,
    url: str | None,
    lang: str | None,
    site: str | None,
    slug: str | None,
    first: str | None,
    last: str | None,
    pages: int,
    page: str,
) -> HeadlineHistory:
    return HeadlineHistory(
        headline=headline,
        url=url,
        lang=lang,
        site=site,
        newspaper_slug=slug,
        first_fetched_at=first,
        last_fetched_at=last,
        pages=pages,
        first_page_id=page,
    )
