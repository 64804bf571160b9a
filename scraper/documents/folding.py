"""Parts of a page that hold nothing but chrome, such as a menu of all newspapers, folded: their tags give way to line ends.

They are two thirds of the elements of a page, and what a record says of them is how many characters they have. A part is folded
only where its markup is so plain that there is no doubt about its text; the parser still reads that text.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, compress
from typing import Final, NamedTuple

from scraper.pages import Element, Foldable, LinkedTicker, Named, Settled

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

# A link of a ticker, what its address may not hold, and its words neither; and what may follow it. Looking for one character that
# ends each, and only then for all that none may hold, takes a third of the time.
_LINK: Final = re.compile(rb"""<a href="([^"]*+)">([^<]*+)</a>""")
_NOT_IN_ADDRESS: Final = re.compile(rb"[&<>\s]")
_NOT_IN_WORDS: Final = (b">", b"\n", b"\r", b"\t")
_NO_REFERENCE: Final = re.compile(rb"&(?![a-zA-Z0-9#]++;)")
_BETWEEN: Final = re.compile(rb"(?:&nbsp;|\xc2\xa0)+")

_MOST_REMEMBERED: Final = 64
"""Foldings of one part that are remembered: the pages of a site show the same menu, day after day."""
_BEGINNING: Final = 200
"""Bytes by which it is told which of them a part may be; two that begin alike take turns."""


class Fold(NamedTuple):
    """An element that was folded."""

    name: Named
    hrefs: Sequence[str] | None = None
    """Of a ticker: where each link that shows anything leads."""

    def is_of(self, element: Element) -> bool:
        """Tell whether ``element`` may be it."""
        return self.name.is_of(element)


class _Place(NamedTuple):
    """A stretch of a page, and what is to stand there instead."""

    start: int
    end: int
    inside: bytes
    fold: Fold


def fold(data: bytes, parts: Sequence[Foldable]) -> tuple[bytes, list[Fold]]:
    """Fold what parts of a page can be folded.

    Returns:
        The page, and what was folded, in order.
    """
    places: list[_Place] = []
    for part, at in _first_places(data, parts):
        opening = _TAG.match(data, data.rfind(b"<", 0, at))
        if opening is None or opening.end() < at or data.count(b'"', opening.start(), at) % 2:
            continue  # what looks like the id may stand in the value of another attribute
        start = opening.end()
        if isinstance(part, LinkedTicker):
            if (place := _fold_ticker(data, start, opening[0], part)) is not None:
                places.append(place)
            continue
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
            places.append(_Place(start, start + len(whole), folded, Fold(part.name)))
    return _replace(data, sorted(places))


def _first_places(data: bytes, parts: Sequence[Foldable]) -> Iterator[tuple[Foldable, int]]:
    """Yield the parts that a page may have, each with the place where its name first stands."""
    places: dict[bytes, int] = {}
    for needles in _needles_of(tuple(parts)):
        for match in needles.finditer(data):
            places.setdefault(match[0], match.start())
    for part in parts:
        if part.name.needle in places:
            yield part, places[part.name.needle]


@lru_cache
def _needles_of(parts: tuple[Foldable, ...]) -> list[re.Pattern[bytes]]:
    """Return patterns of the names of parts: one for the ids, one for the classes, for what they begin with is looked for once."""
    names = [part.name for part in parts]
    kinds = [[name.needle for name in names if name.attribute == attribute] for attribute in ("id", "class")]
    return [re.compile(b"|".join(map(re.escape, needles))) for needles in kinds if needles]


def _replace(data: bytes, places: Iterable[_Place]) -> tuple[bytes, list[Fold]]:
    pieces: list[bytes] = []
    folds: list[Fold] = []
    position = 0
    for start, end, inside, fold in places:
        if start >= position:  # else it stands in one before it
            pieces += (data[position:start], inside)
            folds.append(fold)
            position = end
    return b"".join([*pieces, data[position:]]), folds


def _fold_ticker(data: bytes, start: int, opening: bytes, part: LinkedTicker) -> _Place | None:
    """Fold links that have nothing but no-break spaces between them: their tags give way to nothing."""
    end = data.find(b"</" + _name_of(opening), start)
    first, *pieces = _LINK.split(data[start:end])
    hrefs, texts, between = pieces[::3], pieces[1::3], pieces[2::3]
    if end < 0 or first or not texts or not texts[0] or not all(map(_BETWEEN.fullmatch, {*between[:-1], between[-1] or b"&nbsp;"})):
        return None
    words = b"<".join(texts)
    if _NOT_IN_ADDRESS.search(b"".join(hrefs)) or any(byte in words for byte in _NOT_IN_WORDS):
        return None
    if b"&" in words and _NO_REFERENCE.search(words):
        return None  # it would end where the next character ends it
    shown = b"\n".join(compress(hrefs, texts)).decode("utf-8", "replace").split("\n")
    return _Place(start, end, b"".join(chain.from_iterable(zip(texts, between, strict=True))), Fold(part.name, shown))


def _name_of(opening: bytes) -> bytes:
    return opening[1:-1].split(maxsplit=1)[0]


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
    depth = 1
    for match in re.compile(rb"<(/?)%b(?:\s[^<>]*)?>" % _name_of(opening)).finditer(data, start):
        depth += -1 if match[1] else 1
        if not depth:
            return match
    return None
