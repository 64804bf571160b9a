"""Figures of HTML pages."""

import gc
import io
from collections.abc import Sequence
from pathlib import Path

from fastwarc.warc import ArchiveIterator, WarcRecordType
from lxml import etree
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from bench.corpus import html_pages, mixed_html_pages
from bench.measuring import Ratio, compare, compare_processes
from scraper.extract.cleaning import clean
from scraper.layouts import Layout, builtin_layouts
from scraper.models import Page
from scraper.records import to_json_line
from scraper.sources import ReadOptions, read_inputs

_MAX_BYTES = 32 * 1024 * 1024


def html(count: int, rounds: int, *, mixed: bool = False) -> Ratio:
    """Return the time from page to JSON line over that of lxml's parse of the same bytes.

    Each round has pages of its own, in case any state is kept from page to page.

    Args:
        count: how many pages each round has.
        rounds: how many rounds are counted.
        mixed: whether each page has a menu, a sidebar and a ticker of its own.
    """
    make = mixed_html_pages if mixed else html_pages
    batches = [list(make(count, seed)) for seed in range(1, rounds + 2)]
    for pages in batches:
        _check(pages)
    gc.collect()
    gc.freeze()
    ours, floor = iter(batches), iter(batches)
    return compare(lambda: _clean_all(next(ours)), lambda: _parse_all(next(floor)), rounds, count)


def warc(folder: Path, count: int, rounds: int) -> Ratio:
    """Return the time for a web archive over those of FastWARC's iteration and of cleaning the same pages from memory."""
    pages = list(html_pages(count))
    path = _write_archive(folder / "pages.warc.gz", pages)

    def ours() -> None:
        cleaned = 0
        for item in read_inputs([str(path)], ReadOptions(max_bytes=_MAX_BYTES)):
            if isinstance(item, Page):
                to_json_line(clean(item).record)
                cleaned += 1
        if cleaned != len(pages):
            raise RuntimeError(f"only {cleaned} of {len(pages)} pages were read")

    def floor() -> None:
        with path.open("rb") as file:
            for record in ArchiveIterator(file, record_types=WarcRecordType.response):
                record.reader.read()
        _clean_all(pages)

    return compare(ours, floor, rounds, count)


def jobs(folder: Path, count: int, rounds: int) -> Ratio:
    """Return how many times as fast two processes clean a web archive as one."""
    pages = list(html_pages(count)) * 20
    path = _write_archive(folder / "many.warc.gz", pages)
    return compare_processes(path, len(pages), rounds)


def _write_archive(path: Path, pages: Sequence[bytes]) -> Path:
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        for n, page in enumerate(pages):
            headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1")
            address = f"https://www.maghress.com/difaf/{n}"
            writer.write_record(writer.create_warc_record(address, "response", payload=io.BytesIO(page), http_headers=headers))
    return path


def _clean_all(pages: Sequence[bytes]) -> None:
    for page in pages:
        to_json_line(clean(Page(data=page)).record)


def _parse_all(pages: Sequence[bytes]) -> None:
    for page in pages:
        parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
        etree.fromstring(page, parser)


def _check(pages: Sequence[bytes]) -> None:
    """Refuse to measure pages that are too small or not cleaned as expected."""
    layout = Layout(builtin_layouts()[0].file)  # one of its own, so that nothing of these pages is cached when they are measured
    for page in pages:
        record = clean(Page(data=page), [layout]).record
        if record.kind != "article" or len(record.headlines) != 58 or sum(1 for _ in etree.HTML(page).iter()) < 450:  # noqa: PLR2004
            raise RuntimeError("a page of the corpus is not cleaned as an article with 58 headlines, or is too small")
