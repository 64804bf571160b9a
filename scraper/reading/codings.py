"""What HTTP wrapped around a page: chunks and content codings, as they stand in an archive."""

import io
from typing import Final

from scraper.errors import BadRecord, DamagedInput, TooLarge
from scraper.reading.compressed import Inflated
from scraper.reading.streams import Source, Stream

_MAGIC: Final = {"gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}
_NAMES: Final = {"x-gzip": "gzip", "deflate": "deflate", "gzip": "gzip", "zstd": "zstd", "br": "br"}


def decode_body(data: bytes, transfer: str | None, content: str | None, max_bytes: int) -> bytes:
    """Return the body of an HTTP message without its codings.

    Some archives hold bodies that are decoded already under headers that say otherwise; such a body is taken as it is.

    Args:
        data: the body as it was received.
        transfer: the Transfer-Encoding header.
        content: the Content-Encoding header.
        max_bytes: the most bytes that the result may have.

    Raises:
        BadRecord: for a coding that this program does not know.
        DamagedInput: if the body breaks off, or is broken.
        TooLarge: if there is more of it than allowed.
    """
    if transfer is not None and transfer.strip().lower() == "chunked":
        data = _unchunked(data, max_bytes)
    for coding in reversed([name.strip().lower() for name in (content or "").split(",")]):
        if coding in ("", "identity", "none", "utf-8"):
            continue
        name = _NAMES.get(coding)
        if name is None:
            raise BadRecord(f"its content coding is {coding!r}; known are gzip, deflate, br and zstd")
        if not data.startswith(_MAGIC.get(name, b"")):
            continue
        data = _decoded(data, name, max_bytes)
    return data


def _unchunked(data: bytes, max_bytes: int) -> bytes:
    from fastwarc.stream_io import ChunkedReader

    size = data[:16].split(b"\r\n")[0].split(b";")[0].strip()
    if not size or size.translate(None, b"0123456789abcdefABCDEF"):
        return data
    try:
        return _bounded(ChunkedReader(io.BytesIO(data)), max_bytes)
    except OSError as error:
        raise DamagedInput(f"its chunks are broken or break off ({error})") from None


def _decoded(data: bytes, name: str, max_bytes: int) -> bytes:
    if name in ("gzip", "zstd"):
        return _bounded(Inflated(io.BytesIO(data), name), max_bytes)
    return _deflated(data, max_bytes) if name == "deflate" else _brotli(data, max_bytes)


def _deflated(data: bytes, max_bytes: int) -> bytes:
    """Inflate zlib data, or bare deflate data, which some servers send instead (RFC 9110, 8.4.1.2)."""
    import zlib

    for wbits in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        engine = zlib.decompressobj(wbits)
        try:
            found = engine.decompress(data, max_bytes + 1)
        except zlib.error:
            continue
        if len(found) > max_bytes:
            raise _too_large(max_bytes)
        if not engine.eof:
            raise DamagedInput("its deflate data break off")
        return found
    return data


def _brotli(data: bytes, max_bytes: int) -> bytes:
    import brotli

    engine = brotli.Decompressor()
    found: bytes = b""
    try:
        found = engine.process(data, output_buffer_limit=max_bytes + 1)
        while len(found) <= max_bytes and not engine.can_accept_more_data():
            found += engine.process(b"", output_buffer_limit=max_bytes + 1)
    except brotli.error:
        return data
    if len(found) > max_bytes:
        raise _too_large(max_bytes)
    if not engine.is_finished():
        raise DamagedInput("its br data break off")
    return found


def _bounded(source: Source, max_bytes: int) -> bytes:
    return Stream(source).read_page(max_bytes)


def _too_large(max_bytes: int) -> TooLarge:
    return TooLarge(f"the page has more than {max_bytes} bytes; raise --max-bytes to read it")
