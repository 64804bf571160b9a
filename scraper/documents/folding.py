"""Parts of a page that hold nothing but chrome, such as a menu of all newspapers, folded: their tags give way to line ends.

They are two thirds of the elements of a page, and what a record says of them is how many characters they have. A part is folded
only where its markup is so plain that there is no doubt about its text; the parser still reads that text.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from scraper.pages import Settled

# A tag in lower case without a quote too many; not of an element whose text is no markup, or is not read, and not of one that
# gives the page's address or base, wherever it stands.
_ATTRIBUTES: Final = rb"""[^<>"']*+(?:"[^"<>]*+"[^<>"']*+)*+"""
_OPAQUE: Final = rb"base|body|fr|head|html|iframe|link|listing|meta|no|pl|pre|script|style|te|title|xmp"
_TAG: Final = re.compile(rb"<(?:/?(?!%b)[a-z]%b|!--[^<>]*--)>" % (_OPAQUE, _ATTRIBUTES))

# Tags in the middle of a line: they leave nothing behind, as on the page.
_INLINE: Final = re.compile(
    rb"</?(?:a|abbr|b|bdi|bdo|big|cite|code|em|font|i|img|input|mark|s|small|span|strong|sub|sup|tt|u|wbr)(?=[\s/>])%b>"
    % _ATTRIBUTES
)

# An element of these that is open keeps the end tag of one around it from ending that, for the parser.
_NESTING: Final = re.compile(rb"<(/?)(div|t(?:able|body|d|foot|h|head|r))(?=[\s/>])")

_MOST_REMEMBERED: Final = 64
"""Foldings of one part that are remembered: the pages of a site show the same menu, day after day."""
_BEGINNING: Final = 200
"""Bytes by which it is told which of them a part may be; two that begin alike take turns."""


def fold(data: bytes, settled: Sequence[Settled]) -> tuple[bytes, list[str]]:
    """Fold what parts of a page can be folded.

    Returns:
        The page, and the ids of the elements that were folded.
    """
    folds: list[tuple[int, int, bytes, str]] = []
    for part, at in _first_places(data, settled):
        opening = _TAG.match(data, data.rfind(b"<", 0, at))
        if opening is None or opening.end() < at or data.count(b'"', opening.start(), at) % 2:
            continue  # what looks like the id may stand in the value of another attribute
        start = opening.end()
        beginning = data[opening.start() : start + _BEGINNING]
        whole, folded = part.known.get(beginning, (b"", None))
        if not whole or not data.startswith(whole, start):
            end = _end_of(data, start, opening[0])
            if end is None:
                continue
            whole, folded = data[start : end.end()], _fold(data[start : end.start()], end[0], part)
            if len(part.known) >= _MOST_REMEMBERED:
                part.known.clear()
            part.known[beginning] = whole, folded
        if folded is not None:
            folds.append((start, start + len(whole), folded, part.id))
    return _replace(data, sorted(folds))


def _first_places(data: bytes, settled: Sequence[Settled]) -> Iterator[tuple[Settled, int]]:
    """Yield the parts that a page may have, each with the place where its id first stands."""
    if not settled:
        return
    places: dict[bytes, int] = {}
    for match in _any_of(tuple(part.needle for part in settled)).finditer(data):
        places.setdefault(match[0], match.start())
    for part in settled:
        if part.needle in places:
            yield part, places[part.needle]


@lru_cache
def _any_of(needles: tuple[bytes, ...]) -> re.Pattern[bytes]:
    return re.compile(b"|".join(map(re.escape, needles)))  # what they begin with is looked for once, for all of them


def _replace(data: bytes, folds: Iterable[tuple[int, int, bytes, str]]) -> tuple[bytes, list[str]]:
    pieces: list[bytes] = []
    ids: list[str] = []
    position = 0
    for start, end, folded, name in folds:
        if start >= position:  # else it stands in one before it
            pieces += (data[position:start], folded)
            ids.append(name)
            position = end
    return b"".join([*pieces, data[position:]]), ids


def _fold(inside: bytes, end_tag: bytes, part: Settled) -> bytes | None:
    text = _TAG.sub(b"\n", _INLINE.sub(b"", inside.replace(b"\n", b" ")))
    if b"<" in text or b">" in text or any(sign in inside and shape.search(inside) for sign, shape in part.signs):
        return None
    if not _is_nested(inside):
        return None
    lines = b"\n".join(filter(None, map(bytes.strip, text.split(b"\n"))))
    shown = lines.decode("utf-8", "replace")
    if "&" in shown:
        from html import unescape  # 2 ms for a table that few parts need

        shown = unescape(shown)
    if any(map(part.speaks, shown.split("\n"))):
        return None
    return lines + end_tag


def _is_nested(inside: bytes) -> bool:
    """Tell whether divisions and tables, each of which is closed, stand within one another."""
    around: list[bytes] = []
    for is_end, name in _NESTING.findall(inside):
        if not is_end:
            around.append(name)
        elif not around or around.pop() != name:
            return False
    return not around


def _end_of(data: bytes, start: int, opening: bytes) -> re.Match[bytes] | None:
    """Find the end tag that belongs to the element whose content begins at ``start``."""
    name = re.split(rb"[\s>]", opening[1:], maxsplit=1)[0]
    depth = 1
    for match in re.compile(rb"<(/?)%b(?:\s[^<>]*)?>" % name).finditer(data, start):
        depth += -1 if match[1] else 1
        if not depth:
            return match
    return None
