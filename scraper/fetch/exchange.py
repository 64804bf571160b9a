"""A request and its response, as the bytes that a client sees, and the body without its content codings."""

from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Literal

import msgspec

from scraper.errors import BadEncoding, BadRecord, DamagedInput, FetchError, TooLarge
from scraper.sources.content_coding import decode_body

Header = tuple[bytes, bytes]
Truncation = Literal["length", "time", "disconnect"]
"""Why a body is incomplete, in the terms of WARC 1.1, 5.13."""


class Exchange(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A request and its response. The body still has its content codings, but is no longer chunked."""

    url: str
    requested_at: str
    """When the request was sent, ``YYYY-MM-DDTHH:MM:SSZ``."""
    ip: str | None
    """The IP address of the server; None if a proxy was used."""
    request_head: bytes
    """The request line and headers, with the empty line."""
    version: bytes
    status: int
    reason: bytes
    headers: list[Header]
    body: bytes
    truncated: Truncation | None = None
    error: FetchError | TooLarge | None = None
    """Why the body is incomplete."""

    def header(self, name: bytes) -> str | None:
        """Return the first header with this (lower-case) name, decoded as in RFC 9110, 5.5, and stripped."""
        value = self._first_headers.get(name)
        return value.decode("latin-1").strip() if value is not None else None

    @cached_property
    def _first_headers(self) -> dict[bytes, bytes]:
        """The first value of each header, by its lower-case name."""
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
        """The target of a redirect, as the server wrote it."""
        raw = self._first_headers.get(b"location")
        # Against RFC 9110, servers send addresses in UTF-8; browsers accept that.
        return raw.strip().decode("utf-8", "replace") if raw is not None and self.status in (301, 302, 303, 307, 308) else None

    def retry_after(self, now: float) -> float | None:
        """Return the seconds in the Retry-After header (RFC 9110, 10.2.3: seconds or a date), or None without such a header.

        Args:
            now: the current time, in seconds since 1970.
        """
        value = self.header(b"retry-after")
        if value is None:
            return None
        if value.isascii() and value.isdigit():
            return float(value[:9])
        try:
            return max(0.0, parsedate_to_datetime(value).timestamp() - now)
        except (ValueError, OverflowError):
            return None


def unpack(body: bytes, content_encoding: str | None, max_bytes: int) -> bytes:
    """Return a response body without its content codings.

    Args:
        body: the body as it was received.
        content_encoding: the Content-Encoding header.
        max_bytes: the most bytes that the result may have; not much more are ever held.

    Raises:
        BadEncoding: if a coding is unknown, or the body is damaged or not in that coding.
        TooLarge: if the result has more than ``max_bytes``.
    """
    try:
        return decode_body(body, content_encoding, max_bytes)
    except (BadRecord, DamagedInput) as error:
        raise BadEncoding(str(error)) from None
