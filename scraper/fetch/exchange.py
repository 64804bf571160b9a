"""One request and what came back, byte for byte, as far as HTTP lets a client see it."""

from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Literal

import msgspec

from scraper.errors import FetchError, TooLarge

Header = tuple[bytes, bytes]
Truncation = Literal["length", "time", "disconnect"]
"""Why a body is not whole, in the words of WARC 1.1, 5.13."""


class Exchange(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A request and its response. The body is as it was sent: still content-encoded, no longer chunked."""

    url: str
    requested_at: str
    """When the request was sent, ``YYYY-MM-DDTHH:MM:SSZ``."""
    ip: str | None
    """The address that answered; None where a proxy was between."""
    request_head: bytes
    """Request line and headers, with the empty line."""
    version: bytes
    status: int
    reason: bytes
    headers: list[Header]
    body: bytes
    truncated: Truncation | None = None
    error: FetchError | TooLarge | None = None
    """Why the body is not whole."""

    def header(self, name: bytes) -> str | None:
        """Return the first header of that (lower-case) name, in the encoding of RFC 9110, 5.5, without white space around it."""
        value = self._firsts.get(name)
        return value.decode("latin-1").strip() if value is not None else None

    @cached_property
    def _firsts(self) -> dict[bytes, bytes]:
        """The first header of each name."""
        return {key.lower(): value for key, value in reversed(self.headers)}

    @property
    def media_type(self) -> str | None:
        """The media type that the response declares, in lower case, without parameters."""
        declared = (self.header(b"content-type") or "").partition(";")[0].strip().lower()
        return declared or None

    @property
    def charset(self) -> str | None:
        """The charset that the response declares."""
        for parameter in (self.header(b"content-type") or "").split(";")[1:]:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "charset":
                return value.strip().strip("\"'") or None
        return None

    @property
    def location(self) -> str | None:
        """Where a redirect leads, as the server wrote it."""
        raw = self._firsts.get(b"location")
        # Servers send addresses in raw UTF-8, against RFC 9110; browsers read them so.
        return raw.strip().decode("utf-8", "replace") if raw is not None and self.status in (301, 302, 303, 307, 308) else None

    def retry_after(self, now: float) -> float | None:
        """Return how many seconds the server asks to wait (RFC 9110, 10.2.3: seconds or a date), or None if it does not ask.

        Args:
            now: the time, in seconds since 1970.
        """
        asked = self.header(b"retry-after")
        if asked is None:
            return None
        if asked.isascii() and asked.isdigit():
            return float(asked[:9])
        try:
            return max(0.0, parsedate_to_datetime(asked).timestamp() - now)
        except (ValueError, OverflowError):
            return None
