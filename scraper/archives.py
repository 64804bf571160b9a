"""Original addresses of pages whose address a web archive or a translator has rewritten."""

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode

_HINT: Final = re.compile(r"/\d{4,14}(?:[a-z]{2}_|\*)?/|archive\.|\.translate\.goog|webcache\.", re.IGNORECASE)
"""What every rewritten address contains and few others do: a cheap test before the full patterns."""
_MOST_LEVELS: Final = 3
"""Archives within archives that are unwrapped."""
_TIME_DIGITS: Final = 14


class Original(NamedTuple):
    """The page's original address, and when the archive captured it."""

    url: str
    captured_at: str | None
    """As ``YYYY-MM-DDTHH:MM:SSZ``; None if the address contains no complete time."""


def original_of(address: str) -> Original:
    """Return the original of ``address``, or ``address`` itself if it is not rewritten."""
    time = None
    for _ in range(_MOST_LEVELS):
        if _HINT.search(address) is None:
            break
        match = next((match for pattern in _patterns() if (match := pattern.fullmatch(address)) is not None), None)
        if match is None:
            break
        parts = match.groupdict()
        address = (
            _from_host(parts) if parts.get("host") else _absolute(unquote(parts["url"]) if "%3A" in parts["url"] else parts["url"])
        )
        time = _time(parts.get("time")) or time
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


def _time(digits: str | None) -> str | None:
    if digits is None or len(digits) != _TIME_DIGITS:
        return None
    from datetime import datetime

    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return None
