"""Feeds and sitemaps: the addresses in them, whatever their form, and however broken they are."""

import gzip
import subprocess
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scraper.errors import BadFeed, DamagedInput, PageError, TooLarge
from scraper.fetch.feeds import Feed, is_feed, read_feed
from scraper.urls import is_absolute
from tests.sdists import sdist

URL = "http://paper.example/feeds/all.xml"
RSS = b"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>t</title><link>http://paper.example/</link>
<atom:link href="http://paper.example/feeds/all.xml" rel="self"/><image><url>http://paper.example/l.png</url></image>
<item><title>a</title><link>http://paper.example/politics/1?a=1&amp;b=2</link><guid isPermaLink="false">17</guid></item>
<item><link><![CDATA[ http://paper.example/politics/2?a=1&b=2 ]]></link></item>
<item><guid>http://paper.example/politics/3</guid></item>
<item><atom:link rel="replies" href="/c/4"/><link>/politics/4</link><enclosure url="http://paper.example/4.mp3"/></item>
<item><link>http://paper.example/politics/2?a=1&amp;b=2</link></item>
<item><title>no address</title><guid isPermaLink="false">http://paper.example/5</guid></item>
<item><link>mailto:a@paper.example</link></item>
</channel></rss>"""
ATOM = """<!-- a comment --><!DOCTYPE feed [<!ELEMENT x ANY>]><?xml-stylesheet href="a.xsl"?>
<a:feed xmlns:a="http://www.w3.org/2005/Atom" xml:base="http://paper.example/a/"><a:link href="/self" rel="self"/><a:id>urn:x</a:id>
<a:entry xml:base="b/"><a:link rel="enclosure" href="x.mp3"/><a:link rel="alternate" href="خبر/1"/><a:id>urn:1</a:id></a:entry>
<a:entry><a:source><a:link href="http://other.example/"/></a:source><a:link href="2"/></a:entry>
<a:entry><a:id>http://paper.example/3</a:id><a:content>c</a:content></a:entry>
</a:feed>""".encode()
RDF = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
<channel rdf:about="http://paper.example/"><link>http://paper.example/</link><items><rdf:Seq><rdf:li resource="x"/></rdf:Seq></items></channel>
<item rdf:about="http://paper.example/1"><link>http://paper.example/1</link></item></rdf:RDF>"""
URLSET = b"""<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="i" xmlns:news="n" xmlns:xhtml="x">
<url><xhtml:link rel="alternate" hreflang="fr" href="http://paper.example/fr/1"/><image:image><image:loc>http://paper.example/1.jpg</image:loc></image:image>
<loc>
 http://paper.example/1 </loc><news:news><news:title>t</news:title></news:news></url>
<url><loc>http://paper.example/2</loc><lastmod>2025-01-01</lastmod></url></urlset>"""
INDEX = b"""<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<sitemap><loc>http://paper.example/s1.xml</loc></sitemap><sitemap><loc>http://paper.example/s2.xml.gz</loc></sitemap></sitemapindex>"""
SITE = "http://paper.example/"
FEEDS = {
    "rss": (RSS, Feed([f"{SITE}politics/{page}" for page in ("1?a=1&b=2", "2?a=1&b=2", "3", "4")], [])),
    "atom": (ATOM, Feed([f"{SITE}a/b/خبر/1", f"{SITE}a/2", f"{SITE}3"], [])),
    "rdf": (RDF, Feed([f"{SITE}1"], [])),
    "urlset": (URLSET, Feed([f"{SITE}1", f"{SITE}2"], [])),
    "sitemapindex": (INDEX, Feed([], [f"{SITE}s1.xml", f"{SITE}s2.xml.gz"])),
    "byte order mark": (b"\xef\xbb\xbf" + RSS[:0] + URLSET, Feed([f"{SITE}1", f"{SITE}2"], [])),
    "utf-16": (URLSET.decode().encode("utf-16"), Feed([f"{SITE}1", f"{SITE}2"], [])),
    "no utf-16": (b'<?xml version="1.0" encoding="utf-16"?>' + URLSET, Feed([f"{SITE}1", f"{SITE}2"], [])),
    "blank line": (b"\n" + RDF, Feed([f"{SITE}1"], [])),
    "gzip": (gzip.compress(URLSET), Feed([f"{SITE}1", f"{SITE}2"], [])),
    "empty": (b"<rss><channel/></rss>", Feed([], [])),
}


@pytest.mark.parametrize("name", FEEDS)
def test_a_feed_gives_the_addresses_of_its_entries(name: str) -> None:
    """Each kind of feed and sitemap gives the addresses of its entries, absolute, in order and once, and no others."""
    data, expected = FEEDS[name]
    assert is_feed(data)
    assert read_feed(data, URL) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<?xml version='1.0' encoding='UTF-8' ?>\n<!DOCTYPE html>\n<html xmlns='//www.w3.org/1999/xhtml'><rss></rss></html>",
        b"<!-- <rss> --><html></html>",
        b"<!-- <rss>",
        b"<feedback><entry><link href='http://paper.example/'/></entry></feedback>",
        b"text about <rss>",
        b'{"rss": "<rss>"}',
        gzip.compress(b"<html></html>"),
        b"\x1f\x8b\x08<rss>",
    ],
)
def test_a_page_is_no_feed(data: bytes) -> None:
    """What does not begin with the root element of a feed is none, whatever stands in it."""
    assert not is_feed(data)
    with pytest.raises(BadFeed, match="no RSS, no Atom and no sitemap"):
        read_feed(data, URL)


@pytest.mark.parametrize(
    "fault", [b"AT&T", b"a < b", b"a\x0bb\x00c", b"\xd9", b"&nbsp;&eacute;&#0;", b"]]>", b"x<br>y<img src=a>", b"<b>x", b"a <b c"]
)
def test_a_fault_costs_no_address(fault: bytes) -> None:
    """The usual faults of a feed's text cost none of its addresses."""
    data = b"<rss><item><title>%b</title><link>http://a.example/1?a=1&b=2&copy</link></item><item><link>/2?a=1&amp;b=2</link></item></rss>"
    assert read_feed(data % fault, URL).pages == ["http://a.example/1?a=1&b=2&copy", "http://paper.example/2?a=1&b=2"]


@pytest.mark.parametrize("name", ["rss", "atom", "rdf", "urlset", "sitemapindex"])
def test_a_truncated_feed_gives_no_truncated_address(name: str) -> None:
    """Wherever a feed is cut off, it gives the addresses before the cut, each of them whole."""
    data, (pages, sitemaps) = FEEDS[name]
    found = []
    for end in range(len(data)):
        try:
            feed = read_feed(data[:end], URL)
        except BadFeed:
            continue
        assert (feed.pages, feed.sitemaps) == (pages[: len(feed.pages)], sitemaps[: len(feed.sitemaps)])
        found.append(len(feed.pages) + len(feed.sitemaps))
    assert found == sorted(found)
    assert found[-1] == len(pages) + len(sitemaps)


def test_an_address_that_is_not_plain_text_is_left_out() -> None:
    """An address with an element in it is not guessed."""
    data = b"<urlset><url><loc>http://a.example/<b/>1</loc></url><url><loc>http://a.example/2</loc></url></urlset>"
    assert read_feed(data, URL).pages == ["http://a.example/2"]


def test_entities_are_not_resolved(tmp_path: Path) -> None:
    """No entity brings the content of a file, or an address that the document does not have."""
    secret = tmp_path / "secret"
    secret.write_text("http://secret.example/")
    data = f"""<!DOCTYPE urlset [<!ENTITY x SYSTEM "{secret.as_uri()}"><!ENTITY % y SYSTEM "{secret.as_uri()}"> %y; <!ENTITY z "3">]>
    <urlset><url><loc>&x;</loc></url><url><loc>http://a.example/&x;</loc></url><url><loc>http://a.example/2</loc></url></urlset>"""
    found = read_feed(data.encode(), URL).pages
    assert "http://a.example/2" in found
    assert not any("secret" in address for address in found)


@pytest.mark.parametrize("place", ["<loc>&a9;</loc>", '<loc x="&a9;">http://a.example/1</loc>'])
def test_a_billion_laughs_cost_nothing(place: str) -> None:
    """Entities that grow exponentially take neither time nor memory."""
    grown = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    data = (
        f'<!DOCTYPE urlset [<!ENTITY a0 "lol">{grown}]><urlset><url>{place}</url><url><loc>http://a.example/2</loc></url></urlset>'
    )
    began = time.process_time()
    assert read_feed(data.encode(), URL).pages[-1] == "http://a.example/2"
    assert time.process_time() - began < 1


@pytest.mark.parametrize("part", [b"<!--", b"<![CDATA[", b"<?x ", b"&", b"<a>", b"<url>", b"<", b"<!DOCTYPE x ["])
def test_a_repeated_opening_takes_linear_time(part: bytes) -> None:
    """Openings without an end take no longer than other bytes."""
    data = b"<urlset>" + part * (4_000_000 // len(part))
    began = time.process_time()
    is_feed(part * 4_000_000)
    assert read_feed(data, URL) == Feed([], [])
    assert time.process_time() - began < 10


def test_a_damaged_or_oversized_gzip_file_is_named() -> None:
    """A gzipped sitemap that is cut off, or has more bytes than the protocol allows, is an error of its own."""
    with pytest.raises(DamagedInput, match="truncated"):
        read_feed(gzip.compress(URLSET)[:-10], URL)
    with pytest.raises(TooLarge, match="52428800 bytes"):
        read_feed(gzip.compress(b"<urlset>" + b" " * 60_000_000), URL)


LARGE = """
import resource
from scraper.fetch.feeds import read_feed
entry = "<url><loc>http://a.example/{}</loc><i:image xmlns:i='i'><i:loc>http://a.example/{}.jpg</i:loc></i:image></url>\\n"
data = b"<urlset>" + "".join(entry.format(n % 1000, n) for n in range(500_000)).encode() + b"</urlset>"
read_feed(data[:10_000], "http://a.example/")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = read_feed(data, "http://a.example/").pages
print(len(data), len(found), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_large_sitemap_takes_constant_memory() -> None:
    """50 MB of entries take no more memory than their bytes and the addresses."""
    done = subprocess.run([sys.executable, "-c", LARGE], capture_output=True, text=True, check=True, timeout=120)
    size, found, grown = map(int, done.stdout.split())
    assert size > 50_000_000
    assert found == 1000
    assert grown < 8_000


@given(
    st.sampled_from([RSS, ATOM, URLSET, INDEX]), st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 9), st.binary(max_size=9)))
)
@example(b"<urlset><url><loc>http://[</loc></url></urlset>", [])
@example(b"<feed xml:base='http://['><entry><link href='//['/></entry></feed>", [])
def test_a_damaged_feed_raises_nothing_unnamed(data: bytes, changes: list[tuple[int, int, bytes]]) -> None:
    """Whatever is changed in a feed, the result is addresses or an error of a page."""
    for place, deleted, inserted in changes:
        data = data[:place] + inserted + data[place + deleted :]
    try:
        feed = read_feed(data, URL)
    except PageError:
        return
    assert all(map(is_absolute, feed.pages + feed.sitemaps))


@pytest.fixture(scope="session")
def corpus() -> list[Path]:
    """The feeds on which feedparser tests itself."""
    found = sorted((sdist("feedparser") / "tests").rglob("*.xml"))
    assert len(found) > 2000
    return found


def test_feedparsers_feeds_give_the_addresses_that_feedparser_finds(corpus: list[Path]) -> None:
    """Of 2,200 feeds, well-formed and not, none raises an exception, and each gives feedparser's addresses or has a reason."""
    results: Counter[str] = Counter()
    for path in corpus:
        data = path.read_bytes()
        theirs, of_ids = feedparsers_addresses(data)
        try:
            ours = read_feed(data, URL).pages
        except BadFeed:
            ours = []
        if ours == theirs:
            results["equal, with addresses" if theirs else "equal, without"] += 1
        elif path.name.startswith("cdf_") or path.parent.name == "cdf":
            results["a format of 1997 that is not read"] += 1
        elif of_ids:
            results["an id, which feedparser resolves or rewrites"] += 1
        else:
            results[f"without a reason: {path.name}"] += 1
    assert results == {
        "equal, with addresses": 72,
        "equal, without": 2161,
        "a format of 1997 that is not read": 3,
        "an id, which feedparser resolves or rewrites": 6,
    }


def feedparsers_addresses(data: bytes) -> tuple[list[str], bool]:
    """Return the addresses of a feed's entries, and whether they are made of their ids."""
    with warnings.catch_warnings(action="ignore"):
        import feedparser

        entries = feedparser.parse(data, response_headers={"content-location": URL}).entries
    linked = [entry for entry in entries if entry.get("link")]
    return list(dict.fromkeys(entry.link for entry in linked)), any(entry.get("guidislink") for entry in linked)
