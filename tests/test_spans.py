"""The ledger: claims never overlap, and the spans of a text are a partition of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.characters import visible
from scraper.errors import ClaimError
from scraper.spans import Ledger, Span, partition


@given(st.text(min_size=1), st.lists(st.tuples(st.integers(-2, 40), st.integers(-2, 40))))
def test_spans_partition_the_text_whatever_is_claimed(text: str, claims: list[tuple[int, int]]) -> None:
    """Any claims, accepted or refused, leave spans that join up to the text, and each accepted claim is one of them."""
    ledger = Ledger(text)
    accepted: list[tuple[int, int]] = []
    for start, end in claims:
        is_free = 0 <= start < end <= len(text) and not any(start < e and s < end for s, e in accepted)
        if is_free:
            ledger.claim(start, end, "body", "test/rule")
            accepted.append((start, end))
        else:
            with pytest.raises(ClaimError):
                ledger.claim(start, end, "body", "test/rule")
    spans = partition(ledger.settle(), len(text))
    assert "".join(text[span.start : span.end] for span in spans) == text
    assert all(span.start < span.end for span in spans)
    assert sorted(accepted) == [(span.start, span.end) for span in spans if span.label == "body"]


@given(st.lists(st.tuples(st.integers(-2, 9), st.integers(-2, 9)), max_size=4), st.integers(0, 3), st.booleans())
def test_claiming_several_is_claiming_each(bounds: list[tuple[int, int]], offset: int, is_begun: bool) -> None:
    """Stretches claimed at once are held, or refused, as those that are claimed one by one, wherever they stand."""
    outcomes: list[list[Span] | None] = []
    for at_once in (True, False):
        ledger = Ledger("ten letters")
        if is_begun:
            ledger.claim(4, 5, "notice", "r")
        try:
            if at_once:
                ledger.claim_all(*([offset + bound[n] for bound in bounds] for n in (0, 1)), "headline", "h")
            else:
                for start, end in sorted(bounds):
                    ledger.claim(offset + start, offset + end, "headline", "h")
        except ClaimError:
            outcomes.append(None)
        else:
            outcomes.append(ledger.settle())
    if bounds == sorted(bounds):
        assert outcomes[0] == outcomes[1]


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
