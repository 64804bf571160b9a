"""Parts of a page that are chrome only are cut from the tree as text, without hiding anything that a layout needs."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scraper.extract.cleaning
from scraper import Outcome, Page, PageError, clean
from scraper.errors import AmbiguousLayout
from scraper.layouts import builtin_layouts, choose_layouts, chrome_parts
from scraper.parse import Tree
from scraper.records import to_json_line
from tests.cases import CASES, FIXTURES, source_of
from tests.measure_pages import make_case
from tests.test_html_oracle import PIECES, damaged

PARTS = chrome_parts(builtin_layouts())
ARTICLE = (
    '<html><body><div id="mainContent"><span class="articletitle">عنوان الخبر</span><span class="articlenewspaper">'
    'نشر في الواحة يوم 01 - 02 - 2020</span><span class="articlecontent"><p>فقرة من الخبر.</p></span></div>{rest}'
)


def walked(page: Page) -> Outcome:
    """Clean a page without cutting parts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scraper.extract.cleaning, "chrome_parts", lambda _: {})
        return clean(page)


def record_of(outcome: Outcome) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(to_json_line(outcome.record))
    return record


def check_same(page: Page) -> None:
    try:
        cut = clean(page)
    except PageError as error:
        with pytest.raises(type(error)):
            walked(page)
        return
    whole = walked(page)
    assert record_of(cut) == record_of(whole)
    assert "".join(cut.document.text.split()) == "".join(whole.document.text.split())


def cut_in(markup: str) -> list[str]:
    return [element.id for element in Tree(markup).document(PARTS).cut]


@pytest.mark.parametrize("case", [case for case in CASES if case.endswith("-html")])
def test_a_page_gives_the_same_record_whether_parts_are_cut_or_walked(case: str) -> None:
    """Cutting changes neither the record nor the readable text."""
    check_same(Page(data=source_of(FIXTURES / case).read_bytes()))


@settings(max_examples=150)
@given(st.integers(0, 2**32))
def test_a_hurt_page_gives_the_same_record_cut(seed: int) -> None:
    """The same holds for pages with two kinds of damage and a few pieces of hostile markup."""
    chance = random.Random(seed)
    data = make_case(f"parts-{seed}", "html").data.decode("utf-8", "replace")
    pieces = [(chance.random(), chance.choice(PIECES)) for _ in range(chance.randint(0, 3))]
    check_same(Page(data=damaged(data, pieces).encode()))


@pytest.mark.parametrize(
    "inside",
    [
        "a<b>c</b><ul><li>d<li>e</ul>",
        "<textarea>a<span class='articletitle'>b</span></textarea>",
        "<!-- <span class='articletitle'>b</span> -->a",
        "<script>'<span class=articletitle>'</script>a",
        "<a href='/a' title='نشر في الواحة يوم 01 - 02 - 2020'>b</a>",
    ],
)
def test_what_is_plainly_chrome_is_cut(inside: str) -> None:
    """A sidebar without anything else in it is not walked, and all its text is one piece."""
    assert cut_in(f'<div id="sideBar">{inside}</div><p>end') == ["sideBar"]


@pytest.mark.parametrize(
    "inside",
    [
        'a<span class="articletitle">b</span>',
        '<div id="mainContent">b</div>',
        f'<span class="{"c " * 200}articletitle">b</span>',
        "<p>نشر في الواحة يوم 01 - 02 - 2020</p>",
        "<p>انقر هنا لقراءة الخبر من مصدره.</p>",
        '<p>انقر <a href="https://a.example/1">هنا</a> لقراءة الخبر\nمن مصدره.</p>',
        "<li>a<li>b<li><b>انقر</b> <i>هنا</i> لقراءة الخبر من مصدره.",
        "<li>a<li>شكرا <b>على</b> الإبلاغ!",
    ],
)
def test_what_holds_more_than_chrome_is_walked(inside: str) -> None:
    """A part with an article's elements or wordings is walked, even if a link splits a wording into three text nodes."""
    assert cut_in(f'<div id="sideBar">{inside}</div>') == []


def test_a_sidebar_that_swallows_the_article_hides_nothing() -> None:
    """Title, date and body are found even if the article is in a sidebar that is never closed."""
    whole = clean(Page(data=ARTICLE.format(rest="").encode())).record
    article = ARTICLE.replace("<body>", '<body><div id="sideBar"><p>أخبار أخرى</p>').format(rest="")
    swallowed = clean(Page(data=article.encode()))
    assert swallowed.document.cut == []
    assert (swallowed.record.title, swallowed.record.date, swallowed.record.text) == (whole.title, whole.date, whole.text)


@pytest.mark.parametrize("case", ["arabic-article-html", "french-article-html", "english-article-html", "listing-home-html"])
def test_the_chrome_of_a_plain_article_is_cut(case: str) -> None:
    """On an undamaged page some parts are cut, so that the other tests mean something."""
    assert len(clean(Page(data=source_of(FIXTURES / case).read_bytes())).document.cut) >= 2


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
    """Text that a rule matches within a part is labelled by that rule; a part without such text is cut."""
    file = f'extends = "arabress"\nbecause = "A test."\n[[elements]]\nid = "mine"\nbecause = "A test."\n{rules}\n'
    (tmp_path / "mine.toml").write_text(file, encoding="utf-8")
    layouts = choose_layouts(tmp_path, {})
    outcome = clean(Page(data=ARTICLE.format(rest=rest).encode()), layouts)
    assert any(removed.rule == "arabress/mine" for removed in outcome.record.removed) is found
    assert any(element.id in ("sideBar", "footer") for element in outcome.document.cut) is not found


def test_a_part_that_one_layout_knows_hides_no_sign_of_another(tmp_path: Path) -> None:
    """Two layouts fit a page even if the evidence for one is in the chrome of the other."""
    rule = '[[elements]]\nid = "logo"\nlabel = "chrome"\nselect = [".bee"]\nevidence = "strong"\nbecause = "A test."'
    column = '[[elements]]\nid = "column"\nlabel = "main"\nselect = ["#mainContent"]\nevidence = "weak"\nbecause = "A test."'
    (tmp_path / "bee.toml").write_text(f'name = "bee"\nbecause = "A test."\n{column}\n{rule}\n', encoding="utf-8")
    page = Page(data=ARTICLE.format(rest='<div id="sideBar"><i class="bee">خلية النحل</i></div>').encode())
    with pytest.raises(AmbiguousLayout):
        clean(page, choose_layouts(tmp_path, {}))


def test_what_gives_the_address_of_a_page_is_seen_in_a_part() -> None:
    """The page's address and base are found in any part."""
    inside = '<b>a</b><meta property="og:url" content="https://www.maghress.com/a/1"/><base href="https://e.example/"/>'
    document = Tree(f'<html><body><div id="sideBar">{inside}</div><p>end</p>').document(PARTS)
    assert (document.address, document.base, len(document.cut)) == ("https://www.maghress.com/a/1", "https://e.example/", 1)


@pytest.mark.parametrize("attribute", ['data-id="sideBar"', 'title="id="sideBar""', "class='sideBar'"])
def test_what_only_looks_like_the_id_of_a_part_is_walked(attribute: str) -> None:
    """A part is recognised by its exact id only."""
    assert cut_in(f"<div {attribute}><b>a</b></div>") == []


# --- text that only looks like markup ---

LINK = '<a href="/a/{0}">خبر {0} من أخبار اليوم</a>' + "&nbsp;" * 4
TICKER = f'<marquee id="marquee"><span class="marquee">{"".join(LINK.format(n) for n in range(3))}</span></marquee>'


@pytest.mark.parametrize("frame", ["<!-- {} -->", "<script>var x = '{}';</script>", "<style>{}</style>", "<template>{}</template>"])
def test_a_ticker_that_no_reader_sees_gives_no_headlines(frame: str) -> None:
    """Ticker markup in a comment, a script, a style sheet or a template gives no headlines and no text."""
    page = ARTICLE.replace("<body>", "<body>" + frame.format(TICKER)).format(rest="")
    plain = clean(Page(data=ARTICLE.format(rest="").encode(), url="https://www.maghress.com/a/1"))
    outcome = clean(Page(data=page.encode(), url="https://www.maghress.com/a/1"))
    assert outcome.record.headlines == []
    assert outcome.document.text == plain.document.text


@pytest.mark.parametrize("markup", [TICKER, '<ul id="centeredmenu"><li>قائمة</ul>', '<div id="sideBar"><b>جانب</b></div>'])
def test_markup_in_a_textarea_is_text(markup: str) -> None:
    """Markup of a ticker, menu or sidebar in a textarea is all text and gives no headlines."""
    page = ARTICLE.format(rest=f"<textarea>{markup}</textarea>")
    outcome = clean(Page(data=page.encode(), url="https://www.maghress.com/a/1"))
    assert outcome.record.headlines == []
    shown = markup.replace("&nbsp;", "\N{NO-BREAK SPACE}")
    assert "".join(shown.split()) in "".join(outcome.document.text.split())
    assert sum(piece.chars for piece in outcome.record.removed) >= len("".join(shown.split()))


def test_a_large_page_with_a_comparison_in_a_script_is_read() -> None:
    """An article of 211 kB whose inline script says ``i<e.length`` keeps its text."""
    script = f"<script>for(var i=0;i<e.length;i++){{f(e[i])}}{'/* state of the page */' * 8_700}</script>"
    page = ARTICLE.format(rest="").replace("<body>", f"<body>{script}")
    assert len(page) > 200_000
    record = clean(Page(data=page.encode())).record
    assert (record.kind, record.title, record.text) == ("article", "عنوان الخبر", "فقرة من الخبر.")


# --- no state is kept from page to page ---


def line_of(page: Page) -> bytes | str:
    try:
        return to_json_line(clean(page).record)
    except PageError as error:
        return str(error)


MENU = '<ul id="centeredmenu"><li><b>قائمة</b></li>{}</ul>'
TWINS = [
    *(
        ARTICLE.replace("<body>", f"<body>{MENU.format(end)}")
        for end in ("", "<li>x", '<span class="articletitle">y</span>', "</ul><p>z")
    ),
    *(
        ARTICLE.replace("<body>", f"<body>{TICKER.replace('</span>', f'{end}</span>')}")
        for end in ("", LINK.format(9), "<b>x</b>", "x")
    ),
    *(
        ARTICLE + end
        for end in ("", '<div id="sideBar">a', '<div id="sideBar">a</div>b', '<div id="sideBar">a<p id="mainContent">b')
    ),
]


def test_pages_that_begin_alike_do_not_change_one_another() -> None:
    """Pages that share a menu, ticker or sidebar give the same records in any order as each alone."""
    pages = [Page(data=twin.format(rest="").encode(), url="https://www.maghress.com/a/1") for twin in TWINS]
    alone = [line_of(page) for page in pages]
    assert len(set(alone)) > len(alone) / 2
    for n in [*reversed(range(len(pages))), *random.Random(1).sample(range(len(pages)), len(pages))]:
        assert line_of(pages[n]) == alone[n]


@settings(max_examples=100)
@given(st.sampled_from([case for case in CASES if case.endswith("-html")]), st.integers(0, 2**32))
def test_a_page_gives_the_same_line_whatever_was_read_before(case: str, seed: int) -> None:
    """A page gives the same bytes after hostile variants of it were read."""
    chance = random.Random(seed)
    data = source_of(FIXTURES / case).read_bytes()
    before = line_of(Page(data=data))
    for _ in range(3):
        pieces = [(chance.random(), chance.choice(PIECES)) for _ in range(chance.randint(1, 4))]
        line_of(Page(data=damaged(data.decode("utf-8", "replace"), pieces).encode()))
    assert line_of(Page(data=data)) == before
