"""The kind of an input, determined from its first bytes, never from its name."""

import re
from typing import Final, Literal, cast

from scraper.sources.items import ReadOptions
from scraper.sources.magic import compression_of
from scraper.sources.streams import Stream

Kind = Literal["page", "gzip", "zstd", "bzip2", "xz", "zip", "tar", "parquet", "warc", "jsonl"]

_MAGIC: Final[tuple[tuple[bytes, Kind], ...]] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PAR1", "parquet"),
    (b"WARC/", "warc"),
)
_TAR_MAGIC: Final = slice(257, 262)
_ENOUGH: Final = 262
"""Bytes that contain every magic number."""

_OPENS_OBJECT: Final = re.compile(rb'\{\s*"(?:[^"\\]|\\.){0,200}"\s*:')
_BLANK: Final = b" \t\r\n"


def kind_of(stream: Stream, options: ReadOptions) -> Kind:
    """Return the kind of a stream. Bytes are peeked at as needed, and none are consumed."""
    stream.peek(1 << 16)
    if _is_jsonl(stream, options):  # first, since it may arrive slowly, line by line
        return "jsonl"
    while len(stream.peek()) < _ENOUGH and not stream.is_at_end:
        stream.peek(1 << 16)
    head = stream.peek()
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    compression = compression_of(head)
    if compression is not None:
        return cast("Kind", compression)
    return "tar" if head[_TAR_MAGIC] == b"ustar" else "page"


def _is_jsonl(stream: Stream, options: ReadOptions) -> bool:
    """Return True for a dump, False for a page that begins with a brace.

    It is a dump if its first line that is not blank is a JSON object with the text field or the HTML field, or if its first two
    such lines are JSON objects. A first line longer than ``max_bytes`` counts as an object if it begins like one.
    """
    fields = {options.text_field, options.html_field}
    while True:
        head = stream.peek().removeprefix(b"\xef\xbb\xbf")
        opening = head.lstrip(_BLANK)
        if opening and not opening.startswith(b"{"):
            return False
        lines = opening.split(b"\n")
        complete = [line for line in (lines if stream.is_at_end else lines[:-1]) if line.strip(_BLANK)]
        if complete:
            first = _object(complete[0])
            if first is None:
                return False
            if fields & first.keys():
                return True
            if len(complete) > 1:
                return _object(complete[1]) is not None
        if stream.is_at_end:
            return False
        if len(head) > options.max_bytes:
            return not complete and _OPENS_OBJECT.match(opening) is not None
        stream.peek(max(1 << 16, len(head)))


def _object(line: bytes) -> dict[str, object] | None:
    try:
        import json

        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
