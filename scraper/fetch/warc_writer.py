"""Exchanges as WARC 1.1 (ISO 28500:2017), with one gzip member per record, so that a damaged record leaves the others readable."""

import gzip
import hashlib
import io
from typing import Final

from fastwarc.warc import WarcRecord, WarcRecordType

from scraper.fetch.exchange import Exchange

_LEVEL: Final = 6
# They describe the transfer, and are wrong for the stored body.
_CONNECTION_HEADERS: Final = frozenset({b"transfer-encoding", b"connection", b"keep-alive", b"trailer", b"upgrade"})


def warcinfo(program: str, now: str) -> bytes:
    """Return the record that describes the file.

    Args:
        program: the name and version of the program.
        now: the time, ``YYYY-MM-DDTHH:MM:SSZ``.
    """
    fields = f"software: {program}\r\nformat: WARC File Format 1.1\r\nconformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\n"
    record = _record(WarcRecordType.warcinfo, now, "application/warc-fields", fields.encode())
    return _packed(record)


def exchange_records(exchange: Exchange) -> bytes:
    """Return a response record and its request record.

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
    return gzip.compress(plain.getvalue(), _LEVEL, mtime=0)
