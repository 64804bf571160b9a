"""White space, invisible and visible characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.text import squeeze, visible

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


@given(st.text())
def test_squeezing_twice_changes_nothing(text: str) -> None:
    """Squeezing is idempotent, also where invisible characters and white space alternate."""
    assert squeeze(squeeze(text)) == squeeze(text)


@given(st.text(st.characters(min_codepoint=0, max_codepoint=0x2100, exclude_categories=["Cs"])))
def test_squeezing_keeps_every_visible_character_in_order(text: str) -> None:
    """Squeezing neither drops, changes nor moves a visible character."""
    expected = [char for char in text if not char.isspace() and ord(char) not in INVISIBLE]
    assert list(squeeze(text).replace(" ", "")) == expected
    assert visible(text) == len(expected)


@pytest.mark.parametrize(
    ("raw", "squeezed"),
    [
        ("\u200f عنوان \u200e\u00a0 آخر\u202c\n", "عنوان آخر"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("a\u00adb\x07c\x85d", "abc d"),
        ("مَدْرَسَة", "مَدْرَسَة"),
        ("\ufeff\u2003", ""),
    ],
)
def test_fields_lose_white_space_and_controls_only(raw: str, squeezed: str) -> None:
    """Joiners and diacritics stay, directional marks and soft hyphens go, any white space becomes one space."""
    assert squeeze(raw) == squeezed


def test_every_white_space_is_known() -> None:
    """Every character that Python calls white space is invisible, whatever version of Unicode it knows."""
    assert [char for char in map(chr, range(0x110000)) if char.isspace() and visible(f"x{char}") != 1] == []
