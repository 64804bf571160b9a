"""The codings of HTTP bodies (RFC 9110, 8.4.1; RFC 9112, 7.1), decoded with bounded memory."""

import io
import zlib
from collections.abc import Callable
from typing import Final

from scraper.errors import BadRecord, DamagedInput, TooLarge
from scraper.sources.compression import GZIP_WBITS, gzip_library
from scraper.sources.streams import Stream

_ZSTD_PIECE: Final = 256
"""Bytes decoded at a time: zstandard has no limit for its output, and four bytes can stand for a block of 128 KB."""
_ZSTD_WINDOW: Final = 1 << 23
"""Memory that a frame may ask for. RFC 8878, 3.1.1.1.2, recommends this limit, and browsers have it."""
_MAGIC: Final = {"gzip": b"\x1f\x8b", "x-gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}
_NO_CODINGS: Final = ("", "identity", "none", "utf-8")
"""The last two are common mistakes of servers."""


def decode_body(
    data: bytes, content: str | None, max_bytes: int, *, transfer: str | None = None, may_be_decoded: bool = False
) -> bytes:
    """Return the body of an HTTP message without its codings.

    Some servers declare gzip or zstd and send a body that plainly is neither; it is returned as it is, as in browsers.

    Args:
        data: the body as it was received.
        content: the Content-Encoding header.
        max_bytes: the most bytes that the result may have; not much more are ever held.
        transfer: the Transfer-Encoding header.
        may_be_decoded: whether to return a body as it is if it is not in the coding that its headers declare: some archives decode
            bodies and keep the headers.

    Raises:
        BadRecord: if a coding is unknown.
        DamagedInput: if the body breaks off, is broken, or is not in the coding that its headers declare.
        TooLarge: if the result has more than ``max_bytes``.
    """
    if transfer is not None and transfer.strip().lower() == "chunked":
        data = _unchunked(data, max_bytes)
    names = [name.strip() for name in (content or "").lower().split(",")]
    for coding in reversed([name for name in names if name not in _NO_CODINGS]):
        decode = _DECODERS.get(coding)
        if decode is None:
            raise BadRecord(f"its content coding is {coding[:40]!r}; known are gzip, deflate, br and zstd")
        if data and data.startswith(_MAGIC.get(coding, b"")):
            decoded = decode(data, max_bytes + 1)
            if decoded is None and not may_be_decoded:
                raise DamagedInput(f"the body is not in the content coding {coding!r} that its headers declare")
            data = decoded if decoded is not None else data
        if len(data) > max_bytes:
            break
    if len(data) > max_bytes:
        raise TooLarge(f"the page has more than {max_bytes} bytes; raise --max-bytes to read it")
    return data


def _unchunked(data: bytes, max_bytes: int) -> bytes:
    from fastwarc.stream_io import ChunkedReader

    size = data[:16].split(b"\r\n")[0].split(b";")[0].strip()
    if not size or size.translate(None, b"0123456789abcdefABCDEF"):
        return data
    try:
        return Stream(ChunkedReader(io.BytesIO(data))).read_page(max_bytes)
    except OSError as error:
        raise DamagedInput(f"its chunks are damaged or truncated ({error})") from None


def _gzip(body: bytes, limit: int) -> bytes:
    """Decode gzip, which may have several members (RFC 1952, 2.2)."""
    library = gzip_library()
    pieces: list[bytes] = []
    while body and limit > 0:
        engine = library.decompressobj(wbits=GZIP_WBITS)
        try:
            pieces.append(engine.decompress(body, limit))
        except library.error as error:
            raise DamagedInput(f"its gzip data are damaged ({error})") from None
        limit -= len(pieces[-1])
        if limit > 0 and not engine.eof:
            raise DamagedInput("its gzip data are truncated")
        body = engine.unused_data.lstrip(b"\0") if engine.unused_data[:2] == _MAGIC["gzip"] else b""
    return b"".join(pieces)


def _deflate(body: bytes, limit: int) -> bytes | None:
    """Decode deflate: the zlib format by the standard (RFC 9110, 8.4.1.2), raw deflate from some servers."""
    for wbits in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        engine = zlib.decompressobj(wbits)
        try:
            decoded = engine.decompress(body, limit)
        except zlib.error:
            continue
        if len(decoded) < limit and not engine.eof:
            raise DamagedInput("its deflate data are truncated")
        return decoded
    return None


def _brotli(body: bytes, limit: int) -> bytes | None:
    import brotli

    engine = brotli.Decompressor()
    pieces: list[bytes] = []
    try:
        while limit > 0 and not engine.is_finished():
            piece = engine.process(b"" if pieces else body, output_buffer_limit=limit)
            if pieces and not piece:
                raise DamagedInput("its br data are truncated")
            pieces.append(piece)
            limit -= len(piece)
    except brotli.error:
        return None
    return b"".join(pieces)


def _zstd(body: bytes, limit: int) -> bytes:
    import zstandard

    frames = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    engine, pieces = frames.decompressobj(), []
    while body and limit > 0:
        if engine.eof:
            engine = frames.decompressobj()
        try:
            piece = engine.decompress(body[:_ZSTD_PIECE])
        except zstandard.ZstdError as error:
            raise DamagedInput(f"its zstd data are damaged ({error})") from None
        body = (engine.unused_data if engine.eof else b"") + body[_ZSTD_PIECE:]
        pieces.append(piece)
        limit -= len(piece)
    if limit > 0 and not engine.eof:
        raise DamagedInput("its zstd data are truncated")
    return b"".join(pieces)


_DECODERS: Final[dict[str, Callable[[bytes, int], bytes | None]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
"""By coding, a function that returns at most about ``limit`` bytes, or None if the body is not in that coding."""
