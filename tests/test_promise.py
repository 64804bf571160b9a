"""The promise that every record adds up, on random and damaged pages."""

import json
import random
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from scraper import Outcome, Page, PageError, clean
from scraper.errors import Unaccounted
from scraper.extract.audit import audit
from scraper.extract.spans import FATES, SpanRow
from scraper.records import to_json_line
from tests.cases import CASES, FIXTURES, source_of

SOURCES = {case: source_of(FIXTURES / case).read_bytes() for case in CASES}


INVISIBLE = {
    *range(0x20),
    *range(0x7F, 0xA0),
    0xAD,
    0x200B,
    0x200E,
    0x200F,
    *range(0x202A, 0x202F),
    0x2060,
    *range(0x2066, 0x206A),
    0xFEFF,
}


def visible(text: str) -> int:
    """Count visible characters as docs/records.md defines them."""
    return sum(not char.isspace() and ord(char) not in INVISIBLE for char in text)


def check_promise(outcome: Outcome) -> None:
    """Assert the promised sum and the partition, independently of the audit."""
    text = outcome.document.text
    assert "".join(text[span.start : span.end] for span in outcome.spans) == text
    record = json.loads(to_json_line(outcome.record))
    counted = visible(record["title"] or "") + visible(record["text"]) + sum(visible(line["text"]) for line in record["headlines"])
    counted += sum(visible(teaser[key] or "") for teaser in record["teasers"] for key in ("title", "author", "newspaper"))
    assert visible(text) == counted + sum(piece["chars"] for piece in record["removed"])
    assert all(piece["chars"] and piece["count"] for piece in record["removed"])


@given(st.binary(max_size=2000))
def test_any_bytes_give_a_record_or_a_named_error(data: bytes) -> None:
    """Any bytes give a record that keeps the promise, or a PageError."""
    try:
        outcome = clean(Page(data=data))
    except PageError as error:
        assert error.code in ("empty", "not-text")
        return
    check_promise(outcome)


@settings(max_examples=300)
@given(st.sampled_from(CASES), st.randoms(use_true_random=False))
def test_a_damaged_page_keeps_the_promise(case: str, chance: random.Random) -> None:
    """Pages with pieces cut out, doubled, swapped or overwritten still give records that add up."""
    data = SOURCES[case]
    for _ in range(chance.randint(1, 6)):
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.choice([1, 7, 300, 5000]))
        filler = chance.choice(
            [b"", data[start:end] * 2, b"\xff", b"\x00", b"<", b'"', b"</html>", b"<!--", b"\xc2\xa0" * 4, b"\n", b"<div>"]
        )
        data = data[:start] + filler + data[end:]
    try:
        outcome = clean(Page(data=data))
    except PageError as error:
        assert error.code in ("empty", "not-text")
        return
    check_promise(outcome)


LINES = st.text(st.sampled_from("اب تجخ abcé0.,؟!\u00a0\u200f\u200c"), max_size=12)


@given(st.lists(LINES).map("\n".join))
def test_cleaning_clean_text_changes_nothing(text: str) -> None:
    """The text of a record, cleaned again as an unknown page, does not change."""
    assume(visible(text))
    once = clean(Page(data=text.encode(), input="a")).record
    again = clean(Page(data=once.text.encode(), input="a")).record
    assert (once.kind, again.kind) == ("unknown", "unknown")
    assert again.text == once.text


@pytest.mark.parametrize("case", [case for case in CASES if "article" in case or case.startswith(("flat", "unknown"))])
def test_the_text_of_every_case_is_clean_already(case: str) -> None:
    """The body of a case contains no notice, footer or ticker that a second pass would remove."""
    text = clean(Page(data=SOURCES[case])).record.text
    assert text
    assert clean(Page(data=text.encode())).record.text == text


@pytest.mark.parametrize("case", CASES)
def test_nothing_of_an_unknown_page_is_removed(case: str) -> None:
    """Without a layout, every readable character is in ``text``."""
    outcome = clean(Page(data=SOURCES[case]), layouts=[])
    assert outcome.record.removed == []
    assert visible(outcome.record.text) == visible(outcome.document.text)
    assert {FATES[span.label] for span in outcome.spans} <= {"body", "blank"}


@pytest.mark.parametrize("case", ["arabic-article-html", "arabic-article-text"])
def test_the_audit_finds_what_is_missing_doubled_or_miscounted(case: str) -> None:
    """The audit refuses a record with a lost character, a doubled field, a wrong count or a hole in the claims."""
    outcome = clean(Page(data=SOURCES[case]))
    text, claims, record = outcome.document.text, list(outcome.claimed), outcome.record
    audit(text, claims, record)
    wrong: list[dict[str, Any]] = [
        {"text": record.text[:-1]},
        {"title": None},
        {"headlines": [*record.headlines, record.headlines[0]]},
        {"removed": record.removed[1:]},
        {"removed": [type(piece)(piece.rule, piece.count, piece.chars + 1) for piece in record.removed]},
    ]
    for change in wrong:
        values = {field: getattr(record, field) for field in record.__struct_fields__} | change
        with pytest.raises(Unaccounted):
            audit(text, claims, type(record)(**values))
    for broken in (claims[1:], claims[:-1], [*claims[:3], *claims[4:]], [*claims[:3], claims[3], *claims[3:]], outcome.spans):
        with pytest.raises(Unaccounted):
            audit(text, broken, record)


def test_the_audit_believes_no_row() -> None:
    """The audit refuses a row whose pieces are not exactly those of the page, even if the record agrees with it."""
    outcome = clean(Page(data=SOURCES["arabic-article-text"]))
    row, *rest = outcome.claimed
    assert isinstance(row, SpanRow)
    wrong = replace(row, pieces=[row.pieces[1], row.pieces[0], *row.pieces[2:]])
    texts = [headline.text for headline in outcome.record.headlines]
    assert texts == list(row.pieces)
    swapped = [replace(headline, text=piece) for headline, piece in zip(outcome.record.headlines, wrong.pieces, strict=True)]
    with pytest.raises(Unaccounted, match="row"):
        audit(outcome.document.text, [wrong, *rest], replace(outcome.record, headlines=swapped))
    short = replace(row, pieces=row.pieces[:1])
    with pytest.raises(Unaccounted, match="row"):
        audit(outcome.document.text, [short, *rest], replace(outcome.record, headlines=outcome.record.headlines[:1]))
