"""An HTML page as a document: the text nodes that a reader could see, laid out in lines.

The parser is not trusted. libxml2 drops the end of a page without a word (after a stray ``</html>``, an unclosed comment or
attribute, or below 2,048 levels), so a mark is appended to the page. If the tree lacks it, the page is mended once.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from lxml import etree

from scraper.characters import is_plain
from scraper.documents.folding import fold
from scraper.errors import ParserLostText
from scraper.links import is_absolute
from scraper.pages import Block, Document, Element, Image, Run, Settled

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

# In UTF-8 a C0 control is always one byte. Those that are white space to str.isspace() become a space; the rest goes, since
# libxml2 would turn it into a visible U+FFFD.
_SPACES: Final = b"\v\f\x1c\x1d\x1e\x1f"
_AS_SPACE: Final = bytes.maketrans(_SPACES, b" " * len(_SPACES))
_CONTROLS: Final = bytes(set(range(0x20)) - set(b"\t\n\r") - set(_SPACES)) + b"\x7f"

_LARGE: Final = 200_000
"""Characters above which a page may hold a tag that takes the parser longer than all of an honest page, which has 70 to 110 kB."""

_MARK: Final = "scraper-end-of-page"
_LONGEST_ENDING: Final = 1000
_ENDING: Final = re.compile(rb"(?:\s*</(?:body|html)\s*>)+\s*\Z", re.IGNORECASE)


def read_html(markup: str, settled: Sequence[Settled] = (), utf8: bytes | None = None) -> Document:
    """Make the document of an HTML page.

    Args:
        markup: the page.
        settled: parts that need not be looked into; those that the page has are folded.
        utf8: the page in UTF-8, where it was received so; saves encoding it.

    Raises:
        ParserLostText: if the parser does not reach the end of the page, even after mending.
    """
    if len(markup) > _LARGE:
        from scraper.documents.mending import shorten_tags

        markup, utf8 = shorten_tags(markup), None
    mark = _MARK
    while mark in markup:
        mark += "-x"
    data, folds = fold(_without_controls(markup.encode("utf-8", "replace") if utf8 is None else utf8), settled)
    root = _parse(data, mark)
    if root is None or not _is_whole(root, mark):
        if folds:
            return read_html(markup)
        from scraper.documents.mending import mend  # ten patterns that few pages need

        root = _parse(_without_controls(mend(markup).encode("utf-8", "replace")), mark)
        if root is None or not (_is_whole(root, mark) or _is_swallowed(root, mark)):
            raise ParserLostText("the HTML parser dropped the end of the page, and mending did not help; please report the page")
    addresses = dict(_addresses(root))
    images: list[Image] = []
    folded: list[Element] = []
    pieces = _pieces(root, images, folded, folds)
    if next(root.iter(*_PREFORMATTED), None) is not None:
        pieces = _split_preformatted(pieces)
    # Within a title, text area or script that nobody closed the mark is text.
    text, blocks = _lay_out(pieces, re.compile(rf"</?{mark}>"), folded)
    if [element.id for element in folded] != folds:
        return read_html(markup)  # what looked like a part of the page was text of it
    return Document(
        form="html",
        text=text,
        blocks=blocks,
        is_plain=is_plain(text),
        address=addresses.get("canonical") or addresses.get("og:url"),
        base=addresses.get("base"),
        images=images,
        folded=folded,
    )


def _without_controls(data: bytes) -> bytes:
    return data.translate(_AS_SPACE, _CONTROLS)


def _parse(data: bytes, mark: str) -> etree._Element | None:
    # Behind the end tags of the page itself everything would be dropped.
    ending = _ENDING.search(data, max(len(data) - _LONGEST_ENDING, 0))
    end = ending.start() if ending is not None else len(data)
    data = b"%b\n<%b></%b>%b" % (data[:end], mark.encode(), mark.encode(), data[end:])
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


def _is_whole(root: etree._Element, mark: str) -> bool:
    return next(root.iter(mark), None) is not None


def _is_swallowed(root: etree._Element, mark: str) -> bool:
    """Tell whether the mark ended in the text of an element that was never closed, where nothing could follow it."""
    return any(mark in (element.text or "") for element in root.iter())


def _pieces(
    root: etree._Element, images: list[Image], folded: list[Element], folds: Collection[str]
) -> Iterator[tuple[str, Element] | None]:
    """Yield the text nodes below ``root`` in document order, each with its element, and None where a line ends.

    A loop, because pages nest deeper than Python calls do. Elements whose ids are among ``folds`` are noted in ``folded``.
    """
    around: Element | None = None
    unread = 0
    for event, node in etree.iterwalk(root, events=("start", "end")):
        tag = node.tag
        if tag in _BREAKING:
            yield None
        is_leaf = tag in _LEAVES
        if event == "end":
            if unread and not is_leaf:
                unread -= 1
            elif around is not None and not is_leaf:
                around = around.parent
            if (text := node.tail) and not unread and around is not None:
                yield text, around
        elif is_leaf:
            if tag == "img" and not unread and around is not None and (src := node.get("src")):
                images.append(Image(src.strip(), around))
        elif unread or tag in _UNREAD:
            unread += 1
        else:
            around = Element(tag, node.get("id", ""), node.get("class", ""), around, node.get("href") if tag == "a" else None)
            if around.id in folds:
                folded.append(around)
            if text := node.text:
                yield text, around
    yield None


def _lay_out(
    pieces: Iterator[tuple[str, Element] | None], mark: re.Pattern[str], folded: Collection[Element]
) -> tuple[str, list[Block]]:
    """Write pieces on lines, without the mark. White space between two runs belongs to neither; at the start of a line it goes."""
    parts: list[str] = []
    runs: list[Run] = []
    blocks: list[Block] = []
    line_start = position = 0
    for piece in pieces:
        if piece is None:
            if runs:
                blocks.append(Block(line_start, position, runs))
                runs = []
                parts.append("\n")
                line_start = position = position + 1
            continue
        text, element = piece
        is_blank = text.isspace()
        if is_blank and not runs:
            continue
        if ("\n" in text or "\t" in text or "\r" in text) and element not in folded:
            text = text.replace("\n", " ").replace("\t", " ").replace("\r", " ")
        if _MARK in text:
            text = mark.sub("", text)
        parts.append(text)
        end = position + len(text)
        if not is_blank:
            runs.append(Run(position, end, element))
        position = end
    return "".join(parts), blocks


def _split_preformatted(pieces: Iterator[tuple[str, Element] | None]) -> Iterator[tuple[str, Element] | None]:
    """Let the lines of preformatted text be lines."""
    for piece in pieces:
        if piece is None or "\n" not in piece[0] or not any(element.tag in _PREFORMATTED for element in piece[1].ancestry()):
            yield piece
            continue
        for number, line in enumerate(piece[0].split("\n")):
            if number:
                yield None
            yield line, piece[1]


def _addresses(root: etree._Element) -> Iterator[tuple[str, str]]:
    """Yield the absolute addresses that a page gives, and its base, the last first, so that in a dict the first wins."""
    found: list[tuple[str, str]] = []
    for element in root.iter("base", "link", "meta"):
        attributes = element.attrib
        if element.tag == "meta":
            found.append((attributes.get("property", ""), attributes.get("content", "")))
        elif element.tag == "base":
            found.append(("base", attributes.get("href", "")))
        elif "canonical" in attributes.get("rel", "").lower().split():
            found.append(("canonical", attributes.get("href", "")))
    return ((name, value.strip()) for name, value in reversed(found) if name == "base" or is_absolute(value.strip()))
