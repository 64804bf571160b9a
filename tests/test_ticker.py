"""A ticker is recognised and split in the same way by its usual separator as by the pattern."""

from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from scraper import Page, clean
from scraper.extract.ticker import is_ticker, is_unsplit, split_ticker
from scraper.layouts import Layout
from scraper.parse import read_text
from tests.cases import ARABRESS

BY_PATTERN = Layout(replace(ARABRESS.file, ticker=replace(ARABRESS.file.ticker, usual="")), ARABRESS.sources)
GAP = "\N{NO-BREAK SPACE}" * 4
SPACES = ["\N{NO-BREAK SPACE}", GAP, GAP, " ", "\t", "\u200b", "\ufeff", "\xad", "\x1f"]
LINES = st.lists(
    st.one_of(st.sampled_from([*SPACES, "|", "..", "\ufffd", "كلمة", "\u200c"]), st.just(f"خبر من الأخبار{GAP}")), max_size=30
)
"""Lines, each with its pieces."""


def slots_of(line: str, layout: Layout) -> list[tuple[str, bool]]:
    return [(line[slot.start : slot.end].strip(), slot.is_headline) for slot in split_ticker(line, 0, len(line), layout)]


@settings(max_examples=1000)
@given(LINES, st.integers(2, 12))
def test_the_usual_separator_tells_what_the_pattern_tells(pieces: list[str], slots: int) -> None:
    """The fast path for the usual separator gives the result of the pattern, except for white space around a headline."""
    line = "".join(pieces)
    assert slots_of(line, ARABRESS) == slots_of(line, BY_PATTERN)
    document = read_text(line)
    assert is_ticker(document, 0, len(line), slots, ARABRESS) == is_ticker(document, 0, len(line), slots, BY_PATTERN)
    assert is_unsplit(line * 20, ARABRESS) == is_unsplit(line * 20, BY_PATTERN)


def test_the_pattern_counts_separators() -> None:
    """Without a usual separator only the pattern is used, so that the test above compares two things."""
    line = f"أول{GAP}ثان{GAP}{GAP}ثالث"
    separators = list(islice(BY_PATTERN.separator.finditer(line), 9))
    document = read_text(line)
    assert [is_ticker(document, 0, len(line), slots, BY_PATTERN) for slots in (3, 4)] == [
        len(separators) == 2,
        len(separators) == 3,
    ]


@pytest.mark.parametrize("gap", ["\N{NO-BREAK SPACE}", " "])
def test_a_wide_margin_is_no_ticker(gap: str) -> None:
    """A line followed by much white space is at most one headline, and is no evidence for a page of the network."""
    text = f"عنوان طويل بما يكفي لخبر من الأخبار{gap * 80}\nفقرة أولى من الفقرات هنا.\nفقرة ثانية.\nفقرة ثالثة.\n"
    assert clean(Page(data=text.encode())).record.kind == "unknown"


def test_words_of_the_site_above_the_notice_are_no_ticker() -> None:
    """A line of the site's frame is not a headline, whatever white space follows it."""
    notice = "شكرا على الإبلاغ!\nسيتم حجب هذه الصورة تلقائيا عندما يتم الإبلاغ عنها من طرف عدة أشخاص.\n"
    article = "عنوان الخبر\nنشر في الواحة يوم 01 - 02 - 2020\nفقرة أولى من الخبر.\n"
    record = clean(Page(data=f"أبلغ عن إشهار غير لائق{GAP}\n{notice}{article}".encode())).record
    assert (record.title, list(record.headlines), record.removed[0].rule) == ("عنوان الخبر", [], "arabress/report-ad")
