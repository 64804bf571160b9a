"""Pages from the fields of a line of JSON, a value of an array or a row of a table."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from scraper.errors import BadRecord, MissingField, PageError
from scraper.models import Page
from scraper.provenance import utc_time
from scraper.sources.items import Item, Place, ReadOptions
from scraper.sources.streams import too_large
from scraper.urls import is_absolute

_CHAR_BYTES: Final = 4
"""The most bytes of a character in UTF-8."""
_SAMPLE: Final = 1 << 20
"""Bytes at the start of a dump in which each named field must occur. The first chunk is never smaller (engine/planning.py)."""
_MOST_NAMES: Final = 20
"""Fields that a message names."""

_REMEDY: Final = "--text-field and --html-field say which one holds the page"

_SURROGATE: Final = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")

Fields = Mapping[str, Any]
_ABSENT: Final = object()


class FieldReader:
    """Makes pages from the records of a dump, and reports named fields that none of the first records has.

    Args:
        place: the dump.
        options: the names of the fields.
        is_start: whether the first record is the first of the dump.
    """

    def __init__(self, place: Place, options: ReadOptions, *, is_start: bool = True) -> None:
        self._place = place
        self._options = options
        self._in_sample = is_start
        self._unseen = named_fields(options)
        self._names: Sequence[str] | None = None
        self._count = self._size = 0

    def items(self, number: int, fields: Fields, size: int, all_fields: Callable[[], Fields]) -> Iterator[Item]:
        """Yield the page of a record, or its error, and the errors of missing fields at the end of the sample.

        Args:
            number: the number of the record.
            fields: the values by name, at least of the fields that options name.
            size: the bytes of the record.
            all_fields: returns all fields of the record.
        """
        if self._in_sample:
            self._note(fields, all_fields)
        try:
            name = self._place.at(number)
            yield page_of(fields, name, self._options)
        except MissingField as error:
            keys = self._name_keys() if self._in_sample else ""
            yield self._place.failed(MissingField(f"{error}{keys and f': {keys}'}; {_REMEDY}"), number)
        except PageError as error:
            yield self._place.failed(error, number)
        if self._in_sample:
            yield from self.count(size)

    def count(self, size: int) -> Iterator[Item]:
        """Count the bytes of a record; yield the errors of missing fields at the end of the sample."""
        if self._in_sample:
            self._size += size + 1
            if self._size >= _SAMPLE:
                yield from self.end()

    def end(self) -> Iterator[Item]:
        """Yield an error for each named field that no record so far has."""
        if not self._in_sample:
            return
        self._in_sample = False
        records = "no record" if self._size < _SAMPLE else f"none of the first {self._count:,} records"
        for option, name in self._unseen.items() if self._count else ():
            keys = self._name_keys()
            yield self._place.failed(BadRecord(f"{records} has the field {name!r} of {option}{keys and f': {keys}'}"))

    def _note(self, fields: Fields, all_fields: Callable[[], Fields]) -> None:
        self._count += 1
        if self._unseen:
            self._unseen = {option: name for option, name in self._unseen.items() if _find_field(fields, name) is _ABSENT}
        if self._names is None:
            with suppress(BadRecord):  # damage in a field that is not read does not prevent reading the others
                self._names = _names_of(all_fields())

    def _name_keys(self) -> str:
        """Return a clause that lists the fields; nothing after the first call."""
        names, self._names = self._names, ()
        return listing_of(names) if names else ""


def named_fields(options: ReadOptions) -> dict[str, str]:
    """Return the fields that the user has named besides that of the text, by option."""
    named = {"--html-field": options.html_field, "--url-field": options.url_field, "--date-field": options.date_field}
    default = ReadOptions().url_field
    return {option: name for option, name in named.items() if name is not None and name != default}


def wanted_fields(options: ReadOptions) -> list[str]:
    """Return the names of the top-level fields that may contain the fields of the options: ``a.b`` may be ``b`` in ``a``."""
    named = [options.text_field, options.html_field, options.url_field, options.date_field]
    return list(dict.fromkeys(head for name in named if name is not None for head in (name, *_heads(name))))


def _find_field(fields: Fields, name: str) -> Any:
    """Return the value of a field, or of a field in a field (``a.b``); :data:`_ABSENT` if there is none."""
    if name in fields:
        return fields[name]
    for head in _heads(name):
        inner = fields.get(head)
        if isinstance(inner, dict) and (found := _find_field(inner, name[len(head) + 1 :])) is not _ABSENT:
            return found
    return _ABSENT


def _names_of(fields: Fields) -> list[str]:
    """Return the names of all fields; those in fields as dotted paths."""
    names: list[str] = []
    for name, value in fields.items():
        names += [f"{name}.{inner}" for inner in _names_of(value)] if isinstance(value, dict) and value else [name]
    return names


def listing_of(names: Sequence[str]) -> str:
    """Return a clause that lists the fields of a record."""
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"there are {', '.join(map(repr, names[:_MOST_NAMES]))}{more}"


def page_of(fields: Fields, input: str, options: ReadOptions) -> Page:
    """Return the page of a record: its HTML field if that is not empty, otherwise its text field.

    Args:
        fields: the values, by field name.
        input: the name of the record.
        options: the options of all inputs.

    Raises:
        MissingField: if neither field exists.
        BadRecord: if neither field has a value, or the value is not a string.
        TooLarge: if the page is larger than ``options.max_bytes``.
    """
    html = _find_field(fields, options.html_field) if options.html_field is not None else None
    is_html = html is not _ABSENT and html is not None and html != ""
    name, value = (options.html_field, html) if is_html else (options.text_field, _find_field(fields, options.text_field))
    if value is _ABSENT or value is None:
        names = " or ".join(repr(field) for field in (options.html_field, options.text_field) if field is not None)
        if value is _ABSENT and (html is _ABSENT or options.html_field is None):
            raise MissingField(f"there is no field {names}")
        raise BadRecord(f"the field {names} is empty; {_REMEDY}")
    if not isinstance(value, str):
        raise BadRecord(f"field {name!r} holds {_kind(value)}, not text; {_REMEDY}")
    data = _checked(value)
    if len(data) * _CHAR_BYTES > options.max_bytes and len(data if isinstance(data, bytes) else data.encode()) > options.max_bytes:
        raise too_large("page", options.max_bytes)
    url = _find_field(fields, options.url_field)
    return Page(
        data=data,
        input=input,
        url=options.url or (url if isinstance(url, str) and is_absolute(url) else None),
        fetched_at=utc_time(_find_field(fields, options.date_field)) if options.date_field is not None else None,
        charset="utf-8",
        media_type="text/html" if is_html else None,
        is_named=False,
    )


def _heads(name: str) -> Iterator[str]:
    """Yield the part of a name before each of its dots."""
    at = name.find(".")
    while at >= 0:
        yield name[:at]
        at = name.find(".", at + 1)


def _checked(text: str) -> str | bytes:
    """Return text unchanged, or as bytes if it has a lone surrogate, which decoding then reports as invalid."""
    try:
        text.encode("utf-16-le")  # finds surrogates faster than encoding to UTF-8
    except UnicodeEncodeError:
        return _SURROGATE.sub(b"\xff", text.encode("utf-8", "surrogatepass"))
    return text


def _kind(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object", bytes: "bytes"}
    return names.get(type(value), type(value).__name__)
