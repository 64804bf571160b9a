"""Compound selectors, as in CSS: a tag, an id, classes, or several of these (``div#footer``, ``a.teasertitle``).

A class that ends with a star matches all classes with that prefix (``.articleauthor*``).

No other CSS is supported. The place of an element is given by ``within`` and ``not_within`` of a rule, which also work on pages
whose nesting is broken.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from scraper.layouts.schema import ElementRule
from scraper.models import Element

_COMPOUND: Final = re.compile(r"(?P<tag>[a-zA-Z][\w-]*)?(?P<rest>(?:#[\w-]+|\.[\w-]+\*?)*)")


class Selector(NamedTuple):
    """A compound selector; an empty part matches anything."""

    tag: str
    id: str
    classes: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "Selector":
        """Parse a selector.

        Raises:
            ValueError: if it is empty, not a compound selector, or has two ids.
        """
        match = _COMPOUND.fullmatch(text)
        if not text or match is None:
            raise ValueError(
                f"{text!r} is not a compound selector (a tag, an id and classes, as in 'div#footer' or 'a.teasertitle')"
            )
        parts = re.findall(r"[#.][\w-]+\*?", match["rest"])
        ids = [part[1:] for part in parts if part[0] == "#"]
        if len(ids) > 1:
            raise ValueError(f"{text!r} names two ids; an element has one")
        return cls((match["tag"] or "").lower(), ids[0] if ids else "", tuple(part[1:] for part in parts if part[0] == "."))

    def css(self) -> str:
        """Return a CSS selector of these elements, and perhaps more: a class with a star becomes any class that contains it."""
        names = "".join(f'[class*="{name[:-1]}"]' if name[-1] == "*" else f".{name}" for name in self.classes)
        return f"{self.tag}{f'#{self.id}' if self.id else ''}{names}"

    def _has_classes(self, names: Sequence[str]) -> bool:
        return all(
            any(name.startswith(wanted[:-1]) for name in names) if wanted[-1] == "*" else wanted in names for wanted in self.classes
        )

    def matches(self, element: Element) -> bool:
        """Return True if the selector matches ``element``."""
        return (
            (not self.tag or self.tag == element.tag)
            and (not self.id or self.id == element.id)
            and (not self.classes or self._has_classes(element.class_.split()))
        )


class SelectorIndex:
    """Selectors by tag, id and class, so that an element is compared with few of them."""

    def __init__(self, selectors: Iterable[tuple[Selector, ElementRule]]) -> None:
        self._by: dict[str, list[tuple[int, Selector, ElementRule]]] = {}
        self._beginnings: list[str] = []
        for n, (selector, rule) in enumerate(selectors):
            named = [name for name in selector.classes if name[-1] != "*"]
            key = f"#{selector.id}" if selector.id else f".{named[0]}" if named else selector.tag if not selector.classes else "*"
            self._by.setdefault(key, []).append((n, selector, rule))
            self._beginnings += [name[:-1] for name in selector.classes if key == "*"]

    def rules_of(self, tag: str, id: str, class_: str) -> Sequence[ElementRule]:
        """Return the rules that select an element with this tag, id and class, in the order of the selectors."""
        by = self._by
        if not id and not class_ and tag not in by:
            return []  # nearly all links and spans
        keys = [key for key in (tag, f"#{id}" if id else "", *(f".{name}" for name in class_.split())) if key in by]
        if any(beginning in class_ for beginning in self._beginnings):
            keys.append("*")
        if not keys:
            return []
        element = Element(tag, id, class_, None, None)
        found = sorted((n, rule) for key in keys for n, selector, rule in by[key] if selector.matches(element))
        return [rule for _, rule in found]
