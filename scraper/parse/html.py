"""Parse HTML into a document: the text nodes below ``body`` in a browser's DOM, laid out in lines.

lexbor builds the tree that the HTML standard prescribes, for any markup. The text of parts that a layout declares to be chrome is
extracted in C; only the other elements are walked in Python.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Final

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, LexborNode

from scraper.errors import TooComplex
from scraper.models import Block, Document, Element, Image, Part, Run
from scraper.parse.limits import check_limits
from scraper.provenance import saved_from
from scraper.urls import is_absolute

# Elements on lines of their own (https://html.spec.whatwg.org/multipage/rendering.html#flow-content-3), and elements
# whose text a reader sees apart from its neighbour's: table cells, options, buttons, text areas, frames.
_BREAKING: Final = frozenset(
    "address article aside blockquote body button caption center dd details dialog dir div dl dt fieldset "
    "figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 header hgroup iframe legend li listing main marquee menu "
    "nav noembed noframes ol optgroup option p plaintext pre search section select summary table tbody td textarea "
    "tfoot th thead tr ul xmp".split()
)
_BREAKS: Final = frozenset(["br", "hr"])
_HIDDEN_NODES: Final = frozenset(["", "-comment"])
"""Nodes whose text is not shown; a processing instruction such as ``<?xml ?>`` has an empty name."""
_PROLOGUE: Final = frozenset(["-comment", "-doctype", "-text"])
_HIDDEN_ELEMENTS: Final = ["script", "style"]
"""Elements whose text is not shown. The content of a ``template`` is not part of the tree."""
_MOST_LINES: Final = 500_000
"""Lines of a page. Each takes a block and a run, and the lines of a <pre> do not count as elements."""
_LARGEST_BLOCK: Final = 16 << 20
_PREFORMATTED: Final = frozenset({"listing", "plaintext", "pre", "textarea", "xmp"})


# The parser would convert C0 controls, each of them one byte in UTF-8, to visible U+FFFD. Those that str.isspace() accepts become a
# space; the others are deleted.
_SPACES: Final = b"\v\f\x1c\x1d\x1e\x1f"
_AS_SPACE: Final = bytes.maketrans(_SPACES, b" " * len(_SPACES))
_DELETED: Final = bytes(set(range(0x20)) - set(b"\t\n\r") - set(_SPACES)) + b"\x7f"


@cache
def _keep_freed_memory() -> None:
    """Make the C library keep the memory of one tree for the next, which makes parsing noticeably faster.

    glibc returns free memory at the top of its heap beyond 128 kB, and the kernel has to clear it for the next page. After a large
    block was allocated and freed, glibc keeps up to twice its size (mallopt(3), "dynamic mmap threshold").
    """
    bytearray(_LARGEST_BLOCK)


class Tree:
    """The tree of an HTML page.

    Args:
        markup: the page, as text or in UTF-8 without a byte order mark.

    Raises:
        TooComplex: if parsing would take more than linear time or memory.
    """

    def __init__(self, markup: str | bytes) -> None:
        data = markup if isinstance(markup, bytes) else markup.encode("utf-8", "replace")
        data = data.translate(_AS_SPACE, _DELETED)
        check_limits(data)
        _keep_freed_memory()
        # Without events the selected option is not copied into a <selectedcontent>, and time stays linear.
        self._parser = LexborHTMLParser(data, options=LexborDocumentOptions.WO_EVENTS)
        self._parser.strip_tags(_HIDDEN_ELEMENTS, recursive=True)

    def document(self, parts: Mapping[str, Part] | None = None) -> Document:
        """Lay the page out in lines.

        Args:
            parts: the parts that need not be walked, by element id.
        """
        walk = _Walk(parts or {})
        # The body element of a page with frames is its frameset (https://html.spec.whatwg.org/multipage/dom.html#the-body-element-2).
        body = self._parser.body
        # A late frameset replaces the body, which the parser then still returns.
        root = body if body is not None and body.parent is not None else self._parser.css_first("html > frameset")
        if root is not None:
            walk.read(root)
        address, base = self._address_and_base()
        saved = saved_from(self._comments())
        return Document(
            form="html",
            text="".join(walk.lines.parts),
            blocks=walk.lines.blocks,
            address=address or saved.url,
            saved_at=saved.at,
            base=base,
            images=walk.images,
            cut=walk.cut,
        )

    def links(self, css: str) -> list[str]:
        """Return the targets, as written, of the elements that a CSS selector list matches."""
        return [node.attrs.sget("href") for node in self._parser.css(css)]

    def _comments(self) -> Iterator[str]:
        """Yield the comments around the start tag of ``html``."""
        root = self._parser.root
        if root is None:
            return
        for first, step in ((root.prev, "prev"), (root.first_child, "next")):
            node = first
            while node is not None and node.tag in _PROLOGUE:
                if node.tag == "-comment":
                    yield node.comment_content or ""
                node = getattr(node, step)

    def _address_and_base(self) -> tuple[str | None, str | None]:
        """Return the absolute address that the page declares as its own, and its base address."""
        links, properties = _addresses_in(self._parser.head)
        if not links:  # a link in the body counts too, but is rare
            links, properties = _addresses_in(self._parser.root)
        base = self._parser.css_first("base[href]")
        return (
            next(filter(is_absolute, map(str.strip, [*links, *properties])), None),
            base.attrs.sget("href").strip() if base is not None else None,
        )


def _addresses_in(root: LexborNode | None) -> tuple[list[str], list[str]]:
    """Return the addresses of ``link rel=canonical`` and of ``og:url`` below ``root``, each in page order."""
    links: list[str] = []
    properties: list[str] = []
    for node in root.css('link[href], meta[property="og:url"]') if root is not None else ():
        attributes = node.attrs
        if node.tag == "meta":
            properties.append(attributes.sget("content"))
        elif "canonical" in attributes.sget("rel").lower().split():
            links.append(attributes.sget("href"))
    return links, properties


class _LineBuilder:
    """Text laid out in lines. White space between two runs belongs to neither; at the start of a line it is dropped."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.blocks: list[Block] = []
        self._runs: list[Run] = []
        self._start = self._end = 0

    def add(self, text: str, element: Element, *, keeps_lines: bool = False) -> None:
        """Add a text node: a piece of a line, or several lines if it keeps its line breaks."""
        if "\n" in text:
            if keeps_lines:
                first, *others = text.split("\n")
                self._add(first, element)
                for line in others:
                    self.end()
                    self._add(line, element)
                return
            text = text.replace("\n", " ")
        self._add(text, element)

    def add_whole(self, lines: Sequence[str], element: Element) -> None:
        """Add a part of the page that is not walked, as one block with several lines."""
        self.end()
        if lines:
            self._add("\n".join(lines), element)
        self.end()

    def _add(self, text: str, element: Element) -> None:
        if "\t" in text or "\r" in text:
            text = text.replace("\t", " ").replace("\r", " ")
        is_blank = text.isspace()
        if is_blank and not self._runs:
            return
        self.parts.append(text)
        begin = self._end
        self._end = end = begin + len(text)
        if not is_blank:
            self._runs.append(Run(begin, end, element))

    def end(self) -> None:
        """End the current line, if it has text."""
        if self._runs:
            if len(self.blocks) == _MOST_LINES:
                raise TooComplex(f"it has more than {_MOST_LINES:,} lines, too many to be held in memory; split the page")
            self.blocks.append(Block(self._start, self._end, self._runs))
            self._runs = []
            self.parts.append("\n")
            self._start = self._end = self._end + 1


class _Walk:
    """Walks a tree in document order. A loop, because pages nest deeper than Python's recursion limit."""

    def __init__(self, parts: Mapping[str, Part]) -> None:
        self._parts = parts
        self.lines = _LineBuilder()
        self.images: list[Image] = []
        self.cut: list[Element] = []
        """Elements that were not walked."""

    def read(self, root: LexborNode) -> None:
        """Read everything below ``root``."""
        lines = self.lines
        parent = _element(root, root.tag or "", None)
        keeps_lines = False
        path: list[tuple[LexborNode, bool, Element, bool]] = []
        node = root.first_child
        while node is not None or path:
            if node is None:
                ended, is_breaking, parent, keeps_lines = path.pop()
                if is_breaking:
                    lines.end()
                node = ended.next
                continue
            tag = node.tag or ""
            if tag == "-text":
                lines.add(node.text_content or "", parent, keeps_lines=keeps_lines)
            elif tag in _BREAKS:
                lines.end()
            elif tag not in _HIDDEN_NODES:
                is_breaking = tag in _BREAKING
                if is_breaking:
                    lines.end()
                first = node.first_child
                if first is not None and (child := self._enter(node, tag, parent)) is not None:
                    keeps_inner = keeps_lines or tag in _PREFORMATTED
                    if first.tag != "-text" or first.next is not None:
                        path.append((node, is_breaking, parent, keeps_lines))
                        parent, node, keeps_lines = child, first, keeps_inner
                        continue
                    # Most elements contain only text, and need no descent.
                    lines.add(first.text_content or "", child, keeps_lines=keeps_inner)
                elif tag == "img" and (src := node.attrs.sget("src")):
                    self.images.append(Image(src.strip(), parent))
                if is_breaking:
                    lines.end()
            node = node.next
        lines.end()

    def _enter(self, node: LexborNode, tag: str, parent: Element) -> Element | None:
        """Return the element if it is to be walked; None if its text was read in one piece."""
        element = _element(node, tag, parent)
        part = self._parts.get(element.id)
        if part is None or _contains_other(node, part):
            return element
        lines = [line for line in map(str.strip, node.text(separator="\n", skip_empty=True).split("\n")) if line]
        if part.contains_wording(lines):
            return element
        self.cut.append(element)
        self.lines.add_whole(lines, element)
        return None


def _contains_other(node: LexborNode, part: Part) -> bool:
    inside = node.css("[id]")
    return any(other.id in part.ids for other in inside) or bool(part.others and node.any_css_matches((part.others,)))


def _element(node: LexborNode, tag: str, parent: Element | None) -> Element:
    attributes = node.attributes
    href = (attributes["href"] or "") if tag == "a" and "href" in attributes else None
    return Element(tag, attributes.get("id") or "", attributes.get("class") or "", parent, href)
