"""Where pages come from, and when they were captured: as archives, programs that save pages, and dumps tell.

Values that are not clearly an address or a time are ignored.
"""

import re
import tomllib
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode

from scraper.urls import is_absolute

_MOST_LEVELS: Final = 3
"""Archives within archives that are unwrapped."""
_TIME_DIGITS: Final = 14

_BROWSER: Final = re.compile(r"\s*saved from url=\(\d+\)(\S+)\s*")
"""``saved from url=(0024)https://www.example.com/``, as Chrome, Edge and Internet Explorer write it."""
_SINGLE_FILE: Final = re.compile(r"\s*Page saved with SingleFile\w*\s+url:\s*(\S+)\s+saved date:\s*([^\n]+)")
_JAVASCRIPT_TIME: Final = re.compile(r"\w{3} (\w{3} \d{2} \d{4} \d{2}:\d{2}:\d{2}) GMT([+-]\d{4})")
"""A time as JavaScript prints it: ``Mon May 03 2021 12:34:56 GMT+0100 (Central European Standard Time)``."""

_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2})?(?:[.,]\d+)?(?: ?(?:Z|[+-]\d{2}:?\d{2}))?")
"""ISO 8601 with day and time. A day alone is not accepted: adding a time would be a guess."""

_WEB_BEGINS: Final = 1990


class Original(NamedTuple):
    """The page's original address, and when the archive captured it."""

    url: str
    captured_at: str | None
    """As ``YYYY-MM-DDTHH:MM:SSZ``; None if the address contains no complete time."""


def original_of(address: str) -> Original:
    """Return the original of ``address``, or ``address`` itself if it is not rewritten."""
    time = None
    for _ in range(_MOST_LEVELS):
        match = next((match for pattern in _patterns() if (match := pattern.fullmatch(address)) is not None), None)
        if match is None:
            break
        parts = match.groupdict()
        address = (
            _from_host(parts) if parts.get("host") else _absolute(unquote(parts["url"]) if "%3A" in parts["url"] else parts["url"])
        )
        time = _time_of_archive(parts.get("time")) or time
    return Original(address, time)


@cache
def _patterns() -> list[re.Pattern[str]]:
    rules = tomllib.loads(files("scraper").joinpath("archives.toml").read_text(encoding="utf-8"))["archives"]
    return [re.compile(rule["address"], re.IGNORECASE) for rule in rules]


def _absolute(url: str) -> str:
    if url.startswith("//"):
        return f"https:{url}"
    # Some archives collapse the two slashes into one.
    return re.sub(r"^(https?):/(?!/)", r"\1://", url) if "://" in url or url.startswith(("http:/", "https:/")) else f"http://{url}"


def _from_host(parts: dict[str, str]) -> str:
    host = parts["host"].replace("--", "\0").replace("-", ".").replace("\0", "-")
    query = [
        (key, value) for key, value in parse_qsl(parts.get("query") or "", keep_blank_values=True) if not key.startswith("_x_tr_")
    ]
    return f"https://{host}{parts.get('path') or '/'}{'?' + urlencode(query) if query else ''}"


def _time_of_archive(digits: str | None) -> str | None:
    if digits is None or len(digits) != _TIME_DIGITS:
        return None
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return None


class Saved(NamedTuple):
    """The address of a page and when it was saved, by a comment in it."""

    url: str | None = None
    at: str | None = None
    """When it was saved, or captured by the archive from which it was saved, as ``YYYY-MM-DDTHH:MM:SSZ``."""


def saved_from(comments: Iterable[str]) -> Saved:
    """Return what the first comment by a program that saves pages says."""
    for comment in comments:
        match = _BROWSER.fullmatch(comment) or _SINGLE_FILE.match(comment)
        if match is not None and is_absolute(match[1]):
            date = _time_of_javascript(match[2]) if match.re is _SINGLE_FILE else None
            return Saved(match[1], original_of(match[1]).captured_at or date)
    return Saved()


def _time_of_javascript(text: str) -> str | None:
    match = _JAVASCRIPT_TIME.match(text)
    try:
        moment = datetime.strptime(f"{match[1]} {match[2]}", "%b %d %Y %H:%M:%S %z") if match is not None else None
    except ValueError:
        return None
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment is not None else None


def utc_now() -> str:
    """Return the time: ``YYYY-MM-DDTHH:MM:SSZ``."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def utc_time(value: object) -> str | None:
    """Return a time as ``YYYY-MM-DDTHH:MM:SSZ``, or None.

    Args:
        value: ISO 8601 with day and time, in UTC unless a zone is given; a datetime; or seconds since 1970.
    """
    try:
        if isinstance(value, str):
            if not _TIME.fullmatch(value.strip()):
                return None
            moment = datetime.fromisoformat(value.strip().replace(" Z", "Z").replace(",", "."))
        elif isinstance(value, datetime):
            moment = value
        elif isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            moment = datetime.fromtimestamp(value, UTC)
        else:
            return None
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment.year >= _WEB_BEGINS else None
