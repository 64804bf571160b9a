"""The key under which a crawl knows an address, and addresses of other projects' tests."""

import ast
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.errors import BadAddress
from scraper.fetch import fold, prepare, without_session
from scraper.urls import is_absolute
from tests.sdists import sdist

SESSION = "4f0c1d2e3b4a59687706a5b4c3d2e1f0"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://paper.example/politics", "https://www.paper.example/politics"),
        ("https://paper.example:443/", "http://paper.example:80"),
        ("http://PAPER.example/a", "http://paper.example/a#comments"),
        ("http://paper.example/author/Name+Name", "http://paper.example/author/Name%2BName"),
        ("http://paper.example/author/Name%2bName", "http://paper.example/author/Name%2BName"),
        ("http://paper.example/خبر", "http://paper.example/%D8%AE%d8%a8%D8%B1"),
        ("http://خبر.example/", "http://xn--ngblk.example/"),
        ("http://paper.example/a?b=1&a=2", "http://paper.example/a?a=2&b=1"),
        ("http://paper.example/a?", "http://paper.example/a"),
        ("http://paper.example/difaf/", "http://paper.example/difaf"),
        ("http://paper.example/difaf/?page=2", "http://paper.example/difaf?page=2"),
        ("http://paper.example/a/../difaf/./1", "http://paper.example/difaf/1"),
        ("http://paper.example/1?utm_source=rss&utm_social-type=x&fbclid=I&_ga=1.2", "http://paper.example/1"),
        ("http://paper.example/1?page=2&gclid=x", "http://paper.example/1?page=2"),
        (f"http://paper.example/1;jsessionid={SESSION}", "http://paper.example/1"),
        (f"http://paper.example/1;JSESSIONID={SESSION}.node1?page=2", "http://paper.example/1?page=2"),
        (f"http://paper.example/1?PHPSESSID={SESSION}", f"http://paper.example/1?phpsessid={SESSION[::-1]}"),
        (f"http://paper.example/?sid={SESSION}", "http://paper.example/"),
        ("http://paper.example/(S(h2tluiqzcqbqsmnkpadgqtyl))/1.aspx", "http://paper.example/1.aspx"),
    ],
)
def test_two_ways_to_write_an_address_are_one(one: str, other: str) -> None:
    """Addresses that differ only in how they are written, or in who asks, have the same key."""
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://paper.example/difaf/1", "http://paper.example/fr/difaf/1"),
        ("http://paper.example/difaf/1", "http://paper.example/difaf/11"),
        ("http://paper.example/Difaf/1", "http://paper.example/difaf/1"),
        ("http://paper.example/a?page=1", "http://paper.example/a?page=2"),
        ("http://paper.example/a?page=1", "http://paper.example/a"),
        ("http://paper.example/a?q=A", "http://paper.example/a?q=a"),
        ("http://paper.example/a?q=1%2B1", "http://paper.example/a?q=1+1"),
        ("http://paper.example/a%2Fb", "http://paper.example/a/b"),
        ("http://paper.example/a?tags=1&tags=2", "http://paper.example/a?tags=1"),
        ("http://paper.example:8080/", "http://paper.example/"),
        ("http://m.paper.example/", "http://paper.example/"),
        ("http://paper.example/modules.php?name=News&sid=1", "http://paper.example/modules.php?name=News&sid=2"),
        ("http://paper.example/utm_source=1", "http://paper.example/"),
        ("http://paper.example/a?source=1", "http://paper.example/a?source=2"),
    ],
)
def test_two_pages_stay_two(one: str, other: str) -> None:
    """Addresses that may lead to different pages have different keys."""
    assert fold(one) != fold(other)


def test_an_address_without_session_can_be_requested() -> None:
    """Only what says who asks is removed; the rest is as it was, in its order."""
    session = f"https://www.paper.example/Difaf/1;jsessionid={SESSION}?b=%D8%AE&a=+&utm_source=x&PHPSESSID={SESSION}#c"
    assert without_session(session) == "https://www.paper.example/Difaf/1?b=%D8%AE&a=+"


PIECES = st.lists(
    st.sampled_from(
        [*"a/.;=&?%#+:@[]() ~é", "خ", "%2", "%2F", "www.", "sid=", ";jsessionid=", "utm_a", "//", "%3b", "/./", "a" * 30]
    ),
    max_size=12,
)


@given(st.sampled_from(["http://a.example/", "https://www.", "HTTP://A.example", "http://a.example:80"]), PIECES)
def test_a_key_is_its_own_key(start: str, pieces: list[str]) -> None:
    """A key that is folded again stays as it is, and so does that of an address as it is requested."""
    address = start + "".join(pieces)
    assert fold(fold(address)) == fold(address)
    try:
        requested = prepare(address)
    except BadAddress:
        return
    assert fold(fold(requested)) == fold(requested)


def test_known_addresses_are_folded_at_once() -> None:
    """The links of 1,000 pages, of which 80 are the same on each, are folded in a second."""
    menu = [f"https://www.paper.example/difaf/{n}?utm_source=menu" for n in range(80)]
    began = time.process_time()
    for page in range(1000):
        for address in (*menu, f"https://www.paper.example/difaf/{1000 + page}"):
            fold(address)
    assert time.process_time() - began < 1


@pytest.fixture(scope="session")
def traps() -> list[str]:
    """The strings in courlan's tests, which hold crawler traps, and in w3lib's, which hold addresses that are hard to read."""
    found = {text for project in ("courlan", "w3lib") for path in (sdist(project) / "tests").glob("*.py") for text in strings(path)}
    addresses = sorted(text for text in found if ":" in text or "/" in text)
    assert len(addresses) > 1000
    return addresses


def strings(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            yield node.value if isinstance(node.value, str) else node.value.decode("latin-1")


def test_no_address_raises_anything_unnamed(traps: list[str]) -> None:
    """Of more than 1,000 strings by other authors, each is refused or prepared, and its key is its own key."""
    prepared = 0
    for text in traps:
        assert fold(fold(text)) == fold(text)
        without_session(text)
        is_absolute(text)
        try:
            requested = prepare(text)
        except BadAddress:
            continue
        prepared += 1
        assert is_absolute(fold(requested))
    assert prepared > 400
