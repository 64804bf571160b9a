"""The pages, feeds and sitemaps of the network: what they look like, not what is on them."""

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from tests.pages.markup import PageMarkup
from tests.pages.options import PageOptions
from tests.pages.stories import ListingEntry, Story, TickerSlot, make_story

_SITEMAPS: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"


@dataclass(frozen=True)
class Frame:
    """What all pages of a host have around their content."""

    lang: str
    menu: tuple[tuple[str, str], ...]
    """The paths of the menu, each with its text."""
    ticker: tuple[TickerSlot, ...]


class NetworkMarkup(PageMarkup):
    """A page with a menu that leads somewhere, teasers that name their newspaper, and, in a list, links to its other pages.

    Args:
        story: the content.
        options: the kind of page.
        rng: the source of randomness.
        menu: the paths of the menu, each with its text.
        paths: the paths of newspapers and authors by name.
        head: markup for the head.
        above: markup above the list.
        below: markup below it, such as links to further pages.
    """

    def __init__(
        self,
        story: Story,
        options: PageOptions,
        rng: Random,
        menu: Iterable[tuple[str, str]],
        paths: dict[str, str],
        head: str = "",
        above: str = "",
        below: str = "",
    ) -> None:
        super().__init__(story, options, rng)
        self._menu, self._paths, self._head, self._above, self._below = menu, paths, head, above, below

    def letters(self, text: str) -> list[str]:
        """Return the text in one piece: none of these pages has accidents, and thousands are written."""
        return [html.escape(text, quote=False)]

    def entry(self, entry: ListingEntry) -> str:
        """Return a teaser."""
        markup = super().entry(replace(entry, path=html.escape(entry.path)))
        markup = markup.replace('"/difaf"', f'"{self._paths.get(entry.newspaper or "", "")}"')
        return markup.replace('"/author/A+B"', f'"{self._paths.get(entry.author or "", "")}"')

    def listing(self) -> str:
        """Return the content of a list's main column."""
        return f"{self._above}{super().listing()}{self._below}"

    def page(self) -> str:
        """Return the whole page."""
        menu = "".join(
            f'<li class="ui-menuitem"><a href="{path}"><span class="t">{text}</span></a></li>' for path, text in self._menu
        )
        page = super().page().replace("</head>", f"{self._head}</head>", 1)
        return re.sub(r'(?<=<div id="centeredmenu"><ul>).*?(?=</ul>)', lambda _: menu, page, count=1, flags=re.DOTALL)


def article_page(story: Story, frame: Frame) -> bytes:
    """Return the page of an article."""
    rng = Random(story.path)
    options = PageOptions(address="none", meta="utf-8", image=rng.random() < 0.3)
    return NetworkMarkup(replace(story, ticker=frame.ticker), options, rng, frame.menu, {}).page().encode()


def list_page(
    kind: str,
    name: str,
    teasers: Sequence[ListingEntry],
    frame: Frame,
    paths: dict[str, str],
    *,
    head: str = "",
    above: str = "",
    below: str = "",
) -> bytes:
    """Return a page with teasers.

    Args:
        kind: ``home``, ``section``, ``newspaper`` or ``author``, as in :class:`Options`.
        name: the page's title.
        teasers: at least one teaser.
        frame: what is around it.
        paths: the paths of newspapers and authors by name.
        head: markup for the head.
        above: markup above the list.
        below: markup below it.
    """
    rng = Random(f"{kind} {name}")
    story = replace(make_story(rng, frame.lang), title=name, teasers=tuple(teasers), ticker=frame.ticker)
    options = PageOptions(page=kind, address="none", meta="utf-8")
    return NetworkMarkup(story, options, rng, frame.menu, paths, head, above, below).page().encode()


def rss(name: str, url: str, entries: Iterable[tuple[str, str]]) -> bytes:
    """Return an RSS feed of addresses with their titles."""
    items = "".join(
        f"<item><title>{html.escape(title)}</title><link>{html.escape(link)}</link>"
        f"<guid isPermaLink='false'>{n}</guid><description><![CDATA[<p>{title} & …</p>]]></description></item>\n"
        for n, (link, title) in enumerate(entries)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel><title>{html.escape(name)}</title>'
        f"<link>{url}</link>\n{items}</channel></rss>\n"
    ).encode()


def atom(name: str, url: str, entries: Iterable[tuple[str, str]]) -> bytes:
    """Return an Atom feed of addresses with their titles."""
    items = "".join(
        f'<entry><title>{html.escape(title)}</title><id>urn:x:{n}</id><link rel="alternate" href="{html.escape(link)}"/></entry>\n'
        for n, (link, title) in enumerate(entries)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom"><title>{html.escape(name)}</title>'
        f'<link rel="self" href="{url}"/>\n{items}</feed>\n'
    ).encode()


def urlset(addresses: Iterable[str]) -> bytes:
    """Return a sitemap."""
    return _sitemap("urlset", "url", addresses)


def sitemap_index(addresses: Iterable[str]) -> bytes:
    """Return an index of sitemaps."""
    return _sitemap("sitemapindex", "sitemap", addresses)


def _sitemap(root: str, element: str, addresses: Iterable[str]) -> bytes:
    entries = "".join(f"<{element}><loc>{html.escape(address)}</loc></{element}>\n" for address in addresses)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_SITEMAPS}">\n{entries}</{root}>\n'.encode()
