"""Bytes to text: each step of the rule, and inputs that could mislead it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.errors import NotText
from scraper.models import Page
from scraper.parse.encoding import decode

ARABIC = "افتتحت التعاونية، صباح أمس، مصنعا صغيرا لتجفيف التمور؛ وقالت رئيستها: «لم يكن سهلا».\n" * 5
FRENCH = "L'école a ouvert samedi un atelier où chacun répare son vélo ; l'été prochain, il déménagera.\n" * 5
ENGLISH = "The old cinema opened its doors again as a library that stays open until two.\n" * 5


def html(text: str, charset: str | None) -> str:
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={charset}">' if charset else ""
    return f"<html><head>{meta}<title>x</title></head><body><p class='first'>{text}</p></body></html>"


@pytest.mark.parametrize(
    ("data", "text", "encoding", "by"),
    [
        (b"\xef\xbb\xbf" + ARABIC.encode(), ARABIC, "utf-8", "bom"),
        (ARABIC.encode("utf-16"), ARABIC, "utf-16-le", "bom"),
        (b"\xfe\xff" + ARABIC.encode("utf-16-be"), ARABIC, "utf-16-be", "bom"),
        (ARABIC.encode("utf-16-le"), ARABIC, "utf-16-le", "detected"),
        (ENGLISH.encode("utf-16-be"), ENGLISH, "utf-16-be", "detected"),
        (ARABIC.encode(), ARABIC, "utf-8", "strict"),
        (ARABIC.encode("cp1256"), ARABIC, "cp1256", "detected"),
        (FRENCH.encode("cp1252"), FRENCH, "cp1252", "detected"),
    ],
)
def test_text_comes_out_right(data: bytes, text: str, encoding: str, by: str) -> None:
    """Without a declaration, the encoding is found by byte order mark, zero bytes, UTF-8 or detection, in this order."""
    decoded, decoding = decode(Page(data=data))
    assert (decoded, decoding.encoding, decoding.by, decoding.replaced) == (text, encoding, by, 0)


@pytest.mark.parametrize(
    ("encoded_as", "declared", "header", "by"),
    [
        ("utf-8", "windows-1256", None, "strict"),
        ("utf-8", None, "iso-8859-1", "strict"),
        ("cp1256", "windows-1256", None, "meta"),
        ("cp1256", None, "windows-1256", "header"),
        ("cp1256", "utf-8", None, "detected"),
        ("cp1256", "iso-8859-1", None, "detected"),
        ("cp1256", "windows-1252", "iso-8859-1", "detected"),
        ("cp1256", "no-such-charset", "unicode_escape", "detected"),
        ("cp1256", None, None, "detected"),
    ],
)
def test_a_declaration_is_believed_only_as_far_as_it_can_be(
    encoded_as: str, declared: str | None, header: str | None, by: str
) -> None:
    """Valid UTF-8 beats any tag; the header comes before the tag; an impossible charset is ignored."""
    markup = html(ARABIC, declared)
    decoded, decoding = decode(Page(data=markup.encode(encoded_as), charset=header))
    assert (decoded, decoding.by) == (markup, by)


def test_words_of_high_bytes_are_arabic() -> None:
    """A page of few Arabic words among much markup, which detection takes for windows-1252, is read as windows-1256."""
    markup = "<span>24 دقيقة</span>" + "</div>" * 1000
    decoded, decoding = decode(Page(data=markup.encode("cp1256")))
    assert (decoded, decoding.encoding) == (markup, "cp1256")


def test_iso_8859_6_is_read() -> None:
    """ISO 8859-6 is read whether it is declared or not."""
    text = "افتتحت التعاونية صباح امس مصنعا صغيرا لتجفيف التمور؛ وقالت رئيستها. " * 5
    for markup in (html(text, "iso-8859-6"), text):
        assert decode(Page(data=markup.encode("iso8859_6")))[0] == markup


@pytest.mark.parametrize("text", [ARABIC, FRENCH, ENGLISH])
@pytest.mark.parametrize("declared", [None, "utf-8"])
@pytest.mark.parametrize("bad", [b"\xff", b"\xc3", b"\x80"])
def test_one_bad_byte_costs_one_character(text: str, declared: str | None, bad: bytes) -> None:
    """A page in UTF-8 with a bad byte in the middle stays UTF-8, and the damage is counted."""
    first, second = html(text[:200], declared).encode(), text[200:].encode()
    decoded, decoding = decode(Page(data=first + bad + b" " + second))
    assert decoded == f"{first.decode()}\ufffd {second.decode()}"
    assert (decoding.encoding, decoding.replaced) == ("utf-8", 1)


def test_a_page_may_hold_replacement_characters_of_its_own() -> None:
    """U+FFFD in the source is a character like any other and is not counted as replaced."""
    decoded, decoding = decode(Page(data="Publi\ufffd dans La D\ufffdp\ufffdche".encode()))
    assert decoded == "Publi\ufffd dans La D\ufffdp\ufffdche"
    assert (decoding.by, decoding.replaced) == ("strict", 0)


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n" + bytes(range(256)), bytes(range(256)) * 20, b"\x1f\x8b\x08" + b"\x00\x01" * 50]
)
def test_what_is_no_text_is_refused(data: bytes) -> None:
    """A picture or an archive is refused as such."""
    with pytest.raises(NotText):
        decode(Page(data=data))


def test_stray_zero_bytes_do_not_make_a_page_binary() -> None:
    """A page with a few NULs and other controls is still a page."""
    data = html(ARABIC, None).encode().replace(b" ", b" \x00", 5).replace(b"<p", b"\x01<p")
    assert decode(Page(data=data))[1].by == "strict"


SHORT = {
    "ar": "<p>افتتحت التعاونية مصنعا صغيرا لتجفيف التمور، وقالت رئيستها إن العمل يبدأ غدا.</p>",
    "fr": "<p>Réouverture de l'école municipale: inscriptions «samedi»</p>",
    "en": "<html><body><p>Headlines:<b>cinema</b><i>library</i></p></body></html>",
}


@pytest.mark.parametrize("lang", SHORT)
@pytest.mark.parametrize("parity", [0, 1])
@pytest.mark.parametrize("every", [24, 26, 34])
def test_zero_bytes_on_one_parity_make_no_utf_16(lang: str, parity: int, every: int) -> None:
    """A short page in UTF-8 whose stray NULs all have odd places, or all even ones, is still UTF-8."""
    data = bytearray(SHORT[lang].encode())
    for place in range(parity, len(data), every):
        if data[place] < 0x80:
            data[place] = 0
    decoded, decoding = decode(Page(data=bytes(data)))
    assert (decoded, decoding.encoding, decoding.by) == (data.decode(), "utf-8", "strict")


@pytest.mark.parametrize("lang", SHORT)
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_short_page_in_utf_16_needs_no_mark(lang: str, encoding: str) -> None:
    """A single sentence in UTF-16 needs no byte order mark, even with quotation marks and a few stray controls."""
    for text in (SHORT[lang], f"\u201c{SHORT[lang]}\u201d \x01"):
        decoded, decoding = decode(Page(data=text.encode(encoding)))
        assert (decoded, decoding.encoding, decoding.by) == (text, encoding, "detected")


@given(st.binary(), st.sampled_from([None, "utf-8", "windows-1256", "utf-16", "idna", "x\x00y", "unicode_escape", "hex", "rot13"]))
def test_any_bytes_give_text_or_are_named(data: bytes, charset: str | None) -> None:
    """Any bytes under any header give text that can be encoded again, or NotText."""
    try:
        text, _ = decode(Page(data=data, charset=charset))
    except NotText:
        return
    assert isinstance(text.encode("utf-8"), bytes)


def test_directional_marks_betray_windows_1256() -> None:
    """French in windows-1256 with directional marks is not read as windows-1252, where they would be letters that French does not have."""
    text = "\u200eLa région a voté\u200f. L'école est très fréquentée, dit la présidente, et l'été sera long et sec à la montagne."
    found, decoding = decode(Page(data=text.encode("cp1256")))
    assert (found, decoding.encoding) == (text, "cp1256")
    plain = text.replace("\u200e", "").replace("\u200f", "")
    assert decode(Page(data=plain.encode("cp1252")))[0] == plain
