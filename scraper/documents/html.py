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
    # Within a title, text area or script that nobody closed the mark is text.
    writer = _Writer(re.compile(rf"</?{mark}>"), keeps_lines=next(root.iter(*_PREFORMATTED), None) is not None)
    images = list(_write(root, writer, folds))
    text, blocks, folded = "".join(writer.parts), writer.blocks, writer.folded
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


class _Writer:
    """Writes text on lines. White space between two runs belongs to neither; at the start of a line it goes.

    Args:
        mark: what is left out.
        keeps_lines: whether lines of text may be lines of the page, namely in what is preformatted.
    """

    def __init__(self, mark: re.Pattern[str], *, keeps_lines: bool) -> None:
        self.parts: list[str] = []
        self.blocks: list[Block] = []
        self.folded: list[Element] = []
        """Elements of which each line of text is a line of the page."""
        self._mark = mark
        self._keeps_lines = keeps_lines
        self._runs: list[Run] = []
        self._start = self._end = 0

    def write(self, text: str, element: Element) -> None:
        """Write text that stands in an element."""
        if ("\n" in text or "\t" in text or "\r" in text) and element not in self.folded:
            if self._keeps_lines and "\n" in text and any(outer.tag in _PREFORMATTED for outer in element.ancestry()):
                *lines, text = text.split("\n")
                for line in lines:
                    self.write(line, element)
                    self.end_line()
            text = text.replace("\n", " ").replace("\t", " ").replace("\r", " ")
        is_blank = text.isspace()
        if not text or (is_blank and not self._runs):
            return
        if _MARK in text:
            text = self._mark.sub("", text)
        self.parts.append(text)
        start = self._end
        self._end = end = start + len(text)
        if not is_blank:
            self._runs.append(Run(start, end, element))

    def end_line(self) -> None:
        """End the line, if it holds anything."""
        if self._runs:
            self.blocks.append(Block(self._start, self._end, self._runs))
            self._runs = []
            self.parts.append("\n")
            self._start = self._end = self._end + 1


def _write(root: etree._Element, writer: _Writer, folds: Collection[str]) -> Iterator[Image]:
    """Write the text nodes below ``root`` in document order, and yield the images.

    A loop, because pages nest deeper than Python calls do. Elements whose ids are among ``folds`` are folded.
    """
    write, end_line = writer.write, writer.end_line
    around: Element | None = None
    unread = 0
    open_tags: list[str] = []
    for event, node in etree.iterwalk(root, events=("start", "end")):
        tag = node.tag if event == "start" else open_tags.pop()
        is_leaf = tag in _LEAVES
        if tag in _BREAKING:
            end_line()
        if event == "end":
            if unread and not is_leaf:
                unread -= 1
            elif around is not None and not is_leaf:
                around = around.parent
            if (text := node.tail) and not unread and around is not None:
                write(text, around)
            continue
        open_tags.append(tag)
        if is_leaf:
            if tag == "img" and not unread and around is not None and (src := node.get("src")):
                yield Image(src.strip(), around)
        elif unread or tag in _UNREAD:
            unread += 1
        else:
            around = Element(tag, node.get("id", ""), node.get("class", ""), around, node.get("href") if tag == "a" else None)
            if around.id in folds:
                writer.folded.append(around)
            if text := node.text:
                write(text, around)
    end_line()


def _addresses(root: etree._Element) -> Iterator[tuple[str, str]]:
    """Yield the absolute addresses that a page gives, and its base, the last first, so that in a dict the first wins."""
    found: list[tuple[str, str]] = []
    for element in root.iter("base", "link", "meta"):
        tag = element.tag
        if tag == "meta":
            found.append((element.get("property", ""), element.get("content", "")))
        elif tag == "base":
            found.append(("base", element.get("href", "")))
        elif "canonical" in element.get("rel", "").lower().split():
            found.append(("canonical", element.get("href", "")))
    return ((name, value.strip()) for name, value in reversed(found) if name == "base" or is_absolute(value.strip()))
