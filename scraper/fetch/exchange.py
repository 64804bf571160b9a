"""A request and its response: the body without content codings, and both as records of a web archive."""

import gzip
import hashlib
import io
import re
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Final, Literal

import msgspec
from fastwarc.warc import WarcRecord, WarcRecordType

from scraper.errors import BadEncoding, BadRecord, DamagedInput, FetchError, TooLarge
from scraper.sources.compression import decode_body
from scraper.sources.content_type import ContentType, parse_content_type

Header = tuple[bytes, bytes]
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""The name of a header (RFC 9110, 5.6.2)."""
Truncation = Literal["length", "time", "disconnect"]
"""Why a body is incomplete, in the terms of WARC 1.1, 5.13."""
_GZIP_LEVEL: Final = 6
_CONNECTION_HEADERS: Final = frozenset({b"transfer-encoding", b"connection", b"keep-alive", b"trailer", b"upgrade"})
"""Headers that describe the transfer, and are wrong for the stored body."""


def is_header(name: str, value: str) -> bool:
    """Return True if a request may have this header: the value is printable text on one line, without white space around it."""
    return _TOKEN.fullmatch(name) is not None and value.isprintable() and value == value.strip()


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

    @cached_property
    def content_type(self) -> ContentType:
        """The media type and the charset that the response declares."""
        return parse_content_type(value.decode("latin-1") for key, value in self.headers if key.lower() == b"content-type")

    @property
    def location(self) -> str | None:
        """The target of a redirect, as the server wrote it."""
        raw = self._first_headers.get(b"location")
        # Contrary to RFC 9110, servers send addresses in UTF-8; browsers accept that.
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

    @property
    def is_transient(self) -> bool:
        """Whether another request may get a better response: after 408, 425, 429, 5xx, or a body that broke off."""
        is_broken_off = isinstance(self.error, FetchError) and self.error.is_transient
        return is_broken_off or self.has_transient_status

    @property
    def has_transient_status(self) -> bool:
        """Whether the status says that another request may succeed (RFC 9110, 15.5.9; RFC 8470, 5.2; RFC 6585, 4)."""
        return self.status in (408, 425, 429) or 500 <= self.status <= 599

    def content(self, max_bytes: int) -> bytes:
        """Return the body without its content codings.

        Args:
            max_bytes: the most bytes that the result may have; not much more are ever held.

        Raises:
            BadEncoding: if a coding is unknown, or the body is damaged or not in that coding.
            TooLarge: if the result has more than ``max_bytes``.
        """
        try:
            return decode_body(self.body, self.header(b"content-encoding"), max_bytes)
        except (BadRecord, DamagedInput) as error:
            raise BadEncoding(str(error)) from None


def warcinfo(program: str, now: str) -> bytes:
    """Return the record that describes a WARC file.

    Args:
        program: the name and version of the program.
        now: the time, ``YYYY-MM-DDTHH:MM:SSZ``.
    """
    fields = f"software: {program}\r\nformat: WARC File Format 1.1\r\nconformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\n"
    record = _record(WarcRecordType.warcinfo, now, "application/warc-fields", fields.encode())
    return _packed(record)


def exchange_records(exchange: Exchange) -> bytes:
    """Return a WARC 1.1 response record (ISO 28500:2017) and its request record, each a gzip member of its own.

    A damaged member leaves the others readable.
    The body keeps its content codings, but not its chunks: ``Transfer-Encoding`` is dropped, and ``Content-Length`` is the length of the
    stored body, as in archives of wget and of crawlers with browsers. The other headers are unchanged.
    """
    status_line = b"%b %d %b" % (exchange.version, exchange.status, exchange.reason)
    headers = [pair for pair in exchange.headers if pair[0].lower() not in _CONNECTION_HEADERS | {b"content-length"}]
    headers.append((b"Content-Length", str(len(exchange.body)).encode()))
    head = b"\r\n".join([status_line.rstrip(), *(b"%b: %b" % pair for pair in headers), b"", b""])

    response = _record(WarcRecordType.response, exchange.requested_at, "application/http; msgtype=response", head + exchange.body)
    response.headers["WARC-Target-URI"] = exchange.url
    if exchange.ip is not None:
        response.headers["WARC-IP-Address"] = exchange.ip
    if exchange.truncated is not None:
        response.headers["WARC-Truncated"] = exchange.truncated
    request = _record(WarcRecordType.request, exchange.requested_at, "application/http; msgtype=request", exchange.request_head)
    request.headers["WARC-Target-URI"] = exchange.url
    request.headers["WARC-Concurrent-To"] = response.headers["WARC-Record-ID"]
    digest = hashlib.sha1(exchange.body, usedforsecurity=False).digest()
    return _packed(response, digest) + _packed(request)


def _record(kind: WarcRecordType, date: str, content_type: str, block: bytes) -> WarcRecord:
    record = WarcRecord()
    record.init_headers(record_type=kind)
    record.set_bytes_content(block)
    record.headers["WARC-Date"] = date
    record.headers["Content-Type"] = content_type
    return record


def _packed(record: WarcRecord, payload_digest: bytes | None = None) -> bytes:
    plain = io.BytesIO()
    record.write(plain, checksum_data=True, payload_digest=payload_digest)
    return gzip.compress(plain.getvalue(), _GZIP_LEVEL, mtime=0)
