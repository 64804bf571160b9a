"""What flows along the road: a page as it was received, and a document as a reader would see it."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

Means = Literal["bom", "strict", "almost", "header", "meta", "detected"]
"""By what it was decided in which encoding bytes are text."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page as it was received. Nothing further down looks outside it."""

    data: bytes | str
    """Its bytes, or its text where it came as text: from a field of JSON."""
    input: str = "-"
    """Where it was read: a path as given, ``-``, or an address."""
    url: str | None = None
    """Its own address, where whoever read it knows one."""
    fetched_at: str | None = None
    """When it was fetched, as ``YYYY-MM-DDTHH:MM:SSZ``."""
    charset: str | None = None
    """The charset that the HTTP header declared."""
    media_type: str | None = None
    """The media type that the HTTP header declared, without parameters."""

    @property
    def octets(self) -> bytes:
        """The page as bytes: of a text, those of UTF-8."""
        return self.data if isinstance(self.data, bytes) else self.data.encode("utf-8", "replace")


def is_page_type(media_type: str | None) -> bool:
    """Tell whether what is declared so may be a page: HTML, XHTML or text; what declares nothing may be one, too."""
    return media_type in (None, "text/html", "application/xhtml+xml", "text/plain")


class Decoding(msgspec.Struct, frozen=True):
    """How bytes became text."""

    encoding: str
    by: Means
    replaced: int = 0
    """How many characters had to be replaced by U+FFFD."""


class Element(msgspec.Struct, eq=False, gc=False):
    """An element of the page, as far as rules look at it. Compared by identity: two links may be equal and yet two."""

    tag: str
    id: str
    class_: str
    """The class attribute, as the page has it."""
    parent: "Element | None"
    href: str | None
    """Where it leads, if it is a link."""

    def ancestry(self) -> "Iterator[Element]":
        """Yield this element, its parent, and so on to the root."""
        element: Element | None = self
        while element is not None:
            yield element
            element = element.parent

    @property
    def link(self) -> "Element | None":
        """The nearest link around this element, or the element itself."""
        element: Element | None = self
        while element is not None and element.href is None:
            element = element.parent
        return element


class Run(msgspec.Struct, frozen=True, gc=False):
    """A piece of text within one element."""

    start: int
    end: int
    element: Element


class Block(msgspec.Struct, frozen=True, gc=False):
    """One line of a document: a line of text, or what stands between two line breaks of a rendered page."""

    start: int
    end: int
    runs: Sequence[Run] = ()


class Named(msgspec.Struct, frozen=True):
    """What tells a part of a page: the id or the class of its element."""

    attribute: Literal["id", "class"]
    value: str

    def is_of(self, element: Element) -> bool:
        """Tell whether ``element`` bears it."""
        return self.value == (element.id if self.attribute == "id" else element.class_)


class Known(NamedTuple):
    """A part of a page that was met, and how it is folded."""

    whole: bytes
    """All that it held, with its end."""
    inside: bytes | None
    """What is to stand there instead; None if it must be looked into."""
    hrefs: tuple[str, ...] | None = None
    """Of a ticker: where each link that shows anything leads."""
    text: str | None = None
    """All that it shows, if something stands in for that."""


class LinkedTicker(msgspec.Struct, frozen=True, eq=False):
    """A part of a page that holds a ticker: links, and between them white space."""

    name: Named
    known: dict[bytes, Known] = msgspec.field(default_factory=dict)
    """By how the part begins: what was met last."""


class Settled(msgspec.Struct, frozen=True, eq=False):
    """A part of a page that holds nothing but chrome, unless it was never closed."""

    name: Named
    signs: tuple[tuple[bytes, re.Pattern[bytes]], ...]
    """What stands in the markup of the part only if it holds more: some bytes that are found fast, and the pattern that makes sure."""
    speaks: Callable[[str], bool]
    """Tells whether a line of its text shows that it holds more."""
    known: dict[bytes, Known] = msgspec.field(default_factory=dict)
    """By how the part begins: what was met last."""


Foldable = Settled | LinkedTicker
"""A part of a page that need not be looked into, element by element."""


class Image(msgspec.Struct, frozen=True, gc=False):
    """An image, by the address that the page gives (perhaps relative)."""

    src: str
    element: Element


class FoldedTicker(NamedTuple):
    """A ticker that was not looked into."""

    hrefs: tuple[str, ...]
    """Where each link that shows anything leads, in order."""
    text: str | None
    """All that it shows, if it is known; the same object on every page with this ticker, so that its hash is made but once."""


class Document(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The readable text of a page. Its lines are its blocks; lines without text are in no block. Compared by identity."""

    form: Literal["html", "text"]
    text: str
    blocks: Sequence[Block]
    is_plain: bool
    """Whether its text is plain (:func:`scraper.characters.is_plain`), which saves many questions to its parts."""
    address: str | None = None
    """The absolute address that the page gives as its own (``link rel=canonical``, ``og:url``)."""
    base: str | None = None
    """What ``<base href>`` says of relative links."""
    images: Sequence[Image] = ()
    folded: Sequence[Element] = ()
    """Elements that were not looked into."""
    tickers: Mapping[Element, FoldedTicker] = {}
    """What is known of those that are tickers."""
