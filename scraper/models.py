"""What flows along the road: a page as it was received, and a document as a reader would see it."""

from collections.abc import Callable, Iterator, Sequence
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


class Part(NamedTuple):
    """A part of a page that is chrome through and through, and need not be walked, unless it holds more."""

    ids: frozenset[str]
    """Ids of elements that would be something else in it."""
    others: str
    """Selectors of more such elements, parted by commas."""
    says_more: Callable[[Sequence[str]], bool]
    """Returns True if the texts of its nodes, in order, hold a wording of more than chrome."""


class Image(msgspec.Struct, frozen=True, gc=False):
    """An image, by the address that the page gives (perhaps relative)."""

    src: str
    element: Element


class Document(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The readable text of a page. Its lines are its blocks; lines without text are in no block. Compared by identity."""

    form: Literal["html", "text"]
    text: str
    blocks: Sequence[Block]
    address: str | None = None
    """The absolute address that the page gives as its own (``link rel=canonical``, ``og:url``)."""
    base: str | None = None
    """What ``<base href>`` says of relative links."""
    images: Sequence[Image] = ()
    is_rejoined: bool = False
    """Whether a block may be several lines of the text, which were wrapped at a width."""
    cut: Sequence[Element] = ()
    """Elements that were not walked: each is one block, in which the text of its nodes stands on lines of its own."""
