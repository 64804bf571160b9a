"""Bytes to text, once, by one rule.

The order: a byte order mark; UTF-16 that betrays itself by its zero bytes; valid UTF-8, whatever a tag says; almost valid
UTF-8; the charset that the HTTP header or the page declares; detection. Each step is taken only if the earlier ones gave
nothing, and the decision travels with the text.
"""

import re
from collections.abc import Iterator
from typing import Final

from scraper.errors import NotText
from scraper.models import Decoding, DecodingMethod, Page

_SAMPLE: Final = 8192

_BEGINS_BOM: Final = frozenset([b"\xef", b"\xfe", b"\xff", b"\x00"])
"""First bytes of the byte order marks of UTF-8, UTF-16 and UTF-32."""

_CONTROLS: Final = bytes(set(range(0x20)) - set(b"\t\n\v\f\r\x1b")) + b"\x7f"
_NO_CONTROLS: Final = dict.fromkeys(_CONTROLS)
_MOST_CONTROLS: Final = 0.05
"""Random bytes hold 11 % controls; a page hurt by stray ones holds far fewer."""

_CANDIDATES: Final = ["cp1256", "iso8859_6", "cp1252"]
"""What detection chooses from: the single-byte encodings in which Arabic, French and English pages are met."""

_ARABIC_CHARSET: Final = "cp1256"
_WESTERN_CHARSET: Final = "cp1252"
_CLEARLY: Final = 4
"""How many good characters weigh up a bad one, where the page declares another charset than UTF-8."""

_HEAD: Final = 8192
_XML_DECLARATION: Final = re.compile(rb"<\?xml\s[^<>]*>")

_MARKS: Final = b"\xfd\xfe"
"""Directional marks in windows-1256; in windows-1252 they are y with acute and thorn, letters of none of the three languages."""

_HIGH_BYTES: Final = bytes([0x00, 0x01, 0x06, 0x07, 0x20, 0x21, 0x22, 0x25, 0x26, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF])
"""High bytes of UTF-16 in Arabic, French and English: Latin, Arabic, punctuation and signs, Arabic presentation forms."""

_WESTERN: Final = frozenset({"cp1252", "iso8859-1", "iso8859-15"})
_HIGH: Final = bytes(range(0x80, 0x100))
_HIGH_WORD: Final = re.compile(rb"[\x80-\xff]{3,}")

_NOT_FOR_PAGES: Final = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"})
"""Python codecs that are no encodings of web pages (https://encoding.spec.whatwg.org/#names-and-labels)."""


def decode(page: Page) -> tuple[str, Decoding]:
    """Return the text of a page, without a byte order mark, and how that was decided.

    Raises:
        NotText: if the bytes are no text.
    """
    data = page.data
    if isinstance(data, str):
        return data.removeprefix("\ufeff"), Decoding("utf-8", "strict")
    if data[:1] in _BEGINS_BOM:
        from w3lib.encoding import read_bom  # as below: nearly all pages are UTF-8 without a mark

        encoding, bom = read_bom(data)
        if encoding is not None and bom is not None:
            return _replacing(data[len(bom) :], encoding, "bom")
    wide = _utf16_without_bom(data)
    if wide is not None:
        return _replacing(data, wide, "detected")
    if _is_binary(data):
        raise NotText("the bytes are no text (a picture, an archive, a program?): name saved pages only")
    try:
        return data.decode("utf-8"), Decoding("utf-8", "strict")
    except UnicodeDecodeError:
        return _decode_not_utf8(data, page.charset)


def _decode_not_utf8(data: bytes, header: str | None) -> tuple[str, Decoding]:
    text, almost = _replacing(data, "utf-8", "almost")
    # A text in a single-byte encoding yields, read as UTF-8, far more errors than characters: for Arabic in windows-1256 and
    # ISO-8859-6 there were 90 and 200 errors to one chance character, for French in windows-1252 no such character at all.
    valid = len(text) - len(text.encode("ascii", "ignore")) - text.count("\ufffd")
    declared = [(by, charset) for by, charset in _declared(data, header) if charset != "utf-8"]
    if almost.replaced * (_CLEARLY if declared else 1) <= valid:
        return text, almost
    for by, charset in declared:
        if not (charset in _WESTERN and _is_arabic(data)):
            try:
                return data.decode(charset), Decoding(charset, by)
            except (UnicodeError, LookupError):
                continue
    # A page in plain English with a stray byte has nothing to weigh that byte against; a wrong letter would be a guess.
    if almost.replaced <= max(1, len(data) // 2000):
        return text, almost
    from charset_normalizer import from_bytes  # 20 ms that nearly no page needs

    # A stray control or a directional mark makes it refuse a charset that is right.
    best = from_bytes(data.translate(None, _CONTROLS + b"\x1b"), cp_isolation=_CANDIDATES).best()
    encoding: str = best.encoding if best is not None else _ARABIC_CHARSET if _is_arabic(data) else _WESTERN_CHARSET
    if encoding in _WESTERN and data.translate(None, _MARKS) != data:
        encoding = _ARABIC_CHARSET  # its French letters stand where the western ones do
    return _replacing(data, encoding, "detected")


def _replacing(data: bytes, encoding: str, by: DecodingMethod) -> tuple[str, Decoding]:
    text = data.decode(encoding, "replace")
    replaced = text.count("\ufffd")
    if replaced and encoding.startswith("utf"):
        replaced -= data.count("\ufffd".encode(encoding))
    return text, Decoding(encoding, by, max(replaced, 0))


def _declared(data: bytes, charset: str | None) -> Iterator[tuple[DecodingMethod, str]]:
    """Yield what header, meta tag and XML declaration say, in this order; browsers do not look at the last for HTML."""
    from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding

    header = http_content_type_encoding(f"text/html; charset={charset}") if charset else None
    markup = html_body_declared_encoding(data)
    tag = html_body_declared_encoding(_XML_DECLARATION.sub(b"", data[:_HEAD], count=1))
    said: list[tuple[DecodingMethod, str | None]] = [("header", header), ("meta", tag), ("meta", markup)]
    yield from ((by, name) for by, name in said if name is not None and name not in _NOT_FOR_PAGES)


def _is_arabic(data: bytes) -> bool:
    """Tell whether the bytes above 127 stand in words of their own.

    Western charsets decode anything, so nothing else betrays a page that claims one wrongly. In French an accented letter stands
    alone or beside one other; in Arabic whole words are bytes above 127.
    """
    words = sum(len(word) for word in _HIGH_WORD.findall(data))
    high = len(data) - len(data.translate(None, _HIGH))
    return words * 2 > high


def _is_binary(data: bytes) -> bool:
    sample = data[:_SAMPLE]
    return len(sample) - len(sample.translate(None, _CONTROLS)) > _MOST_CONTROLS * len(sample)


def _utf16_without_bom(data: bytes) -> str | None:
    """Recognise UTF-16 by zero bytes that stand at odd, or at even, places only.

    In Arabic too one character in six is a space, a digit or a line break, whose high byte is zero; and no letter of Arabic,
    French or English has a low byte of zero. Text in UTF-8 has no zero bytes but for accidents, which are few, and its other bytes
    are letters: as high bytes of UTF-16 they would be of scripts that these pages are not written in.
    """
    sample = data[:_SAMPLE]
    if b"\0" not in sample:
        return None
    even, odd = sample[::2], sample[1::2]
    for encoding, high, low in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        zeros = high.count(0)
        others = len(high.translate(None, _HIGH_BYTES))
        if zeros * 20 > len(high) and low.count(0) * 50 < zeros and others * 20 < len(high):
            text = sample.decode(encoding, "replace")
            controls = len(text) - len(text.translate(_NO_CONTROLS))
            return encoding if controls <= _MOST_CONTROLS * len(text) else None
    return None
