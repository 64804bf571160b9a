"""The text of an HTML page is that of the tree which the HTML standard prescribes, judged by other parsers and a browser."""

import random
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser

from scraper.layouts import builtin_layouts, chrome_parts
from scraper.models import Page
from scraper.parse import Tree
from scraper.parse.encoding import decode
from tests.cases import CASES, FIXTURES, source_of
from tests.measure_pages import make_case
from tests.sdists import sdist

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

# --- what is compared: the visible characters of a page, in order, as the documentation defines them ---

INVISIBLE: Final = {
    *(*range(0x20), *range(0x7F, 0xA0), 0xAD, 0x200B, 0x200E, 0x200F),
    *(*range(0x202A, 0x202F), 0x2060, *range(0x2066, 0x206A), 0xFEFF),
}
CONTROLS: Final = {*range(0x20), 0x7F} - {0x09, 0x0A, 0x0D}
XHTML: Final = "{http://www.w3.org/1999/xhtml}"


def visible(text: str) -> str:
    return "".join(char for char in text if not char.isspace() and ord(char) not in INVISIBLE)


def without_controls(markup: str) -> str:
    """Return a page without C0 controls, which are removed before parsing."""
    return "".join(char if ord(char) not in CONTROLS else " " if char.isspace() else "" for char in markup)


def ours(markup: str) -> str:
    return visible(Tree(markup).document().text)


def by_html5lib(markup: str) -> str:
    tree = html5lib.parse(without_controls(markup), treebuilder="etree")
    body = next((found for name in ("body", "frameset") if (found := tree.find(XHTML + name)) is not None), None)
    return "" if body is None else visible("".join(texts_in(body)))


def texts_in(root: "ET.Element[Any]") -> list[str]:
    """Return the text nodes below an element, except those of scripts, styles, templates and comments."""
    texts: list[str] = []
    todo: list[ET.Element[Any] | str] = [root]
    while todo:
        what = todo.pop()
        if isinstance(what, str):
            texts.append(what)
        elif isinstance(what.tag, str) and what.tag.rpartition("}")[2] not in ("script", "style", "template"):
            inside: list[ET.Element[Any] | str] = [what.text or ""]
            for child in what:
                inside += [child, child.tail or ""]
            todo += reversed(inside)
    return texts


def by_lexbor(markup: str) -> str:
    """Return the text of lexbor's own tree walk; only the removal of controls is ours."""
    data = without_controls(markup).encode("utf-8", "replace")
    parser = LexborHTMLParser(data, options=LexborDocumentOptions.WO_EVENTS)
    parser.strip_tags(["script", "style"], recursive=True)
    root = parser.css_first("html > body, html > frameset")
    return "" if root is None else visible(root.text())


IN_A_BROWSER: Final = """return arguments[0].map(markup => {
    const page = new DOMParser().parseFromString(markup, 'text/html'), walker = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT);
    let text = '', deepest = 0;
    for (let node; node = walker.nextNode();) {
        let around = node.parentNode, depth = 0, isRead = true;
        for (; around; around = around.parentNode, depth++) isRead &&= !['script', 'style'].includes(around.localName);
        if (isRead) text += node.data;
        deepest = Math.max(deepest, depth);
    }
    return deepest < 500 ? text : null })"""


def by_chromium(browser: "Chrome", pages: Sequence[str]) -> list[str | None]:
    """Return the text of each page in a browser's DOM, whose DOMParser has scripting off, as we do.

    None for a page that is too deep: Chromium nests at most 512 elements and moves the rest elsewhere.
    """
    browser.get("about:blank")
    texts: list[str | None] = []
    for first in range(0, len(pages), 50):
        texts += browser.execute_script(IN_A_BROWSER, [without_controls(page) for page in pages[first : first + 50]])
    return [None if text is None else visible(text) for text in texts]


# --- known mistakes of the judges, and our deliberate differences ---

HTML5LIB_DIFFERS: Final = {
    # The standard dropped <isindex>, which once meant a form with words of its own.
    "isindex": (re.compile("<isindex", re.IGNORECASE), "<p>a<isindex prompt=b>c", "abc", "ac"),
    # html5lib, last updated in 2020, does not know <template>; its content is not text of the page.
    "template": (re.compile("<template", re.IGNORECASE), "<div>a<template></div>b", "ab", "a"),
    # Since 2025 a <select> may contain nearly all elements; before, most tags in one were dropped.
    "select": (re.compile("<select", re.IGNORECASE), "<select><plaintext></plaintext>a", "a", "</plaintext>a"),
    # Since 2020 </p> and </br> end an SVG or a formula as <p> and <br> do.
    "end of SVG": (re.compile("<(?:svg|math).*</(?:p|br)", re.IGNORECASE | re.DOTALL), "<svg></p><style>a</svg>b", "b", ""),
    # Since 2020 </br> keeps the body, as <br> does, where a frameset follows.
    "break before frames": (re.compile("</br.*<frameset", re.IGNORECASE | re.DOTALL), "</br><frameset>a", "", "a"),
    # html5lib moves text before a table too far up if a <p> there was ended by what follows.
    "before a table": (re.compile("<table.*<p\\b", re.IGNORECASE | re.DOTALL), "<table><p><dd>a<col>b", "ba", "ab"),
    # Of more than three formatting elements that cross a block, html5lib continues one that the standard drops.
    "misnested": (re.compile("(?!)"), "<b><i><a><s><tt><div></b>c</b></div></tt></s></a>d</i>", "dc", "cd"),
}
"""Differences from html5lib by name: a pattern of pages that may show it, and a page that does, as html5lib and as we read it."""

CHROMIUM_DIFFERS: Final = {
    # A browser copies the selected option into the button of a <select>, so that its text occurs twice.
    "selectedcontent": ("<select><button><selectedcontent></button><option>a", "aa", "a"),
    # Chromium takes U+FFFD for white space when a frameset follows; in the standard it is text, which keeps the body.
    "frameset": ("\ufffd<frameset>", "", "\ufffd"),
}
"""Differences from Chromium by name: a page that shows it, as Chromium and as we read it."""


def check(markup: str) -> None:
    """Assert that all judges but the browser find the text that we find, whether or not parts are cut out."""
    text = ours(markup)
    assert text == by_lexbor(markup)
    assert text == visible(Tree(markup).document(chrome_parts(builtin_layouts())).text)
    if not any(shows.search(markup) for shows, *_ in HTML5LIB_DIFFERS.values()):
        assert text == by_html5lib(markup)


# --- the pages that are compared ---

INPUTS: Final = [
    # before and in the head
    *("", "a", " \n a", "<!-- a -->b", "<!doctype html>a", "a<!doctype html>b", "<?php echo 'a' ?>b", "<![CDATA[a]]>b"),
    *("</ a>b", "<!a>b", "<title>a</title>b", "<title>a<p>b", "<head>a</head>b", "</head>a<title>b</title>c"),
    *("<head><p>a</head>b", "<html><!-- a --><head>b", "<meta>a<link>b", "<base>a", "<head><noscript>a</noscript>b"),
    *("<head><noscript><p>a</noscript>b", "<noscript><link>a</noscript>b", "<head><style>a</style><script>b</script>c"),
    *("<head></head><!-- a -->b<link>c", "<head><template>a</template></head>b"),
    # the body and what follows it
    *("<body>a<body class=b>c", "<body>a</body>b", "</html>a", "a</body></html><!-- b -->c<p>d", "<html>a<html lang=ar>b"),
    *("</p>a</br>b", "a</body>b<table>c</body>d", "<p>a<p>b</p></p>c", "<p>a<div>b</p>c", "<div>a</span>b</div></div>c"),
    *("<h1>a<h2>b</h1>c",),
    # formatting elements that cross
    *("<b>a<p>b</b>c</p>d", "<a>a<a>b</a>c", "<a>a<table>b<a>c</table>d", "<b><b><b><b>a<p>b", "<b>a<i>b<p>c</b>d</i>e"),
    *("<font>a<p>b</font>c", "<nobr>a<nobr>b", "<b>a<button>b</b>c</button>d", "<b>a<object>b</b>c</object>d"),
    *("<a>a<div><a>b<div><a>c", "<i>a<p><b>b</i>c</p>d"),
    # lists, forms, buttons, rubies
    *("<li>a<li>b<ul><li>c</ul>d", "<dl><dt>a<dd>b<dt>c</dl>d", "<form>a<form>b</form>c</form>d", "<button>a<button>b"),
    *("<p>a<ul>b</p>c", "<option>a<optgroup>b<option>c", "<ruby>a<rp>(<rt>b<rp>)</ruby>c", "<pre>\n\na\nb</pre>c"),
    *("<listing>\na", "<image>a", "<input>a</input>b"),
    # tables, and content that does not belong in them
    *("<table>a<tr>b<td>c", "<table><tr><td>a</table>b", "<td>a<tr>b", "<table><td>a<table>b", "<table><caption>a<td>b"),
    *("<table>a<!-- b -->c", "<table><colgroup>a<col>b", "<table><b>a<tr>b<td>c", "<table><script>a</script><style>b</style>c"),
    *("<table><form>a<tr>b</form><td>c", "<table><input type=hidden>a<input>b", "<table><tbody>a</tbody>b</table>c"),
    *("<table><td>a</tr>b</tbody>c", "<table><th>a</td>b", "<table><tr>&nbsp;<td>a", "<table> \n <tr>a</tr> \n b"),
    *("<table></p>a", "<table><select><option>a<td>b"),
    # text without markup
    *("<textarea>a<b>c</textarea>d", "<textarea>\na</textarea >b", "<textarea>a</textareab>c", "<xmp>a<b></xmp>c"),
    *("<iframe>a<b></iframe>c", "<noembed>a<b></noembed>c", "<noframes>a<b></noframes>c", "<plaintext>a</plaintext>b"),
    *("<script>a<b></script>c", "<script>a", "<script><!--<script>a</script>b--></script>c", "<script><!--a</script>b"),
    *("<style>a<!--</style>b-->c", "<script/>a</script>b"),
    # comments
    *("a<!-->b", "a<!--->b", "a<!--b--!>c", "a<!--b", "a<!---- >b-->c", "a<!--b--c-->d", "a<!b>c>d", "a</>b", "a<!--<!-->b"),
    # things that look like tags, and tags without an end
    *("a<b", "a<1>b", "a< b>c", "a<>b", "<p a='>b'>c", '<p "b>c">d', "<p a=b'>c", "<p/a/>b", "<p a = 'b>c' d>e", '<p a="b>c'),
    *("a</b c='>d'>e",),
    # SVG and formulas
    *("<svg>a<p>b</svg>c", "<svg><title>a<b>b</title>c", "<svg><style>a</style>b<script>c</script>d", "<svg><![CDATA[a<b>]]>c"),
    *("<svg><a>b<a>c", "<svg><foreignObject><p>a</svg>b", "<math><mi>a<b>b<mglyph>c</math>d", "<svg><desc><table>a<td>b"),
    *("<svg/>a<math/>b", "<svg><br>a", "<math><annotation-xml encoding=text/html><p>a</math>b"),
    *("<math><annotation-xml><p>a</math>b", "<svg><font>a<font size=1>b", "<svg></div>a"),
    *("<svg><input>a</input><link>b</link><wbr>c</svg>d", "<table><svg>a<td>b", "<svg><textarea>a<b>c"),
    *("<svg><template>a</svg>b",),
    # frames
    *("<frameset><frame></frameset>a", "<frameset>a<noframes>b", "a<frameset>b", "<p><frameset>a<noframes>b</noframes>"),
    *("<frame>a<frameset>b", "<frame></frame><frameset><frameset></frameset><noframes>a</frameset>"),
    *("<body><frameset><noframes>a", "<frameset></html><noframes>a"),
    # character references
    *("&amp&lt;&#x627;&#1576;", "&notit;&notin;&not", "&#0;&#128;&#xD800;&#x110000;", "&a;&;&#;&#x;", "&nbsp;&shy;&zwj;a"),
    *("<p title='&'>&AMP",),
    # words that must not be split
    *("super<wbr>cali<wbr/>fragilistic</wbr>", "<p>a<wbr><b>b</b><nobr>c", "<wbr>a<wbr>b</p>c", "a\x00b\x07c\x1fd"),
    *("<p\x00>a</p\x00>b",),
]
"""Pages for the insertion modes of the standard's parser, and for the states of its tokenizer in which text can be lost."""

PIECES: Final = [
    *("<wbr>", "<svg>", "</svg>", "<math>", "<mi>", "<foreignObject>", "<desc>", "<input>", "<link>", "<image>", "<noscript>"),
    *("</noscript>", "<textarea>", "</textarea>", "<table>", "</table>", "<tr>", "<td>", "<caption>", "<col>", "<title>"),
    *("</title>", "<plaintext>", "</html>", "</body>", "<body>", "<head>", "</head>", "<frameset>", "<frame>", "<noframes>"),
    *("<!--", "-->", "--!>", "<!-->", "]]>", "<![CDATA[", "<?xml ?>", "<!doctype html>", "<script/>", "<script>", "</script>"),
    *("<style>", "</style>", "<xmp>", "<iframe>", "<pre>\n", "</br>", "</p>", "<p>", "<a>", "<a href='", "</a>", "<b>", "</b>"),
    *("<i>", "<font size=1>", "<nobr>", "<form>", "</form>", "<button>", "<h1>", "<li>", "<dd>", "<ruby>", "<rt>", "<object>"),
    *("</object>", "<marquee>", "<div>", "</div>", "<div id=sideBar>", "</ul>", "<option>", "<hr>", "&amp", "&notin;"),
    *("&#x110000;", "&#0;", "&#128;", "\x00", "\x07", "\x0c", "\ufffd", "\u200b", "<", ">", "</", "<!", '"', "'", "=", "/"),
    *("كلمة",),
]
"""Hostile markup; a few pieces of it are inserted into a page."""
RARE: Final = [
    *("<select>", "</select>", "<optgroup>", "<selectedcontent>", "<template>", "</template>", "<isindex>", "<search>"),
    *("<rtc>", "<menuitem>"),
]
"""Markup that not all judges read by the current standard."""


def read(case: str) -> str:
    return decode(Page(data=source_of(FIXTURES / case).read_bytes()))[0]


HTML_CASES: Final = [case for case in CASES if case.endswith("-html")]


def invented(seed: str) -> str:
    return decode(Page(data=make_case(seed, "html").data))[0]


def damaged(markup: str, pieces: Sequence[tuple[float, str]]) -> str:
    for where, piece in pieces:
        at = round(where * len(markup))
        markup = markup[:at] + piece + markup[at:]
    return markup


def thrown_in(pieces: Sequence[str]) -> st.SearchStrategy[list[tuple[float, str]]]:
    return st.lists(st.tuples(st.floats(0, 1), st.sampled_from(pieces)), min_size=1, max_size=8)


@pytest.mark.parametrize("case", HTML_CASES)
def test_every_case_has_the_text_of_the_standards_tree(case: str) -> None:
    """Each page of the fixtures has exactly the text that independent parsers find in it."""
    assert ours(read(case)) == by_html5lib(read(case))
    check(read(case))


@pytest.mark.parametrize("markup", INPUTS)
def test_every_insertion_mode_gives_the_standards_text(markup: str) -> None:
    """Broken, misplaced and crossing tags of every kind lose, add and move no character."""
    check(markup)


@settings(max_examples=100)
@given(st.integers(0, 2**32))
def test_a_hurt_page_has_the_text_of_the_standards_tree(seed: int) -> None:
    """The same holds for invented pages that are damaged in any two ways."""
    check(invented(f"oracle-{seed}"))


@settings(max_examples=200)
@given(st.one_of(st.sampled_from(HTML_CASES).map(read), st.integers(0, 2**32).map(str).map(invented)), thrown_in(PIECES))
def test_hostile_markup_in_a_page_costs_no_text(markup: str, pieces: list[tuple[float, str]]) -> None:
    """The same holds with hostile markup anywhere in a page, also in tags, scripts and comments."""
    check(damaged(markup, pieces))


@settings(max_examples=500)
@given(st.lists(st.sampled_from([*PIECES, *RARE, *["x", "y ", "ز"] * 10]), max_size=25).map("".join))
def test_a_page_of_nothing_but_hostile_markup_costs_no_text(markup: str) -> None:
    """The same holds for pages of little else."""
    check(markup)


@pytest.mark.parametrize("name", HTML5LIB_DIFFERS)
def test_differences_from_html5lib_are_named(name: str) -> None:
    """Each difference from an outdated html5lib is shown by a page, so that no other difference hides behind it."""
    _, markup, theirs, text = HTML5LIB_DIFFERS[name]
    assert (by_html5lib(markup), ours(markup)) == (theirs, text)


def test_a_browser_finds_the_same_text(browser: "Chrome") -> None:
    """Chromium's DOM has the same text, on every case, on invented pages, and on both with hostile markup."""
    chance = random.Random(1)
    honest = [*map(read, HTML_CASES), *(invented(f"browser-{n}") for n in range(60))]
    pages = [*honest, *INPUTS, *(markup for _, markup, *_ in HTML5LIB_DIFFERS.values())]
    rare = [piece for piece in RARE if piece != "<selectedcontent>"]
    for _ in range(300):
        pieces = [(chance.random(), chance.choice(chance.choice([PIECES, rare]))) for _ in range(chance.randint(1, 8))]
        pages.append(damaged(chance.choice([*honest, "x y " * 30]), pieces))
    compared = [(page, text) for page, text in zip(pages, by_chromium(browser, pages), strict=True) if text is not None]
    assert [page for page, text in compared if text != ours(page)] == []
    assert len(compared) > 500


@pytest.mark.parametrize("name", CHROMIUM_DIFFERS)
def test_differences_from_a_browser_are_named(name: str, browser: "Chrome") -> None:
    """Each difference from Chromium is shown by a page."""
    markup, theirs, text = CHROMIUM_DIFFERS[name]
    assert (*by_chromium(browser, [markup]), ours(markup)) == (theirs, text)


def test_a_browser_that_runs_scripts_hides_what_stands_for_them(browser: "Chrome") -> None:
    """With scripting, the content of <noscript> is one text, tags included; without, as here, it is markup."""
    browser.get("data:text/html,<body><noscript>a<b>c</b></noscript>")
    assert browser.execute_script("return document.body.textContent") == "a<b>c</b>"
    assert ours("<body><noscript>a<b>c</b></noscript>") == "ac"


# --- the tests of the tree construction that browsers and parsers share ---

TREE_TEST: Final = re.compile(
    r"#data\n(?P<data>.*?)\n#errors\n(?P<between>.*?)#document\n(?P<tree>.*?)(?=\n\n#data\n|\n*\Z)", re.DOTALL
)
NODE: Final = re.compile(r'\| (?P<indent> *)(?:"(?P<text>(?:.*?)(?:\n(?!\| ).*?)*)"|<(?P<name>[^>]*)>|(?P<other>.*))(?=\n\||\Z)')


def expected_text(tree: str) -> str:
    """Return the text nodes below the body in the dump of a tree, except those of scripts, styles and templates."""
    texts: list[str] = []
    path: list[tuple[int, str]] = []
    for node in NODE.finditer(tree):
        depth = len(node["indent"]) // 2
        path = [element for element in path if element[0] < depth]
        if node["name"] is not None and not node["name"].startswith(("!", "?")):
            path.append((depth, node["name"].split(" ")[-1]))
        elif node["other"] == "content":
            path.append((depth, "template"))
        elif node["text"] is not None:
            names = [name for _, name in path]
            if names[1:2] in (["body"], ["frameset"]) and not {"script", "style", "template"} & set(names):
                texts.append(node["text"])
    return visible("".join(texts))


def tree_tests() -> list[tuple[str, str, str]]:
    """Return name, markup and expected text of html5lib's tests of whole pages without scripting."""
    directory = sdist("html5lib") / "html5lib" / "tests" / "testdata" / "tree-construction"
    found = []
    for file in sorted(directory.glob("*.dat")):
        text = file.read_bytes().decode("utf-8", "surrogatepass")
        for number, test in enumerate(TREE_TEST.finditer(text)):
            if "#document-fragment" not in test["between"] and "#script-on" not in test["between"]:
                found.append((f"{file.stem}-{number}", test["data"], expected_text(test["tree"])))
    return found


def test_the_shared_tests_of_tree_construction() -> None:
    """The text of each page of html5lib's own tests is that of the tree which they expect, or differs for a named reason."""
    tests = tree_tests()
    assert len(tests) > 1500
    assert sum(text != "" for _, _, text in tests) > 650
    differing = {name: (data, text, ours(data)) for name, data, text in tests if ours(data) != text}
    unexplained = {
        name: what
        for name, what in differing.items()
        if "\0" not in what[0] and not any(shows.search(what[0]) for shows, *_ in HTML5LIB_DIFFERS.values())
    }
    print(f"{len(tests)} pages, {len(differing)} differ")
    assert unexplained == {}
