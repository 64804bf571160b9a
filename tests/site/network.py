"""An invented network of newspapers: lists with paging, feeds, sitemaps, dead links and traps for crawlers.

Every article is in the lists of its newspaper, except a few of every 25: one is only in the feed, one only in a sitemap, one only in
the ticker of another article, and one only behind a redirect from an old address.
"""

import gzip
import html
import zlib
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from email.utils import format_datetime
from functools import cached_property, lru_cache
from random import Random
from typing import Final

from tests.pages.stories import ListingEntry, Story, TickerSlot, make_story
from tests.pages.words import NEWSPAPERS, phrase, some
from tests.site.network_pages import Frame, article_page, atom, list_page, rss, sitemap_index, urlset
from tests.site.replies import Reply, Request, page

COUNT: Final = 12
"""Newspapers."""
HOSTS: Final = 3
FRENCH, ENGLISH, GAPS, DATES, TRACKED, SESSIONS, ENDLESS = 3, 7, 4, 5, 9, 10, 11
"""Newspapers in another language, and those with two thirds of their numbers missing, with numbers that look like dates, with tracking
parameters, with session ids, and with a list that repeats its last page for ever."""
ATOM_HOST: Final = 1
SECTIONS: Final = ("politics", "economics", "international", "sports", "society", "culture", "religion", "health")
CLOSED: Final = "/paper99"
"""The list of a newspaper that is gone, but still in the menu."""
ELSEWHERE: Final = "https://elsewhere.example/paper0/1"
PER_PAGE: Final = 20
_GAPS_COUNT: Final = 200
_TICKER: Final = 58
_NEW: Final = 5
"""Articles that each edition adds to each newspaper."""
_IN_FEED: Final = 10
_HIDDEN: Final = {1: "feed", 2: "sitemap", 3: "ticker", 4: "redirect"}
_PERIOD: Final = 25
_CARRIER: Final = 3
"""So many articles after one that is only in a ticker, the article with that ticker follows."""
_BEGAN: Final = date(2005, 1, 1)
_CHANGED: Final = datetime.fromisoformat("2025-07-01T10:00:00+00:00")
_XML: Final = {"Content-Type": "application/xml"}


@dataclass(frozen=True)
class Article:
    """An article of the network."""

    n: int
    """Its newspaper."""
    place: int
    """0 is the oldest of the newspaper."""
    number: int
    shown_in: str
    """What leads to it: ``list`` (the first page of its newspaper's list, sections, front page, tickers), ``paging`` (only further pages
    of the list), ``feed``, ``sitemap``, ``ticker`` (of another article) or ``redirect`` (from an old address)."""

    @property
    def host(self) -> int:
        """The number of its host."""
        return self.n % HOSTS

    @property
    def slug(self) -> str:
        """The slug of its newspaper."""
        return f"paper{self.n}"

    @property
    def path(self) -> str:
        """The path of its address."""
        return f"{home_of(self.n)}/{self.number}"

    def linked_as(self, session: str = "", tracking: str = "") -> str:
        """Return the address in links to it, with what says who asks."""
        query = "&".join(part for part in (f"id={self.number}" if self.shown_in == "redirect" else "", tracking) if part)
        path = home_of(self.n) if self.shown_in == "redirect" else self.path
        return with_session(f"{path}?{query}" if query else path, session)

    @cached_property
    def title(self) -> str:
        """Its title, which no other article of the newspaper has."""
        return f"{phrase(Random(f'title {self.path}'), lang_of(self.n))} {self.number}"


def with_session(address: str, session: str) -> str:
    """Return an address with a session, which is ``;jsessionid=…`` or ``PHPSESSID=…``."""
    path, mark, query = address.partition("?")
    if session.startswith(";"):
        return f"{path}{session}{mark}{query}"
    return f"{address}{'&' if mark else '?'}{session}" if session else address


def lang_of(n: int) -> str:
    """Return the language of a newspaper."""
    return {FRENCH: "fr", ENGLISH: "en"}.get(n, "ar")


def home_of(n: int) -> str:
    """Return the path of a newspaper's list."""
    return f"/{lang_of(n)}/paper{n}" if lang_of(n) != "ar" else f"/paper{n}"


def name_of(n: int) -> str:
    """Return the name of a newspaper."""
    names = NEWSPAPERS[lang_of(n)]
    return names[n % len(names)]


class SiteNetwork:
    """The network: which articles it has, what leads to them, and the answers of its hosts.

    Args:
        articles: how many it has in edition 0; at least 300, so that each newspaper has some of each kind.
        seed: another seed gives other gaps.
    """

    def __init__(self, articles: int = 5000, seed: int = 1) -> None:
        others, rest = divmod(articles - min(articles // COUNT, _GAPS_COUNT), COUNT - 1)
        sizes = [others] * (COUNT - 1)
        sizes[0] += rest
        sizes.insert(GAPS, articles - sum(sizes))
        self.sizes: Final = tuple(sizes)
        """The number of articles of each newspaper in edition 0."""
        self._gaps = sorted(Random(f"gaps {seed}").sample(range(1, 3 * sizes[GAPS] + 1), sizes[GAPS]))
        self._missing = sorted({*range(1, self._gaps[-1])} - {*self._gaps})
        self._kinds = [_kinds(size) for size in sizes]
        self._sessions = 0
        self._newspapers: dict[tuple[int, int], list[Article]] = {}
        self._newest_of: dict[tuple[int, int], list[Article]] = {}
        self._articles: dict[int, dict[tuple[int, str], Article]] = {}

    def articles(self, edition: int = 0) -> dict[tuple[int, str], Article]:
        """Return all articles of an edition by host and path. A crawl of all three hosts reaches each of them."""
        if edition not in self._articles:
            found = (article for n in range(COUNT) for article in self.newspaper(n, edition))
            self._articles[edition] = {(article.host, article.path): article for article in found}
        return self._articles[edition]

    def newspaper(self, n: int, edition: int = 0) -> list[Article]:
        """Return the articles of a newspaper, the newest first."""
        if (n, edition) not in self._newspapers:
            places = range(self.sizes[n] + edition * _NEW)
            self._newspapers[n, edition] = [Article(n, i, self._number(n, i), self._shown_in(n, i)) for i in reversed(places)]
        return self._newspapers[n, edition]

    @cached_property
    def dead(self) -> dict[tuple[int, str], int]:
        """The statuses of linked addresses that are gone, by host and path."""
        pages = ((n, number) for n in range(COUNT) for number in range(1, self._pages(n, 0) + 1))
        found = {(n % HOSTS, path): status for n, number in pages for path, status in self._dead_on(n, number).items()}
        return found | {(host, CLOSED): 410 for host in range(HOSTS)}

    @property
    def disallowed(self) -> set[tuple[int, str]]:
        """The linked addresses, as host and path, that robots.txt disallows."""
        return {(n % HOSTS, f"/private/paper{n}") for n in range(COUNT)}

    def reply(self, host: int, request: Request, edition: int) -> Reply:
        """Return the answer of a host to a request."""
        path = request.path.partition(";")[0]
        if path == "/robots.txt":
            rules = f"User-agent: *\nDisallow: /private/\n\nSitemap: {_origin(request)}/sitemap.xml\n"
            return Reply(200, rules.encode(), {"Content-Type": "text/plain"})
        article = self.articles(edition).get((host, path))
        if article is not None:
            return page(_article(article, self._ticker_of(article, edition), self._menu(host)), request)
        found = self._xml(host, path, request, edition) or self._page(host, path, request, edition)
        return found or Reply(self.dead.get((host, path), 404), b"<p>There is no such page.</p>", {"Content-Type": "text/html"})

    def _number(self, n: int, place: int) -> int:
        if n == GAPS:
            return self._gaps[place] if place < len(self._gaps) else 3 * place + 3
        if n == DATES:
            return int(f"{datetime.fromisoformat('2018-03-22T14:51') + timedelta(hours=7, minutes=13) * place:%y%m%d%H%M}")
        return 1000 + place

    def _shown_in(self, n: int, place: int) -> str:
        return self._kinds[n][place] if place < self.sizes[n] else "list"

    def _dead_on(self, n: int, page: int) -> dict[str, int]:
        """Return the dead links on a page of a newspaper's list, with their statuses: numbers that no article has."""
        number = 2 * page if n != GAPS else self._missing[page]
        return {f"{home_of(n)}/{number}": 410 if page % 8 == 5 else 404} if page % 4 == 1 else {}

    def _listed(self, n: int, edition: int) -> list[Article]:
        """Return the articles in the list of a newspaper, the newest first."""
        return [article for article in self.newspaper(n, edition) if article.shown_in in ("list", "paging", "redirect")]

    def _pages(self, n: int, edition: int) -> int:
        return -(-len(self._listed(n, edition)) // PER_PAGE)

    def _newest(self, host: int, edition: int) -> list[Article]:
        """Return the newest articles of a host's newspapers in turn."""
        if (host, edition) not in self._newest_of:
            listed = [[one for one in self.newspaper(n, edition) if one.shown_in == "list"][: 2 * PER_PAGE] for n in _on(host)]
            self._newest_of[host, edition] = [article for articles in zip(*listed, strict=False) for article in articles]
        return self._newest_of[host, edition]

    def _ticker(self, host: int, edition: int) -> tuple[TickerSlot, ...]:
        return tuple(TickerSlot(article.title, article.path) for article in self._newest(host, edition)[:_TICKER])

    def _ticker_of(self, article: Article, edition: int) -> tuple[TickerSlot, ...]:
        ticker = self._ticker(article.host, edition)
        if article.place % _PERIOD == 3 + _CARRIER and article.place < self.sizes[article.n]:
            hidden = self.newspaper(article.n)[self.sizes[article.n] - 1 - (article.place - _CARRIER)]
            return (*ticker[:-1], TickerSlot(hidden.title, hidden.path))
        return ticker

    def _menu(self, host: int) -> tuple[tuple[str, str], ...]:
        sections = [(f"/{section}", section) for section in SECTIONS]
        return (*sections, *((home_of(n), name_of(n)) for n in _on(host)), (CLOSED, "closed"))

    def _page(self, host: int, path: str, request: Request, edition: int) -> Reply | None:
        """Return the answer with a list or a static page; None if there is none at the path."""
        parts = path.strip("/").split("/")
        n = next((n for n in _on(host) if path.rstrip("/") == home_of(n)), None)
        if n is not None and "id" in request.query:
            old = self.articles(edition).get((host, f"{home_of(n)}/{request.query['id']}"))
            return Reply(301, b"", {"Location": old.path}) if old is not None and old.shown_in == "redirect" else None
        if n is not None:
            body = self._newspaper_page(n, request.query, edition)
        elif path == "/":
            body = self._front_page(host, edition)
        elif path.strip("/") in SECTIONS:
            newest = self._newest(host, edition)
            begin = SECTIONS.index(parts[0]) * 5 % len(newest)
            body = self._list("section", parts[0], newest[begin : begin + PER_PAGE], host, edition)
        elif parts[0] == "calendar":
            body = self._calendar(host, parts[1:], edition)
        elif parts[0] == "author":
            body = self._list("author", parts[1], self._newest(host, edition)[:5], host, edition)
        elif parts[0] in ("video", "about"):
            body = self._list("section", parts[0], self._newest(host, edition)[:1], host, edition)
        else:
            return None
        return None if body is None else page(body, request) if n == SESSIONS else _cached(body, request, edition)

    def _front_page(self, host: int, edition: int) -> bytes | None:
        more = [ListingEntry("calendar", "/calendar/2025/01/01", None, None), ListingEntry("elsewhere", ELSEWHERE, None, None)]
        above = '<a href="/rss">RSS</a>'
        return self._list("home", "home", self._newest(host, edition)[: 2 * PER_PAGE], host, edition, more, above=above)

    def _newspaper_page(self, n: int, query: dict[str, str], edition: int) -> bytes | None:
        listed, last = self._listed(n, edition), self._pages(n, edition)
        asked = int(query["page"]) if query.get("page", "1").isdigit() and query.get("page", "1") != "1" else 1
        if asked < 1 or (asked > last and n != ENDLESS):
            return None
        number = min(asked, last)
        shown = listed[(number - 1) * PER_PAGE : number * PER_PAGE]
        more = [ListingEntry(f"gone {number}", path, None, name_of(n)) for path in self._dead_on(n, number)]
        if number == 1:
            more.append(ListingEntry("private", f"/private/paper{n}", None, name_of(n)))
        kind = "atom" if n % HOSTS == ATOM_HOST else "rss"
        head = f'<link rel="alternate" type="application/{kind}+xml" href="{home_of(n)}/rss" />'
        session = self._session() if n == SESSIONS else ""
        below = _paging(n, asked, last, session)
        return self._list("newspaper", name_of(n), shown, n % HOSTS, edition, more, head=head, below=below, session=session)

    def _session(self) -> str:
        """Return a session id, a new one each time, in one of two ways."""
        self._sessions += 1
        session = f"{Random(self._sessions).getrandbits(128):032X}"
        return f";jsessionid={session}" if self._sessions % 2 else f"PHPSESSID={session.lower()}"

    def _calendar(self, host: int, parts: list[str], edition: int) -> bytes | None:
        try:
            day = date(*map(int, parts))
        except (TypeError, ValueError):
            return None
        below = f'<a rel="next" href="/calendar/{day + timedelta(days=1):%Y/%m/%d}">»</a>'
        return self._list("section", f"{day}", self._newest(host, edition)[:5], host, edition, below=below)

    def _list(
        self,
        kind: str,
        name: str,
        articles: list[Article],
        host: int,
        edition: int,
        more: list[ListingEntry] | None = None,
        *,
        head: str = "",
        above: str = "",
        below: str = "",
        session: str = "",
    ) -> bytes:
        lang = lang_of(articles[0].n) if kind == "newspaper" else "ar"
        paths = {name_of(n): home_of(n) for n in _on(host)}
        teasers = []
        for place, article in enumerate(articles):
            tracking = f"utm_source=list&utm_medium=web&fbclid=Iw{article.number}" if article.n == TRACKED and place % 2 else ""
            author = some(Random(f"author {article.path}"), lang_of(article.n), 2, 2)
            paths[author] = f"/author/{('+', '%2B')[place % 2].join(('A', f'B{article.number % 3}'))}"
            teasers.append(ListingEntry(article.title, article.linked_as(session, tracking), author, name_of(article.n)))
        frame = Frame(lang, self._menu(host), () if kind == "author" else self._ticker(host, edition))
        return list_page(kind, name, [*teasers, *(more or [])], frame, paths, head=head, above=above, below=below)

    def _xml(self, host: int, path: str, request: Request, edition: int) -> Reply | None:
        origin = _origin(request)
        n = next((n for n in _on(host) if path == f"{home_of(n)}/rss"), None)
        if n is not None:
            newspaper = self.newspaper(n, edition)
            newest = [article for article in newspaper if article.shown_in == "list"][:_IN_FEED]
            return self._feed(host, name_of(n), newest + [one for one in newspaper if one.shown_in == "feed"], request, edition)
        if path == "/rss":
            return self._feed(host, "all", self._newest(host, edition)[:_IN_FEED], request, edition)
        if path == "/sitemap.xml":
            return _cached(sitemap_index([f"{origin}/sitemap-1.xml", f"{origin}/sitemap-2.xml.gz"]), request, edition, _XML)
        lists = [f"/{section}" for section in SECTIONS] + [home_of(n) for n in _on(host)]
        hidden = [article.path for n in _on(host) for article in self.newspaper(n) if article.shown_in == "sitemap"]
        if path == "/sitemap-1.xml":
            return _cached(urlset(origin + path for path in lists + hidden[::2]), request, edition, _XML)
        if path == "/sitemap-2.xml.gz":
            body = gzip.compress(urlset(origin + path for path in hidden[1::2]), mtime=0)
            return _cached(body, request, edition, {"Content-Type": "application/x-gzip"})
        return None

    def _feed(self, host: int, name: str, articles: list[Article], request: Request, edition: int) -> Reply:
        origin = _origin(request)
        entries = [(f"{origin}{article.path}", article.title) for article in articles]
        if host == ATOM_HOST:
            return _cached(atom(name, f"{origin}/", entries), request, edition, {"Content-Type": "application/atom+xml"})
        return _cached(rss(name, f"{origin}/", entries), request, edition, {"Content-Type": "application/rss+xml; charset=utf-8"})


def _kinds(size: int) -> list[str]:
    """Return what leads to each article of a newspaper, the oldest first."""
    kinds, listed = [], 0
    for place in reversed(range(size)):
        kind = _HIDDEN.get(place % _PERIOD, "") if place + _CARRIER < size else ""
        kinds.append(kind or ("list" if listed < PER_PAGE else "paging"))
        listed += kind in ("", "redirect")
    return kinds[::-1]


def _on(host: int) -> range:
    """Return the newspapers of a host."""
    return range(host, COUNT, HOSTS)


def _origin(request: Request) -> str:
    return f"http://{request.headers['host']}"


def _paging(n: int, number: int, last: int, session: str) -> str:
    """Return the links to further pages: to the next one in half of the newspapers, and numbered ones in the others."""
    if n % 2:
        return f'<a rel="next" href="?page={number + 1}">»</a>' if number < last or n == ENDLESS else ""
    near = sorted({1, last, *range(max(1, number - 2), min(last, number + 2) + 1)} - {number})
    links = [(html.escape(with_session(f"{home_of(n)}?page={other}", session)), other) for other in near]
    return '<div class="pager">' + " ".join(f'<a href="{address}">{other}</a>' for address, other in links) + "</div>"


def _cached(body: bytes, request: Request, edition: int, headers: dict[str, str] | None = None) -> Reply:
    """Return a body with validators, or 304 if the client has it."""
    tag = f'"{edition}-{zlib.crc32(body):x}"'
    changed = format_datetime(_CHANGED + timedelta(minutes=edition), usegmt=True)
    validators = {"ETag": tag, "Last-Modified": changed}
    asked = request.headers
    if asked.get("if-none-match", asked.get("if-modified-since")) in (tag, changed):
        return Reply(304, b"", validators)
    return Reply(200, body, headers | validators) if headers is not None else page(body, request, ETag=tag, Last_Modified=changed)


@lru_cache(maxsize=8192)
def _article(article: Article, ticker: tuple[TickerSlot, ...], menu: tuple[tuple[str, str], ...]) -> bytes:
    return article_page(story_of(article), Frame(lang_of(article.n), menu, ticker))


def story_of(article: Article) -> Story:
    """Return the content of an article."""
    lang = lang_of(article.n)
    day = _BEGAN + timedelta(days=article.place)
    return replace(
        make_story(Random(f"story {article.path}"), lang),
        slug=article.slug,
        number=article.number,
        newspaper=name_of(article.n),
        title=article.title,
        day=day.day,
        month=day.month,
        year=day.year,
    )
