"""What makes two pages, or two headlines, the same."""

from hashlib import blake2b
from typing import Final

from scraper.records import PageRecord

DIGEST: Final = 16
"""Bytes of a digest. Two different values with the same 128 bits are not to be expected in any number of pages that can be had."""


def headline_key(site: str | None, url: str | None, text: str) -> str:
    """Return what makes two headlines the same: the site, the address they lead to whatever its scheme and ``www.``, and the words."""
    return "\n".join((site or "", _bare(url) if url is not None else "", text))


def page_digests(record: PageRecord) -> tuple[bytes | None, bytes | None]:
    """Return digests of what makes two pages the same: the address whatever its scheme and ``www.``; title and text.

    Either is None where the page has none of it: what is not known repeats nothing.
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
