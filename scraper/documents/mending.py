"""What is done, once, to a page of which the parser lost the end.

Each step undoes one way in which libxml2 2.14 stops before the end of a page, and loses as little as can be: tags that only
end things go, an opening that is never closed is closed at the first place that an old browser would have closed it.
"""

import re
from collections import Counter
from itertools import islice
from typing import Final

_STRAY: Final = re.compile(r"</(?:html|body|frameset)\s*>|<!\[CDATA\[|\]\]>", re.IGNORECASE)

_TAG: Final = re.compile(
    r"""<!--.*?-->                                    # a comment
      | <(?P<raw>script|style)\b[^>]*>.*?</(?P=raw)   # what is no markup inside
      | <(?P<end>/?)(?P<name>[a-z][^\s/>]*)(?P<rest>(?:=\s*"[^"]*"|=\s*'[^']*'|[^>])*+)>
    """,
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_COMMENT_START: Final = re.compile(r"<!--[^>]*>?")
_ANY_TAG: Final = re.compile(r"""<(?P<name>[a-z][^\s/>]*)(?:=\s*"[^"]*"|=\s*'[^']*'|[^>])*+>?""", re.IGNORECASE)
_ANY_TAG_OR_END: Final = re.compile(r"<(?P<end>/?)(?P<name>[a-z][^\s/>]*)(?P<rest>[^>]*)>", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(r"""[\s/]+[^\s/>=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>"']+))?""")
_GIANT_TAG: Final = 2_000
_MOST_ATTRIBUTES: Final = 200

_TAG_START: Final = re.compile(r"<[a-z/!?]", re.IGNORECASE)
_STOP: Final = re.compile(r""">|=\s*(["'])""")
_LONGEST_VALUE: Final = 65_536
"""Characters of a quoted value; a mark that is further away ends something else."""

_RAW_START: Final = re.compile(r"<(script|style|textarea|title|xmp|iframe|noembed|noframes)\b[^>]*>", re.IGNORECASE)
_MARKUP: Final = re.compile(
    r"<(?:!--|/?(?:a|body|br|div|h[1-6]|head|html|link|meta|p|script|span|style|table|title)\b)", re.IGNORECASE
)

_VOID: Final = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_INLINE: Final = frozenset(
    "a abbr b bdi bdo big cite code em font i ins del kbd mark q s small span strong sub sup tt u var".split()
)

# libxml2 takes <html/> at its word: the page is over.
_FRAME: Final = re.compile(r"""<(?:html|head|body)\b(?:=\s*"[^"]*"|=\s*'[^']*'|[^>])*+>""", re.IGNORECASE)

_MOST_REPAIRS: Final = 1000
"""Scripts, titles and the like that are looked at; each costs a pass over the page."""

_SAME_LIMIT: Final = 64
"""Levels above which an element that repeats an open one is dropped: it can say nothing that is not said already."""
_LEVEL_LIMIT: Final = 1000
"""Levels above which any element is dropped; libxml2 gives up at 2,048."""


def mend(markup: str) -> str:
    """Return ``markup`` in a shape that the parser can read to its end, with every readable character in it."""
    markup = _STRAY.sub("", markup)
    markup = _close_comment(markup)
    markup = _close_quotes(markup)
    markup = _FRAME.sub(lambda tag: tag[0].removesuffix("/>").removesuffix(">") + ">", markup)
    markup = _close_raw_text(markup)
    return _flatten(markup)


def shorten_tags(markup: str) -> str:
    """Return ``markup`` with no more attributes in a tag than any honest page has: libxml2's time grows with their square.

    40,000 attributes, which fit into 200 kB, take it 11 seconds. No attribute is readable text.
    """
    return _ANY_TAG.sub(_shorten, markup)


def _shorten(tag: re.Match[str]) -> str:
    if len(tag[0]) < _GIANT_TAG:
        return tag[0]
    attributes = [
        attribute[0] for attribute in islice(_ATTRIBUTE.finditer(tag[0], tag.end("name") - tag.start()), _MOST_ATTRIBUTES)
    ]
    return f"<{tag['name']}{''.join(attributes)}>"


def _close_comment(markup: str) -> str:
    """End a comment that nothing ends at the next ``>``, as browsers did before HTML5; without one it is a comment to the end."""
    closed = markup.rfind("-->") + 1
    tail, count = markup[closed:], 1
    while count:  # what is left may open a comment anew: `<!<!-- a>-- b`
        tail, count = _COMMENT_START.subn("", tail)
    return markup[:closed] + tail


def _close_quotes(markup: str) -> str:
    """End an attribute whose quotation mark is missing at the next ``>``; a tag that the end of the page cuts off goes.

    The mark is missing if the next one stands behind another tag; otherwise a ``>`` before it is a character of the value.
    """
    kept: list[str] = []
    position = scanned = 0
    for tag in _TAG_START.finditer(markup):
        if tag.start() < scanned:
            continue
        scanned = tag.end()
        while (stop := _STOP.search(markup, scanned)) is not None and (quote := stop[1]):
            end = markup.find(quote, stop.end(), stop.end() + _LONGEST_VALUE)
            bracket = markup.find(">", stop.end())
            if end >= 0 and not (0 <= bracket < end and "<" in markup[bracket:end]):
                scanned = end + 1
            elif bracket >= 0:
                kept += [markup[position:bracket], quote]
                position = scanned = bracket
            else:
                stop = None
                break
        if stop is None:
            return "".join([*kept, markup[position : tag.start()]])
        scanned = stop.end()
    return "".join([*kept, markup[position:]])


def _close_raw_text(markup: str) -> str:
    """End a script, style, title or the like that nothing ends where markup begins again."""
    position = 0
    for _ in range(_MOST_REPAIRS):
        start = _RAW_START.search(markup, position)
        if start is None:
            break
        name = start[1]
        end = re.compile(rf"</{name}\b", re.IGNORECASE).search(markup, start.end())
        if end is not None:
            position = end.end()
            continue
        again = _MARKUP.search(markup, start.end())
        if again is None:
            return f"{markup}</{name}>"
        markup = f"{markup[: again.start()]}</{name}>{markup[again.start() :]}"
        position = again.start()
    return markup


def _flatten(markup: str) -> str:
    """Drop elements that nest too deep for the parser; where a dropped one would break the line, a line break stays."""
    nesting = _Nesting()
    kept: list[str] = []
    position = 0
    is_hostile = sum(1 for _ in islice(_RAW_START.finditer(markup), _MOST_REPAIRS)) == _MOST_REPAIRS
    for tag in (_ANY_TAG_OR_END if is_hostile else _TAG).finditer(markup, 0, markup.rfind(">") + 1):
        name = (tag["name"] or "").lower()
        if not name or name in _VOID or tag["rest"].endswith("/"):
            continue
        if not (nesting.close(name) if tag["end"] else nesting.open(name, tag[0].lower())):
            kept += [markup[position : tag.start()], "" if name in _INLINE else "<br>"]
            position = tag.end()
    return "".join([*kept, markup[position:]])


class _Nesting:
    """The elements that are open, and which of them are kept."""

    def __init__(self) -> None:
        self._open: list[tuple[str, str, bool]] = []
        self._kept: Counter[str] = Counter()
        self._level = 0

    def open(self, name: str, tag: str) -> bool:
        """Open an element, and tell whether it is kept."""
        keep = self._level < _SAME_LIMIT or (self._level < _LEVEL_LIMIT and not self._kept[tag])
        self._open.append((name, tag, keep))
        self._kept[tag] += keep
        self._level += keep
        return keep

    def close(self, name: str) -> bool:
        """Close the innermost open ``name``, and tell whether it was kept; an end tag of nothing stays."""
        for at in range(len(self._open) - 1, max(len(self._open) - _SAME_LIMIT, 0) - 1, -1):
            if self._open[at][0] == name:
                is_kept = self._open[at][2]
                for _, tag, keep in self._open[at:]:
                    self._kept[tag] -= keep
                    self._level -= keep
                del self._open[at:]
                return is_kept
        return True
