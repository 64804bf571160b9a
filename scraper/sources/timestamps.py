"""The time at which a page was fetched, as archives and dumps give it. Values that are not clearly a time are ignored."""

import re
from datetime import UTC, datetime
from typing import Final

_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2})?(?:[.,]\d+)?(?: ?(?:Z|[+-]\d{2}:?\d{2}))?")
"""ISO 8601 with day and time. A day alone is not accepted: adding a time would be a guess."""

_WEB_BEGINS: Final = 1990


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
