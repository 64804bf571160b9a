"""The parts of a page that a layout knows to be chrome through and through."""

from collections.abc import Iterator
from functools import lru_cache

from scraper.characters import squeeze
from scraper.layouts.layout import Layout
from scraper.layouts.schema import ElementRule
from scraper.pages import Settled

_MOST_SELECTIONS = 8
"""Selections of layouts in one program; nearly all use one."""


@lru_cache(_MOST_SELECTIONS)
def settled_parts(layouts: tuple[Layout, ...]) -> tuple[Settled, ...]:
    """Return what is chrome wherever it stands, by the id of its element, and by what is told that it was never closed."""
    rules: dict[str, list[tuple[Layout, ElementRule]]] = {}
    for layout in layouts:
        for selector, rule in layout.selectors:
            if selector.id and not selector.classes and rule.label == "chrome" and not (rule.within or rule.not_within):
                rules.setdefault(selector.id, []).append((layout, rule))
    return tuple(_settled(name, found) for name, found in rules.items())


def _settled(name: str, rules: list[tuple[Layout, ElementRule]]) -> Settled:
    def speaks(line: str) -> bool:
        return any(_speaks(line, layout) for layout, _ in rules)

    signs = {sign for layout, rule in rules for sign in _signs_in(rule, layout)}
    return Settled(
        name, needle=f'id="{name}"'.encode(), signs=tuple(sign.encode() for sign in sorted(_shortest(signs))), speaks=speaks
    )


def _signs_in(chrome: ElementRule, layout: Layout) -> Iterator[str]:
    """Yield ids, classes and tags by which an element in such a part would be more than chrome."""
    inside = {rule.id for rule in layout.file.elements if rule.label != "chrome" and chrome.id not in rule.not_within}
    for rule in layout.file.elements:
        if rule.within and inside.isdisjoint(rule.within):
            inside.discard(rule.id)
    for selector, rule in layout.selectors:
        if rule.id in inside:
            yield selector.id or next(iter(selector.classes), f"<{selector.tag}")


def _shortest(signs: set[str]) -> set[str]:
    """Leave out signs that hold another."""
    return {sign for sign in signs if not any(other != sign and other in sign for other in signs)}


def _speaks(line: str, layout: Layout) -> bool:
    hit = layout.wording_of(squeeze(line)) if layout.may_be_wording(line) else None
    return hit is not None and hit.rule.label != "chrome"
