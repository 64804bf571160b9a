"""Exact deduplication: digests of the pages that were written, in a database."""

from typing import Literal

from scraper.output.database import Database

Repeat = Literal["repeated-url", "repeated-text"]


class DedupStore:
    """The digests of the pages that were written.

    Args:
        database: where they are stored: a temporary database, or that of the run's checkpoint or state, whose commits include them.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        database.do("CREATE TABLE IF NOT EXISTS written (key BLOB PRIMARY KEY) WITHOUT ROWID")

    def repeat(self, url: bytes | None, text: bytes | None) -> Repeat | None:
        """Return in what a page repeats an earlier one; if it is new, add its digests and return None.

        Args:
            url: the digest of its address, if it has one.
            text: the digest of its title and text, if it has either.
        """
        if url is not None and self._has(url):
            return "repeated-url"
        if text is not None and self._has(text):
            return "repeated-text"
        self._database.do_many("INSERT INTO written VALUES (?)", [(key,) for key in (url, text) if key is not None])
        return None

    def _has(self, key: bytes) -> bool:
        return bool(self._database.rows("SELECT 1 FROM written WHERE key = ?", key))
