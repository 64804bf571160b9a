"""What is it? Told from the first bytes, never from a name."""

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
_TAR: Final = slice(257, 262)
_ENOUGH: Final = 262

_OPENS_OBJECT: Final = re.compile(rb'\{\s*"(?:[^"\\]|\\.){0,200}"\s*:')
_BLANK: Final = b" \t\r\n"


def tell(stream: Stream, request: ReadOptions) -> Kind:
    """Tell what a stream holds. It is looked at as far as needed, and nothing of it is taken."""
    stream.look(1 << 16)
    if _is_jsonl(stream, request):  # first, since somebody may be writing it line by line
        return "jsonl"
    while len(stream.look()) < _ENOUGH and not stream.is_at_end:
        stream.look(1 << 16)
    head = stream.look()
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    compression = compression_of(head)
    if compression is not None:
        return cast("Kind", compression)
    return "tar" if head[_TAR] == b"ustar" else "page"


def _is_jsonl(stream: Stream, request: ReadOptions) -> bool:
    """Tell a dump from a page that opens with a brace.

    It is a dump if its first line that is not blank is a JSON object that has the text field or the HTML field, or if its first
    two such lines are JSON objects. A first line longer than a page may be counts as an object if it opens like one.
    """
    fields = {request.text_field, request.html_field}
    while True:
        head = stream.look().removeprefix(b"\xef\xbb\xbf")
        opening = head.lstrip(_BLANK)
        if opening and not opening.startswith(b"{"):
            return False
        lines = opening.split(b"\n")
        whole = [line for line in (lines if stream.is_at_end else lines[:-1]) if line.strip(_BLANK)]
        if whole:
            first = _object(whole[0])
            if first is None:
                return False
            if fields & first.keys():
                return True
            if len(whole) > 1:
                return _object(whole[1]) is not None
        if stream.is_at_end:
            return False
        if len(head) > request.max_bytes:
            return not whole and _OPENS_OBJECT.match(opening) is not None
        stream.look(max(1 << 16, len(head)))


def _object(line: bytes) -> dict[str, object] | None:
    try:
        import json

        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
