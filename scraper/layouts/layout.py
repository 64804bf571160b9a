"""A layout in use: the rules of a file, checked and made ready to be asked."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple, TypeVar

import msgspec

from scraper.characters import squeeze
from scraper.layouts.schema import AddressRule, ElementRule, LayoutFile, WordingRule
from scraper.layouts.selectors import Selector
from scraper.layouts.wordings import LOST, OPENING, Found, Wording
from scraper.links import path_of
from scraper.pages import Element

_MOST_ELEMENTS: Final = 10_000
"""Kinds of element (tag, id and class) whose rules are remembered; pages of a site repeat a few hundred."""

_MOST_OPENINGS: Final = 10_000

_SHORTEST_WORDING: Final = 15
"""Characters that no wording of a notice or footer in any of the three languages falls short of."""

_DATE_GROUPS: Final = ("day", "month", "year")
T = TypeVar("T")


class Region(msgspec.Struct, eq=False, gc=False):
    """A part of a page that a rule has named: the rule, the element that holds the part, and the part around it."""

    rule: ElementRule
    element: Element
    around: "Region | None"


class Hit(NamedTuple):
    """A line or stretch that reads like a wording."""

    rule: WordingRule
    lang: str
    slots: dict[str, str]


class Dateline(NamedTuple):
    """What a dateline says."""

    newspaper: str | None
    date: date | None
    is_date_printed: bool
    """Whether a date stands there at all, be it of a day that does not exist."""
    lang: str | None


class Layout:
    """A layout, ready to be asked.

    Raises:
        ValueError: if the file contradicts itself or holds a pattern, selector or wording that does not compile; the message
            ends with the place, as in ``- at `$.elements[3].select[0]```.
    """

    def __init__(self, file: LayoutFile) -> None:
        self.file = file
        self.name = file.name
        self.hosts = frozenset(file.hosts)
        self.separator = _at("$.ticker.separator", re.compile, file.ticker.separator)
        self.skipped_images = [_at(f"$.images.skip[{n}]", re.compile, text) for n, text in enumerate(file.images.skip)]
        self._date = _at("$.date", re.compile, file.date)
        if set(self._date.groupindex) != set(_DATE_GROUPS):
            raise ValueError(f"a date needs the groups {', '.join(_DATE_GROUPS)} and no others - at `$.date`")
        self._addresses = [(rule, _at(f"$.addresses[{n}].path", re.compile, rule.path)) for n, rule in enumerate(file.addresses)]
        self.selectors = list(self._read_selectors())
        """What the element rules select, each selector with its rule, in the order of the file."""
        self.rules_of = lru_cache(_MOST_ELEMENTS)(self._rules_of)
        self._headings = [_at(f"$.heading.select[{n}]", Selector.parse, text) for n, text in enumerate(file.heading.select)]
        self._wordings = list(self._read_wordings())
        self._wordings_with = lru_cache(_MOST_OPENINGS)(self._find_wordings_with)
        self._check_ids()

    @property
    def unsplit(self) -> str:
        """The id under which a ticker that cannot be split is removed."""
        return f"{self.file.ticker.id}-unsplit"

    def reasons(self) -> dict[str, str]:
        """Return why, for every rule that can label text, by its id as it stands in records."""
        file = self.file
        because = {rule.id: rule.because for rule in file.elements if rule.label not in ("main", "ticker")}
        because |= {rule.id: rule.because for rule in file.wordings}
        because |= {file.ticker.id: file.ticker.because, file.heading.id: file.heading.because}
        because[self.unsplit] = "Without its separators a ticker cannot be split, and a guess would be worse than none."
        return {self.full(rule_id): reason for rule_id, reason in because.items()}

    def full(self, rule_id: str) -> str:
        """Return the id of a rule as it stands in records: ``layout/rule``."""
        return f"{self.name}/{rule_id}"

    def is_host(self, site: str | None) -> bool:
        """Tell whether ``site`` is one of this layout's, on its own or as part of one (``m.maghress.com``)."""
        return site is not None and any(site == host or site.endswith(f".{host}") for host in self.hosts)

    def _rules_of(self, tag: str, id: str, class_: str) -> list[ElementRule]:
        """Return the rules that select such an element, the first in the file first."""
        element = Element(tag, id, class_, None, None)
        return [rule for selector, rule in self.selectors if selector.matches(element)]

    def makes_heading(self, element: Element) -> bool:
        """Tell whether a line that stands in ``element`` alone is a heading."""
        return any(selector.matches(element) for selector in self._headings)

    def wording_of(self, line: str) -> Hit | None:
        """Return the wording that the whole of ``line``, squeezed, reads like."""
        for rule, wording in self._wordings_with(line[:OPENING]):
            slots = wording.match(line)
            if slots is not None:
                return Hit(rule, wording.lang, slots)
        return None

    def _find_wordings_with(self, opening: str) -> list[tuple[WordingRule, Wording]]:
        """Return the wordings that a line may read like which begins with these characters."""
        return [(rule, wording) for rule, wording in self._wordings if wording.may_begin(opening)]

    def may_be_wording(self, line: str) -> bool:
        """Tell, faster than :meth:`wording_of`, whether ``line`` is as long as a wording and begins as one does."""
        return len(line) > _SHORTEST_WORDING and bool(self._wordings_with(line.lstrip()[:OPENING]))

    def stretches(self, label: str, text: str, start: int = 0) -> Iterator[tuple[Found, Hit]]:
        """Yield, per wording with this label, the first stretch of ``text`` that reads like it."""
        for rule, wording in self._wordings:
            if rule.label == label and (found := wording.find(text, start)) is not None:
                yield found, Hit(rule, wording.lang, found.slots)

    def read_dateline(self, text: str) -> "Dateline":
        """Read what a dateline says, as far as it does: at worst nothing."""
        hit = self.wording_of(squeeze(text))
        if hit is None or hit.rule.label != "dateline":
            hit = next((hit for _, hit in self.stretches("dateline", squeeze(text))), None)
        if hit is None:
            return Dateline(None, *self._date_in(text), None)
        return Dateline(hit.slots.get("newspaper"), *self._date_in(hit.slots.get("date", text)), hit.lang)

    def _date_in(self, text: str) -> tuple[date | None, bool]:
        line = squeeze(text)
        *_, last = (None, *self._date.finditer(line))
        if last is None:
            return None, LOST in line and any(char.isdigit() for char in line)
        if LOST in last[0] and not all(len(last[part]) == len("00") for part in ("day", "month")):
            return None, True  # the lost character may have been a digit
        try:
            return date(int(last["year"]), int(last["month"]), int(last["day"])), True
        except ValueError:
            return None, True

    def address(self, url: str) -> dict[str, str]:
        """Return what the path of ``url`` says: ``newspaper_slug`` and ``lang``, as far as it does."""
        path = path_of(url)
        for _, pattern in self._addresses:
            match = pattern.fullmatch(path)
            if match is not None:
                return {name: value for name, value in match.groupdict().items() if value is not None}
        return {}

    def _read_selectors(self) -> Iterator[tuple[Selector, ElementRule]]:
        for n, rule in enumerate(self.file.elements):
            for m, text in enumerate(rule.select):
                yield _at(f"$.elements[{n}].select[{m}]", Selector.parse, text), rule

    def _read_wordings(self) -> Iterator[tuple[WordingRule, Wording]]:
        bare = re.sub(r"\(\?P<\w+>", "(?:", self._date.pattern)
        for n, rule in enumerate(self.file.wordings):
            for lang, sentences in rule.say.items():
                try:
                    yield rule, Wording(lang, sentences, bare, chained=rule.label == "notice")
                except ValueError as error:
                    raise _misplaced(error, f"$.wordings[{n}].say.{lang}") from None

    def _check_ids(self) -> None:
        rules: Sequence[ElementRule | WordingRule | AddressRule] = [*self.file.elements, *self.file.wordings, *self.file.addresses]
        element_ids = {rule.id for rule in self.file.elements}
        seen: set[str] = set()
        for rule in rules:
            if rule.id in seen:
                raise ValueError(f"two rules have the id {rule.id!r}")
            seen.add(rule.id)
        for n, element in enumerate(self.file.elements):
            for other in (*element.within, *element.not_within):
                if other not in element_ids:
                    raise ValueError(
                        f"{element.id!r} speaks of an element rule {other!r} that is not in the file - at `$.elements[{n}]`"
                    )


def _at(place: str, make: Callable[[str], T], text: str) -> T:
    try:
        return make(text)
    except (ValueError, re.error) as error:
        raise _misplaced(error, place) from None


def _misplaced(error: Exception, place: str) -> ValueError:
    return ValueError(f"{error} - at `{place}`")
