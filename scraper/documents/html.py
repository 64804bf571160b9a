"""An HTML page as a document: the text nodes that a reader could see, laid out in lines.

The parser is not trusted. libxml2 drops the end of a page without a word (after a stray ``</html>``, an unclosed comment or
attribute, or below 2,048 levels), so a mark is appended to the page. If the tree lacks it, the page is mended once.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

from lxml import etree

from scraper.characters import is_plain
from scraper.documents.controls import without_controls
from scraper.documents.folding import STAND_IN, Fold, fold
from scraper.errors import ParserLostText
from scraper.links import is_absolute
from scraper.pages import Block, Document, Element, Foldable, FoldedTicker, Image, Run

# Elements that stand on lines of their own (https://html.spec.whatwg.org/multipage/rendering.html#flow-content-3), and those
# whose text no reader would run into its neighbour's: table cells, options, buttons, text areas.
_BREAKING: Final = frozenset(
    "address article aside blockquote body br button caption center dd details dialog dir div dl dt fieldset "
    "figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 header hgroup hr legend li listing main marquee menu "
    "nav noframes ol optgroup option p plaintext pre search section select summary table tbody td textarea "
    "tfoot th thead tr ul xmp".split()
)
_UNREAD: Final = frozenset(["head", "script", "style", "template"])
_LEAVES: Final = frozenset(["br", "hr", "img", "input", "link", "meta", "wbr"])
_PREFORMATTED: Final = frozenset({"listing", "plaintext", "pre", "textarea", "xmp"})

_LARGE: Final = 200_000
"""Characters above which a page may hold a tag that takes the parser longer than all of an honest page, which has 70 to 110 kB."""

_MARK: Final = "scraper-end-of-page"
_LONGEST_ENDING: Final = 1000
_ENDING: Final = re.compile(rb"</(?:body|html)\s*>(?:\s*</(?:body|html)\s*>)*\s*\Z", re.IGNORECASE)
"""Begins with letters, which are found many times as fast as any number of spaces."""


def read_html(markup: str, parts: Sequence[Foldable] = (), utf8: bytes | None = None) -> Document:
    """Make the document of an HTML page.

    Args:
        markup: the page.
        parts: those that need not be looked into; what the page has of them is folded.
        utf8: the page in UTF-8, where it was received so; saves encoding it.

    Raises:
        ParserLostText: if the parser does not reach the end of the page, even after mending.
    """
    if len(markup) > _LARGE:
        from scraper.documents.mending import shorten_tags

        markup, utf8 = shorten_tags(markup), None
    data, folds = fold(markup.encode("utf-8", "replace") if utf8 is None else utf8, parts)
    data = without_controls(data)
    mark = _MARK
    while mark.encode() in data:
        mark += "-x"
    root = _parse(data, mark)
    told = _told(root, mark)
    if root is None or mark not in told:
        if folds:
            return read_html(markup)
        from scraper.documents.mending import mend  # ten patterns that few pages need

        root = _parse(without_controls(mend(markup).encode("utf-8", "replace")), mark)
        told = _told(root, mark)
        if root is None or not (mark in told or _is_swallowed(root, mark)):
            raise ParserLostText("the HTML parser dropped the end of the page, and mending did not help; please report the page")
    flow = _Flow(root, folds)
    pattern = re.compile(rf"</?{mark}>") if mark not in told else None
    text, blocks = _lay_out(flow, pattern, keeps_lines=not _PREFORMATTED.isdisjoint(told))
    if not flow.is_sure or len(flow.folded) != len(folds) or not all(map(Fold.is_of, folds, flow.folded)):
        return read_html(markup)  # what looked like a part of the page was text of it
    return Document(
        form="html",
        text=text,
        blocks=blocks,
        is_plain=is_plain(text),
        address=_address(told),
        base=next((element.get("href", "").strip() for element in told.get("base", ())), None),
        images=flow.images,
        folded=flow.folded,
        tickers={
            element: FoldedTicker(fold.hrefs, fold.text)
            for element, fold in zip(flow.folded, folds, strict=True)
            if fold.hrefs is not None
        },
    )


def _parse(data: bytes, mark: str) -> etree._Element | None:
    # Behind the end tags of the page itself everything would be dropped.
    ending = _ENDING.search(data, max(len(data) - _LONGEST_ENDING, 0))
    page, end = (data[: ending.start()].rstrip(), ending[0]) if ending is not None else (data, b"")
    data = b"%b\n<%b></%b>%b" % (page, mark.encode(), mark.encode(), end)
    root, has_errors = _parse_bytes(data)
    if has_errors and (mended := _keep_stray_breaks(data)) != data:
        root, _ = _parse_bytes(mended)
    return root


def _parse_bytes(data: bytes) -> tuple[etree._Element | None, bool]:
    # A parser for each page: one that is shared makes threads wait for each other.
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    return etree.fromstring(data, parser), bool(parser.error_log)


def _keep_stray_breaks(data: bytes) -> bytes:
    """Write out what HTML5 makes of two end tags that end nothing: a line break and an empty paragraph.

    libxml2 drops both, with an error, and glues the words on both sides together.
    """
    data = data.replace(b"</br", b"<br")
    return data.replace(b"</p>", b"</p><br>") if data.count(b"</p>") > data.count(b"<p") else data


def _told(root: etree._Element | None, mark: str) -> dict[str, list[etree._Element]]:
    """Return the elements that tell something of the page as a whole, by their tags."""
    told: dict[str, list[etree._Element]] = {}
    for element in root.iter(mark, "base", "link", "meta", *_PREFORMATTED) if root is not None else ():
        told.setdefault(element.tag, []).append(element)
    return told


def _is_swallowed(root: etree._Element, mark: str) -> bool:
    """Tell whether the mark ended in the text of an element that was never closed, where nothing could follow it."""
    return any(mark in (element.text or "") for element in root.iter())


_LINE_END: Final = ("", None)


class _Flow:
    """The text nodes below ``root`` in document order, each with its element, and the ends of lines between them.

    Args:
        root: the page.
        folds: what was folded.
    """

    def __init__(self, root: etree._Element, folds: Sequence[Fold]) -> None:
        self._root = root
        self._folds = folds
        self._ids = {fold.name.value for fold in folds if fold.name.attribute == "id"}
        self._classes = {fold.name.value for fold in folds if fold.name.attribute == "class"}
        self.images: list[Image] = []
        """What was met so far."""
        self.folded: list[Element] = []
        """Elements of which each line of text is a line of the page."""
        self.is_sure = True
        """Whether what stands in for the text of a part was found where it should be."""

    def __iter__(self) -> Iterator[tuple[str, Element | None]]:
        # A loop, because pages nest deeper than Python calls do; and not over the ends of elements too, which takes twice as long.
        around: Element | None = None
        is_unread = False
        path: list[tuple[etree._Element, bool, Element | None, bool]] = []
        for node in chain(self._root.iter("*"), [None]):
            parent = node.getparent() if node is not None else None
            while path and path[-1][0] is not parent:
                ended, is_breaking, around, is_unread = path.pop()
                if is_breaking:
                    yield _LINE_END
                if (text := ended.tail) and around is not None and not is_unread:
                    yield text, around
            if node is None:
                return
            tag = node.tag
            is_breaking = tag in _BREAKING
            path.append((node, is_breaking, around, is_unread))
            if is_breaking:
                yield _LINE_END
            if is_unread:
                continue
            if tag in _UNREAD:
                is_unread = True
            elif tag not in _LEAVES:
                around, text = self._element(node, tag, around)
                if text:
                    yield text, around
            elif tag == "img" and around is not None and (src := node.get("src")):
                self.images.append(Image(src.strip(), around))

    def _element(self, node: etree._Element, tag: str, around: Element | None) -> tuple[Element, str | None]:
        """Return an element, and the text before whatever else stands in it."""
        name, class_, text = node.get("id", ""), node.get("class", ""), node.text
        element = Element(tag, name, class_, around, node.get("href") if tag == "a" else None)
        if name in self._ids or class_ in self._classes:
            known = self._folds[len(self.folded)].text if len(self.folded) < len(self._folds) else None
            self.folded.append(element)
            if known is not None:
                self.is_sure = self.is_sure and text == STAND_IN
                text = known
        return element, text


def _lay_out(flow: _Flow, mark: re.Pattern[str] | None, *, keeps_lines: bool) -> tuple[str, list[Block]]:
    """Lay text out in lines. White space between two runs belongs to neither; at the start of a line it goes.

    Args:
        flow: the text.
        mark: what is left out, where it stands in text.
        keeps_lines: whether lines of text may be lines of the page, namely in what is preformatted.
    """
    parts: list[str] = []
    blocks: list[Block] = []
    runs: list[Run] = []
    start = end = 0
    folded = flow.folded
    for text, element in _preformatted(flow) if keeps_lines else flow:
        if element is None:
            if runs:
                blocks.append(Block(start, end, runs))
                runs = []
                parts.append("\n")
                start = end = end + 1
            continue
        is_blank = text.isspace()
        if is_blank and not runs:
            continue
        line = text
        if ("\n" in text or "\t" in text or "\r" in text) and element not in folded:
            line = text.replace("\n", " ").replace("\t", " ").replace("\r", " ")
        if mark is not None:
            line = mark.sub("", line)
        parts.append(line)
        begin = end
        end += len(line)
        if not is_blank:
            runs.append(Run(begin, end, element))
    if runs:
        blocks.append(Block(start, end, runs))
        parts.append("\n")
    return "".join(parts), blocks


def _preformatted(flow: _Flow) -> Iterator[tuple[str, Element | None]]:
    """Yield text line by line where it is preformatted."""
    for text, element in flow:
        if element is None or "\n" not in text or element in flow.folded or not _is_preformatted(element):
            yield text, element
            continue
        *lines, rest = text.split("\n")
        for line in lines:
            if line:
                yield line, element
            yield _LINE_END
        if rest:
            yield rest, element


def _is_preformatted(element: Element) -> bool:
    return any(outer.tag in _PREFORMATTED for outer in element.ancestry())


def _address(told: Mapping[str, Sequence[etree._Element]]) -> str | None:
    """Return the absolute address that a page gives as its own."""
    links = (link.get("href", "") for link in told.get("link", ()) if "canonical" in link.get("rel", "").lower().split())
    properties = (meta.get("content", "") for meta in told.get("meta", ()) if meta.get("property") == "og:url")
    return next(filter(is_absolute, map(str.strip, chain(links, properties))), None)
