"""A layout in use: the rules of its file, compiled and indexed."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec

from scraper.layouts.schema import NO_AUTHOR, NO_TICKER, AddressRule, ElementRule, LayoutFile, LinkRule, Selector, WordingRule
from scraper.layouts.wording import LONGEST_WORDING, LOST, Found, Openings, Wording
from scraper.models import Element, Part
from scraper.text import squeeze
from scraper.urls import path_of

_YEAR_AT_END: Final = re.compile(r"\d{4}\W{0,3}\Z")
_ORIGIN: Final = re.compile(r"(?:https?:)?//[^/]*", re.IGNORECASE)

_SHORTEST_WORDING: Final = 15
"""Characters below which a line is not a notice or footer on most sites; the wordings of a layout may be shorter."""
_MOST_PIECES: Final = 5
"""Text nodes that may make up one wording: a dateline with two links has five."""
_MOST_LAYOUT_SETS: Final = 8
"""Different sets of layouts that one process uses; nearly always one."""


class RuleSource(NamedTuple):
    """A layout file: its path and its bytes."""

    place: str
    """``built-in``, or the path of the file."""
    data: bytes


class Region(msgspec.Struct, eq=False, gc=False):
    """An element that a rule selects, and the nearest such region around it."""

    rule: ElementRule
    element: Element
    around: "Region | None"


class Match(NamedTuple):
    """The wording that a line or span matches, and the values of its slots."""

    rule: WordingRule
    lang: str
    slots: dict[str, str]


class Dateline(NamedTuple):
    """The content of a dateline."""

    newspaper: str | None
    author: str | None
    date: date | None
    is_date_printed: bool
    """Whether it contains a date, even one that does not exist."""
    lang: str | None


class Layout:
    """A compiled layout.

    Args:
        file: its rules, which have passed :mod:`scraper.layouts.validation`.
        sources: the layout's file, and those that extend it, in that order.
    """

    def __init__(self, file: LayoutFile, sources: Sequence[RuleSource] = ()) -> None:
        self.file = file
        self.name = file.name
        self.sources = tuple(sources)
        self.hosts = frozenset(file.hosts)
        self._host_endings = tuple(f".{host}" for host in self.hosts)
        self.has_ticker = file.ticker is not NO_TICKER
        self._date = re.compile(file.date, re.IGNORECASE)
        self._months = {
            name.casefold(): n
            for names in file.months.values()
            for n, alternatives in enumerate(names, 1)
            for name in alternatives.split("|")
        }
        self.author_rule = self.full_id(file.author.id)
        self.dateline_rule = next(
            (self.full_id(rule.id) for rule in file.wordings if rule.label == "dateline"), self.full_id("dateline")
        )
        self.selectors = [(Selector.parse(text), rule) for rule in file.elements for text in rule.select]
        """The selectors of the element rules, each with its rule, in the order of the file."""
        index = SelectorIndex(self.selectors)
        self.rules_of = index.rules_of
        """Returns the rules that select an element with this tag, id and class, in the order of the file."""
        self._headings = [Selector.parse(text) for text in file.heading.select]
        self._wordings = list(self._read_wordings())
        self._openings = Openings(self._wordings)
        self.candidates = self._openings.of
        """Returns the wordings that a line may be, each with its rule, judged by its first letters."""
        self._content_openings = Openings([pair for pair in self._wordings if pair[0].label != "chrome"])
        self.shortest = min([_SHORTEST_WORDING, *(wording.shortest - 1 for _, wording in self._wordings)])

    # Patterns are compiled when a page first needs them, for a faster start.

    @cached_property
    def separator(self) -> re.Pattern[str]:
        """The pattern of the separator between the headlines of a ticker."""
        return re.compile(self.file.ticker.separator)

    @cached_property
    def skipped_images(self) -> list[re.Pattern[str]]:
        """Patterns of the addresses of images that do not belong to an article."""
        return [re.compile(pattern) for pattern in self.file.images.skip]

    @cached_property
    def _author_link(self) -> re.Pattern[str]:
        return re.compile(self.file.author.link)

    @property
    def names_authors(self) -> bool:
        """Whether pages of the layout name the writer next to title and dateline."""
        return self.file.author is not NO_AUTHOR

    def is_author_link(self, href: str) -> bool:
        """Return True if ``href`` leads to a list of one writer's articles."""
        return self._author_link.match(_ORIGIN.sub("", href)) is not None

    @cached_property
    def _addresses(self) -> list[tuple[AddressRule, re.Pattern[str]]]:
        return [(rule, re.compile(rule.path)) for rule in self.file.addresses]

    @cached_property
    def links(self) -> list[tuple[LinkRule, str, re.Pattern[str] | None]]:
        """The link rules, each with a CSS selector of its links and the pattern of their targets; None for any target."""
        return [(rule, _link_css(rule), re.compile(rule.target) if rule.target else None) for rule in self.file.links]

    @property
    def source(self) -> str:
        """The places of its files: ``built-in`` or a path each, joined with ``+``."""
        return " + ".join(source.place for source in self.sources)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the file in hex; if others extend it, SHA-256 of the digests (32 bytes each) of all files."""
        digests = [sha256(source.data) for source in self.sources]
        combined = digests[0] if len(digests) == 1 else sha256(b"".join(digest.digest() for digest in digests))
        return combined.hexdigest()

    @property
    def unsplit(self) -> str:
        """The rule id under which a ticker that cannot be split is removed."""
        return f"{self.file.ticker.id}-unsplit"

    def reasons(self) -> dict[str, str]:
        """Return the ``because`` of every rule that can label text, by the rule's id in records."""
        file = self.file
        because = {rule.id: rule.because for rule in file.elements if rule.label not in ("main", "ticker")}
        because |= {rule.id: rule.because for rule in file.wordings}
        because[file.heading.id] = file.heading.because
        if self.names_authors:
            because[file.author.id] = file.author.because
        if self.has_ticker:
            because[file.ticker.id] = file.ticker.because
            because[self.unsplit] = "Without its separators a ticker cannot be split, and a guess would be worse than none."
        return {self.full_id(rule_id): reason for rule_id, reason in because.items()}

    def full_id(self, rule_id: str) -> str:
        """Return the id of a rule in records: ``layout/rule``."""
        return f"{self.name}/{rule_id}"

    def is_host(self, site: str | None) -> bool:
        """Return True if ``site`` is a host of this layout or a subdomain of one (``m.maghress.com``)."""
        return site is not None and f".{site}".endswith(self._host_endings)

    def is_heading_element(self, element: Element) -> bool:
        """Return True if a line that is all of ``element`` is a heading."""
        return any(selector.matches(element) for selector in self._headings)

    def wording_of(self, line: str) -> Match | None:
        """Return the wording that a squeezed line matches in full."""
        return match_among(line, self.candidates(line))

    def may_be_wording(self, line: str) -> bool:
        """Return True if ``line`` has the length and the beginning of a wording; much faster than :meth:`wording_of`."""
        return len(line) > self.shortest and bool(self.candidates(line.lstrip()))

    def is_complete_line(self, line: str) -> bool:
        """Return True if a line is complete: it is a wording, or ends with a dateline, and continues in no other line."""
        if self.may_be_wording(line) and self.wording_of(squeeze(line)) is not None:
            return True
        if _YEAR_AT_END.search(line) is None:
            return False
        plain = squeeze(line)
        return any(found.end == len(plain) for found, _ in self.find_wordings("dateline", plain))

    def may_begin_content(self, line: str) -> bool:
        """Return True if a wording that is not chrome may begin with ``line``."""
        return bool(self._content_openings.of(line))

    def contains_wording(self, texts: Sequence[str]) -> bool:
        """Return True if adjacent texts, each with trimmed ends, form a wording that is not chrome."""
        openings = self._content_openings
        for n, text in enumerate(texts):
            if not openings.of(text):
                continue
            for end in range(n + 1, min(n + _MOST_PIECES, len(texts)) + 1):
                if len(texts[end - 1]) > LONGEST_WORDING:
                    break
                hit = self.wording_of(squeeze(" ".join(texts[n:end])))
                if hit is not None and hit.rule.label != "chrome":
                    return True
        return False

    def find_wordings(self, label: str, text: str, start: int = 0, lang: str | None = None) -> Iterator[tuple[Found, Match]]:
        """Yield, for each wording with this label, its first match in ``text``."""
        for rule, wording in self._wordings:
            if rule.label == label and lang in (None, wording.lang) and (found := wording.find(text, start)) is not None:
                yield found, Match(rule, wording.lang, found.slots)

    def find_last_wordings(self, label: str, text: str, start: int = 0) -> Iterator[tuple[Found, Match]]:
        """Yield, for each wording with this label, its last match in ``text`` from ``start`` on."""
        for rule, wording in self._wordings:
            if rule.label == label and (found := wording.find_last(text, start)) is not None:
                yield found, Match(rule, wording.lang, found.slots)

    def read_dateline(self, text: str, hit: Match | None = None) -> "Dateline":
        """Return what can be read from a dateline; at worst nothing.

        Args:
            text: the dateline.
            hit: the wording that it matches, if it was matched before.
        """
        hit = hit or self.wording_of(squeeze(text))
        if hit is None or hit.rule.label != "dateline":
            hit = next((hit for _, hit in self.find_wordings("dateline", squeeze(text))), None)
        if hit is None:
            return Dateline(None, None, *self._date_in(text), None)
        slots = hit.slots
        return Dateline(slots.get("newspaper"), slots.get("author"), *self._date_in(slots.get("date", text)), hit.lang)

    def _date_in(self, text: str) -> tuple[date | None, bool]:
        line = squeeze(text)
        dates = list(self._date.finditer(line))
        if not dates:
            return None, LOST in line and any(char.isdigit() for char in line)
        last = dates[-1]
        day, name, year = last["day"] or "", last["month"] or "", last["year"] or ""
        month = self._months.get(name.casefold())
        if LOST in last[0] and month is None and not len(day) == len(name) == len("00"):
            return None, True  # the lost character may have been a digit
        try:
            return date(int(year), month or int(name), int(day)), True
        except ValueError:
            return None, True

    def address(self, url: str) -> dict[str, str]:
        """Return the ``newspaper_slug`` and ``lang`` that the path of ``url`` contains, if any."""
        return self.match_address(url)[1]

    def match_address(self, url: str) -> tuple[AddressRule | None, dict[str, str]]:
        """Return the address rule that matches the path of ``url``, and the ``newspaper_slug`` and ``lang`` that it finds there."""
        path = path_of(url)
        for rule, pattern in self._addresses:
            if (match := pattern.fullmatch(path)) is not None:
                return rule, {name: value for name, value in match.groupdict().items() if value is not None}
        return None, {}

    def _read_wordings(self) -> Iterator[tuple[WordingRule, Wording]]:
        date = re.sub(r"\(\?P<\w+>", "(?:", self._date.pattern)
        for rule in self.file.wordings:
            for lang, sentences in rule.say.items():
                yield rule, Wording(lang, sentences, date, chained=rule.label == "notice")


def match_among(line: str, candidates: Sequence[tuple[WordingRule, Wording]]) -> Match | None:
    """Return the first of some wordings that a squeezed line matches in full."""
    for rule, wording in candidates:
        if (slots := wording.match(line)) is not None:
            return Match(rule, wording.lang, slots)
    return None


def layout_of_site(layouts: Sequence[Layout], site: str) -> Layout:
    """Return the layout of a site; the first one if no layout has the site, since most sites write addresses alike."""
    return next((layout for layout in layouts if layout.is_host(site)), layouts[0])


@lru_cache(_MOST_LAYOUT_SETS)
def chrome_parts(layouts: tuple[Layout, ...]) -> Mapping[str, Part]:
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

    Rules that apply only within others than ``chrome`` are left out: the selectors of those others are yielded.
    """
    for selector, rule in layout.selectors:
        if chrome.id not in rule.not_within and (not rule.within or chrome.id in rule.within):
            yield selector


def _link_css(rule: LinkRule) -> str:
    conditions = (f'[rel~="{rule.rel}" i]' if rule.rel else "") + (f'[type="{rule.type}" i]' if rule.type else "")
    around = [Selector.parse(text).css() for text in rule.select]
    links = ["a[href]", "link[href]"] if not around else [f"{css}[href]" for css in around] + [f"{css} a[href]" for css in around]
    return ", ".join(f"{link}{conditions}" for link in links)


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
