"""JSON objects with a page in a field of each: one per line, in an array, or one after the other.

They are split here and decoded one by one, so that a bad byte, a NaN or an object that is too large costs no
other object. A streaming parser, such as ijson, stops at the first of these.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from scraper.errors import BadRecord, DamagedInput, EmptyInput, PageError
from scraper.sources.fields import FieldReader, wanted_fields
from scraper.sources.items import Guard, Item, Place, ReadOptions
from scraper.sources.sniffing import BOM, own_description_of_line, own_output_item
from scraper.sources.streams import Stream, too_large

Decode = Callable[[bytes], dict[str, Any]]
"""Returns the fields of an object."""

BLANK: Final = b" \t\r"
"""White space within a line."""


def read_jsonl(stream: Stream, place: Place, options: ReadOptions, guard: Guard, first: int = 1) -> Iterator[Item]:
    """Read the pages of a dump, one in each line that is not blank.

    Args:
        stream: the dump, or a part of it that begins with a line.
        place: where it comes from.
        options: the names of the fields, and the most bytes of a line.
        guard: is asked before each line is decoded.
        first: the number of the first line.
    """
    decode = _decoder_of(options)
    reader = FieldReader(place, options, is_start=first == 1)
    number = first - 1
    try:
        for number, line in enumerate(split_lines(stream, options.max_bytes), first):
            if line is None:
                yield place.failed(too_large("line", options.max_bytes), number)
                yield from reader.count(options.max_bytes)
            elif line.strip(BLANK):
                yield from _read_object(line, number, decode, reader, place, guard)
    except DamagedInput as error:
        yield from reader.end()
        yield place.failed(DamagedInput(f"after line {number}, {error}"))
    yield from reader.end()


def read_json(stream: Stream, place: Place, options: ReadOptions, guard: Guard) -> Iterator[Item]:
    """Read the pages of a JSON array, or of objects that follow each other. A value is named by its number, from 1.

    Args:
        stream: the array or the objects.
        place: where it comes from.
        options: the names of the fields, and the most bytes of a value.
        guard: is asked before each value is decoded.
    """
    decode = _decoder_of(options)
    reader = FieldReader(place, options)
    number = 0
    try:
        for number, value in enumerate(split_values(stream, options.max_bytes), 1):
            if value is None:
                yield place.failed(too_large("value", options.max_bytes), number)
                yield from reader.count(options.max_bytes)
            elif number == 1 and (what := own_description_of_line(value)) is not None:
                yield own_output_item(place, what)
                return
            else:
                yield from _read_object(value, number, decode, reader, place, guard)
    except DamagedInput as error:
        yield from reader.end()
        yield place.failed(DamagedInput(f"after value {number}, {error}"))
    if not number:
        yield place.failed(EmptyInput("the JSON array has no elements"))
    yield from reader.end()


def _read_object(line: bytes, number: int, decode: Decode, reader: FieldReader, place: Place, guard: Guard) -> Iterator[Item]:
    """Yield the page of a JSON object, or its error."""
    try:
        guard.check()
        fields = decode(line)
    except PageError as error:
        yield place.failed(error, number)
        yield from reader.count(len(line))
        return
    yield from reader.items(number, fields, len(line), lambda: decode_slowly(line))


def _decoder_of(options: ReadOptions) -> Decode:
    """Return a function that decodes the fields of an object that the options name, and skips all others."""
    wanted = wanted_fields(options)
    keys = {f"field_{number}": name for number, name in enumerate(wanted)}
    line_type = msgspec.defstruct("Line", [(key, Any, msgspec.UNSET) for key in keys], rename=keys, gc=False)
    fast = msgspec.json.Decoder(line_type)

    def decode(line: bytes) -> dict[str, Any]:
        try:
            fields = fast.decode(line)
        except (ValueError, RecursionError):
            value = decode_slowly(line)
            return {name: value[name] for name in wanted if name in value}
        return {name: value for key, name in keys.items() if (value := getattr(fields, key)) is not msgspec.UNSET}

    return decode


def decode_slowly(line: bytes) -> dict[str, Any]:
    """Decode an object that msgspec rejects but Python's json may write: with lone surrogates, NaN or a byte order mark.

    Raises:
        BadRecord: if it is not a JSON object.
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


_BETWEEN: Final = b" \t\r\n" + BOM
_OUTSIDE: Final = re.compile(rb'["{}\[\],]')
_IN_STRING: Final = re.compile(rb'["\\]')


def split_values(stream: Stream, max_bytes: int) -> Iterator[bytes | None]:
    """Yield the elements of an array, or the values that follow each other; None for a value of more than ``max_bytes``.

    Raises:
        DamagedInput: if the stream ends within a value or an array.
    """
    value = _Value(max_bytes)
    depth = outer = 0  # brackets that are open, and those around the values: one in an array
    in_string = is_escaped = False
    for piece in stream.pieces():
        begin, at = 0, int(is_escaped)
        is_escaped = False
        while match := (_IN_STRING if in_string else _OUTSIDE).search(piece, at):
            at, sign = match.end(), match[0]
            if sign == b"\\":
                is_escaped = at == len(piece)
                at += 1
            elif sign == b'"':
                in_string = not in_string
            elif sign in (b"{", b"["):
                depth += 1
                if sign == b"[" and depth == 1 and not value.is_begun and not piece[begin : at - 1].strip(_BETWEEN):
                    outer, begin = 1, at
            elif sign == b",":
                if depth == outer:
                    yield from value.end(piece[begin : at - 1])
                    begin = at
            elif depth > outer:
                depth -= 1
                if depth == outer:
                    yield from value.end(piece[begin:at])
                    begin = at
            elif outer:
                yield from value.end(piece[begin : at - 1])
                depth, outer, begin = 0, 0, at
        value.add(piece[begin:])
    yield from value.end(b"")
    if depth or in_string:
        raise DamagedInput("it is truncated: the JSON has no end")


class _Value:
    """The bytes of a value; at most ``max_bytes`` of them are kept."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._parts: list[bytes] = []
        self._size = 0

    @property
    def is_begun(self) -> bool:
        """Whether there are bytes of the value in earlier pieces."""
        return self._size > 0

    def add(self, part: bytes) -> None:
        """Add bytes."""
        part = part if self._size else part.lstrip(_BETWEEN)
        self._size += len(part)
        if self._size > self._max_bytes:
            self._parts.clear()
        elif part:
            self._parts.append(part)

    def end(self, part: bytes) -> Iterator[bytes | None]:
        """Add the last bytes, and yield the value unless it is blank; None if it is too large."""
        self.add(part)
        if self._size:
            yield b"".join(self._parts) if self._size <= self._max_bytes else None
        self._parts, self._size = [], 0
