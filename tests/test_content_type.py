"""Content-Type headers: they are read as in browsers, and alike in a response and in an archive of it."""

import io
from typing import Any

import msgspec
import pytest

from scraper.fetch import Exchange, Fetcher, FetchJob, Throttle, exchange_records
from scraper.models import Page
from scraper.sources import ReadOptions
from scraper.sources.containers import read_dump, read_stream
from scraper.sources.content_type import parse_content_type
from scraper.sources.items import Guard, Place
from scraper.sources.streams import Stream

HEADERS = [
    ([], (None, None)),
    ([""], (None, None)),
    (["text/html"], ("text/html", None)),
    (["Text/HTML ; Charset=Windows-1256"], ("text/html", "Windows-1256")),
    (["text/html; charset=iso-8859-6, text/html"], ("text/html", "iso-8859-6")),
    (["text/html; charset=iso-8859-6", "text/html"], ("text/html", "iso-8859-6")),
    (["text/html; charset=iso-8859-6", "text/html; charset=utf-8"], ("text/html", "utf-8")),
    (["text/plain; charset=iso-8859-6", "text/html"], ("text/html", None)),
    (["text/html; charset=iso-8859-6", "", "*/*"], ("text/html", "iso-8859-6")),
    (["text/html; xcharset=a"], ("text/html", None)),
    (["text/html; x=charset=a"], ("text/html", None)),
    (['text/html; x="; charset=a"; charset=b'], ("text/html", "b")),
    (['text/html; x="a, text/plain"; charset=b'], ("text/html", "b")),
    (['text/html; charset="windows-1256"'], ("text/html", "windows-1256")),
    (['text/html; charset="windows\\-1256'], ("text/html", "windows-1256")),
    (["text/html; charset='windows-1256'"], ("text/html", "'windows-1256'")),
    (["text/html; charset = windows-1256"], ("text/html", None)),
    (["text/html; charset= windows-1256"], ("text/html", "windows-1256")),
    (["text/html;; charset=; charset=a; charset=b"], ("text/html", "a")),
    (["text/html; charset=\xe9"], ("text/html", "\xe9")),
    (["text/html charset=utf-8"], (None, None)),
    (["html"], (None, None)),
    (["text/html,"], ("text/html", None)),
]


@pytest.mark.parametrize(("headers", "declared"), HEADERS)
def test_a_header_is_read_as_in_browsers(headers: list[str], declared: tuple[str | None, str | None]) -> None:
    """The last valid media type counts, with the charset of the headers that repeat it."""
    assert parse_content_type(headers) == declared


@pytest.mark.parametrize("headers", [headers for headers, _ in HEADERS])
def test_a_fetched_page_and_its_archive_are_one_page(headers: list[str]) -> None:
    """A page that was fetched, and the exchange that the fetch has saved, give the same page."""
    saved: list[Exchange] = []

    exchange = Exchange(
        url="https://oasis.example/1",
        requested_at="2026-03-01T00:00:00Z",
        ip=None,
        request_head=b"GET /1 HTTP/1.1\r\n\r\n",
        version=b"HTTP/1.1",
        status=200,
        reason=b"OK",
        headers=[(b"Content-Type", value.encode("latin-1")) for value in headers],
        body="<html><p>افتتحت التعاونية مصنعا".encode("cp1256"),
    )
    options: dict[str, Any] = {"user_agent": "test", "max_bytes": 1000, "ignores_robots": True}
    fetcher = Fetcher(lambda *_, **__: exchange, Throttle(delay=0, concurrency=1), {}, archive=saved.append, **options)
    fetched = fetcher.fetch(FetchJob(exchange.url))
    stream = Stream(io.BytesIO(exchange_records(saved[0])))
    items = list(read_stream(stream, Place("x.warc.gz", True), ReadOptions(), read_dump, Guard()))
    (page,) = [item for item in items if isinstance(item, Page)]
    assert isinstance(fetched.page, Page)
    assert msgspec.structs.replace(page, input=fetched.page.input, is_named=True) == fetched.page
