"""Pages from the fields of a line of JSON or a row of a table."""

import re
from collections.abc import Mapping
from typing import Any, Final

from scraper.errors import BadRecord, TooLarge
from scraper.models import Page
from scraper.sources.items import ReadOptions
from scraper.sources.timestamps import utc_time
from scraper.urls import is_absolute

_CHAR_BYTES: Final = 4
"""The most bytes of a character in UTF-8."""

_SURROGATE: Final = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")


def page_of(fields: Mapping[str, Any], input: str, options: ReadOptions) -> Page:
    """Return the page of a line or row: its HTML field if that is not empty, otherwise its text field.

    Args:
        fields: the values, by field name.
        input: the name of the line or row.
        options: the options of all inputs.

    Raises:
        BadRecord: if neither field has a value, or the value is not a string.
        TooLarge: if the page is larger than ``options.max_bytes``.
    """
    html = fields.get(options.html_field) if options.html_field is not None else None
    is_html = html is not None and html != ""
    name, value = (options.html_field, html) if is_html else (options.text_field, fields.get(options.text_field))
    if value is None:
        names = [repr(field) for field in (options.html_field, options.text_field) if field is not None]
        raise BadRecord(
            f"there is nothing in a field {' or '.join(names)}; --text-field and --html-field say which one holds the page"
        )
    if not isinstance(value, str):
        raise BadRecord(
            f"field {name!r} holds no text but {_kind(value)}; --text-field and --html-field say which one holds the page"
        )
    data = _checked(value)
    if len(data) * _CHAR_BYTES > options.max_bytes and len(data if isinstance(data, bytes) else data.encode()) > options.max_bytes:
        raise TooLarge(f"the page has more than {options.max_bytes} bytes; raise --max-bytes to read it")
    url = fields.get(options.url_field)
    return Page(
        data=data,
        input=input,
        url=options.url or (url if isinstance(url, str) and is_absolute(url) else None),
        fetched_at=utc_time(fields.get(options.date_field)) if options.date_field is not None else None,
        charset="utf-8",
        media_type="text/html" if is_html else None,
    )


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
