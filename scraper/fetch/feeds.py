"""Addresses of pages from feeds (RSS, Atom) and sitemaps (https://www.sitemaps.org/protocol.html)."""

import codecs
import re
import zlib
from collections.abc import Mapping
from contextlib import suppress
from io import BytesIO
from typing import Final, NamedTuple
from urllib.parse import urljoin

from scraper.defaults import GZIP_WBITS
from scraper.errors import BadFeed, TooLarge
from scraper.sources.compression import decode_body
from scraper.urls import is_absolute, resolve

MAX_BYTES: Final = 52_428_800
"""Bytes of a sitemap that is compressed as a file; the protocol allows no more."""
_SNIFFED: Final = 8192
"""Bytes in which the root element must begin."""
_GZIP: Final = b"\x1f\x8b"
_ROOTS: Final = frozenset({"rss", "RDF", "feed", "urlset", "sitemapindex"})
_ENTRIES: Final = {"item": "link", "entry": "link", "url": "loc", "sitemap": "loc"}
"""The child with the address of an entry, by the element of the entry."""
_ROOT: Final = re.compile(
    r"(?>\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^<>\[]*(?:\[.*?\]\s*)?>)*+<(?:[^\s<>/:]+:)?([A-Za-z]+)[\s/>]", re.DOTALL | re.IGNORECASE
)
"""The prolog that may precede the root element (XML 1.0, production 22), and the root's local name."""
_UTF_16: Final = (
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
"""The first bytes of UTF-16 (XML 1.0, appendix F)."""
_ALTERNATE: Final = ("alternate", "http://www.iana.org/assignments/relation/alternate")
"""The relation of a page to its entry, also in the long form (RFC 4287, 4.2.7.2)."""
_TEXTS: Final = frozenset({"link", "loc", "guid", "id"})
"""Elements whose text is an address."""
_BASE: Final = "{http://www.w3.org/XML/1998/namespace}base"
_NESTED: Final = frozenset({"source", "image"})
"""Elements of an entry whose link leads elsewhere: to the feed from which it was copied, or to where a picture is from."""
_AMPERSAND: Final = re.compile(
    rb"(?P<section><!\[CDATA\[(?:.*?\]\]>|.*)|<!--(?:.*?-->|.*))|&(?!#\d+;|#[xX][\da-fA-F]+;)(?:(?P<name>amp|lt|gt|quot|apos);)?",
    re.DOTALL,
)
"""An ``&`` that does not begin a reference to a character by its number, or a section in which it may stand."""
_CHARACTERS: Final = {None: b"&#38;", b"amp": b"&#38;", b"lt": b"&#60;", b"gt": b"&#62;", b"quot": b"&#34;", b"apos": b"&#39;"}


class Feed(NamedTuple):
    """The links of a feed or sitemap: absolute addresses in its order, without repetitions."""

    pages: list[str]
    """The pages of its entries."""
    sitemaps: list[str]
    """Further sitemaps, of a sitemap index."""


def is_feed(data: bytes) -> bool:
    """Return True if data, perhaps gzipped, begin like a feed or a sitemap."""
    head = data[:_SNIFFED]
    if head.startswith(_GZIP):
        try:
            head = zlib.decompressobj(GZIP_WBITS).decompress(head, _SNIFFED)
        except zlib.error:
            return False
    text = head.decode(_utf_16(head) or "latin-1", "replace").removeprefix("\ufeff").removeprefix("ï»¿")
    found = _ROOT.match(text)
    return found is not None and found[1] in _ROOTS


def read_feed(data: bytes, url: str) -> Feed:
    """Return the addresses in a feed or sitemap.

    From broken XML, everything that can be read is returned. Addresses other than http and https are left out.

    Args:
        data: the feed as it was received, perhaps gzipped as a file (``.xml.gz``).
        url: its address, which resolves relative ones.

    Raises:
        BadFeed: if it is neither a feed nor a sitemap, or nothing in it can be read.
        DamagedInput: if its gzip data are truncated or broken.
        TooLarge: if it has more than :data:`MAX_BYTES` when it is decompressed.
    """
    if not is_feed(data):
        raise BadFeed("this is no RSS, no Atom and no sitemap; check that the address is that of a feed")
    if data.startswith(_GZIP):
        try:
            data = decode_body(data, "gzip", MAX_BYTES)
        except TooLarge:
            raise TooLarge(
                f"the sitemap has more than {MAX_BYTES} bytes when it is decompressed, the most that its protocol allows"
            ) from None
    encoding = _utf_16(data)
    if encoding is not None:
        data, encoding = data.decode(encoding, "replace").removeprefix("\ufeff").encode(), "utf-8"
    reader = _Reader(url)
    if not reader.read(data, encoding) or b"<!ENTITY" in data:
        # After an error, libxml2 drops references, and it always drops those to entities: `?a=1&amp;b=2` would become `?a=1b=2`.
        data = _AMPERSAND.sub(lambda found: found["section"] or _CHARACTERS[found["name"]], data)
        if not reader.has_root:
            encoding = "utf-8"  # some feeds declare UTF-16 and are no longer in it
        reader = _Reader(url)
        reader.read(data, encoding)
    if not reader.has_root:
        raise BadFeed("its XML is too broken to be read; open the address in a browser to see where")
    return Feed(list(reader.pages), list(reader.sitemaps))


class _Reader:
    """Takes the parser's events instead of building a tree. In a truncated feed, no event ends the elements that are still open.

    Args:
        url: the address of the feed.
    """

    def __init__(self, url: str) -> None:
        self.pages: dict[str, None] = {}
        self.sitemaps: dict[str, None] = {}
        self.has_root = False
        self._open: list[tuple[str, str]] = []
        """The open elements, each with its name and the base of its addresses."""
        self._base = url
        self._entry = ""
        """The name of the open entry."""
        self._address: str | None = None
        self._id: str | None = None
        """The address that only names the entry; it is used if there is no other."""
        self._href: str | None = None
        self._text: list[str] = []

    def read(self, data: bytes, encoding: str | None) -> bool:
        """Read data, as far as the parser can, and return True if they are well-formed.

        Args:
            data: XML.
            encoding: its encoding; None for the one that it declares.
        """
        from lxml import etree

        parser = etree.XMLParser(
            target=self,  # type: ignore[arg-type] # the stubs are those of Python 2
            encoding=encoding,
            recover=True,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
        )
        with suppress(etree.XMLSyntaxError):  # no root element, or an encoding that the parser does not know
            etree.parse(BytesIO(data), parser)
        return not parser.error_log

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take the start of an element."""
        self.has_root = True
        if self._open and self._open[-1][0] in _TEXTS:
            self._open[-1] = ("", self._open[-1][1])  # an element with children has no address
        name = tag.rpartition("}")[2]
        if name == "guid" and attributes.get("isPermaLink", "true").lower() != "true":
            name = ""
        self._open.append((name, self._base))
        self._base = _joined(self._base, attributes[_BASE]) if _BASE in attributes else self._base
        self._text.clear()
        if name in _ENTRIES and self._entry in ("", name):
            self._add()  # an entry inside an entry: the end of the one before is missing
            self._entry = name
        elif name == "link":
            self._href = attributes.get("href") if attributes.get("rel", "alternate") in _ALTERNATE else None

    def data(self, text: str) -> None:
        """Take text."""
        self._text.append(text)

    def end(self, _tag: str) -> None:
        """Take the end of an element."""
        name, base = self._open.pop()
        if name == self._entry:
            self._add()
        elif self._entry and self._address is None and not any(parent in _NESTED for parent, _ in self._open):
            text = "".join(self._text).strip()
            if name == _ENTRIES[self._entry]:
                address = text or (self._href or "").strip()
                self._address = resolve(address, self._base) if address else None
            elif name in ("guid", "id") and is_absolute(text):
                self._id = text
        self._base, self._href = base, None
        self._text.clear()

    def close(self) -> None:
        """Take the end of the feed."""

    def _add(self) -> None:
        """Add the address of the entry that ends."""
        address = self._address or self._id
        if address is not None:
            (self.sitemaps if self._entry == "sitemap" else self.pages)[address] = None
        self._entry, self._address, self._id = "", None, None


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, address)
    except ValueError:
        return base


def _utf_16(data: bytes) -> str | None:
    """Return UTF-16 with its byte order if data are in it; None for other encodings, all of which contain ASCII."""
    return next((encoding for mark, encoding in _UTF_16 if data.startswith(mark)), None)
