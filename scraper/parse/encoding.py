"""Decode the bytes of a page.

The encoding is the first of: a byte order mark; UTF-16 recognised by its zero bytes; valid UTF-8, whatever a tag declares;
almost valid UTF-8; the charset that the HTTP header or the page declares; detection. The decision is returned with the text.
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
"""Random bytes contain 11 % controls; a damaged page contains far fewer."""

_CANDIDATES: Final = ["cp1256", "iso8859_6", "cp1252"]
"""Encodings that detection considers: the single-byte encodings of Arabic, French and English pages."""

_ARABIC_CHARSET: Final = "cp1256"
_WESTERN_CHARSET: Final = "cp1252"
_CLEAR_MAJORITY: Final = 4
"""Valid UTF-8 characters needed for each invalid one if the page declares another charset."""

_HEAD: Final = 8192
_XML_DECLARATION: Final = re.compile(rb"<\?xml\s[^<>]*>")

_MARKS: Final = b"\xfd\xfe"
"""Directional marks in windows-1256; in windows-1252 y with acute and thorn, which none of the three languages uses."""

_HIGH_BYTES: Final = bytes([0x00, 0x01, 0x06, 0x07, 0x20, 0x21, 0x22, 0x25, 0x26, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF])
"""High bytes of UTF-16 in Arabic, French and English: Latin, Arabic, punctuation and signs, Arabic presentation forms."""

_WESTERN: Final = frozenset({"cp1252", "iso8859-1", "iso8859-15"})
_HIGH: Final = bytes(range(0x80, 0x100))
_HIGH_WORD: Final = re.compile(rb"[\x80-\xff]{3,}")

_NOT_FOR_PAGES: Final = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"})
"""Python codecs that are not encodings of web pages (https://encoding.spec.whatwg.org/#names-and-labels)."""


def decode(page: Page) -> tuple[str, Decoding]:
    """Return the text of a page, without a byte order mark, and how it was decoded.

    Raises:
        NotText: if the bytes are not text.
    """
    data = page.data
    if isinstance(data, str):
        return data.removeprefix("\ufeff"), Decoding("utf-8", "strict")
    if data[:1] in _BEGINS_BOM:
        from w3lib.encoding import read_bom  # imported here, as nearly all pages are UTF-8 without a mark

        encoding, bom = read_bom(data)
        if encoding is not None and bom is not None:
            return _replacing(data[len(bom) :], encoding, "bom")
    utf16 = _utf16_without_bom(data)
    if utf16 is not None:
        return _replacing(data, utf16, "detected")
    if _is_binary(data):
        raise NotText("the bytes are not text (a picture, an archive, a program?): name saved pages only")
    try:
        return data.decode("utf-8"), Decoding("utf-8", "strict")
    except UnicodeDecodeError:
        return _decode_not_utf8(data, page.charset)


def _decode_not_utf8(data: bytes, header: str | None) -> tuple[str, Decoding]:
    text, almost = _replacing(data, "utf-8", "almost")
    # Text in a single-byte encoding, read as UTF-8, yields far more errors than characters: Arabic in windows-1256 and
    # ISO-8859-6 gave 90 and 200 errors for each accidental character, French in windows-1252 gave no such character at all.
    valid = len(text) - len(text.encode("ascii", "ignore")) - text.count("\ufffd")
    declared = [(by, charset) for by, charset in _declared(data, header) if charset != "utf-8"]
    if almost.replaced * (_CLEAR_MAJORITY if declared else 1) <= valid:
        return text, almost
    for by, charset in declared:
        if not (charset in _WESTERN and _is_arabic(data)):
            try:
                return data.decode(charset), Decoding(charset, by)
            except (UnicodeError, LookupError):
                continue
    # An ASCII page with a stray byte has no other evidence; any letter in its place would be a guess.
    if almost.replaced <= max(1, len(data) // 2000):
        return text, almost
    from charset_normalizer import from_bytes  # a slow import that few pages need

    # A stray control or a directional mark makes it reject the right charset.
    best = from_bytes(data.translate(None, _CONTROLS + b"\x1b"), cp_isolation=_CANDIDATES).best()
    encoding: str = best.encoding if best is not None else _ARABIC_CHARSET if _is_arabic(data) else _WESTERN_CHARSET
    if encoding in _WESTERN and (data.translate(None, _MARKS) != data or _is_arabic(data)):
        encoding = _ARABIC_CHARSET  # its French letters have the same bytes as in cp1252
    return _replacing(data, encoding, "detected")


def _replacing(data: bytes, encoding: str, by: DecodingMethod) -> tuple[str, Decoding]:
    text = data.decode(encoding, "replace")
    replaced = text.count("\ufffd")
    if replaced and encoding.startswith("utf"):
        replaced -= data.count("\ufffd".encode(encoding))
    return text, Decoding(encoding, by, max(replaced, 0))


def _declared(data: bytes, charset: str | None) -> Iterator[tuple[DecodingMethod, str]]:
    """Yield the charsets of header, meta tag and XML declaration, in this order; browsers ignore the last in HTML."""
    from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding

    header = http_content_type_encoding(f"text/html; charset={charset}") if charset else None
    markup = html_body_declared_encoding(data)
    tag = html_body_declared_encoding(_XML_DECLARATION.sub(b"", data[:_HEAD], count=1))
    declared: list[tuple[DecodingMethod, str | None]] = [("header", header), ("meta", tag), ("meta", markup)]
    yield from ((by, name) for by, name in declared if name is not None and name not in _NOT_FOR_PAGES)


def _is_arabic(data: bytes) -> bool:
    """Return True if most bytes above 127 form words of three or more.

    Western charsets decode anything, so nothing else exposes a wrong declaration. In French an accented letter stands alone or
    next to one other; in Arabic whole words are bytes above 127.
    """
    words = sum(len(word) for word in _HIGH_WORD.findall(data))
    high = len(data) - len(data.translate(None, _HIGH))
    return words * 2 > high


def _is_binary(data: bytes) -> bool:
    sample = data[:_SAMPLE]
    return len(sample) - len(sample.translate(None, _CONTROLS)) > _MOST_CONTROLS * len(sample)


def _utf16_without_bom(data: bytes) -> str | None:
    """Recognise UTF-16 by zero bytes at odd offsets only, or at even offsets only.

    Even in Arabic one character in six is a space, a digit or a line break, whose high byte is zero; and no letter of Arabic,
    French or English has a low byte of zero. UTF-8 has zero bytes only by accident, and its other bytes, read as high bytes of
    UTF-16, belong to scripts that these pages do not use.
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
