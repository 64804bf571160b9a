"""JSON that is no JSON Lines: an array with a page in each element, or objects that take several lines each.

The values are split here and decoded one by one, so that a bad byte, a NaN or a value that is too large costs only itself. A streaming
parser, such as ijson, stops at the first of these.
"""

import re
from collections.abc import Iterator
from typing import Final

from scraper.errors import DamagedInput, EmptyInput
from scraper.sources.fields import FieldReader
from scraper.sources.items import Item, Place, ReadOptions
from scraper.sources.jsonl import decoder_of, read_object, too_large
from scraper.sources.own_records import own_kind_of_line, refusal
from scraper.sources.sniffing import BOM
from scraper.sources.streams import Stream

_BLANK: Final = b" \t\r\n" + BOM
_OUTSIDE: Final = re.compile(rb'["{}\[\],]')
_IN_STRING: Final = re.compile(rb'["\\]')


def read_json(stream: Stream, place: Place, options: ReadOptions) -> Iterator[Item]:
    """Read the pages of a JSON array, or of objects that follow each other. A value is named by its number, from 1."""
    decode = decoder_of(options)
    reader = FieldReader(place, options)
    number = 0
    try:
        for number, value in enumerate(split_values(stream, options.max_bytes), 1):
            if value is None:
                yield place.failed(too_large("value", options), number)
                yield from reader.count(options.max_bytes)
            elif number == 1 and (what := own_kind_of_line(value)) is not None:
                yield refusal(place, what)
                return
            else:
                yield from read_object(value, number, decode, reader, place)
    except DamagedInput as error:
        yield from reader.end()
        yield place.failed(DamagedInput(f"after value {number}, {error}"))
    if not number:
        yield place.failed(EmptyInput("the JSON array has no elements"))
    yield from reader.end()


class _Value:
    """The bytes of a value, of which not more than ``max_bytes`` are kept."""

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
        part = part if self._size else part.lstrip(_BLANK)
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
                if sign == b"[" and depth == 1 and not value.is_begun and not piece[begin : at - 1].strip(_BLANK):
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
