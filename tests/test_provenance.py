"""Addresses of pages saved from a web archive."""

import pytest

from scraper import Page, clean
from scraper.provenance import original_of

PAGE = "https://www.maghress.com/hespress/1500000"


@pytest.mark.parametrize(
    ("address", "url", "time"),
    [
        (f"https://web.archive.org/web/20200315081522/{PAGE}", PAGE, "2020-03-15T08:15:22Z"),
        (f"http://web.archive.org/web/20200315081522id_/{PAGE}", PAGE, "2020-03-15T08:15:22Z"),
        (f"https://web.archive.org/web/2020/{PAGE}", PAGE, None),
        ("https://web.archive.org/web/20200315081522/www.maghress.com/a/1", "http://www.maghress.com/a/1", "2020-03-15T08:15:22Z"),
        (f"https://archive.ph/20200315081522/{PAGE}", PAGE, "2020-03-15T08:15:22Z"),
        (f"https://archive.today/o/AbC1d/{PAGE}", PAGE, None),
        (f"http://localhost:8080/my-web-archive/20200315081522mp_/{PAGE}", PAGE, "2020-03-15T08:15:22Z"),
        (
            "https://host.example/20200315081522im_///images2.maghress.com/a/1",
            "https://images2.maghress.com/a/1",
            "2020-03-15T08:15:22Z",
        ),
        ("https://www-maghress-com.translate.goog/hespress/1500000?_x_tr_sl=ar&_x_tr_tl=en", PAGE, None),
        ("https://a--b-example.translate.goog/x?q=1&_x_tr_sl=ar", "https://a-b.example/x?q=1", None),
        (f"https://webcache.googleusercontent.com/search?q=cache:AbCdEfGh1234:{PAGE}+maghress&hl=ar", PAGE, None),
        (f"https://web.archive.org/web/20210101000000/https://archive.ph/20200315081522/{PAGE}", PAGE, "2020-03-15T08:15:22Z"),
        (PAGE, PAGE, None),
        ("https://www.maghress.com/elbotola/1803221451", "https://www.maghress.com/elbotola/1803221451", None),
        ("https://web.archive.org/details/maghress", "https://web.archive.org/details/maghress", None),
        (f"https://news.example/go?to={PAGE}", f"https://news.example/go?to={PAGE}", None),
    ],
)
def test_an_archived_address_gives_the_original(address: str, url: str, time: str | None) -> None:
    """The address of an archive or a translator is unwrapped, however deep; any other stays as it is."""
    assert original_of(address) == (url, time)


@pytest.mark.parametrize("time", ["20201315081522", "20200230081522", "20200315256160"])
def test_a_time_that_does_not_exist_is_none(time: str) -> None:
    """Fourteen digits that are not a valid time give no ``fetched_at``."""
    assert original_of(f"https://web.archive.org/web/{time}/{PAGE}") == (PAGE, None)


def test_what_fetched_the_page_knows_better_than_its_address() -> None:
    """A time given with the page takes precedence over the time in the archive's address."""
    page = Page(
        data="نص من سطر واحد.".encode(),
        url=f"https://web.archive.org/web/20200315081522/{PAGE}",
        fetched_at="2024-01-02T03:04:05Z",
    )
    record = clean(page).record
    assert (record.url, record.fetched_at, record.newspaper_slug) == (PAGE, "2024-01-02T03:04:05Z", "hespress")
