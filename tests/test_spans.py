"""The ledger: claims never overlap, and the spans of a text are a partition of it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.errors import ClaimError
from scraper.extract.spans import Ledger, partition, spread
from scraper.text import visible


@given(st.text(min_size=1), st.lists(st.tuples(st.integers(-2, 40), st.integers(-2, 40))))
def test_spans_partition_the_text_whatever_is_claimed(text: str, claims: list[tuple[int, int]]) -> None:
    """Claims within the text that do not overlap give a partition; any others are refused, at the latest in the end."""
    ledger = Ledger(text)
    accepted: list[tuple[int, int]] = []
    for start, end in claims:
        if 0 <= start < end <= len(text):
            ledger.claim(start, end, "body", "test/rule")
            accepted.append((start, end))
        else:
            with pytest.raises(ClaimError):
                ledger.claim(start, end, "body", "test/rule")
    if any(other[0] < one[1] for one, other in pairwise(sorted(accepted))):
        with pytest.raises(ClaimError):
            ledger.settle()
        return
    spans = partition(ledger.settle(), len(text))
    assert "".join(text[span.start : span.end] for span in spans) == text
    assert all(span.start < span.end for span in spans)
    assert sorted(accepted) == [(span.start, span.end) for span in spans if span.label == "body"]


@given(st.lists(st.text("ab ", max_size=4), min_size=1).filter(any), st.sampled_from(["\u00a0\u00a0", "\t"]), st.integers(0, 3))
def test_a_row_is_claimed_as_its_pieces_are(pieces: list[str], separator: str, offset: int) -> None:
    """A row gives the spans of its pieces, without empty ones, as if each had been claimed."""
    text = f"{'-' * offset}{separator.join(pieces)} end"
    one, each = Ledger(text), Ledger(text)
    one.claim_row(offset, pieces, separator, "headline", "h")
    position = offset
    for piece in pieces:
        if piece:
            each.claim(position, position + len(piece), "headline", "h")
        position += len(piece) + len(separator)
    rows, singles = ([span for span in spread(ledger.settle()) if span.label == "headline"] for ledger in (one, each))
    assert rows == singles
    one.claim_row(offset, pieces, separator, "headline", "h")
    with pytest.raises(ClaimError):
        one.settle()


@pytest.mark.parametrize(("start", "separator"), [(1, "  "), (0, "\t"), (0, "ab")])
def test_what_does_not_stand_there_is_no_row(start: int, separator: str) -> None:
    """A row must match the text at its place, with its separator, which must be invisible."""
    with pytest.raises(ClaimError):
        Ledger("one  twoabthree").claim_row(start, ["one", "two"], separator, "headline", "h")


@given(st.integers(0, 5), st.integers(0, 5))
def test_a_row_fits_between_claims(before: int, after: int) -> None:
    """A row may be claimed after the text behind it, as long as no part of it is claimed."""
    text = f"{'b' * before}one\u00a0two{'a' * after}"
    ledger = Ledger(text)
    for start, end in ((before + 7, len(text)), (0, before)):
        if start < end:
            ledger.claim(start, end, "body", "r")
    ledger.claim_row(before, ["one", "two"], "\u00a0", "headline", "h")
    assert [text[span.start : span.end] for span in spread(ledger.settle()) if span.label == "headline"] == ["one", "two"]
    ledger.claim(before + 3, before + 4, "body", "r")
    with pytest.raises(ClaimError):
        ledger.settle()


def test_what_nobody_claims_is_named() -> None:
    """A gap with a visible character is unlabelled; one without is blank."""
    text = "a \u200f b c"
    ledger = Ledger(text)
    ledger.claim(0, 1, "title", "test/title")
    ledger.claim(6, 7, "body", "test/body")
    assert [(text[s.start : s.end], s.label) for s in partition(ledger.settle(), len(text))] == [
        ("a", "title"),
        (" \u200f b ", "unlabelled"),
        ("c", "body"),
    ]
    assert [span.label for span in partition(Ledger(" \u200f\n").settle(), 3)] == ["blank"]
    assert visible(" \u200f\n") == 0
