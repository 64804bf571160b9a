"""The parts of a page that need not be walked, because their layout declares all of them chrome."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from scraper.layouts.layout import Layout
from scraper.layouts.schema import ElementRule
from scraper.layouts.selector import Selector
from scraper.models import Part

_MOST_LAYOUT_SETS = 8
"""Different sets of layouts that one process uses; nearly always one."""


@lru_cache(_MOST_LAYOUT_SETS)
def parts_of(layouts: tuple[Layout, ...]) -> Mapping[str, Part]:
    """Return the parts that are chrome anywhere on a page, by element id. A part that was never closed may contain more."""
    rules: dict[str, list[tuple[Layout, ElementRule]]] = {}
    for layout in layouts:
        for selector, rule in layout.selectors:
            if selector.id and not selector.classes and rule.label == "chrome" and not (rule.within or rule.not_within):
                rules.setdefault(selector.id, []).append((layout, rule))
    return {name: _part(name, found, layouts) for name, found in rules.items()}


def _part(name: str, rules: Sequence[tuple[Layout, ElementRule]], layouts: Sequence[Layout]) -> Part:
    own_layouts = [layout for layout, _ in rules]
    others = {selector for layout, rule in rules for selector in _selectors_in(rule, layout)}
    # The evidence for other layouts must be found too, if only to report that two layouts fit.
    others |= {
        selector
        for layout in layouts
        if layout not in own_layouts
        for selector, rule in layout.selectors
        if rule.evidence is not None
    }
    ids = frozenset(selector.id for selector in others if selector.id) - {name}
    # A selector with a tag is redundant if the same without the tag is there.
    wanted = {selector for selector in others if not selector.id and (not selector.tag or selector._replace(tag="") not in others)}
    return Part(
        ids,
        ", ".join(sorted(selector.css() for selector in wanted)),
        lambda texts: any(layout.contains_wording(texts) for layout in own_layouts),
    )


def _selectors_in(chrome: ElementRule, layout: Layout) -> Iterator[Selector]:
    """Yield the selectors of elements that have another rule inside such a part, even if that rule is chrome too.

    A rule that holds within another is left out, unless that other is ``chrome``: its own selector is in the part first.
    """
    for selector, rule in layout.selectors:
        if chrome.id not in rule.not_within and (not rule.within or chrome.id in rule.within):
            yield selector
