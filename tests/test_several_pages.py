"""Several saved pages in one stream give a record each, or a warning."""

from pathlib import Path

import pytest

from scraper import Page, clean
from scraper.sources import ReadOptions, read_inputs
from scraper.sources.containers import split_pages
from tests.cases import CASES, FIXTURES, source_of

HTML = FIXTURES / "arabic-article-html" / "source.html"
TEXT = FIXTURES / "arabic-article-text" / "source.txt"


def test_saved_pages_one_after_another_are_a_record_each(tmp_path: Path) -> None:
    """``cat *.html`` gives the records of the single files, and ``input`` has the number of the page."""
    sources = [HTML, FIXTURES / "french-article-html" / "source.html", FIXTURES / "listing-html" / "source.html"]
    stream = tmp_path / "all.html"
    stream.write_bytes(b"".join(source.read_bytes() for source in sources))
    items = list(read_inputs([str(stream)], ReadOptions(max_bytes=1 << 25)))
    assert [item.input for item in items] == [str(stream), f"{stream}#2", f"{stream}#3"]
    for item, source in zip(items, sources, strict=True):
        assert isinstance(item, Page)
        together, alone = (clean(Page(data=data)).record for data in (item.data, source.read_bytes()))
        assert together == alone


@pytest.mark.parametrize("case", CASES)
def test_one_page_is_not_split(case: str) -> None:
    """No page of the cases is split."""
    assert len(list(split_pages(source_of(FIXTURES / case).read_bytes()))) == 1


def test_text_behind_the_end_of_a_page_is_no_page() -> None:
    """Text after ``</html>`` that does not begin a document belongs to the page, and so does a document in a script."""
    script = b"<html><body>a<script>document.write('<html></html>')</script></body></html>\n<!-- saved -->\n"
    assert list(split_pages(script)) == [script]


@pytest.mark.parametrize("again", [HTML.read_text(encoding="utf-8").replace("</html>", ""), TEXT.read_text(encoding="utf-8")])
def test_what_cannot_be_split_is_said(again: str) -> None:
    """A second notice, title and dateline never reach the first page's body, and the record has the warning ``several-pages``."""
    story, two = clean(Page(data=again)).record, clean(Page(data=again + "\n" + again.replace("03 - 11", "04 - 12"))).record
    assert two.text == story.text
    assert two.date == story.date
    assert "several-pages" in two.warnings
    assert "several-pages" not in story.warnings
