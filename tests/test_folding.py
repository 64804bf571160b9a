"""Folding a menu or a sidebar saves time, and must change nothing but the white space of chrome."""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scraper.cleaning
from scraper import Outcome, Page, PageError, clean
from scraper.characters import visible
from scraper.documents.folding import fold
from scraper.documents.html import read_html
from scraper.errors import AmbiguousLayout, ParserLostText
from scraper.layouts import builtin_layouts, choose_layouts, foldings
from scraper.pages import Foldable
from scraper.records import to_json_line
from tests.measure_pages import make_case
from tests.test_cases import CASES, FIXTURES

PARTS = foldings(builtin_layouts())[0]


def without_space(text: str) -> str:
    return "".join(text.split())


def text_of(markup: str, parts: Sequence[Foldable] = ()) -> str | None:
    """Return the visible text of a page, or None if the parser cannot be brought to read all of it."""
    try:
        return without_space(read_html(markup, parts).text)
    except ParserLostText:
        return None


def looked_into(page: Page) -> Outcome:
    """Clean a page of which no part is folded."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scraper.cleaning, "foldings", lambda _: ((),))
        return clean(page)


def record_of(outcome: Outcome) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(to_json_line(outcome.record))
    return record


def check_same(page: Page) -> None:
    try:
        folded = clean(page)
    except PageError as error:
        with pytest.raises(type(error)):
            looked_into(page)
        return
    whole = looked_into(page)
    assert record_of(folded) == record_of(whole)
    assert without_space(folded.document.text) == without_space(whole.document.text)


@pytest.mark.parametrize("case", [case for case in CASES if case.endswith("-html")])
def test_a_folded_page_gives_the_same_record(case: str) -> None:
    """Whether the parts of a page are folded or looked into, its record and its readable text are the same."""
    (source,) = (FIXTURES / case).glob("source.*")
    check_same(Page(data=source.read_bytes()))


@settings(max_examples=150)
@given(st.integers(0, 2**32))
def test_a_hurt_page_gives_the_same_record_folded(seed: int) -> None:
    """The same holds for pages that are hurt in any two ways."""
    check_same(Page(data=make_case(f"fold-{seed}").data))


PIECES = [
    *(
        "<b>",
        "</b>",
        "<div>",
        "</div>",
        "<div id=x>",
        "<li>",
        "<br/>",
        "<!-- c -->",
        "<!--",
        "-->",
        "<script>",
        "</script>",
        "<a href='",
    ),
    *(
        "<textarea>",
        "</textarea>",
        "<title>",
        '<a title="a>b">',
        '<i class="',
        "&amp;",
        "&lt;b&gt;",
        "<",
        ">",
        "كلمة",
        " ",
        "\n",
        "</div",
    ),
    *(
        '<div id="sideBar">',
        '<ul id="centeredmenu">',
        "</ul>",
        '<span class="articletitle">',
        "</DIV>",
        "<p",
        "<noscript>",
        "<pre>",
    ),
    *(
        "نشر في الواحة يوم 01 - 02 - 2020",
        "انقر هنا لقراءة الخبر من مصدره.",
        "\N{NO-BREAK SPACE}",
        '<div id="footer"><p>',
        "x</p></div>",
    ),
    *("<div/>", '<div class="c" />', '<s""""" d=">', "<li", "&am", "p;", ' class="c">'),
    *("\x01", "</div\x01>", "\f", '<div( id="footer">', f'<input value="{"A" * 300}">', f'<i class="{"c " * 150}articletitle">'),
]


@settings(max_examples=300)
@given(st.integers(0, 2**32))
def test_markup_that_is_broken_anywhere_gives_the_same_record(seed: int) -> None:
    """The same holds for pages into which a few pieces of markup were thrown, between tags and within them."""
    rng = random.Random(seed)
    data = make_case(f"broken-{seed}", "html").data
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(data))
        data = data[:at] + rng.choice(PIECES).encode() + data[at:]
    check_same(Page(data=data))


@settings(max_examples=600)
@given(st.lists(st.sampled_from(PIECES), max_size=25))
def test_folding_loses_no_text_of_any_markup(pieces: list[str]) -> None:
    """Whatever stands in a part, and however broken, the text nodes of the page are those of the page unfolded."""
    markup = f'<html><body><div id="sideBar">{"".join(pieces)}</div><p>end</p>'
    assert text_of(markup, PARTS) == text_of(markup)


@pytest.mark.parametrize(
    "inside",
    [
        'a<span class="articletitle">b</span>',
        '<div id="mainContent">b</div>',
        "<marquee>b</marquee>",
        "<script>1 < 2</script>",
        "<textarea>a<b></textarea>",
        '<a title="a > b">c</a>',
        "<a title='c'>c</a>",
        "a > b",
        "<B>c</B>",
        "<p>نشر في الواحة يوم 01 - 02 - 2020</p>",
        "<p>انقر هنا لقراءة الخبر من مصدره.</p>",
        "<!-- a > b -->",
        "a\x01<b>c</b>",
        "<b>a</b></div\x01><b>c</b>",
        '<li</b> class="c">a</li>',
        "<b>&am</b>p; a",
        "<div/>a</div>",
        '<table class="c" />a</table>',
        '<s""""" d="><i>a</i>',
        f'<span class="{"c " * 200}articletitle">b</span>',
        f'<i title="{"c" * 300}"></i><span class="articletitle">b</span>',
    ],
)
def test_what_is_not_plainly_chrome_is_looked_into(inside: str) -> None:
    """A part is not folded if it holds elements or words of an article, or markup whose text could be read in two ways."""
    assert fold(f'<div id="sideBar">{inside}</div>'.encode(), PARTS)[1] == []


@pytest.mark.parametrize(
    "markup",
    [
        "<div id='sideBar'>a<b>c</b></div>",
        '<div id="sideBar">a<b>c</b>',
        '<p title="<div" id="sideBar">a',
        '<div( id="sideBar">a</div(>',
        '<div\x01 id="sideBar">a</div>',
        '<div id="sideBar"/>a</div>',
        '<ul id="sideBar"><ul/>a</ul>',
    ],
)
def test_what_has_no_plain_beginning_and_end_is_not_folded(markup: str) -> None:
    """A part is not folded if it is not plain where it begins or ends."""
    assert fold(markup.encode(), PARTS)[1] == []


def test_a_part_ends_with_its_own_end_tag() -> None:
    """Elements of the same name within a part do not end it."""
    data, folded = fold(b'<div id="sideBar"><div>a</div><div><div>b</div></div></div><p>c<b>d</b></p>', PARTS)
    assert data.decode() == '<div id="sideBar">x</div><p>c<b>d</b></p>'
    assert [(part.name.value, part.text) for part in folded] == [("sideBar", "a\nb")]


def test_what_is_remembered_of_one_page_is_no_part_of_another() -> None:
    """A part that begins as one that was folded before, but goes on, is folded as what it is."""
    parts = ["<b>a</b>", "<b>a</b> c", "<b>a</b></div> c", "", '<b>a</b><span class="articletitle">t</span>', "<b>a</b>"]
    random.Random(1).shuffle(parts)
    for inside in [*parts, *reversed(parts)]:
        markup = f'<html><body><div id="sideBar">{inside}</div><p>end</p>'
        assert text_of(markup, PARTS) == text_of(markup)


def test_the_state_of_a_form_is_no_text() -> None:
    """A long value of an attribute, which is another on every page, does not keep a part from being folded."""
    data, _ = fold(f'<div id="sideBar"><b>a</b><input type="hidden" value="{"H4sI" * 700}" /></div>'.encode(), PARTS)
    assert data == b'<div id="sideBar">x</div>'


def test_a_part_that_is_shown_as_text_stays_text() -> None:
    """The source of a sidebar in a text area is text with all its tags."""
    markup = '<html><body><textarea><div id="sideBar"><b>a</b></div></textarea>'
    assert visible(read_html(markup, PARTS).text) == visible('<div id="sideBar"><b>a</b></div>')


def test_what_gives_the_address_of_a_page_is_not_folded_away() -> None:
    """The page's address and its base count wherever they stand."""
    inside = '<b>a</b><meta property="og:url" content="https://www.maghress.com/a/1"/><base href="https://e.example/"/>'
    document = read_html(f'<html><body><div id="sideBar">{inside}</div><p>end</p>', PARTS)
    assert (document.address, document.base) == ("https://www.maghress.com/a/1", "https://e.example/")


@pytest.mark.parametrize("inside", ["<table><tr><td>a</div>", "</table><b>a</b>", "<div><table></div></table>"])
def test_a_part_whose_end_the_parser_may_see_elsewhere_is_not_folded(inside: str) -> None:
    """The end tag of a part does not end it where a table in it is open."""
    assert fold(f'<div id="sideBar">{inside}</div><p>b</p></div>'.encode(), PARTS)[1] == []


@pytest.mark.parametrize("attribute", ['data-id="sideBar"', 'title="id="sideBar""'])
def test_what_only_looks_like_the_id_of_a_part_hides_nothing(attribute: str) -> None:
    """A part is one by its id alone, even where another part of the page is folded and its id stands there twice."""
    menu = '<div id="centeredmenu"><b>a</b></div>'
    markup = (
        f'<html><body>{menu}<div id="centeredmenu"><p>b<div id="mainContent"><div {attribute}><nav><img src="/a.png">c</nav></div>'
    )
    assert [image.src for image in read_html(markup, PARTS).images] == ["/a.png"]


ARTICLE = (
    '<html><body><div id="mainContent"><span class="articletitle">عنوان الخبر</span><span class="articlenewspaper">'
    'نشر في الواحة يوم 01 - 02 - 2020</span><span class="articlecontent"><p>فقرة من الخبر.</p></span></div>{rest}'
)


@pytest.mark.parametrize(
    ("rules", "rest", "found"),
    [
        (
            'label = "byline"\nselect = [".writer"]\nwithin = ["site-footer"]',
            '<div id="footer"><i class="writer">سلمى</i></div>',
            True,
        ),
        ('label = "chrome"\nselect = ["div.header-ad"]', '<div id="sideBar"><div class="header-ad">إعلان</div></div>', True),
        ('label = "chrome"\nselect = ["#header"]', '<div id="sideBar"><div id="&#104;eader">إعلان</div></div>', True),
        ('label = "chrome"\nselect = [".ad"]\nnot_within = ["sidebar"]', '<div id="sideBar"><i class="ad">إعلان</i></div>', False),
        ('label = "chrome"\nselect = [".ad"]', '<div id="sideBar"><i class="ad-free">إعلان</i></div>', False),
    ],
)
def test_a_rule_of_the_user_holds_within_a_part(tmp_path: Path, rules: str, rest: str, found: bool) -> None:
    """What a rule names within a part, be it chrome too, stands under that rule; what none names is folded."""
    file = f'extends = "arabress"\nbecause = "A test."\n[[elements]]\nid = "mine"\nbecause = "A test."\n{rules}\n'
    (tmp_path / "mine.toml").write_text(file, encoding="utf-8")
    layouts = choose_layouts(tmp_path, {})
    outcome = clean(Page(data=ARTICLE.format(rest=rest).encode()), layouts)
    assert any(removed.rule == "arabress/mine" for removed in outcome.record.removed) is found
    assert bool(outcome.document.folded) is not found


def test_a_part_that_one_layout_knows_hides_no_sign_of_another(tmp_path: Path) -> None:
    """Two layouts fit a page although a sign of one stands in what is chrome to the other."""
    rule = '[[elements]]\nid = "logo"\nlabel = "chrome"\nselect = [".bee"]\nevidence = "strong"\nbecause = "A test."'
    column = '[[elements]]\nid = "column"\nlabel = "main"\nselect = ["#mainContent"]\nevidence = "weak"\nbecause = "A test."'
    (tmp_path / "bee.toml").write_text(f'name = "bee"\nbecause = "A test."\n{column}\n{rule}\n', encoding="utf-8")
    page = Page(data=ARTICLE.format(rest='<div id="sideBar"><i class="bee">خلية النحل</i></div>').encode())
    with pytest.raises(AmbiguousLayout):
        clean(page, choose_layouts(tmp_path, {}))


def test_a_sentence_with_a_link_in_it_is_one_sentence() -> None:
    """Tags in the middle of a line do not break it: the footer of an article is found in a part that swallowed it, and no word falls apart."""
    sentence = '<p>انقر <a href="https://a.example/1">هنا</a> لقراءة الخبر\nمن مصدره.</p>'
    assert fold(f'<div id="sideBar">{sentence}</div>'.encode(), PARTS)[1] == []
    data, folded = fold(b'<div id="sideBar"><li><b>W</b>ord <a href="/">and</a>\nlink</li><li>next</li></div>', PARTS)
    assert data == b'<div id="sideBar">x</div>'
    assert [part.text for part in folded] == ["Word and link\nnext"]


def test_text_that_the_parser_reads_otherwise_is_left_to_it() -> None:
    """A character reference is the parser's to read, and so is the end of a line as some systems write it."""
    for inside in ("<b>a</b> &amp; b", "<b>a</b>\r\nb"):
        data, folded = fold(f'<div id="sideBar">{inside}</div>'.encode(), PARTS)
        assert [part.text for part in folded] == [None]
        assert text_of(data.decode()) == text_of(inside)


LINK = '<a href="/a/{0}">خبر {0} من أخبار اليوم</a>'
BETWEEN = "&nbsp;" * 4


def with_ticker(inside: str, frame: str = '<marquee id="marquee"><span class="marquee">{}</span></marquee>') -> Page:
    ticker = frame.format(inside)
    return Page(data=ARTICLE.replace("<body>", f"<body>{ticker}").format(rest="").encode(), url="https://www.maghress.com/a/1")


def links(*texts: str) -> str:
    return "".join(LINK.format(n).replace("اليوم", text) + BETWEEN for n, text in enumerate(texts))


@pytest.mark.parametrize(
    "inside",
    [
        pytest.param(links("اليوم", "&quot;أمس&quot;", "غدا"), id="plain"),
        pytest.param(links("اليوم") + '<a href="/a/7"></a>' + BETWEEN + links("غدا"), id="an empty slot"),
        pytest.param(links("اليوم", "غدا").removesuffix(BETWEEN), id="not closed"),
        pytest.param(links("اليوم", "غدا").replace("&nbsp;", "\N{NO-BREAK SPACE}"), id="as characters"),
    ],
)
def test_a_ticker_of_plain_links_is_folded(inside: str) -> None:
    """A ticker that holds nothing but links and no-break spaces is read without its elements: headlines and addresses are the same."""
    page = with_ticker(inside)
    assert len(clean(page).document.tickers) == 1
    assert clean(page).record.headlines[0].url == "https://www.maghress.com/a/0"
    check_same(page)


@pytest.mark.parametrize(
    "inside",
    [
        pytest.param(links("اليوم", f"قبل{BETWEEN}بعد"), id="a separator in a link"),
        pytest.param(links(f"قبل{BETWEEN}بعد", "غدا") + LINK.format(8) + LINK.format(9), id="and one missing elsewhere"),
        pytest.param(links("اليوم").replace("&nbsp;" * 4, "&nbsp;" * 3) + links("غدا"), id="another separator"),
        pytest.param(links("اليوم") + "بلا رابط" + BETWEEN + links("غدا"), id="words outside of links"),
        pytest.param(links("اليوم", "<b>غدا</b>"), id="an element in a link"),
        pytest.param(links("اليوم", "غدا\nصباحا"), id="two lines in a link"),
        pytest.param(links("اليوم", " غدا "), id="spaces at the ends"),
        pytest.param(links("اليوم", "غدا").replace("href", "class='x' href"), id="other attributes"),
        pytest.param(links("اليوم", "غدا").replace("/a/1", "/a/1?b&amp;c"), id="a reference in an address"),
        pytest.param(links("اليوم", "غ&shy;دا"), id="something invisible"),
        pytest.param(links("اليوم", "غدا &amp"), id="a reference without end"),
        pytest.param(links("اليوم").removesuffix(BETWEEN) + links("غدا"), id="no separator"),
        pytest.param(links("اليوم", "غدا") + '</span><span class="marquee">' + links("أمس"), id="two tickers"),
        pytest.param("<!--" + links("اليوم", "غدا") + "-->", id="a comment"),
    ],
)
def test_any_other_ticker_is_looked_into(inside: str) -> None:
    """A ticker of which it is not plain which words lead where is read element by element."""
    page = with_ticker(inside)
    assert clean(page).document.tickers == {}
    check_same(page)


def test_a_ticker_with_two_names_is_folded_once() -> None:
    """An element that is told by its id and by its class is one."""
    page = with_ticker(links("اليوم", "غدا"), '<marquee id="marquee" class="marquee">{}</marquee>')
    assert len(clean(page).document.tickers) == 1
    check_same(page)


def test_a_ticker_that_is_met_again_is_another_where_it_goes_on() -> None:
    """What is remembered of a ticker holds for the same ticker alone, and not for one that begins so."""
    tickers = [links(*texts) for texts in (["اليوم" * 9], ["اليوم" * 9, "غدا"], ["اليوم" * 9, "<b>غدا</b>"], ["اليوم" * 9, "أمس"])]
    for inside in [*tickers, *reversed(tickers), *tickers]:
        check_same(with_ticker(inside))


TICKER_PIECES = [
    *PIECES,
    *(LINK.format(n) for n in range(3)),
    *([BETWEEN] * 4),
    '<a href="/b">',
    "</a>",
    "</span>",
    "&nbsp;",
    "&amp;",
]


@settings(max_examples=400)
@given(st.lists(st.sampled_from(TICKER_PIECES), max_size=14))
def test_whatever_stands_in_a_ticker_the_record_is_the_same(pieces: list[str]) -> None:
    """Whether a ticker is folded or not, whatever stands in it, the record is the same."""
    check_same(with_ticker("".join(pieces)))
