"""Data types that the packages share: a page as it was received, and a document as a reader sees it."""

from collections.abc import Callable, Sequence
from typing import Any, Final, Literal, NamedTuple

import msgspec

DecodingMethod = Literal["bom", "strict", "almost", "header", "meta", "detected"]
"""How the encoding of a page was determined."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page as it was received, with everything that is known about it."""

    data: bytes | str
    """Its bytes, or its text if it was read from a JSON field."""
    input: str = "-"
    """Where it was read: a path as given, ``-`` for stdin, or an address."""
    url: str | None = None
    """Its own address, if the source has one."""
    fetched_at: str | None = None
    """When it was fetched, as ``YYYY-MM-DDTHH:MM:SSZ``."""
    charset: str | None = None
    """The charset that the HTTP header declared."""
    media_type: str | None = None
    """The media type that the HTTP header declared, without parameters."""
    is_named: bool = True
    """Whether the user named it; False if it was found in a directory, a container or a crawl."""

    @property
    def octets(self) -> bytes:
        """The page as bytes; text is encoded as UTF-8."""
        return self.data if isinstance(self.data, bytes) else self.data.encode("utf-8", "replace")

    def __reduce__(self) -> str | tuple[Any, ...]:
        """Return what pickle needs to copy the page to another process: text in UTF-16, which is faster than UTF-8 for Arabic."""
        if isinstance(self.data, str) and not self.data.isascii():
            try:
                return _from_utf16, (self.data.encode("utf-16-le"), *msgspec.structs.astuple(self)[1:])
            except UnicodeEncodeError:
                pass
        return super().__reduce__()


def prepare_type(kind: type[msgspec.Struct]) -> None:
    """Let msgspec prepare a type, so that threads can decode values of it.

    It prepares a type where it is first used, and crashes the process if another thread uses the type meanwhile (seen with 0.22.0). So
    the modules whose types are decoded in threads call this when they are imported.
    """
    msgspec.json.Decoder(kind)


def _from_utf16(data: bytes, *values: Any) -> Page:
    return Page(data=data.decode("utf-16-le"), **dict(zip(Page.__struct_fields__[1:], values, strict=True)))


HTML_TYPES: Final = frozenset(["text/html", "application/xhtml+xml"])


def is_page_type(media_type: str | None) -> bool:
    """Return True if content of this media type may be a page: HTML, XHTML, plain text, or undeclared."""
    return media_type in (None, "text/plain") or media_type in HTML_TYPES


class Decoding(msgspec.Struct, frozen=True):
    """How bytes became text."""

    encoding: str
    by: DecodingMethod
    replaced: int = 0
    """The number of characters that were replaced by U+FFFD."""


class Element(msgspec.Struct, eq=False, gc=False):
    """An element of the page, reduced to what rules use. Compared by identity: two links may have equal values."""

    tag: str
    id: str
    class_: str
    """The class attribute, as written."""
    parent: "Element | None"
    href: str | None
    """The target, if the element is a link."""

    @property
    def link(self) -> "Element | None":
        """The nearest link among this element and its ancestors."""
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
    """One line of a document: a line of plain text, or the text between two line breaks of a rendered page."""

    start: int
    end: int
    runs: Sequence[Run] = ()


class Part(NamedTuple):
    """A part of a page that consists of chrome and is not walked, unless it contains something else."""

    ids: frozenset[str]
    """Ids of elements that have another label inside it."""
    others: str
    """A CSS selector list of more such elements."""
    contains_wording: Callable[[Sequence[str]], bool]
    """Returns True if the texts of its nodes, in order, contain a wording that is not chrome."""


class Image(msgspec.Struct, frozen=True, gc=False):
    """An image. Its address is as written, and may be relative."""

    src: str
    element: Element


class Document(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The readable text of a page. Each line with text is a block. Compared by identity."""

    form: Literal["html", "text"]
    text: str
    blocks: Sequence[Block]
    address: str | None = None
    """The absolute address that the page declares as its own (``link rel=canonical``, ``og:url``), or that a program noted that
    has saved it."""
    saved_at: str | None = None
    """When the page was saved, as such a program noted it."""
    base: str | None = None
    """The value of ``<base href>``, for relative links."""
    images: Sequence[Image] = ()
    is_rejoined: bool = False
    """Whether a block may consist of several lines that were wrapped at a fixed width."""
    cut: Sequence[Element] = ()
    """Elements that were not walked. Each is one block; the text of each of its nodes is on lines of its own."""
