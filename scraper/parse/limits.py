"""Limits of the HTML parser: a page that exceeds one is rejected before it is parsed.

lexbor, like the standard's algorithm, searches all open elements at many tags, and compares each attribute of a tag with the
others: its time grows with the square of both. It also clones every formatting element that was never closed into each block that
follows. Browsers stop at a depth of 512.
"""

import re
from collections import Counter
from typing import Final

from scraper.errors import TooComplex

_MOST_OPEN: Final = 4_096
"""Elements that may be open at once."""
_MOST_ATTRIBUTES: Final = 2_000
"""Attributes of one tag."""
_MOST_CLONES: Final = 1_000_000
"""Clones that the parser may make of formatting elements."""
_MOST_STEPS: Final = 1_000_000_000
"""Open elements that the parser may search, over all tags. This bounds the time of parsing."""
_MOST_NAMES: Final = 10_000
"""Distinct names of elements, and of attributes, in one page: the parser keeps them in hash tables of a fixed size."""
_MOST_SLASHES: Final = 1_000_000
"""Slashes between the attributes of a tag: the parser adds each of them to a list of errors."""
_LONG_TAG: Final = 100_000
_ELEMENT_BYTES: Final = 1_600
"""Memory that an element with a word of text takes until the record is written; a link of a ticker takes nearly as much."""
_ATTRIBUTE_BYTES: Final = 300
_MOST_TIMES: Final = 20
_MIN_SIZE: Final = 32 << 20
"""Elements may take :data:`_MOST_TIMES` the memory of their page; smaller pages count as this many bytes."""

_UNCHECKED_TAGS: Final = _MOST_OPEN
_UNCHECKED_BYTES: Final = 200_000
_BYTES_A_TAG: Final = 256
"""A page with fewer tags and bytes than these, and as many bytes for each tag as in ordinary pages, is not checked tag by tag."""

_END_TAGS_THAT_OPEN: Final = re.compile(rb"</(?:p|br)(?=[\s/>])", re.IGNORECASE)
"""End tags that create an element if none is open."""
_ATTRIBUTE: Final = r"""([^\s/>][^\s/>=]*+)(?:\s*+=\s*+(?:"[^"]*+(?:"|\Z) | '[^']*+(?:'|\Z) | [^\s>"'][^\s>]*+)?+)?+"""
_NAMES: Final = re.compile(_ATTRIBUTE.encode(), re.VERBOSE)
_ATTRIBUTES: Final = rf"(?:[\s/]++ | {_ATTRIBUTE.replace('(', '(?:', 1)})*+"
_TOKEN: Final = re.compile(
    rf"""<(?: !--(?:-?>|.*?(?:--!?>|\Z))                       # a comment
      | [!?][^>]*+ | /[^a-z>][^>]*+                            # what is parsed as one
      | /(?P<end>[a-z][^\s/>]*+)(?P<behind>{_ATTRIBUTES})
      | (?P<name>[a-z][^\s/>]*+)(?P<attributes>{_ATTRIBUTES})
      )""".encode(),
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
"""The standard's tokens (https://html.spec.whatwg.org/multipage/parsing.html#tokenization) other than text."""
_RAW: Final = {
    name: re.compile(rb"</%s(?=[\s/>])" % name, re.IGNORECASE)
    for name in b"script style textarea title xmp iframe noembed noframes".split()
}
"""HTML elements without markup inside, each with its end tag."""
_FOREIGN: Final = (b"svg", b"math")
_NEVER_OPEN: Final = frozenset(
    b"area base basefont bgsound br col embed frame hr image img input keygen link meta param source track wbr "
    # These end where the next of the same kind begins.
    b"a button colgroup dd dt li nobr optgroup option p rb rp rt rtc tbody td tfoot th thead tr".split()
)
_HTML: Final = frozenset(
    b"b big blockquote body center code dd div dl dt em font h1 h2 h3 h4 h5 h6 head i li listing menu nobr ol p pre ruby s small "
    b"span strong strike sub sup table tt u ul var".split()
)
"""Elements that end an SVG or a formula that contains them."""
_FORMATTING: Final = frozenset(b"b big code em font i s small strike strong tt u".split())
_SAME: Final = 3
"""Equal formatting elements that are cloned (https://html.spec.whatwg.org/multipage/parsing.html#push-onto-the-list-of-active-formatting-elements)."""


def check_limits(data: bytes) -> None:
    """Check that a page can be parsed in linear time and memory.

    Args:
        data: the page in UTF-8.

    Raises:
        TooComplex: if it cannot.
    """
    tags = data.count(b"<")
    if tags > _UNCHECKED_TAGS or len(data) > min(_BYTES_A_TAG * tags, _UNCHECKED_BYTES):
        elements = tags - data.count(b"</") + max(0, len(_END_TAGS_THAT_OPEN.findall(data)) - data.count(b"<p"))
        memory_left = _MOST_TIMES * max(len(data), _MIN_SIZE) - elements * _ELEMENT_BYTES
        if memory_left < 0:
            raise TooComplex(f"it has some {elements:,} elements, too many to be held in memory; split the page")
        _check_tags(data, memory_left // _ATTRIBUTE_BYTES)


def _check_tags(data: bytes, most_attributes: int) -> None:
    open_elements = _OpenElements()
    names: set[bytes] = set()
    attribute_names: set[bytes] = set()
    attributes = position = 0
    while (token := _TOKEN.search(data, position)) is not None:
        position = token.end()
        name, end = token["name"], token["end"]
        if name is None and end is None:
            continue
        raw = token["behind" if name is None else "attributes"]
        if len(raw) > 1:
            found = _NAMES.findall(raw)
            attributes += len(found)
            if len(found) > _MOST_ATTRIBUTES or attributes > most_attributes:
                raise TooComplex("its tags have too many attributes")
            attribute_names.update(found)
            if len(raw) > _LONG_TAG and _NAMES.sub(b"", raw).count(b"/") > _MOST_SLASHES:
                raise TooComplex(f"a tag contains more than {_MOST_SLASHES:,} slashes")
        if name is None:
            names.add(end)
            open_elements.end(end.lower())
        else:
            names.add(name)
            name = name.lower()
            if name in _RAW and not open_elements.is_foreign:
                last = _RAW[name].search(data, position)
                position = last.start() if last is not None else len(data)
            open_elements.start(name, raw)
        if len(names) > _MOST_NAMES or len(attribute_names) > _MOST_NAMES:
            raise TooComplex(f"its elements or attributes have more than {_MOST_NAMES:,} different names")
        if open_elements.depth > _MOST_OPEN:
            raise TooComplex(f"more than {_MOST_OPEN:,} elements are nested within one another")
        if open_elements.clones > _MOST_CLONES:
            raise TooComplex("too many elements such as <b> and <font> are never closed, and continue in every later block")
        if open_elements.steps > _MOST_STEPS:
            raise TooComplex("too many tags are inside too many open elements")


class _OpenElements:
    """Counts open elements and clones of formatting elements; both counts may be slightly too high."""

    def __init__(self) -> None:
        self.depth = 0
        self.clones = 0
        self.steps = 0
        """Open elements that the parser may search, over all tags so far."""
        self._levels: dict[bytes, list[int]] = {}
        self._formatting: dict[bytes, list[bytes]] = {}
        self._same: Counter[tuple[bytes, bytes]] = Counter()
        self._active = 0

    @property
    def is_foreign(self) -> bool:
        """Whether an SVG or a formula is open, in which names have other meanings."""
        return any(self._is_open(name) for name in _FOREIGN)

    def start(self, name: bytes, attributes: bytes) -> None:
        self.steps += self.depth
        if name in _FORMATTING:
            self._formatting.setdefault(name, []).append(attributes)
            self._active += self._same[name, attributes] < _SAME
            self._same[name, attributes] += 1
        elif name in _NEVER_OPEN:
            self.clones += self._active
            return
        elif attributes.endswith(b"/") and name not in _HTML and self.is_foreign:
            return  # an empty element, common in SVG
        self.depth += 1
        self._levels.setdefault(name, []).append(self.depth)

    def end(self, name: bytes) -> None:
        self.steps += self.depth
        if self._is_open(name):
            self.depth = self._levels[name].pop() - 1
        if name not in _FORMATTING:
            self.clones += self._active
        elif opened := self._formatting.get(name):
            attributes = opened.pop()
            self._same[name, attributes] -= 1
            self._active -= self._same[name, attributes] < _SAME

    def _is_open(self, name: bytes) -> bool:
        levels = self._levels.get(name)
        while levels and levels[-1] > self.depth:
            levels.pop()  # closed together with an element around it
        return bool(levels)
