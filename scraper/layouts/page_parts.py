"""The parts of a page that need not be walked: what a layout knows to be chrome through and through."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from scraper.layouts.layout import Layout
from scraper.layouts.schema import ElementRule
from scraper.layouts.selector import Selector
from scraper.models import Part

_MOST_SELECTIONS = 8
"""Selections of layouts in one program; nearly all use one."""


@lru_cache(_MOST_SELECTIONS)
def parts_of(layouts: tuple[Layout, ...]) -> Mapping[str, Part]:
    """Return what is chrome wherever it stands, by the id of its element, and how to tell that it holds more: it was never closed."""
    rules: dict[str, list[tuple[Layout, ElementRule]]] = {}
    for layout in layouts:
        for selector, rule in layout.selectors:
            if selector.id and not selector.classes and rule.label == "chrome" and not (rule.within or rule.not_within):
                rules.setdefault(selector.id, []).append((layout, rule))
    return {name: _part(name, found, layouts) for name, found in rules.items()}


def _part(name: str, rules: Sequence[tuple[Layout, ElementRule]], layouts: Sequence[Layout]) -> Part:
    known = [layout for layout, _ in rules]
    others = {selector for layout, rule in rules for selector in _selectors_in(rule, layout)}
    # What another layout goes by must be seen, be it only to say that two layouts fit.
    others |= {
        selector for layout in layouts if layout not in known for selector, rule in layout.selectors if rule.evidence is not None
    }
    ids = frozenset(selector.id for selector in others if selector.id) - {name}
    # What a wider selector finds need not be looked for.
    wanted = {selector for selector in others if not selector.id and (not selector.tag or selector._replace(tag="") not in others)}
    return Part(
        ids,
        ", ".join(sorted(selector.css() for selector in wanted)),
        lambda texts: any(layout.speaks_in(texts) for layout in known),
    )


def _selectors_in(chrome: ElementRule, layout: Layout) -> Iterator[Selector]:
    """Yield what selects elements that would be something else in such a part, if only chrome of another rule.

    A rule that holds within another needs that other one to stand in the part first.
    """
    for selector, rule in layout.selectors:
        if chrome.id not in rule.not_within and (not rule.within or chrome.id in rule.within):
            yield selector
