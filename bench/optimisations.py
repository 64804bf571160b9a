"""Switch each optimisation off in turn, to see whether it pays.

An optimisation that gains less than 3 % is deleted. Each is measured on the pages that it is for, in this process, without reading or
writing files: the time without it over the time with it. The records must be the same.
"""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import NamedTuple
from unittest.mock import patch

from bench.corpus import foreign_texts, mixed_html_pages, texts
from bench.measuring import Ratio, compare
from scraper.errors import UnknownLayout
from scraper.extract import cleaning, detection, labelling, links, record_builder, segments, ticker
from scraper.fetch import addresses
from scraper.layouts import Layout, builtin_layouts
from scraper.layouts.layout import SelectorIndex
from scraper.layouts.schema import ElementRule, Selector
from scraper.layouts.wording import Openings
from scraper.models import Element, Page
from scraper.records import to_json_line

_NEVER = re.compile("(?!)")

PageWork = Callable[[Sequence[bytes], Sequence[Layout]], list[bytes]]


def clean_all(pages: Sequence[bytes], layouts: Sequence[Layout]) -> list[bytes]:
    """Return the lines of pages."""
    return [to_json_line(cleaning.clean(Page(data=page), layouts).record) for page in pages]


def skip_all(pages: Sequence[bytes], layouts: Sequence[Layout]) -> list[bytes]:
    """Return the errors of pages of unknown layouts."""

    def error_of(page: bytes) -> bytes:
        try:
            cleaning.clean(Page(data=page), layouts, known_only=True)
        except UnknownLayout as error:
            return str(error).encode()
        raise RuntimeError("a foreign text has a layout")

    return [error_of(page) for page in pages]


def follow_all(pages: Sequence[bytes], layouts: Sequence[Layout]) -> list[bytes]:
    """Return the addresses that a crawl finds on pages, as it requests them and as it knows them."""
    found = []
    for page in pages:
        outcome = cleaning.clean(Page(data=page, url="https://www.maghress.com/difaf/1"), layouts)
        for urls in links.find_links(outcome).values():
            found += [f"{addresses.prepare(url)} {addresses.fold(url)}".encode() for url in urls]
    return found


class AllSelectors(SelectorIndex):
    """Selectors of which each is compared with each element."""

    def __init__(self, selectors: Sequence[tuple[Selector, ElementRule]]) -> None:
        self._pairs = selectors

    def rules_of(self, tag: str, id: str, class_: str) -> Sequence[ElementRule]:
        """Return the rules that select an element."""
        element = Element(tag, id, class_, None, None)
        return [rule for selector, rule in self._pairs if selector.matches(element)]


class Optimisation(NamedTuple):
    """An optimisation, the work that it speeds up, and what switches it off."""

    name: str
    work: PageWork
    pages: Sequence[bytes]
    off: Sequence[AbstractContextManager[object]]


def optimisations(count: int) -> Iterator[Optimisation]:
    """Yield the optimisations, with so many pages for each."""
    dump = [text.encode() for text in texts(count)]
    foreign = [text.encode() for text in foreign_texts(count)]
    html = list(mixed_html_pages(count))
    yield Optimisation(
        "ticker: split at the usual separator",
        clean_all,
        dump,
        [patch.object(place, "split_usual", lambda *_: None) for place in (ticker, segments)],
    )
    yield Optimisation(
        "wordings: by their first letters",
        clean_all,
        dump,
        [patch.object(Openings, "of", lambda self, _line: self._all)],
    )
    yield Optimisation("paragraphs: claimed as a row", clean_all, dump, [patch.object(labelling, "_ROW", sys.maxsize)])
    yield Optimisation(
        "layouts of texts: ruled out before they are weighed",
        skip_all,
        foreign,
        [patch.object(detection, "_shows_signs", lambda *_: True)],
    )
    yield Optimisation(
        "HTML: chrome taken out of the tree", clean_all, html, [patch.object(cleaning, "chrome_parts", lambda _: {})]
    )
    yield Optimisation(
        "HTML: selectors by tag, id and class", clean_all, html, [patch("scraper.layouts.layout.SelectorIndex", AllSelectors)]
    )
    yield Optimisation("links: plain paths need no join", clean_all, html, [patch.object(record_builder, "_PLAIN_PATH", _NEVER)])
    yield Optimisation(
        "a crawl's addresses: remembered",
        follow_all,
        html,
        [patch.object(addresses, name, getattr(addresses, name).__wrapped__) for name in ("prepare", "fold")],
    )
    yield Optimisation(
        "a crawl's links: most paths need no join",
        follow_all,
        html,
        [patch.object(links, "_path_and_query", links.joined_path_and_query)],
    )


def measure(one: Optimisation, rounds: int) -> Ratio:
    """Return the time without an optimisation over the time with it.

    Raises:
        RuntimeError: if it changes a result.
    """
    layouts = fresh_layouts()
    with switched_off(one):
        other_layouts = fresh_layouts()

    def with_it() -> list[bytes]:
        return one.work(one.pages, layouts)

    def without_it() -> list[bytes]:
        with switched_off(one):
            return one.work(one.pages, other_layouts)

    if with_it() != without_it():
        raise RuntimeError(f"{one.name}: it changes a result")
    return compare(without_it, with_it, rounds, len(one.pages))


@contextmanager
def switched_off(one: Optimisation) -> Iterator[None]:
    """Switch an optimisation off."""
    with ExitStack() as stack:
        for switch in one.off:
            stack.enter_context(switch)
        yield


def fresh_layouts() -> tuple[Layout, ...]:
    """Return the built-in layouts, compiled anew."""
    return tuple(Layout(layout.file) for layout in builtin_layouts())
