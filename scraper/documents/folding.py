"""Parts of a page that hold nothing but chrome, such as a menu of all newspapers, folded: their tags give way to line ends.

They are two thirds of the elements of a page, and what a record says of them is how many characters they have. A part is folded
only where its markup is so plain that there is no doubt about its text; the parser still reads that text.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, compress
from operator import attrgetter
from typing import Final, NamedTuple

from scraper.documents.controls import has_controls
from scraper.pages import Element, Foldable, Known, LinkedTicker, Named, Settled

# A tag in lower case, in which quotes stand around values and nowhere else; not of an element whose text is no markup, or is not
# read, and not of one that gives the page's address or base, wherever it stands.
_ATTRIBUTES: Final = rb"""[^<>"'\0]*+(?:(?<==)"[^"<>\0]*+"[^<>"'\0]*+)*+"""
_OPAQUE: Final = rb"base|body|fr|head|html|iframe|link|listing|meta|no|pl|pre|script|style|te|title|xmp"
_TAG: Final = re.compile(rb"<(?:/?(?!%b)[a-z]%b|!--[^<>\0]*--)>" % (_OPAQUE, _ATTRIBUTES))

# Tags in the middle of a line: they leave nothing behind, as on the page. Until the others are gone a byte that no page has stands
# in their place: what was on both sides of one is not to be read as a tag or a reference.
_GAP: Final = b"\0"
_CUT_REFERENCE: Final = re.compile(rb"&[#\w]*+\0")
_INLINE: Final = re.compile(
    rb"</?(?:a|abbr|b|bdi|bdo|big|cite|code|em|font|i|img|input|mark|s|small|span|strong|sub|sup|tt|u|wbr)(?=[\s/>])%b>"
    % _ATTRIBUTES
)

# An element of these that is open keeps the end tag of one around it from ending that, for the parser. One that is written as if it
# were empty is open to browsers, and is not to the parser.
_NESTED: Final = rb"(div|t(?:able|body|d|foot|h|head|r))(?=[\s/>])"
_NESTING: Final = re.compile(rb"<(/?)%b" % _NESTED)
_EMPTY: Final = re.compile(rb"<%b[^<>]*+(?<=/)>" % _NESTED)

# A link of a ticker, what its address may not hold, and its words neither; and what may follow it. Looking for one character that
# ends each, and only then for all that none may hold, takes a third of the time.
_LINK_START: Final = b'<a href="'
_LINK: Final = re.compile(rb"""%b([^"]*+)">([^<]*+)</a>""" % _LINK_START)
_NOT_IN_ADDRESS: Final = re.compile(rb"[&<>\s]")
_NOT_IN_WORDS: Final = (b">", b"\n", b"\r", b"\t")
_NO_REFERENCE: Final = re.compile(rb"&(?![a-zA-Z0-9#]++;)")
_NBSP: Final = "\N{NO-BREAK SPACE}".encode()
_BETWEEN: Final = re.compile(b"(?:&nbsp;|%b)+" % _NBSP)

_LONG: Final = 200
"""Bytes of a word that is neither id nor class."""
_NO_WORD: Final = b" \t\n\r\f\v<>&"

STAND_IN: Final = "x"
"""What the parser reads in the place of text that is known."""

_MOST_REMEMBERED: Final = 64
"""Foldings of one part that are remembered: the pages of a site show the same menu, day after day."""
_BEGINNING: Final = 200
"""Bytes by which it is told which of them a part may be; two that begin alike take turns."""


class Fold(NamedTuple):
    """An element that was folded."""

    name: Named
    hrefs: tuple[str, ...] | None = None
    """Of a ticker: where each link that shows anything leads."""
    text: str | None = None
    """What it shows, if :data:`STAND_IN` stands in its place."""

    def is_of(self, element: Element) -> bool:
        """Tell whether ``element`` may be it."""
        return self.name.is_of(element)


class _Place(NamedTuple):
    """A stretch of a page, and what is to stand there instead."""

    start: int
    end: int
    inside: bytes
    fold: Fold


_START: Final = attrgetter("start")


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
        beginning = data[opening.start() : start + _BEGINNING]
        known = part.known.get(beginning)
        if known is None or not data.startswith(known.whole, start):
            known = _look_into(data, start, opening[0], part)
            if known is None:
                continue
            if len(part.known) >= _MOST_REMEMBERED:
                part.known.clear()
            part.known[beginning] = known
        if known.inside is not None:
            places.append(_Place(start, start + len(known.whole), known.inside, Fold(part.name, known.hrefs, known.text)))
    return _replace(data, sorted(places, key=_START))


def _look_into(data: bytes, start: int, opening: bytes, part: Foldable) -> Known | None:
    """Return how a part that begins at ``start`` is folded; None if its end cannot be told."""
    name = opening[1:-1].split(maxsplit=1)[0]
    ending = _end_of(data, start, name) if name.isalnum() and not opening.endswith(b"/>") else None
    if ending is None:
        return None
    whole, inside = data[start : ending.end()], data[start : ending.start()]
    if has_controls(inside):
        return Known(whole, None)
    hrefs: tuple[str, ...] | None = None
    if isinstance(part, LinkedTicker):
        folded, hrefs = _ticker(inside)
    else:
        folded = _lines_of(inside, part)
    if folded is None:
        return Known(whole, None)
    if not folded or b"&" in folded or b"\r" in folded:  # the parser would change it
        return Known(whole, folded + ending[0], hrefs)
    return Known(whole, STAND_IN.encode() + ending[0], hrefs, folded.decode("utf-8", "replace"))


def _first_places(data: bytes, parts: Sequence[Foldable]) -> Iterator[tuple[Foldable, int]]:
    """Yield the parts that a page may have, each with the place where its name first stands."""
    any_id, ids, classes = _needles_of(tuple(parts))
    found: set[bytes] = set()
    for match in any_id.finditer(data) if any_id is not None else ():
        if match[0] not in found:
            found.add(match[0])
            yield from ((part, match.start()) for part in ids[match[0]])
    for needle, part in classes:
        if (at := data.find(needle)) >= 0:
            yield part, at


@lru_cache
def _needles_of(
    parts: tuple[Foldable, ...],
) -> tuple[re.Pattern[bytes] | None, dict[bytes, list[Foldable]], list[tuple[bytes, Foldable]]]:
    """Return how the ids and the classes of parts stand in markup; ids, of which there are many, in one pattern, too."""
    needles = [(part.name.attribute, f'{part.name.attribute}="{part.name.value}"'.encode(), part) for part in parts]
    ids: dict[bytes, list[Foldable]] = {}
    for attribute, needle, part in needles:
        if attribute == "id":
            ids.setdefault(needle, []).append(part)
    any_id = re.compile(b"|".join(map(re.escape, ids))) if ids else None
    return any_id, ids, [(needle, part) for attribute, needle, part in needles if attribute == "class"]


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


def _ticker(inside: bytes) -> tuple[bytes | None, tuple[str, ...]]:
    """Return links that have nothing but no-break spaces between them without their tags, and where they lead; None if there is more."""
    if not inside.startswith(_LINK_START):
        return None, ()
    first, *pieces = _LINK.split(inside)
    hrefs, texts, between = pieces[::3], pieces[1::3], pieces[2::3]
    if first or not texts or not texts[0] or not all(map(_BETWEEN.fullmatch, {*between[:-1], between[-1] or b"&nbsp;"})):
        return None, ()
    words = b"<".join(texts)
    if _NOT_IN_ADDRESS.search(b"".join(hrefs)) or any(byte in words for byte in _NOT_IN_WORDS):
        return None, ()
    if b"&" in words and _NO_REFERENCE.search(words):  # it would end where the next character ends it
        return None, ()
    shown = tuple(b"\n".join(compress(hrefs, texts)).decode("utf-8", "replace").split("\n"))
    return b"".join(chain.from_iterable(zip(texts, between, strict=True))).replace(b"&nbsp;", _NBSP), shown


def _lines_of(inside: bytes, part: Settled) -> bytes | None:
    """Return the lines of a part of chrome, whose tags give way to line ends; None if there may be more in it."""
    if _has_sign(inside, part):
        return None
    text = _TAG.sub(b"\n", _INLINE.sub(_GAP, inside.replace(b"\n", b" ")))
    if b"<" in text or b">" in text or (b"&" in text and _CUT_REFERENCE.search(text)) or not _is_nested(inside):
        return None
    lines = b"\n".join(filter(None, map(bytes.strip, text.replace(_GAP, b"").split(b"\n"))))
    shown = lines.decode("utf-8", "replace")
    if "&" in shown:
        from html import unescape  # 2 ms for a table that few parts need

        shown = unescape(shown)
    return None if any(map(part.speaks, shown.split("\n"))) else lines


def _has_sign(inside: bytes, part: Settled) -> bool:
    """Tell whether something in the markup of a part shows that it holds more."""
    # The state of a form, one word of 3 kB, holds no name, and takes longer to look through than all the rest.
    pieces = inside.split(b'"')
    names = b'"'.join([piece if len(piece) < _LONG or piece.translate(None, _NO_WORD) != piece else b"" for piece in pieces])
    return any(sign in names and shape.search(names) for sign, shape in part.signs)


def _is_nested(inside: bytes) -> bool:
    """Tell whether divisions and tables, each of which is closed, stand within one another."""
    around: list[bytes] = []
    for is_end, name in _NESTING.findall(inside):
        if not is_end:
            around.append(name)
        elif not around or around.pop() != name:
            return False
    return not around and _EMPTY.search(inside) is None


def _end_of(data: bytes, start: int, name: bytes) -> re.Match[bytes] | None:
    """Find the end tag that belongs to the element of such a name whose content begins at ``start``; None if that is not plain."""
    depth = 1
    for match in re.compile(rb"<(/?)%b(?:[\s/][^<>]*)?>" % name).finditer(data, start):
        if match[0].endswith(b"/>"):
            return None
        depth += -1 if match[1] else 1
        if not depth:
            return match
    return None
