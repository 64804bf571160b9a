"""JSON Lines with a page in a field of each line."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from scraper.errors import BadRecord, DamagedInput, TooLarge
from scraper.sources.fields import FieldReader, wanted_fields
from scraper.sources.items import Item, Place, ReadOptions
from scraper.sources.streams import Stream

Decode = Callable[[bytes], tuple[dict[str, Any], bool]]
"""Returns the fields of an object, and whether their text is known to be valid."""

BLANK: Final = b" \t\r"


def read_jsonl(stream: Stream, place: Place, options: ReadOptions, first: int = 1) -> Iterator[Item]:
    """Read the pages of a dump, one in each line that is not blank.

    Args:
        stream: the dump, or a part of it that begins with a line.
        place: where it comes from.
        options: the names of the fields, and the most bytes of a line.
        first: the number of the first line.
    """
    decode = decoder_of(options)
    reader = FieldReader(place, options, is_start=first == 1)
    number = first - 1
    try:
        for number, line in enumerate(split_lines(stream, options.max_bytes), first):
            if line is None:
                yield place.failed(too_large("line", options), number)
                yield from reader.count(options.max_bytes)
            elif line.strip(BLANK):
                yield from read_object(line, number, decode, reader, place)
    except DamagedInput as error:
        yield from reader.end()
        yield place.failed(DamagedInput(f"after line {number}, {error}"))
    yield from reader.end()


def read_object(line: bytes, number: int, decode: Decode, reader: FieldReader, place: Place) -> Iterator[Item]:
    """Yield what a JSON object holds."""
    try:
        fields, is_valid = decode(line)
    except BadRecord as error:
        yield place.failed(error, number)
        yield from reader.count(len(line))
        return
    yield from reader.items(number, fields, len(line), lambda: decode_slowly(line), is_valid=is_valid)


def too_large(what: str, options: ReadOptions) -> TooLarge:
    """Return the error of a line, value or row that is too large."""
    return TooLarge(f"the {what} has more than {options.max_bytes} bytes; raise --max-bytes to read it")


def split_lines(stream: Stream, max_bytes: int) -> Iterator[bytes | None]:
    """Yield the lines without their ends; None for a line of more than ``max_bytes``, which is not kept in memory."""
    parts: list[bytes] = []
    size = 0  # of the line so far, including bytes that are not kept
    for piece in stream.pieces():
        start = 0
        while (end := piece.find(b"\n", start)) >= 0:  # in long lines much faster than bytes.split
            line = piece[start:end]
            start = end + 1
            if size + len(line) > max_bytes:
                yield None
            else:
                yield b"".join((*parts, line)) if parts else line
            parts, size = [], 0
        last = piece[start:]
        size += len(last)
        if size > max_bytes:
            parts = []
        elif last:
            parts.append(last)
    if size:
        yield None if size > max_bytes else b"".join(parts)


def decoder_of(options: ReadOptions) -> Decode:
    """Return a function that decodes the fields of an object that the options name, and skips all others."""
    wanted = wanted_fields(options)
    keys = {f"field_{number}": name for number, name in enumerate(wanted)}
    line_type = msgspec.defstruct("Line", [(key, Any, msgspec.UNSET) for key in keys], rename=keys, gc=False)
    fast = msgspec.json.Decoder(line_type)

    def decode(line: bytes) -> tuple[dict[str, Any], bool]:
        try:
            fields = fast.decode(line)
        except (ValueError, RecursionError):
            value = decode_slowly(line)
            return {name: value[name] for name in wanted if name in value}, False
        return {name: value for key, name in keys.items() if (value := getattr(fields, key)) is not msgspec.UNSET}, True

    return decode


def decode_slowly(line: bytes) -> dict[str, Any]:
    """Decode an object that msgspec refuses but Python's json may write: with lone surrogates, NaN or a byte order mark.

    Raises:
        BadRecord: if invalid JSON object.
    """
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadRecord(f"invalid JSON ({_reason(error)}); correct or remove it") from None
    if not isinstance(value, dict):
        raise BadRecord("it is JSON, but not an object with fields; correct or remove it")
    return value


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deep"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg.removesuffix(' at')} at character {error.pos + 1}"
    if not isinstance(error, UnicodeDecodeError):  # Python's limit for the digits of an integer
        return "a number has too many digits"
    return re.sub(r"^'[\w-]+' codec can't decode", "cannot decode", str(error))
