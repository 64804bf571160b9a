"""Random stories, damaged in any two of a hundred ways, still give the right record.

The pages and expected records come from :mod:`tests.pages`, which shares no code with the program.
"""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scraper import Page, clean
from tests.measure_pages import judge, make_case
from tests.pages.hurts import HURTS


@settings(max_examples=250)
@given(st.integers(0, 2**32))
@example(3405880)  # a link that is never closed within a body that is itself in one
def test_a_hurt_page_gives_the_right_record(seed: int) -> None:
    """The sum holds, no paragraph is lost or added, and title, newspaper and date are right if the page still shows them."""
    case = make_case(str(seed))
    assert judge(case) == [], case.name


@pytest.mark.parametrize("slug", [hurt.slug for hurt in HURTS])
def test_every_hurt_alone_or_with_another_is_survived(slug: str) -> None:
    """Each kind of damage is tried on at least four pages."""
    for number in range(4):
        case = make_case(f"{slug}-{number}", only=slug)
        assert judge(case) == [], case.name


def test_a_footer_in_a_part_that_never_ends_is_found() -> None:
    """The footer is found without end tags and main column, when it seems to be in the sidebar's last heading."""
    page = """<div id="sideBar"><div class="tableheader">شريط<div class="teasercontainer"><a class="teasertitle" href="/video/1">ف</a>
    <span class="articletitle">عنوان الخبر</span><br><span class="articlenewspaper">نشر في الواحة يوم 01 - 02 - 2020</span><br>
    <span class="articlecontent">فقرة أولى من الخبر.</span><br>انقر <a href="https://a.example/1">هنا</a> لقراءة الخبر من مصدره."""
    assert clean(Page(data=page.encode())).record.original_url == "https://a.example/1"
