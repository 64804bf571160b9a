"""From markup to lines of readable text."""

import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scraper import Page, PageError, clean
from scraper.parse import Tree, is_html, read_text


def lines(markup: str) -> list[str]:
    document = Tree(markup).document()
    return [" ".join(document.text[block.start : block.end].split()) for block in document.blocks]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>one</p><p>two</p>", ["one", "two"]),
        ("one<br>two<br /><br>three", ["one", "two", "three"]),
        ("one <b>b</b><i>old</i> <a href=x>link</a>ed", ["one bold linked"]),
        ("one\n  line\tonly", ["one line only"]),
        ("<p>a<!-- comment -->b</p><script>x()</script>c<style>p{}</style>", ["ab", "c"]),
        ("<template><p>never</p></template>seen <noscript>too</noscript>", ["seen too"]),
        ("<select><option>1<option>2</select><button>go</button><textarea>t\nu</textarea>", ["1", "2", "go", "t", "u"]),
        ("<table><tr><td>a<td>b<tr><td>c</table>", ["a", "b", "c"]),
        ("<pre>a\n  b</pre>", ["a", "b"]),
        ('<p hidden>h</p><p style="display:none">n</p><p aria-hidden=true>a</p>', ["h", "n", "a"]),
        ("a&nbsp;&amp;&#1605;&lt;b&gt;", ["a &م<b>"]),
        ("a\x00b\x07c\x0bd\x1ce", ["abc d e"]),
        ("super<wbr>cali<wbr>fragilistic. And the rest, <b>bold</b>", ["supercalifragilistic. And the rest, bold"]),
        ("<ul><li>a<li>b<ol><li>c</ol></ul><dl><dt>d<dd>e</dl>", ["a", "b", "c", "d", "e"]),
        ("<svg><title>a</title><text>b</text><input>c</input></svg>d", ["abcd"]),
    ],
)
def test_readable_text_is_all_text_nodes_of_the_body(body: str, expected: list[str]) -> None:
    """Inline markup neither joins nor splits words, blocks and breaks make lines, and only scripts, styles and comments are dropped."""
    assert lines(f"<html><head><title>no</title></head><body>{body}</body></html>") == expected


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<html><body><p>a</p></body></html><p>b</p> tail", ["a", "b", "tail"]),
        ("<div><p>a</p></body></html><p>b</p></div><p>c", ["a", "b", "c"]),
        ("<p>a</p><!-- open <b>x</b> <p>b</p>", ["a"]),
        ("<p>a</p><!-- open to the end", ["a"]),
        ('<p>a</p><a href="/x>link</a><p>b</p>', ["a"]),
        ('<p>a</p><p>b</p><a href="/cut', ["a", "b"]),
        ("<p>a</p><p>b</p><a hr", ["a", "b"]),
        ("<p>a</p><script>var x = 1", ["a"]),
        ("<p>a</p><script>var x = 1 <p>b</p>", ["a"]),
        ("<title>t<body><p>a</p>", []),
        ("<html><body>" + "<div>" * 3000 + "a" + "</div>" * 3000 + "<p>b</p></body></html>", ["a", "b"]),
        ("<b><i>" * 1500 + "a" + "</i></b>" * 1500 + " <p>b</p>", ["a", "b"]),
        ("".join(f"<div class=c{n}>{n}" for n in range(3000)), [str(n) for n in range(3000)]),
        ("<body>" + "<p>x</p>" * 5 + "y" * 11_000_000, ["x"] * 5 + ["y" * 11_000_000]),
        ("<frameset><noframes>f</noframes></frameset></html>z", ["f"]),
        ("<frame></frame><frameset><frameset></frameset><noframes>f", ["f"]),
        ("<script/>var x = 1; if (x < 2) go()</script><p>a", ["a"]),
        ("<head><noscript><p>a</p></noscript></head><p>b", ["a", "b"]),
        ("<p>a ]]> b</p><p>c ]]></p>", ["a ]]> b", "c ]]>"]),
        ("<style>p { } <!-- </style><p>a</p></html><p>b", ["a", "b"]),
        ("<textarea>a <!-- </textarea><p>b</p></html><p>c", ["a <!--", "b", "c"]),
        ("<title>t <!-- </title><p>a</p></html><p>b", ["a", "b"]),
        ("<p>a</p><!-- ended --><p>b</p><a hr", ["a", "b"]),
        ("<textarea><ul id=centeredmenu><li>a</ul>\n<b>c</b></textarea>", ["<ul id=centeredmenu><li>a</ul>", "<b>c</b>"]),
        ("", []),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_broken_markup_is_read_as_the_standard_has_it(markup: str, expected: list[str]) -> None:
    """The text of cut, crossed or unclosed markup is exactly what a browser would show."""
    assert lines(markup) == expected


@pytest.mark.parametrize(
    ("text", "media_type", "expected"),
    [
        ("<!DOCTYPE html><p>x", None, True),
        ("\n <?xml version='1.0'?><html>", "text/plain", True),
        ("<?xml version='1.0'?>\nسطر أول\nسطر ثان", None, False),
        ("HTTP/1.1 200 OK\n\n<html><body>x", None, True),
        ("x</p> <p>y</span> z</div>", None, True),
        ("العلامات </p> و </span> و </div> تنهي العناصر.", None, False),
        ("في هذا المقال نشرح <b> و </b> فقط.", None, False),
        ("a < b and c > d", None, False),
        ("استعمل <html> في صفحتك\nسطر ثان", None, False),
        ("فقرة", "text/html", True),
        ("فقرة", None, False),
        ("", None, False),
    ],
)
def test_markup_is_told_by_content(text: str, media_type: str | None, expected: bool) -> None:
    """HTML opens like a page, has the frame's markup, or several end tags; a text that mentions a tag is a text."""
    assert is_html(text, media_type) is expected


MARKUP = st.lists(
    st.sampled_from(
        [
            *("<p>", "</p>", "<div class='a'>", "</div>", "<a href='/x'>", "</a>", "<b>", "</b>", "<br>", "</html>", "</body>"),
            *("<!--", "-->", "<script>", "</script>", "<title>", "<", ">", "&", "&nbsp;", '"', "'", "=", "<table>", "<tr>", "<td>"),
            *("<textarea>", "<svg>", "<![CDATA[", "]]>", "<?php", "<select>", "<option>", "\x00", "\ufffd", "كلمة", "mot ", "\n"),
        ]
    ),
    max_size=60,
).map("".join)


@settings(max_examples=300)
@given(MARKUP)
def test_lines_cover_the_text_of_any_markup(markup: str) -> None:
    """Every visible character of a document is in a block, and the blocks are in the order of the text."""
    document = Tree(markup).document()
    position = 0
    for block in document.blocks:
        assert document.text[position : block.start].strip() == ""
        assert "\n" not in document.text[block.start : block.end]
        runs = "".join(document.text[run.start : run.end] for run in block.runs)
        assert "".join(runs.split()) == "".join(document.text[block.start : block.end].split())
        position = block.end
    assert document.text[position:].strip() == ""


@given(st.lists(st.sampled_from(["سطر أول", "line", "\u00a0" * 4, "\r\n", "\n", "\u2028", " ", "\u200f"])).map("".join))
def test_a_text_page_is_all_readable(text: str) -> None:
    """The readable text of a text page is the text itself."""
    document = read_text(text)
    assert document.text == text
    assert " ".join(text[block.start : block.end] for block in document.blocks).split() == text.split()


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("/fr/", "https://www.maghress.com/fr/a/1"),
        ("//www.masress.com/", "https://www.masress.com/a/1"),
        ("https://x.example/y/", "https://x.example/y/a/1"),
    ],
)
def test_the_base_of_a_page_leads_its_links(base: str, expected: str) -> None:
    """``<base href>`` may be relative to the page's own address."""
    page = f'''<base href="{base}"><link rel="canonical" href="https://www.maghress.com/hespress/10"><span class="marquee">
    <a href="a/1">headline</a></span><span class="articletitle">t</span><span class="articlecontent">b</span>'''
    assert clean(Page(data=page.encode())).record.headlines[0].url == expected


HOSTILE = {
    "spaces in a dateline": "نشر في" + " " * 50_000 + "x",
    "a footer again and again": "Click here to read the story from its source. " * 10_000,
    "a notice again and again": "شكرا على الإبلاغ! " * 20_000,
    "scripts that never end": "<html>" + "<script>" * 30_000,
    "lost characters": "\ufffd" * 300_000,
    "openings": "نشر في " * 50_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_page_takes_minutes(name: str) -> None:
    """Pages that once took minutes, because a pattern or a loop reread the page for each of its parts, take seconds at most."""
    started = time.process_time()
    with suppress(PageError):
        clean(Page(data=HOSTILE[name].encode()))
    assert time.process_time() - started < 20
