"""Time and memory grow linearly with the size of any page; a page for which they would not is refused by name."""

import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import pytest

from scraper import Page, PageError, clean
from scraper.errors import TooComplex
from scraper.parse.limits import check_limits

MOST: Final = 32 * 1024 * 1024
"""The default limit of a page, in bytes."""


def again(piece: str, before: str = "", behind: str = "") -> Callable[[int], str]:
    """Return a function that makes a page of a given size by repeating one piece."""
    return lambda size: before + piece * ((size - len(before) - len(behind)) // len(piece.encode())) + behind


def html(piece: str, before: str = "", behind: str = "") -> Callable[[int], str]:
    """Return the same for a page in HTML."""
    return again(piece, f"<html>{before}", behind)


ATTRIBUTES: Final = " ".join(f"a{n}='>'" for n in range(100))
KINDS: Final[dict[str, Callable[[int], str]]] = {
    "elements that nest": html("<div>a"),
    "elements that nest and end": lambda size: "<html>" + ("<div>a" * 500 + "</div>" * 500) * (size // 6000),
    "elements that nest behind an empty comment": html("<div>a", "<!-->"),
    "elements that nest behind a quotation mark": html("<div>a", '<p ">', '">'),
    "elements that nest and look empty": html("<div/>a"),
    "elements that nest in an SVG": html("<g>a", "<svg><title>"),
    "empty elements of an SVG": html('<path d="M0 0h1v1"/>', "<svg>", "</svg>a"),
    "attributes of one tag": lambda size: f"<html><p {' '.join(f'a{n}=1' for n in range(size // 9))}>a",
    "attributes of many tags": html(f"<p {ATTRIBUTES}>a</p>"),
    "names of attributes": lambda size: "<html>" + "".join(f"<p a{n} b{n}>a" for n in range(size // 19)),
    "names of elements": lambda size: "<html>" + "".join(f"<a{n}>a</a{n}>" for n in range(size // 19)),
    "white space in a tag": html(" ", "<p", ">a"),
    "slashes in a tag": html("/", "<p", ">a"),
    "a tag that never ends": html("a='b' ", "a<p "),
    "entities": html("&amp;&eacute;&#x627;"),
    "entities without end": html("&notit"),
    "comments": html("<!-- a -->b"),
    "openings of comments": html("<!--", "a"),
    "tables": html("<table><tr><td>كلمات في خلية<td>وكلمات في أخرى</table>"),
    "tables in tables": html("<table><tr><td>a"),
    "text that does not belong in a table": html("a<tr>", "<table>"),
    "breaks": html("a<br>"),
    "nothing but breaks": html("<br>", "a"),
    "paragraphs": html("<p>a"),
    "ends of paragraphs": html("</p>", "a"),
    "ends of nothing, deep": html("</x>", "<span>" * 3000 + "a"),
    "ends of paragraphs, deep": html("</p>", "<span>" * 3000 + "a"),
    "formatting that never ends": html("<b><i>a</p><p>"),
    "formatting that crosses": html("<b><p>a</b></p>"),
    "links that never end": html("<a href='/b'>a<p>"),
    "options": html("<option>a", "<select><button><selectedcontent></button>"),
    "scripts that never end": html("<script>", "<p>a"),
    "one text node": html("كلمة ", "<p>"),
    "lines of a text node": html("كلمة\n", "<pre>"),
    "lines of text": again("سطر\n"),
    "long lines of text": again("كلمات في سطر طويل " * 20 + "\n"),
    "one line of text": again("كلمة "),
    "a text without white space": again("ك"),
    "lost characters": again("\ufffd"),
    "spaces in a dateline": again(" ", "نشر في", "x"),
    "openings of a dateline": again("نشر في "),
    "a notice again and again": again("شكرا على الإبلاغ! "),
    "a footer again and again": again("Click here to read the story from its source. "),
    "a menu of no end": html("<li><a href='/b'>كلمة</a></li>", "<div id='sideBar'>"),
    "a ticker of no end": html("<a href='/b'>كلمة</a>&nbsp;&nbsp;&nbsp;&nbsp;", "<span class='marquee'>"),
    "an article of no end": html("<br>كلمة", "<span class='articletitle'>a</span><span class='articlecontent'>"),
}
"""Functions that make a page of about a given size, by name."""

ENOUGH: Final = 0.015
"""Seconds that are long enough to be compared."""
SMALL: Final = 125_000
NO_SQUARE: Final = 25
"""The tolerated ratio for ten times the size: above ten for a busy machine and its caches, far below a hundred."""


def seconds(data: bytes) -> float:
    """Return the processor time of cleaning a page, without garbage collection."""
    gc.collect()
    gc.disable()
    started = time.process_time()
    try:
        with suppress(PageError):
            clean(Page(data=data))
        return time.process_time() - started
    finally:
        gc.enable()


@pytest.mark.parametrize("kind", KINDS)
def test_ten_times_as_much_takes_ten_times_as_long(kind: str) -> None:
    """A page ten times as large takes about ten times as long; quadratic time would be a hundred times as long."""
    small, large = (KINDS[kind](size).encode() for size in (SMALL, 10 * SMALL))
    bound = NO_SQUARE * max(ENOUGH, min(seconds(small) for _ in range(3)))
    assert any(seconds(large) <= bound for _ in range(4))


CHILD: Final = """
import json, resource, sys, time
from scraper import Page, PageError, clean
from scraper.errors import TooComplex
from tests.test_limits import KINDS
clean(Page(data=b"<p>a"))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
data, code = KINDS[sys.argv[1]](int(sys.argv[2])).encode(), None
started = time.process_time()
try:
    clean(Page(data=data))
except PageError as error:
    code = error.code
print(json.dumps([code, time.process_time() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, len(data)]))
"""

LARGE: Final = [
    *("elements that nest", "attributes of one tag", "attributes of many tags", "names of attributes", "white space in a tag"),
    *("slashes in a tag", "entities", "comments", "openings of comments", "tables", "breaks", "one text node"),
    *("lines of a text node", "lines of text", "one line of text", "a ticker of no end", "an article of no end"),
]


@pytest.mark.parametrize("kind", LARGE)
def test_the_largest_page_is_read_within_bounds(kind: str) -> None:
    """A page of the maximal size takes at most a minute and twenty times its size of memory, or is refused by name."""
    command = [sys.executable, "-c", CHILD, kind, str(MOST)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=240)
    code, taken, kilobytes, size = json.loads(done.stdout)
    assert taken < 60
    assert code == "too-complex" or kilobytes * 1024 <= 20 * size


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("<div>" * 5000, "within one another"),
        ("<!--><p a=b'>" + "<div>" * 5000, "within one another"),
        ("<p>" * 2000 + f"<p {' '.join(f'a{n}' for n in range(30_000))}>", "attributes"),
        ("<html>" + "".join(f"<a{n}></a{n}>" for n in range(20_000)), "names"),
        ("<p>" * 600_000, "elements"),
        ("<html><pre>" + "a\n" * 600_000, "lines"),
        ("a\n" * 2_000_000, "lines"),
        ("<b><i><u><s>" * 200 + "<p>a" * 200_000, "never closed"),
    ],
    ids=lambda value: value[:20],
)
def test_a_page_beyond_the_limits_is_named(page: str, message: str) -> None:
    """The error says which limit the page exceeds."""
    with pytest.raises(TooComplex, match=message):
        clean(Page(data=page.encode()))


@pytest.mark.parametrize(
    "page",
    [
        "<li>" * 20_000,
        "<p>a</p>" * 20_000,
        "<svg><title>a</title>" + '<path d="M0 0"/>' * 20_000 + "</svg>",
        "<script>" + "'<div>' + " * 20_000 + "</script>",
        "<!--" + "<div>" * 20_000 + "-->",
        "<textarea>" + "<div>" * 20_000 + "</textarea>",
        f"<p title='{'<div>' * 20_000}'>",
        "<script>for (i = 0; i<e.length; i++) {" + " x = '</p>';" * 20_000 + "}</script><p>a",
        "<div class='a b' id=c>" * 20 + "<a href='/b' title=c>a</a>" * 20_000,
    ],
    ids=lambda value: value[:20],
)
def test_a_large_page_is_no_complex_one(page: str) -> None:
    """Void elements, elements that end, empty ones and text that looks like markup count towards no limit."""
    check_limits(page.encode())


def test_slashes_in_a_tag_have_a_limit() -> None:
    """A tag with more than a million slashes is refused by name, since the parser's time grows faster than their number."""
    assert clean(Page(data=KINDS["slashes in a tag"](900_000))).record.text == "a"
    with pytest.raises(TooComplex, match="1,000,000 slashes"):
        clean(Page(data=KINDS["slashes in a tag"](1_100_000)))
