"""The digests and keys by which equal pages and equal headlines are recognized."""

from hashlib import blake2b
from typing import Final

from scraper.records import PageRecord

DIGEST: Final = 16
"""Bytes of a digest. No realistic number of pages has two different values with the same 128 bits."""


def headline_key(site: str | None, url: str | None, text: str) -> str:
    """Return the key of a headline: its site, its address without scheme and ``www.``, and its words."""
    return "\n".join((site or "", _bare(url) if url is not None else "", text))


def page_digests(record: PageRecord) -> tuple[bytes | None, bytes | None]:
    """Return the digests of a page's address, without scheme and ``www.``, and of its title and text.

    Either is None if the page has no such value.
    """
    text = f"{record.title or ''}\n{record.text}"
    return (
        _digest(_bare(record.url), b"url") if record.url is not None else None,
        _digest(text, b"text") if len(text) > 1 else None,
    )


def _bare(url: str) -> str:
    return url.partition("://")[2].removeprefix("www.")


def _digest(value: str, kind: bytes) -> bytes:
    return blake2b(value.encode(), digest_size=DIGEST, person=kind).digest()
