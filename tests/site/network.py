"""An invented network of newspapers on three hosts: lists with further pages, feeds, sitemaps, dead links and traps.

Each newspaper has articles that its lists show, and some that only a feed, only a sitemap, or only the ticker of another article
leads to.
"""

import gzip
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random
from typing import Final

from tests.pages.markup import render_markup
from tests.pages.options import Options
from tests.pages.stories import Entry, Slot, make_story
from tests.pages.words import phrase
from tests.site.replies import Reply, Request, page

_NEWSPAPERS: Final = 12
_HOSTS: Final = 3
_PER_LIST: Final = 20
_TICKER: Final = 58
_HIDDEN: Final = 25
"""Of so many articles, one is only in a feed, one only in a sitemap, and one only in a ticker."""
_NEW: Final = 5
"""Articles that each edition adds to each newspaper."""
_XML: Final = {"Content-Type": "application/xml"}
_FEED: Final = {"Content-Type": "application/rss+xml; charset=utf-8"}
_ATOM_HOST: Final = 1
_SECTIONS: Final = ("politics", "sports")
SESSIONS: Final = 10
"""The newspaper whose links have session ids."""
TRACKED: Final = 9
"""The newspaper whose links have tracking parameters."""
ENDLESS: Final = 11
"""The newspaper whose list never ends."""
GAPS: Final = 4
"""The newspaper with gaps in its numbers."""
DATES: Final = 5
"""The newspaper whose numbers look like dates."""


@dataclass(frozen=True)
class Article:
    """An article of the network."""

    host: int
    slug: str
    number: int
    shown_in: str
    """What leads to it: ``list``, ``feed``, ``sitemap`` or ``ticker``."""

    @property
    def path(self) -> str:
        """The path of its address."""
        return f"/{self.slug}/{self.number}"


class Network:
    """The pages of the network.

    Args:
        articles: how many there are in the first edition.
    """

    def __init__(self, articles: int = 5000) -> None:
        self._each = max(articles // _NEWSPAPERS, 1)
        self._sessions = 0
        self._cached: dict[int, dict[tuple[int, str], Article]] = {}

    def articles(self, edition: int = 0) -> dict[tuple[int, str], Article]:
        """Return all articles of an edition, by host and path."""
        if edition not in self._cached:
            found = [article for n in range(_NEWSPAPERS) for article in self.newspaper(n, edition)]
            self._cached[edition] = {(article.host, article.path): article for article in found}
        return self._cached[edition]

    def newspaper(self, n: int, edition: int = 0) -> list[Article]:
        """Return the articles of a newspaper, the newest first."""
        count = self._each + edition * _NEW
        return [Article(n % _HOSTS, f"paper{n}", _number(n, i), _shown_in(i)) for i in reversed(range(count))]

    def reply(self, host: int, request: Request, edition: int) -> Reply:
        """Return the answer to a request."""
        path = request.path.partition(";")[0]
        if path == "/robots.txt":
            origin = f"http://{request.headers['host']}"
            return Reply(
                200, f"User-agent: *\nDisallow: /private/\nSitemap: {origin}/sitemap.xml\n".encode(), {"Content-Type": "text/plain"}
            )
        article = self.articles(edition).get((host, path))
        if article is not None:
            return page(_article(host, article, self._hidden_beside(article)), request)
        if (xml := self._xml(host, path, request, edition)) is not None:
            return xml
        return self._list_or_redirect(host, path, request, edition) or Reply(
            410 if path.endswith("1") else 404, b"<p>gone</p>", {"Content-Type": "text/html"}
        )

    def _list_or_redirect(self, host: int, path: str, request: Request, edition: int) -> Reply | None:
        _, name, *rest = path.split("/")
        n = _index(name)
        if n is not None and rest and rest[0].startswith("old"):
            return Reply(301, b"", {"Location": f"/{name}/{rest[0].removeprefix('old')}"})
        listing = (
            self._listing(host, name, n, request, edition) if not rest else self._calendar(rest) if name == "calendar" else None
        )
        if listing is None:
            return None
        tag = f'"{edition}-{len(listing)}"'
        if request.headers.get("if-none-match") == tag:
            return Reply(304, b"", {"ETag": tag})
        return page(listing, request, ETag=tag)

    def _listing(self, host: int, name: str, n: int | None, request: Request, edition: int) -> bytes | None:
        shown = [article for article in self.articles(edition).values() if article.host == host and article.shown_in == "list"]
        if name == "":
            newest = [self.newspaper(number, edition)[0] for number in range(host, _NEWSPAPERS, _HOSTS)]
            links = [(f"/{section}", "section") for section in _SECTIONS]
            links += [(f"/paper{number}", "teasernewspaper") for number in range(host, _NEWSPAPERS, _HOSTS)]
            more = '<a rel="next" href="/calendar/2025/1">next day</a>'
            return _list_page(host, newest, [("/private/1", ""), ("https://elsewhere.example/paper0/1", ""), *links], more)
        if name in _SECTIONS:
            return _list_page(host, shown[_SECTIONS.index(name) :: 40][:_PER_LIST], [], "")
        if n is None or n % _HOSTS != host:
            return None
        listed = [article for article in self.newspaper(n, edition) if article.shown_in == "list"]
        last = -(-len(listed) // _PER_LIST)
        asked = int(request.query.get("page", "1"))
        if asked > last and n != ENDLESS:
            return None
        number = min(asked, last)
        articles = listed[(number - 1) * _PER_LIST : number * _PER_LIST]
        others = [(f"/{name}/{10**7 + number}", ""), (f"/{name}/old{articles[0].number}", "")]
        return _list_page(host, articles, others, self._paging(n, name, asked, last), self._suffix(n), feed=f"/{name}/rss")

    def _paging(self, n: int, name: str, asked: int, last: int) -> str:
        if n % 2 or n == ENDLESS:
            is_last = asked >= last and n != ENDLESS
            return "" if is_last else f'<a rel="next" href="?page={asked + 1}">more</a>'
        near = sorted({1, last, *range(max(1, asked - 2), min(last, asked + 2) + 1)})
        return '<div class="pager">' + " ".join(f'<a href="/{name}?page={number}">{number}</a>' for number in near) + "</div>"

    def _suffix(self, n: int) -> str:
        if n == TRACKED:
            return "?utm_source=list&amp;utm_medium=web"
        if n == SESSIONS:
            self._sessions += 1
            return f";jsessionid=AB{self._sessions:08X}" if self._sessions % 2 else f"?PHPSESSID={self._sessions:016x}"
        return ""

    def _calendar(self, rest: list[str]) -> bytes:
        return _list_page(0, [], [], f'<a rel="next" href="/calendar/2025/{int(rest[-1]) + 1}">next day</a>')

    def _hidden_beside(self, article: Article) -> Article:
        """Return the article to which the ticker of another leads alone."""
        all_articles = self.newspaper(_index(article.slug) or 0)
        hidden = [other for other in all_articles if other.shown_in == "ticker"]
        return hidden[all_articles.index(article) % len(hidden)] if article in all_articles and hidden else article

    def _xml(self, host: int, path: str, request: Request, edition: int) -> Reply | None:
        origin = f"http://{request.headers['host']}"
        if path.endswith("/rss") and (n := _index(path[1:-4])) is not None and n % _HOSTS == host:
            articles = self.newspaper(n, edition)
            listed = [*articles[:10], *(article for article in articles if article.shown_in == "feed")]
            addresses = [f"{origin}{article.path}" for article in listed]
            return Reply(200, (_atom if host == _ATOM_HOST else _rss)(addresses), _FEED)
        if path == "/sitemap.xml":
            return Reply(200, _sitemap("sitemapindex", "sitemap", [f"{origin}/sitemap-1.xml", f"{origin}/sitemap-2.xml.gz"]), _XML)
        hidden = [article for article in self.articles(edition).values() if article.host == host and article.shown_in == "sitemap"]
        addresses = [f"{origin}{article.path}" for article in hidden]
        if path == "/sitemap-1.xml":
            return Reply(200, _sitemap("urlset", "url", addresses[::2]), _XML)
        if path == "/sitemap-2.xml.gz":
            data = gzip.compress(_sitemap("urlset", "url", addresses[1::2]), mtime=0)
            return Reply(200, data, {"Content-Type": "application/x-gzip"})
        return None


def _number(n: int, i: int) -> int:
    if n == GAPS:
        return 3 * i + 1 + i % 2
    if n == DATES:
        return int(f"1803{1 + i // 1440 % 28:02}{i // 60 % 24:02}{i % 60:02}")
    return 1000 + i


def _shown_in(i: int) -> str:
    return {1: "feed", 2: "sitemap", 3: "ticker"}.get(i % _HIDDEN, "list")


def _index(slug: str) -> int | None:
    number = slug.removeprefix("paper")
    return int(number) if slug.startswith("paper") and number.isdigit() and int(number) < _NEWSPAPERS else None


@lru_cache(maxsize=8192)
def _article(host: int, article: Article, hidden: Article) -> bytes:
    rng = Random(article.path)
    slots = (*_ticker(host), Slot(phrase(rng, "ar"), hidden.path))
    story = replace(make_story(rng, "ar"), slug=article.slug, number=article.number, ticker=slots)
    return _rendered(render_markup(story, Options(address="none", meta="utf-8"), rng))


@lru_cache(maxsize=_HOSTS)
def _ticker(host: int) -> tuple[Slot, ...]:
    rng = Random(f"ticker {host}")
    return tuple(
        Slot(phrase(rng, "ar"), f"/paper{host}/{_number(host, i)}") for i in range(4, 4 + _TICKER - 1) if _shown_in(i) == "list"
    )


def _list_page(
    host: int, articles: list[Article], others: list[tuple[str, str]], paging: str, suffix: str = "", feed: str | None = None
) -> bytes:
    """Return a page with teasers; ``others`` are further links, with their classes, and ``suffix`` ends the addresses of articles."""
    rng = Random(f"{host} {[article.path for article in articles]}")
    links = [f"{article.path}{suffix}" for article in articles] + [path for path, class_ in others if not class_]
    teasers = tuple(Entry(phrase(rng, "ar"), path.replace("&amp;", "&"), None, None) for path in links) or (
        Entry("", "", None, None),
    )
    story = replace(make_story(rng, "ar"), teasers=teasers, ticker=_ticker(host))
    text = render_markup(story, Options(page="newspaper", address="none", meta="utf-8"), rng)
    named = "".join(f'<a href="{path}" class="{class_}">{path[1:]}</a> ' for path, class_ in others if class_)
    text = text.replace('<div id="mainContent">', f'<div id="mainContent">{named}{paging}')
    if feed is not None:
        text = text.replace("<head>", f'<head><link rel="alternate" type="application/rss+xml" href="{feed}" />')
    return _rendered(text)


def _rendered(text: str) -> bytes:
    # The menu names newspapers that the network does not have.
    return text.replace('<li class="ui-menuitem"><a href="/n', '<li class="ui-menuitem"><a href="/paper').encode()


def _rss(addresses: list[str]) -> bytes:
    items = "".join(f"<item><title>x</title><link>{address}</link></item>" for address in addresses)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title><link>/</link>{items}</channel></rss>'.encode()


def _atom(addresses: list[str]) -> bytes:
    entries = "".join(f'<entry><title>x</title><link href="{address}"/></entry>' for address in addresses)
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title>{entries}</feed>'.encode()


def _sitemap(root: str, entry: str, addresses: list[str]) -> bytes:
    entries = "".join(f"<{entry}><loc>{address}</loc></{entry}>" for address in addresses)
    return f'<{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</{root}>'.encode()
