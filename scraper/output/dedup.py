"""Exact deduplication: digests and keys that identify equal pages and headlines, and a store of those of the pages written."""

from hashlib import blake2b
from typing import TYPE_CHECKING, Final, Literal

from scraper.records import PageRecord

if TYPE_CHECKING:
    from scraper.output.database import Database

Repeat = Literal["repeated-url", "repeated-text"]

_DIGEST: Final = 16
"""Bytes of a digest. With 128 bits, no realistic number of pages gives equal digests of different values."""


def digest_of(text: str, kind: bytes = b"") -> bytes:
    """Return the digest of a text, which may have lone surrogates; texts of another kind have other digests."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST, person=kind).digest()


def headline_key(site: str | None, url: str | None, text: str) -> str:
    """Return the key of a headline: its site, its address without scheme and ``www.``, and its words."""
    return "\n".join((site or "", _bare(url) if url is not None else "", text))


def page_digests(record: PageRecord) -> tuple[bytes | None, bytes | None]:
    """Return the digests of a page's address, without scheme and ``www.``, and of its title and text.

    Either is None if the page has no such value.
    """
    text = f"{record.title or ''}\n{record.text}"
    return (
        digest_of(_bare(record.url), b"url") if record.url is not None else None,
        digest_of(text, b"text") if len(text) > 1 else None,
    )


def _bare(url: str) -> str:
    return url.partition("://")[2].removeprefix("www.")


class DedupStore:
    """The digests of the pages that were written.

    Args:
        database: stores them: a temporary database, or that of the run's checkpoint or state, whose commits include them.
    """

    def __init__(self, database: "Database") -> None:
        self._database = database
        database.execute("CREATE TABLE IF NOT EXISTS written (key BLOB PRIMARY KEY) WITHOUT ROWID")

    def repeat(self, url: bytes | None, text: bytes | None) -> Repeat | None:
        """Return the value in which a page repeats an earlier one; if it is new, add its digests and return None.

        Args:
            url: the digest of its address, if it has one.
            text: the digest of its title and text, if it has either.
        """
        if url is not None and self._has(url):
            return "repeated-url"
        if text is not None and self._has(text):
            return "repeated-text"
        self._database.execute_many("INSERT INTO written VALUES (?)", [(key,) for key in (url, text) if key is not None])
        return None

    def _has(self, key: bytes) -> bool:
        return bool(self._database.rows("SELECT 1 FROM written WHERE key = ?", key))
