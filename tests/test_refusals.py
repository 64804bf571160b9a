"""Pages that are sent in place of the requested one, and pages that only resemble them."""

import pytest

from scraper.sources.block_pages import block_page_error, redirect_error
from tests.site.content import article, front_page
from tests.site.faults import CHALLENGE, GONE, LOGIN


def page(title: str, body: str = "<p>نص</p>") -> bytes:
    return f"<html><head><title>{title}</title></head><body>{body}</body></html>".encode()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (CHALLENGE, "blocked"),
        (LOGIN.encode(), "blocked"),
        (GONE.encode(), "not-found"),
        (page("404 Not Found"), "not-found"),
        (page("Page non trouvée | Djazairess"), "not-found"),
        (page("مغرس : الصفحة غير موجودة"), "not-found"),
        (page("الصفحة غير موجودة").decode().encode("cp1256"), "not-found"),
        (page("DDoS-Guard"), "blocked"),
        (page("x", "<script src='/_Incapsula_Resource?SWUDNSAI=31'></script>"), "blocked"),
    ],
)
def test_what_stands_instead_of_a_page_is_named(data: bytes, code: str) -> None:
    """Challenges, login pages and error pages are recognised by title and markup, whatever their status."""
    found = block_page_error(data)
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<p>text alone",
        article("/difaf/1"),
        front_page(0),
        page("مغرس : 404 يوما من الاعتصام"),
        page("مغرس : الصفحة غير موجودة : قصة موقع ضائع"),
        page("Just a moment...", "<p>the title of a film</p>"),
        page("مغرس : خبر", '<form><input type="password"></form>'),
        page("تسجيل الدخول", "<p>مقال عن كلمات السر</p>"),
        page("خبر", "<script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script>"),
        page("خبر", "<p>Request blocked by captcha, says the minister. _cf_chl_opt</p>"),
    ],
)
def test_what_only_resembles_it_is_a_page(data: bytes) -> None:
    """An article about captchas, a login form in a corner and a script that guards the site leave a page a page."""
    assert block_page_error(data) is None


@pytest.mark.parametrize(
    ("asked", "there", "code"),
    [
        ("http://a.example/difaf/1", "http://a.example/", "not-found"),
        ("http://a.example/difaf/1", "https://www.a.example", "not-found"),
        ("http://a.example/difaf/1", "http://a.example/login?next=/difaf/1", "blocked"),
        ("http://a.example/", "https://www.a.example/", None),
        ("http://a.example/index.html", "http://a.example/", None),
        ("http://a.example/difaf/1", "http://a.example/?p=1", None),
        ("http://short.example/x1", "http://a.example/", None),
        ("http://a.example/difaf/1", "http://a.example/difaf/login-page-of-a-bank", None),
        ("http://a.example/login", "http://a.example/login/", None),
    ],
)
def test_redirects_to_the_front_page_or_a_login_lead_to_no_page(asked: str, there: str, code: str | None) -> None:
    """A redirect to the front page or a login is an error, unless the front page itself was requested."""
    found = redirect_error(asked, there)
    assert (found.code if found is not None else None) == code
