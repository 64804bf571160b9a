"""The network that crawls are tested on has what it says, and nothing else leads to its articles."""

import gzip
import re
from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from scraper import Page, clean
from scraper.fetch import fold
from scraper.fetch.feeds import is_feed, read_feed
from tests.site import Site, SiteNetwork
from tests.site.network import ATOM_HOST, DATES, ELSEWHERE, ENDLESS, FRENCH, GAPS, SESSIONS, TRACKED, home_of, lang_of, name_of


@pytest.fixture(scope="module")
def network() -> SiteNetwork:
    return SiteNetwork(300)


@pytest.fixture(scope="module")
def site(network: SiteNetwork) -> Iterator[Site]:
    with Site(network=network) as served:
        yield served


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as client:
        yield client


def test_each_article_is_what_the_network_says(site: Site, network: SiteNetwork, http: httpx.Client) -> None:
    """Each address of an article gives a page that is cleaned to an article with its newspaper, number, title and language."""
    articles = network.articles()
    assert len(articles) == 300
    for (host, path), article in articles.items():
        response = http.get(site.url(path, host))
        assert response.status_code == 200
        record = clean(Page(data=response.content, url=str(response.url))).record
        assert (record.kind, record.newspaper_slug, record.lang) == ("article", article.slug, lang_of(article.n))
        assert (record.title, record.newspaper, record.text != "") == (article.title, name_of(article.n), True)


def test_what_leads_to_an_article_is_all_that_does(site: Site, network: SiteNetwork, http: httpx.Client) -> None:
    """A crawl of every link finds each article, and one that is only in a feed, a sitemap, a ticker and so on is found only there."""
    found = crawled(site, http)
    addresses = {fold(site.url(path, host)): article for (host, path), article in network.articles().items()}
    assert set(addresses) <= set(found)
    for address, article in addresses.items():
        assert article.shown_in in found[address]
        if article.shown_in != "list":
            assert found[address] == {article.shown_in}
    dead = {fold(site.url(path, host)) for host, path in network.dead}
    disallowed = {fold(site.url(path, host)) for host, path in network.disallowed}
    assert dead | disallowed | {fold(ELSEWHERE)} <= set(found)
    assert {http.get(site.url(path, host)).status_code for host, path in network.dead} == {404, 410}


def crawled(site: Site, http: httpx.Client) -> dict[str, set[str]]:
    """Follow every link, apart from the traps, and return what leads to each address, by its key."""
    found: dict[str, set[str]] = defaultdict(set)
    queue = [(site.url(path, host), "list") for host in range(3) for path in ("/", "/robots.txt")]
    requested = set()
    while queue:
        address, via = queue.pop(0)
        key = fold(address)
        found[key].add(via)
        parts = urlsplit(address)
        is_trap = parts.path.startswith("/calendar/2025/01/03") or (home_of(ENDLESS) in parts.path and "page=4" in parts.query)
        if key in requested or is_trap or parts.hostname not in site.addresses:
            continue
        requested.add(key)
        response = http.get(address)
        queue += ((urljoin(address, link), kind) for link, kind in links(response))
    return found


def links(response: httpx.Response) -> Iterator[tuple[str, str]]:
    address, data = str(response.url), response.content
    if response.status_code == 301:
        yield response.headers["location"], "redirect"
    elif is_feed(data):
        feed = read_feed(data, address)
        kind = "feed" if response.url.path.endswith("/rss") else "sitemap"
        yield from ((link, kind) for link in feed.pages + feed.sitemaps)
    else:
        text = response.text
        yield from ((link, "sitemap") for link in re.findall(r"^Sitemap: (.*)$", text, re.MULTILINE))
        before, _, marquee = text.partition("<marquee")
        ticker, _, after = marquee.partition("</marquee>")
        is_article = "articletitle" in text
        yield from ((link, "ticker" if is_article else "list") for link in re.findall(r'<a href="([^"]+)"', ticker))
        kind = "paging" if "page=" in str(response.url) and not is_article else "list"
        yield from ((link.replace("&amp;", "&"), kind) for link in re.findall(r'<(?:a|link) [^>]*?href="([^"]*)"', before + after))


def test_lists_feeds_and_sitemaps_can_be_asked_conditionally(site: Site, http: httpx.Client) -> None:
    """Lists, feeds and sitemaps answer 304 to a client that has them, by either validator, until the next edition."""
    for path in ("/", "/politics", home_of(GAPS), f"{home_of(GAPS)}/rss", "/rss", "/sitemap-2.xml.gz"):
        first = http.get(site.url(path, GAPS % 3))
        for name, validator in (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified")):
            again = http.get(first.url, headers={name: first.headers[validator]})
            assert (again.status_code, again.content) == (304, b"")
    stale = http.get(site.url("/"))
    site.edition = 1
    try:
        assert http.get(site.url("/"), headers={"If-None-Match": stale.headers["etag"]}).status_code == 200
    finally:
        site.edition = 0


def test_an_edition_adds_articles_and_headlines(site: Site, network: SiteNetwork, http: httpx.Client) -> None:
    """A new edition has new articles of each newspaper, first in lists, feeds and tickers, and all of the old ones."""
    added = set(network.articles(1)) - set(network.articles(0))
    assert set(network.articles(0)) < set(network.articles(1))
    assert len(added) == 60
    site.edition = 1
    try:
        for host, path in added:
            assert http.get(site.url(path, host)).status_code == 200
        front = http.get(site.url("/"))
        headlines = [headline.url for headline in clean(Page(data=front.content, url=str(front.url))).record.headlines]
        assert set(headlines[:20]) == {site.url(path, host) for host, path in added if host == 0}
    finally:
        site.edition = 0
    assert {http.get(site.url(path, host)).status_code for host, path in added} == {404}


def test_traps_never_end(site: Site, http: httpx.Client) -> None:
    """The calendar and the endless list always have a next page, and the session id is another one each time."""
    for path in ("/calendar/2025/12/31", "/calendar/2124/02/29"):
        assert 'rel="next" href="/calendar/' in http.get(site.url(path)).text
    pages = [http.get(site.url(f"{home_of(ENDLESS)}?page={number}", ENDLESS % 3)).text for number in (2, 3, 1000)]
    assert 'rel="next" href="?page=1001"' in pages[2]
    assert len({re.sub(r"page=\d+", "", page) for page in pages}) == 1
    sessions = [
        set(re.findall(r"(?:;jsessionid|[?;]PHPSESSID)=(\w+)", http.get(site.url(home_of(SESSIONS), SESSIONS % 3)).text))
        for _ in range(4)
    ]
    assert [len(session) for session in sessions] == [1, 1, 1, 1]
    assert len(set.union(*sessions)) == 4
    assert "?utm_source=list&amp;utm_medium=web&amp;fbclid=" in http.get(site.url(home_of(TRACKED), TRACKED % 3)).text


def test_numbers_have_gaps_or_look_like_dates(network: SiteNetwork) -> None:
    """One newspaper has a third of its numbers, one has numbers that look like dates, and all grow with time."""
    numbers = {n: [article.number for article in network.newspaper(n)][::-1] for n in range(12)}
    assert all(of_one == sorted(set(of_one)) for of_one in numbers.values())
    assert max(numbers[GAPS]) <= 75
    assert len(numbers[GAPS]) == 25
    assert numbers[DATES][0] == 1803221451
    assert SiteNetwork(5000).sizes[GAPS] == 200
    assert len(SiteNetwork(5000).articles()) == 5000


def test_feeds_and_sitemaps_have_the_forms_that_real_ones_have(site: Site, http: httpx.Client) -> None:
    """One host has Atom, the others RSS; the sitemap index has a plain sitemap and a gzipped one."""
    kinds = [http.get(site.url("/rss", host)).content[:60] for host in range(3)]
    assert [b"<feed" in kind for kind in kinds] == [host == ATOM_HOST for host in range(3)]
    assert http.get(site.url(f"{home_of(FRENCH)}/rss")).status_code == 200
    plain, packed = read_feed(http.get(site.url("/sitemap.xml")).content, site.url("/sitemap.xml")).sitemaps
    assert http.get(plain).content.startswith(b"<?xml")
    assert gzip.decompress(http.get(packed).content).startswith(b"<?xml")
