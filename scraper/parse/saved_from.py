"""What programs that save pages write into them: the address of the page, and when it was saved."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, NamedTuple

from scraper.archives import original_of
from scraper.urls import is_absolute

_BROWSER: Final = re.compile(r"\s*saved from url=\(\d+\)(\S+)\s*")
"""``saved from url=(0024)https://www.example.com/``, as Chrome, Edge and Internet Explorer write it."""
_SINGLE_FILE: Final = re.compile(r"\s*Page saved with SingleFile\w*\s+url:\s*(\S+)\s+saved date:\s*([^\n]+)")
_DATE: Final = re.compile(r"\w{3} (\w{3} \d{2} \d{4} \d{2}:\d{2}:\d{2}) GMT([+-]\d{4})")
"""A time as JavaScript prints it: ``Mon May 03 2021 12:34:56 GMT+0100 (Central European Standard Time)``."""


class Saved(NamedTuple):
    """What a comment says of the page."""

    url: str | None = None
    at: str | None = None
    """When it was saved, or captured by the archive from which it was saved, as ``YYYY-MM-DDTHH:MM:SSZ``."""


def saved_from(comments: Iterable[str]) -> Saved:
    """Return what the first comment by a program that saves pages says."""
    for comment in comments:
        match = _BROWSER.fullmatch(comment) or _SINGLE_FILE.match(comment)
        if match is not None and is_absolute(match[1]):
            date = _time(match[2]) if match.re is _SINGLE_FILE else None
            return Saved(match[1], original_of(match[1]).captured_at or date)
    return Saved()


def _time(text: str) -> str | None:
    match = _DATE.match(text)
    try:
        moment = datetime.strptime(f"{match[1]} {match[2]}", "%b %d %Y %H:%M:%S %z") if match is not None else None
    except ValueError:
        return None
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment is not None else None
