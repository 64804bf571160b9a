"""Parse Content-Type headers as browsers do: "extract a MIME type" in https://fetch.spec.whatwg.org/#content-type-header."""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

_NAME: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED: Final = r'(?:[^"\\]|\\.?)*'
_VALUES: Final = re.compile(rf'(?:[^",]|"{_QUOTED}"?)+', re.DOTALL)
"""Comma-separated values; a comma in a quoted string separates nothing."""
_MEDIA_TYPE: Final = re.compile(rf"[ \t\r\n]*({_NAME}/{_NAME})[ \t\r\n]*(?=;|\Z)")
_PARAMETER: Final = re.compile(rf';[ \t\r\n]*([^;=]*)(?:="({_QUOTED})"?[^;]*|=([^;]*))?', re.DOTALL)
_CHARSET: Final = re.compile(r"[\t -~\x80-\xff]+")


class ContentType(NamedTuple):
    """The content that headers declare."""

    media_type: str | None
    """In lower case, without parameters; None if no header has a valid one."""
    charset: str | None
    """As written; None if there is no charset parameter."""


def parse_content_type(headers: Iterable[str]) -> ContentType:
    """Return the media type and the charset of all Content-Type headers of a response.

    The last valid media type counts. A charset is kept while the headers after it repeat its media type.

    Args:
        headers: the values, each of which may be several, separated by commas.
    """
    media_type: str | None = None
    charset: str | None = None
    for value in _VALUES.findall(",".join(headers)):
        found = _MEDIA_TYPE.match(value)
        if found is None or found[1] == "*/*":
            continue
        previous, media_type = media_type, found[1].lower()
        declared = _charset_of(value[found.end() :])
        if declared is not None or media_type != previous:
            charset = declared
    return ContentType(media_type, charset)


def _charset_of(parameters: str) -> str | None:
    for name, quoted, plain in _PARAMETER.findall(parameters):
        value = re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL) or plain.rstrip(" \t\r\n")
        if name.lower() == "charset" and _CHARSET.fullmatch(value):
            return value.strip()
    return None
