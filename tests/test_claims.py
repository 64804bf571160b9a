"""No text is claimed twice, however broken a page is: each line has one role."""

import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scraper import Page, PageError, clean
from scraper.layouts import builtin_layouts, choose_layouts
from tests.cases import CASES
from tests.test_promise import SOURCES, check_promise

EXAMPLES = Path(__file__).parents[1] / "examples" / "layouts"
LAYOUTS = {"builtin": builtin_layouts(), "examples": choose_layouts(EXAMPLES, {})}

WORDINGS = [
    "نشر في الواحة يوم 01 - 02 - 2020",
    "انقر هنا لقراءة الخبر من مصدره.",
    "شكرا على الإبلاغ!",
    "سيتم حجب هذه الصورة تلقائيا عندما يتم الإبلاغ عنها من طرف عدة أشخاص.",
    "لدينا 52913288 خبرا ومقالا مفهرسا.",
    "أبلغ عن إشهار غير لائق",
    "Por Ana",
    "Nota publicada originalmente en El Eco.",
    "Publicado el 3 de mayo de 2020",
    "Sección: Cultura",
    "Posted by The Gull on March 12, 2024",
    "Read the original article on The Gull.",
]
OPEN = [
    *("<article>", "<nav>", '<h1 class="titulo">', '<p class="firma">', '<p class="seccion">', '<div id="mainContent">'),
    *('<span class="articletitle">', '<span class="articlenewspaper">', '<span class="articlecontent">', '<span class="marquee">'),
    *('<div id="sideBar">', '<div id="centeredmenu">', '<div id="footer">', '<div class="teasercontainer">'),
    *('<a class="teasertitle" href="/q/1">', '<a class="teaserauthor" href="/author/1">'),
]
PLAIN = [
    "كلمة",
    "Dos palabras",
    "<br>",
    "<br>",
    "<br>",
    "\n",
    "<p>",
    "</p>",
    "</span>",
    "</div>",
    "</a>",
    "&nbsp;&nbsp;&nbsp;&nbsp;",
]
TOKEN = re.compile(r"<[^>]*>|[^<\n]+|\n")
PAGES = [TOKEN.findall(SOURCES[case].decode("utf-8", "replace")) for case in CASES]


def check(markup: str, layouts: str) -> None:
    """Assert that a record keeps the promise, or that there is none for a good reason."""
    try:
        outcome = clean(Page(data=markup.encode()), LAYOUTS[layouts])
    except PageError as error:
        # A page that fits two layouts is reported; a mistake of the program would have another code.
        assert error.code in ("empty", "not-text", "ambiguous-layout")
        return
    check_promise(outcome)


def damaged(tokens: list[str], chance: random.Random) -> str:
    """Return a page in which tags and lines are deleted, doubled or inserted, and end tags moved."""
    tokens = list(tokens)
    for _ in range(chance.randint(1, 9)):
        at = chance.randrange(len(tokens) + 1)
        what = chance.choice(["wording", "wording", "element", "delete", "double", "move"])
        ends = [n for n, token in enumerate(tokens) if token.startswith("</")] if what == "move" else []
        if what == "wording":
            tokens[at:at] = [chance.choice(["", "<br>"]), chance.choice(WORDINGS), chance.choice(["", "<br>"])]
        elif what == "element":
            tokens.insert(at, chance.choice(OPEN))
        elif what == "delete":
            del tokens[at : at + 1]
        elif what == "double":
            tokens[at:at] = tokens[at : at + 1]
        elif ends:
            end = tokens.pop(chance.choice(ends))
            tokens.insert(chance.randrange(len(tokens) + 1), end)
    return "".join(tokens)


@settings(max_examples=300)
@given(st.sampled_from(PAGES), st.sampled_from(sorted(LAYOUTS)), st.randoms(use_true_random=False))
def test_a_case_that_is_hurt_is_claimed_once(tokens: list[str], layouts: str, chance: random.Random) -> None:
    """A page with frame wordings anywhere, whose elements end elsewhere or nowhere, gives a record that adds up."""
    check(damaged(tokens, chance), layouts)


@settings(max_examples=300)
@given(st.integers(0, 2**32), st.sampled_from(sorted(LAYOUTS)))
def test_a_page_of_open_elements_and_wordings_is_claimed_once(seed: int, layouts: str) -> None:
    """The same holds for pages of little else; 25 pages each time, since only one in a thousand is odd enough."""
    chance = random.Random(seed)
    for _ in range(25):
        pieces = [chance.choice(chance.choice([WORDINGS, OPEN, PLAIN])) for _ in range(chance.randint(2, 14))]
        check("".join(pieces), layouts)


BROKEN = {
    "a sidebar in a title": '<span class="articletitle">كلمة<div id="sideBar">كلمة</div><br>كلمة',
    "a teaser in a title": (
        '<span class="articletitle">كلمة<div class="teasercontainer"><a class="teasertitle" href="/v/4">كلمة</div><br>كلمتان'
    ),
    "a ticker in a title": '<span class="articletitle">كلمة<span class="marquee">خبر</span>كلمتان',
    "a dateline for the title of a teaser": (
        '<div class="teasercontainer"><a class="teaserauthor" href="/author/1">سلمى</a>'
        '<a class="teasertitle" href="/q/1">نشر في الواحة يوم 01 - 02 - 2020'
    ),
    "the site's words where the title would be": (
        "شكرا على الإبلاغ!<br>أبلغ عن إشهار غير لائق<br>"
        '<span class="articlenewspaper"><br><span class="articletitle">لدينا 52913288 خبرا ومقالا مفهرسا.'
    ),
    "a dateline within the footer's slot": (
        "سيتم حجب هذه الصورة تلقائيا عندما يتم الإبلاغ عنها من طرف عدة أشخاص.<br>"
        "Nota publicada originalmente en El Eco.Publicado el 3 de mayo de 2020"
    ),
    "one line without separators": (
        "Harbour opens Posted by The Gull on March 12, 2024 The harbour is open. Read the original article on The Gull."
    ),
}


@pytest.mark.parametrize("layouts", sorted(LAYOUTS))
@pytest.mark.parametrize("name", sorted(BROKEN))
def test_what_two_rules_would_claim_goes_to_one(name: str, layouts: str) -> None:
    """Small pages on which two rules once claimed the same text give records that add up."""
    check(f"<html><body>{BROKEN[name]}", layouts)
    check(BROKEN[name], layouts)
