"""Collect the headlines of many pages, each once: pages of one day show nearly the same ones.

Each process collects those of its pages, and the store merges what they have collected.
"""

from collections.abc import Iterator, Sequence
from typing import Final, Self

import msgspec

from scraper.extract.cleaning import Outcome
from scraper.output.database import Database
from scraper.output.dedup import digest_of, headline_key
from scraper.records import HeadlineHistory, Keys, to_json_line

_MOST: Final = 1 << 14
"""Headlines held in memory: the tickers of hundreds of pages, even if no two pages share one."""
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


class _Shown(msgspec.Struct):
    """A headline, and the pages that show it."""

    history: HeadlineHistory
    """As the first of them has it."""
    first: str | None = None
    last: str | None = None
    pages: int = 0
    number: int = 0
    """The number of the last of them."""


class HeadlineCollector:
    """Makes lines of the headlines of many pages: none for most pages, then lines for many at once.

    A line is the history of a headline since the last lines; the lines of one headline are merged later.
    """

    def __init__(self) -> None:
        self._shown: dict[str, _Shown] = {}
        """By their keys, in the order of their first appearance."""
        self._as_written: dict[tuple[str | None, str | None, str], _Shown] = {}
        """The same by what the page shows, which needs no key."""
        self._number = 0

    def __call__(self, outcome: Outcome) -> Sequence[bytes]:
        """Add the headlines of a page, and return lines if memory holds too many."""
        record = outcome.record
        site, time = record.site, record.fetched_at
        self._number = number = self._number + 1
        for headline in record.headlines:
            written = (site, headline.url, headline.text)
            shown = self._as_written.get(written)
            if shown is None:
                shown = self._as_written[written] = self._find(outcome, headline.text, headline.url)
            if shown.number == number:  # shown twice on this page
                continue
            shown.number = number
            shown.pages += 1
            if time is not None:
                shown.first = time if shown.first is None else min(shown.first, time)
                shown.last = time if shown.last is None else max(shown.last, time)
        return [self.flush()] if len(self._as_written) > _MOST else ()

    def _find(self, outcome: Outcome, text: str, url: str | None) -> _Shown:
        record, layout = outcome.record, outcome.layout
        key = headline_key(record.site, url, text)
        if key not in self._shown:
            address = layout.address(url) if layout is not None and url is not None else {}
            self._shown[key] = _Shown(
                HeadlineHistory(
                    headline=text,
                    url=url,
                    lang=record.lang,
                    site=record.site,
                    newspaper_slug=address.get("newspaper_slug"),
                    first_fetched_at=None,
                    last_fetched_at=None,
                    pages=1,
                    first_page_id=record.id,
                )
            )
        return self._shown[key]

    def flush(self) -> bytes:
        """Return lines for the headlines since the last lines."""
        lines = b"".join(map(_line, self._shown.values()))
        self._shown.clear()
        self._as_written.clear()
        return lines


def _line(shown: _Shown) -> bytes:
    history = msgspec.structs.replace(shown.history, first_fetched_at=shown.first, last_fetched_at=shown.last, pages=shown.pages)
    return to_json_line(history)


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
        self.execute(_TABLE)
        return self

    def write(self, lines: bytes) -> None:
        """Add complete lines. The first line of a headline gives all fields of its record but times and pages."""
        self.execute_many(_MERGE, map(_row, self._decoder.decode_lines(lines)))

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of all headlines in batches, in the order in which each headline first appeared."""
        for batch in self.batches(_ROWS, _BATCH):
            yield b"".join(to_json_line(_history(*row), self._keys) for row in batch)


def _row(history: HeadlineHistory) -> tuple[bytes | str | int | None, ...]:
    return (
        digest_of(headline_key(history.site, history.url, history.headline)),
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
