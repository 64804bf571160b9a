"""JSON Lines: a page in a field of each line."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from scraper.errors import BadRecord, DamagedInput, PageError, TooLarge
from scraper.sources.fields import page_of
from scraper.sources.items import Item, Place, ReadOptions
from scraper.sources.streams import Stream

BLANK: Final = b" \t\r"


def read_jsonl(stream: Stream, place: Place, request: ReadOptions, first: int = 1) -> Iterator[Item]:
    """Read the pages of a dump, one a line; blank lines are none.

    Args:
        stream: the dump, or a stretch of it that begins with a line.
        place: where it lies.
        request: the names of the fields, and the most bytes that a line may have.
        first: the number of the first line.
    """
    decode = _decoder(request)
    number = first - 1
    try:
        for number, line in enumerate(split_lines(stream, request.max_bytes), first):
            if line is None:
                error = TooLarge(f"the line has more than {request.max_bytes} bytes; raise --max-bytes to read it")
                yield place.failed(error, number)
            elif line.strip(BLANK):
                name = place.at(number)
                try:
                    yield Item(name, page_of(decode(line), name, request), None, False)
                except PageError as error:
                    yield place.failed(error, number)
    except DamagedInput as error:
        yield place.failed(DamagedInput(f"after line {number}, {error}"))


def split_lines(stream: Stream, max_bytes: int) -> Iterator[bytes | None]:
    """Yield lines without their ends; None for each that is too long, of which no more is held than is allowed."""
    parts: list[bytes] = []
    size = 0  # of the line so far; what is beyond the limit is counted and not held
    for piece in stream.pieces():
        *lines, last = piece.split(b"\n")
        for line in lines:
            if size + len(line) > max_bytes:
                yield None
            else:
                yield b"".join((*parts, line)) if parts else line
            parts, size = [], 0
        size += len(last)
        if size > max_bytes:
            parts = []
        elif last:
            parts.append(last)
    if size:
        yield None if size > max_bytes else b"".join(parts)


def _decoder(request: ReadOptions) -> Callable[[bytes], dict[str, Any]]:
    """Return what decodes a line into the fields that are asked for, and passes over all others."""
    names = {"text": request.text_field, "html": request.html_field, "url": request.url_field, "date": request.date_field}
    asked = dict.fromkeys(name for name in names.values() if name is not None)
    keys = {f"field_{number}": name for number, name in enumerate(asked)}
    line_type = msgspec.defstruct("Line", [(key, Any, msgspec.UNSET) for key in keys], rename=keys, gc=False)
    fast = msgspec.json.Decoder(line_type)

    def decode(line: bytes) -> dict[str, Any]:
        try:
            found = fast.decode(line)
        except (ValueError, RecursionError):
            value = decode_slowly(line)
            return {name: value[name] for name in asked if name in value}
        return {name: value for key, name in keys.items() if (value := getattr(found, key)) is not msgspec.UNSET}

    return decode


def decode_slowly(line: bytes) -> dict[str, Any]:
    """Decode what msgspec refuses and Python's own writer writes: halves of surrogate pairs, NaN, a byte order mark."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadRecord(f"the line is no JSON ({_reason(error)}); mend or drop it") from None
    if not isinstance(value, dict):
        raise BadRecord("the line is JSON, but no object with fields; mend or drop it")
    return value


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deep"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos + 1}"
    return re.sub(r"^'[\w-]+' codec can't decode", "cannot decode", str(error))
