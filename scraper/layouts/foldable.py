"""The parts of a page that need not be looked into: what a layout knows to be chrome through and through, and the ticker."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from scraper.characters import squeeze
from scraper.layouts.layout import Layout
from scraper.layouts.schema import ElementRule
from scraper.layouts.selectors import Selector
from scraper.pages import Foldable, LinkedTicker, Named, Settled

_MOST_SELECTIONS = 8
"""Selections of layouts in one program; nearly all use one."""

_SPELLED_OUT: Final = re.compile(rb"""[\s"](?i:class|id)\s*=\s*(?:"[^"]*|[^\s"<>]*)&""")
"""An id or a class in which a character reference stands: in markup it does not read as the parser will read it."""


@lru_cache(_MOST_SELECTIONS)
def foldings(layouts: tuple[Layout, ...]) -> tuple[tuple[Foldable, ...], ...]:
    """Return which parts of a page of these layouts need not be looked into, and which if those hold more than they should; at last none."""
    settled = tuple(_settled_parts(layouts))
    return (*settled, *_tickers(layouts)), settled, ()


def _tickers(layouts: tuple[Layout, ...]) -> Iterator[LinkedTicker]:
    """Yield what holds the ticker wherever it stands. Its links are looked into if any layout has a rule for links in general."""
    if any(layout.rules_of("a", "", "") for layout in layouts):
        return
    rules = ((selector, rule) for layout in layouts for selector, rule in layout.selectors)
    found = (selector for selector, rule in rules if rule.label == "ticker" and not (rule.within or rule.not_within))
    names = (
        Named("id", one.id) if one.id else Named("class", *one.classes) for one in found if bool(one.id) + len(one.classes) == 1
    )
    yield from map(LinkedTicker, dict.fromkeys(names))


def _settled_parts(layouts: tuple[Layout, ...]) -> Iterator[Settled]:
    """Yield what is chrome wherever it stands, by the id of its element, and by what is told that it was never closed."""
    rules: dict[str, list[tuple[Layout, ElementRule]]] = {}
    for layout in layouts:
        for selector, rule in layout.selectors:
            if selector.id and not selector.classes and rule.label == "chrome" and not (rule.within or rule.not_within):
                rules.setdefault(selector.id, []).append((layout, rule))
    return (_settled(name, found, layouts) for name, found in rules.items())


def _settled(name: str, rules: list[tuple[Layout, ElementRule]], layouts: tuple[Layout, ...]) -> Settled:
    known = [layout for layout, _ in rules]
    others = [layout for layout in layouts if layout not in known]

    def speaks(line: str) -> bool:
        return any(_speaks(line, layout) for layout in known)

    signs = {sign for layout, rule in rules for sign in _signs_in(rule, layout)}
    # What another layout goes by must be seen, be it only to say that two layouts fit.
    signs |= {_sign(selector) for layout in others for selector, rule in layout.selectors if rule.evidence is not None}
    return Settled(
        Named("id", name),
        signs=(*((sign.encode(), _shape(sign)) for sign in sorted(signs)), (b"&", _SPELLED_OUT)),
        speaks=speaks,
    )


def _signs_in(chrome: ElementRule, layout: Layout) -> Iterator[str]:
    """Yield ids, classes and tags by which an element in such a part would be something else, if only chrome of another rule."""
    inside = {rule.id for rule in layout.file.elements if chrome.id not in rule.not_within}
    for rule in layout.file.elements:
        if rule.within and inside.isdisjoint(rule.within):
            inside.discard(rule.id)
    return (_sign(selector) for selector, rule in layout.selectors if rule.id in inside)


def _sign(selector: Selector) -> str:
    return selector.id or next(iter(selector.classes), f"<{selector.tag}")


def _shape(sign: str) -> re.Pattern[bytes]:
    """Return the pattern of a sign that is no part of a longer name: ``header`` is none in ``tableheader``."""
    name = re.escape(sign).encode()
    return re.compile(rb"%b(?<![\w-]%b)(?![\w-])" % (name, name))  # what begins with letters is found more than ten times as fast


def _speaks(line: str, layout: Layout) -> bool:
    hit = layout.wording_of(squeeze(line)) if layout.may_be_wording(line) else None
    return hit is not None and hit.rule.label != "chrome"
