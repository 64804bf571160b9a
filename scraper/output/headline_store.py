"""The headlines of a whole run, each once, with when and how often it was shown: more than memory holds, in an SQLite file."""

from collections.abc import Iterator
from contextlib import suppress
from hashlib import blake2b
from sqlite3 import Error
from typing import Final, Self

import msgspec

from scraper.output.database import connect, explained
from scraper.output.digests import DIGEST, headline_key
from scraper.records import HeadlineHistory, Keys, to_json_line

_MANY: Final = 1000
"""Lines that are written at once."""
_TABLE: Final = """
CREATE TABLE headlines (
    number INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, headline TEXT, url TEXT, lang TEXT, site TEXT, slug TEXT,
    first TEXT, last TEXT, pages INTEGER, page TEXT
)
"""
# A number is one more than the highest so far, and a row that is there already keeps its own: they tell the order of appearance.
_MERGE: Final = """
INSERT INTO headlines (key, headline, url, lang, site, slug, first, last, pages, page) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET
    first = coalesce(min(first, excluded.first), first, excluded.first),
    last = coalesce(max(last, excluded.last), last, excluded.last),
    pages = pages + excluded.pages
"""
_ROWS: Final = "SELECT headline, url, lang, site, slug, first, last, pages, page FROM headlines ORDER BY number"


class HeadlineStore:
    """Takes lines of histories in, those of one headline in any number of parts, and gives one for each. A context manager.

    Args:
        keys: which keys the lines that it gives are to have.

    Raises:
        OutputError: if there is no place left for them.
    """

    def __init__(self, keys: Keys = ()) -> None:
        self._keys = keys
        self._decoder = msgspec.json.Decoder(HeadlineHistory)

    def __enter__(self) -> Self:
        with explained(None):
            self._database = connect(None)
            self._database.execute("BEGIN")
            self._database.execute(_TABLE)
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(Error):  # nothing of it is to be kept
            self._database.close()

    def write(self, lines: bytes) -> None:
        """Take whole lines in. What comes first of a headline gives its record all but times and pages."""
        with explained(None):
            self._database.executemany(_MERGE, map(_row, self._decoder.decode_lines(lines)))

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of all headlines, in the order in which they came first, many at once."""
        with explained(None):
            rows = self._database.execute(_ROWS)
            while some := rows.fetchmany(_MANY):
                yield b"".join(to_json_line(_history(*row), self._keys) for row in some)


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
