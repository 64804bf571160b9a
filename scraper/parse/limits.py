"""What a page may ask of the HTML parser. A page beyond these limits is a named error before it is parsed.

lexbor, as the standard's algorithm does, looks through all open elements at many a tag, and compares each attribute of a tag with the
others: its time grows with the square of both. It also clones every formatting element that was never closed into each block that
follows. Browsers stop at a depth of 512.
"""

import re
from collections import Counter
from typing import Final

from scraper.errors import TooComplex

MOST_LINES: Final = 500_000
"""Lines of a page in HTML: each takes a block and a run, and a line of a <pre> no element."""
_MOST_OPEN: Final = 4_096
"""Elements that may be open at once."""
_MOST_ATTRIBUTES: Final = 2_000
"""Attributes of one tag."""
_MOST_CLONES: Final = 1_000_000
"""Clones that the parser may make of formatting elements."""
_MOST_STEPS: Final = 1_000_000_000
"""Elements at which the parser may look, tag by tag, to find what a tag belongs to: some seconds."""
_MOST_NAMES: Final = 10_000
"""Names of elements, and of attributes, in one page: the parser goes through a fixed number of lists of them."""
_ELEMENT_BYTES: Final = 1_600
"""Memory that an element with a word of text takes until its record is written; a link of a ticker takes nearly as much."""
_ATTRIBUTE_BYTES: Final = 300
_MOST_TIMES: Final = 20
_SMALLEST: Final = 32 << 20
"""The elements of a page may take so many times its bytes, or those of a page of this many bytes."""

_FEW_TAGS: Final = _MOST_OPEN
_FEW_BYTES: Final = 200_000
_BYTES_A_TAG: Final = 256
"""A page of fewer tags and bytes, and with as many tags to its bytes as an honest page has, need not be looked through."""

_LONE: Final = re.compile(rb"</(?:p|br)(?=[\s/>])", re.IGNORECASE)
"""End tags that make an element where there is none to be ended."""
_ATTRIBUTE: Final = r"""([^\s/>][^\s/>=]*+)(?:\s*+=\s*+(?:"[^"]*+(?:"|\Z) | '[^']*+(?:'|\Z) | [^\s>"'][^\s>]*+)?+)?+"""
_NAMES: Final = re.compile(_ATTRIBUTE.encode(), re.VERBOSE)
_ATTRIBUTES: Final = rf"(?:[\s/]++ | {_ATTRIBUTE.replace('(', '(?:', 1)})*+"
_TOKEN: Final = re.compile(
    rf"""<(?: !--(?:-?>|.*?(?:--!?>|\Z))                       # a comment
      | [!?][^>]*+ | /[^a-z>][^>]*+                            # what is read as one
      | /(?P<end>[a-z][^\s/>]*+)(?P<behind>{_ATTRIBUTES})
      | (?P<name>[a-z][^\s/>]*+)(?P<attributes>{_ATTRIBUTES})
      )""".encode(),
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
"""The standard's tokens (https://html.spec.whatwg.org/multipage/parsing.html#tokenization), as far as they are no text."""
_RAW: Final = {
    name: re.compile(rb"</%s(?=[\s/>])" % name, re.IGNORECASE)
    for name in b"script style textarea title xmp iframe noembed noframes".split()
}
"""Elements of HTML that hold no markup, each with what ends it."""
_FOREIGN: Final = (b"svg", b"math")
_NEVER_OPEN: Final = frozenset(
    b"area base basefont bgsound br col embed frame hr image img input keygen link meta param source track wbr "
    # These end where the next of their kind begins.
    b"a button colgroup dd dt li nobr optgroup option p rb rp rt rtc tbody td tfoot th thead tr".split()
)
_HTML: Final = frozenset(
    b"b big blockquote body center code dd div dl dt em font h1 h2 h3 h4 h5 h6 head i li listing menu nobr ol p pre ruby s small "
    b"span strong strike sub sup table tt u ul var".split()
)
"""Elements that end an SVG or a formula, where they stand in one."""
_FORMATTING: Final = frozenset(b"b big code em font i s small strike strong tt u".split())
_SAME: Final = 3
"""Equal formatting elements that are cloned (https://html.spec.whatwg.org/multipage/parsing.html#push-onto-the-list-of-active-formatting-elements)."""


def check_limits(data: bytes) -> None:
    """Check that a page can be parsed in a time and a memory that grow no faster than it does.

    Args:
        data: the page in UTF-8.

    Raises:
        TooComplex: if it can't.
    """
    tags = data.count(b"<")
    if tags > _FEW_TAGS or len(data) > min(_BYTES_A_TAG * tags, _FEW_BYTES):
        elements = tags - data.count(b"</") + max(0, len(_LONE.findall(data)) - data.count(b"<p"))
        room = _MOST_TIMES * max(len(data), _SMALLEST) - elements * _ELEMENT_BYTES
        if room < 0:
            raise TooComplex(f"it has some {elements:,} elements, too many to be held in memory; split the page")
        _check_tags(data, room // _ATTRIBUTE_BYTES)


def _check_tags(data: bytes, most_attributes: int) -> None:
    opened = _Opened()
    names: set[bytes] = set()
    of_attributes: set[bytes] = set()
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
            of_attributes.update(found)
        if name is None:
            names.add(end)
            opened.end(end.lower())
        else:
            names.add(name)
            name = name.lower()
            if name in _RAW and not opened.is_foreign:
                last = _RAW[name].search(data, position)
                position = last.start() if last is not None else len(data)
            opened.start(name, raw)
        if len(names) > _MOST_NAMES or len(of_attributes) > _MOST_NAMES:
            raise TooComplex(f"its elements or attributes have more than {_MOST_NAMES:,} names")
        if opened.depth > _MOST_OPEN:
            raise TooComplex(f"more than {_MOST_OPEN:,} elements stand within one another")
        if opened.clones > _MOST_CLONES:
            raise TooComplex("too many elements such as <b> and <font> are never closed, and go on in every block that follows")
        if opened.steps > _MOST_STEPS:
            raise TooComplex("too many tags stand where too many elements are open")


class _Opened:
    """How deep elements stand, and how many clones of formatting elements that makes; both at most a little too high."""

    def __init__(self) -> None:
        self.depth = 0
        self.clones = 0
        self.steps = 0
        """Open elements that the parser may look at, each time that it does."""
        self._levels: dict[bytes, list[int]] = {}
        self._formatting: dict[bytes, list[bytes]] = {}
        self._same: Counter[tuple[bytes, bytes]] = Counter()
        self._active = 0

    @property
    def is_foreign(self) -> bool:
        """Whether an SVG or a formula is open, in which names mean something else."""
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
            return  # an element without content; SVG is full of these
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
            levels.pop()  # an element around it was ended
        return bool(levels)
