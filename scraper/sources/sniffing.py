"""The kind of an input, determined from its first bytes, never from its name.

Documents of other programs are rejected; so are files that this program has written, as inputs of pages.
"""

import codecs
import io
import re
from collections.abc import Collection
from typing import Final, Literal, cast

import msgspec

from scraper.errors import BadRecord, NotText
from scraper.sources.items import Place, ReadOptions, Skipped, Unread
from scraper.sources.streams import Stream, Utf16Source

Kind = Literal[
    "page", "gzip", "zstd", "bzip2", "xz", "zip", "tar", "parquet", "warc", "jsonl", "json", "csv", "mhtml", "records", "utf-16"
]

TEXT_DUMPS: Final[frozenset[Kind]] = frozenset(["jsonl", "json", "csv"])
"""Dumps: text files of many records."""
SEQUENTIAL: Final[frozenset[Kind]] = TEXT_DUMPS | {"warc"}
"""Files of many records that are read from front to back, also from a pipe."""

_ZIP_MAGIC: Final = b"PK\x03\x04"
_MAGIC: Final[tuple[tuple[bytes, Kind], ...]] = (
    (_ZIP_MAGIC, "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PAR1", "parquet"),
    (b"WARC/", "warc"),
)
COMPRESSION_MAGIC: Final = {b"\x1f\x8b\x08": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz"}
COMPRESSIONS: Final = frozenset(COMPRESSION_MAGIC.values())
BY_MEMBER: Final = frozenset(["gzip", "zstd"])
"""Compressions in which each record of a web archive may be a member, or frame, of its own."""
_ZSTD_SKIPPABLE: Final = frozenset(bytes([low]) + b"\x2a\x4d\x18" for low in range(0x50, 0x60))
"""The first bytes of frames without data (RFC 8878, 3.1.2)."""
MAGIC_BYTES: Final = max(map(len, COMPRESSION_MAGIC))
_TAR_MAGIC: Final = slice(257, 262)
_ENOUGH: Final = 1024
"""Bytes that contain every magic number, and the first key of nearly every object."""
_LONGEST_HEADER: Final = 1 << 14
"""The most bytes of the header of a message."""
_FIELD: Final = re.compile(rb"[A-Za-z-]+:[ \t]")
"""The first field of such a header."""
_LONGEST_CUT: Final = 1 << 20
"""The most bytes of a first line that may be the end of a line of a dump."""

BOM: Final = b"\xef\xbb\xbf"
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BLANK: Final = b" \t\r\n"
_OBJECT: Final = rb'\{\s*(?:"(?:[^"\\]|\\.){0,200}"\s*:|\})'
_OPENS_OBJECT: Final = re.compile(_OBJECT)
_OPENS_ARRAY: Final = re.compile(rb'\[\s*(?:%s|\[?\s*"|\]\s*\Z)' % _OBJECT)

_AS_TEXT: Final = "save it as HTML or text first"
_DOCUMENTS: Final = {
    b"%PDF-": "a PDF document; convert it to text first, for example with pdftotext",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": f"a Word, Excel or PowerPoint document in the old format; {_AS_TEXT}",
    b"{\\rtf": f"a document in RTF; {_AS_TEXT}",
    b"Rar!\x1a\x07": "a RAR archive; unpack it and name the directory",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive; unpack it and name the directory",
}
_OFFICE: Final = {
    b"word/": f"a Word document (DOCX); {_AS_TEXT}",
    b"xl/": "an Excel workbook (XLSX); save the sheet as CSV first",
    b"ppt/": f"a PowerPoint presentation (PPTX); {_AS_TEXT}",
}
_TYPES: Final = b"[Content_Types].xml"
"""A member that every document of Microsoft Office has (ECMA-376-2, 7.2.3)."""
_RELATIONS: Final = b"_rels/.rels"
_FIRST_MEMBERS: Final = (_TYPES, _RELATIONS, b"docProps/", *_OFFICE)
"""The members that programs write first."""
_NAME_OFFSET: Final = 30
"""The offset of the name of the first member in a zip archive."""
_MIME_TYPE: Final = b"mimetype"
"""The first member of an EPUB and of an OpenDocument, stored without compression (OCF 3.3, 4.3; ODF 1.3 part 2, 3.3)."""
_MIME_TYPES: Final = {
    b"application/epub+zip": "an e-book (EPUB); convert it to HTML first, for example with pandoc",
    b"application/vnd.oasis.opendocument.spreadsheet": "an OpenDocument spreadsheet (ODS); save the sheet as CSV first",
    b"application/vnd.oasis.opendocument": f"an OpenDocument text (ODT); {_AS_TEXT}",
}


def kind_of(stream: Stream, options: ReadOptions) -> Kind:
    """Return the kind of a stream. Bytes are peeked at as needed, and none are consumed."""
    stream.peek(1 << 16)
    json = _json_kind(stream, options)  # first, since it may arrive slowly, line by line
    if json is not None:
        return "records" if json == "jsonl" and _begins_with_a_record(stream) else json
    head = _at_least(stream, _ENOUGH)
    kind = _by_magic(head) or _in_utf16(stream, options)
    if kind is not None or head.lstrip(_BLANK).startswith(b"<"):
        return kind or "page"
    if _begins_with_a_cut_line(stream):
        return "jsonl"
    if _FIELD.match(head):
        from scraper.sources.mhtml import is_mhtml

        return "mhtml" if is_mhtml(_at_least(stream, _LONGEST_HEADER)) else "page"
    from scraper.sources.delimited import delimiter_of

    return "csv" if delimiter_of(stream, options) is not None else "page"


def _by_magic(head: bytes) -> Kind | None:
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    return "tar" if head[_TAR_MAGIC] == b"ustar" else cast("Kind | None", compression_of(head))


def compression_of(head: bytes) -> str | None:
    """Return the compression of data, by their first :data:`MAGIC_BYTES` bytes; None if they are not compressed."""
    if head[:4] in _ZSTD_SKIPPABLE:
        return "zstd"
    return next((name for magic, name in COMPRESSION_MAGIC.items() if head.startswith(magic)), None)


def _in_utf16(stream: Stream, options: ReadOptions) -> Kind | None:
    """Return ``utf-16`` for a dump in that encoding, such as Excel and PowerShell write; a page in UTF-16 is a page."""
    head = stream.peek()
    if not head.startswith(_UTF16):
        return None
    inner = kind_of(Stream(Utf16Source(io.BytesIO(head[: len(head) & ~1]))), options)
    return "utf-16" if inner == "records" or inner in TEXT_DUMPS else "page"


def _json_kind(stream: Stream, options: ReadOptions) -> Kind | None:
    """Return ``jsonl`` for a dump of lines, ``json`` for an array or for objects that take several lines each, and otherwise None.

    A stream that begins with a key of an object is JSON, even if its first line is damaged. A line that ends with ``{``, ``[``,
    ``,`` or ``:`` continues in the next line, unless that begins with a key, too.
    """
    if _opening(stream)[:1] not in (b"{", b"["):
        return None
    opening = _opening(stream, _ENOUGH, _OPENS_OBJECT)
    if opening.startswith(b"["):
        return "json" if _OPENS_ARRAY.match(opening) else None
    if _OPENS_OBJECT.match(opening) is None:
        return None
    while b"\n" not in opening and not stream.is_at_end and len(opening) <= options.max_bytes:
        stream.peek(max(1 << 16, len(opening)))
        opening = _opening(stream)
    line, _, following = opening.partition(b"\n")
    if line.rstrip(_BLANK)[-1:] not in (b"{", b"[", b",", b":"):
        return "jsonl"
    while len(following.lstrip(_BLANK)) < _ENOUGH and not stream.is_at_end:
        stream.peek(1 << 16)
        following = _opening(stream).partition(b"\n")[2]
    following = following.lstrip(_BLANK)
    return "json" if following and not _OPENS_OBJECT.match(following) else "jsonl"


def _begins_with_a_record(stream: Stream) -> bool:
    """Return True if this program has written the first line."""
    line = _opening(stream).partition(b"\n")[0]
    return own_description_of_line(line) is not None


def _opening(stream: Stream, least: int = 1, enough: re.Pattern[bytes] | None = None) -> bytes:
    """Return the peeked bytes from the first visible one on: at least ``least``, or as many as match ``enough``."""
    while True:
        opening = stream.peek().removeprefix(BOM).lstrip(_BLANK)
        if len(opening) >= least or stream.is_at_end or (enough is not None and enough.match(opening)):
            return opening
        stream.peek(1 << 16)


def _at_least(stream: Stream, size: int) -> bytes:
    while len(stream.peek()) < size and not stream.is_at_end:
        stream.peek(1 << 16)
    return stream.peek()


def _begins_with_a_cut_line(stream: Stream) -> bool:
    """Return True for a dump whose first line has lost its beginning: it ends like an object, and the next line is an object."""
    lines = _first_lines(stream)
    return len(lines) > 1 and lines[0].endswith(b"}") and _is_object(lines[1])


def _first_lines(stream: Stream) -> list[bytes]:
    """Return the first two lines that are not blank, without the white space around them; fewer if they are long."""
    while True:
        head = stream.peek()
        lines = head.split(b"\n", 64)
        whole = [line for line in map(bytes.strip, lines if stream.is_at_end else lines[:-1]) if line]
        is_enough = len(whole) > 1 or (whole and not whole[0].endswith(b"}"))
        if is_enough or stream.is_at_end or len(head) > _LONGEST_CUT or len(lines) > 64:  # noqa: PLR2004 - as above
            return whole[:2]
        stream.peek(max(1 << 16, len(head)))


def _is_object(line: bytes) -> bool:
    try:
        import json

        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def check_format(head: bytes) -> None:
    """Check that the first bytes of an input do not belong to a document of another program.

    Raises:
        NotText: if they do.
    """
    found = next((what for magic, what in _DOCUMENTS.items() if head.lstrip().startswith(magic)), None)
    if found is None and head.startswith(_ZIP_MAGIC):
        found = _zipped(head)
    if found is not None:
        raise NotText(f"it is {found}")


def _zipped(head: bytes) -> str | None:
    """Return the kind of a document that is a zip archive, by the names of its first members."""
    if head.startswith(_MIME_TYPE, _NAME_OFFSET):
        return next((what for name, what in _MIME_TYPES.items() if head.startswith(name, _NAME_OFFSET + len(_MIME_TYPE))), None)
    is_office = head.startswith(_FIRST_MEMBERS, _NAME_OFFSET) and (_TYPES in head or _RELATIONS in head)
    return next((what for name, what in _OFFICE.items() if name in head), None) if is_office else None


HEADLINE_KEYS: Final = ("schema", "headline", "url", "position", "page_id")
FAILURE_KEYS: Final = ("input", "url", "code", "message")
_WRITTEN: Final = (
    (
        ("schema", "id", "input", "layout", "kind", "text", "headlines", "removed", "warnings"),
        "records of this program, not pages; `scraper headlines` and `scraper stats` read them",
    ),
    (
        HEADLINE_KEYS,
        "headlines of this program, not pages; `scraper fetch --from-list` reads their articles",
    ),
    (("schema", "headline", "url", "pages", "first_page_id"), "headlines of this program, not pages; name the pages themselves"),
    (FAILURE_KEYS, "failures of an earlier run, not pages; --from-list reads them"),
    (
        ("start", "end", "label", "rule", "fate", "text"),
        "pieces of pages that this program has labelled; name the pages themselves",
    ),
)
"""The keys by which each kind of line is recognised, and a description of it. All versions of this program write them."""


def own_description(keys: Collection[str]) -> str | None:
    """Return a description of lines with these keys; None if this program does not write such lines."""
    found = set(keys)
    return next((what for names, what in _WRITTEN if found.issuperset(names)), None)


def own_description_of_line(line: bytes) -> str | None:
    """Return a description of a line of JSON that this program has written; None for any other line."""
    try:
        value = msgspec.json.decode(line)
    except (ValueError, RecursionError):
        return None
    return own_description(value) if isinstance(value, dict) else None


def own_output_item(place: Place, what: str) -> Unread:
    """Return the item of a file that this program has written: a failure if the user named it; otherwise it is skipped."""
    if not place.is_named:
        return Skipped(place.input, "own-records")
    return place.failed(BadRecord(f"it holds {what}"))
