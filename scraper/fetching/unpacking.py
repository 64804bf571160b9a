"""Bodies as they were before the server compressed them, and never more of them than is allowed."""

import zlib
from collections.abc import Callable
from typing import Final

from scraper.errors import BadEncoding, TooLarge

_GZIP_OR_ZLIB: Final = 47
_RAW_DEFLATE: Final = -15
_ZSTD_PIECE: Final = 256
_MAGIC: Final = {"gzip": b"\x1f\x8b", "x-gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}


def unpack(body: bytes, content_encoding: str | None, max_bytes: int) -> bytes:
    """Return a body without its content-encodings, as ``Content-Encoding`` lists them.

    Raises:
        BadEncoding: if an encoding is unknown, or the body is damaged or not so encoded.
        TooLarge: if more than ``max_bytes`` come out; no more than that is ever held.
    """
    for name in reversed((content_encoding or "").lower().split(",")):
        coding = name.strip()
        if coding in ("", "identity") or not body:
            continue
        unpacker = _UNPACKERS.get(coding)
        if unpacker is None:
            raise BadEncoding(f"the content-encoding {coding[:40]!r} is not known")
        if not body.startswith(_MAGIC.get(coding, b"")):
            continue  # some servers say gzip and send what is none; browsers show it, and so does reading it from an archive
        try:
            body = unpacker(body, max_bytes + 1)
        except BadEncoding:
            raise
        except Exception as error:  # noqa: BLE001 - each library has its own, and brotli's and zstandard's share no base
            raise BadEncoding(f"the body is not the {coding} that it says ({error})") from None
        if len(body) > max_bytes:
            raise TooLarge(f"unpacked, the page has more than {max_bytes} bytes; raise --max-bytes to have it")
    return body


def _gzip(body: bytes, limit: int) -> bytes:
    """Unpack gzip, which may come in several members (RFC 1952, 2.2)."""
    pieces: list[bytes] = []
    while body and limit > 0:
        unpacker = zlib.decompressobj(_GZIP_OR_ZLIB)
        piece = unpacker.decompress(body, limit)
        pieces.append(piece)
        limit -= len(piece)
        if limit > 0 and not unpacker.eof:
            raise BadEncoding("the body ends in the middle of its gzip")
        body = unpacker.unused_data.lstrip(b"\0") if unpacker.unused_data[:2] == b"\x1f\x8b" else b""
    return b"".join(pieces)


def _deflate(body: bytes, limit: int) -> bytes:
    """Unpack what is called deflate: zlib by the standard (RFC 9110, 8.4.1.2), bare deflate by some servers."""
    try:
        return zlib.decompressobj(_GZIP_OR_ZLIB).decompress(body, limit)
    except zlib.error:
        return zlib.decompressobj(_RAW_DEFLATE).decompress(body, limit)


def _brotli(body: bytes, limit: int) -> bytes:
    import brotli

    unpacker = brotli.Decompressor()
    pieces = [unpacker.process(body, output_buffer_limit=limit)]
    limit -= len(pieces[0])
    while limit > 0 and not unpacker.is_finished():
        piece = unpacker.process(b"", output_buffer_limit=limit)
        if not piece:
            raise BadEncoding("the body ends in the middle of its brotli")
        pieces.append(piece)
        limit -= len(piece)
    return b"".join(pieces)


def _zstd(body: bytes, limit: int) -> bytes:
    import zstandard

    # RFC 8878, 3.1.1.1.2, lets a decoder refuse frames that want more memory than 8 MB; browsers do.
    unpack = zstandard.ZstdDecompressor(max_window_size=1 << 23)
    unpacker, pieces = unpack.decompressobj(), []
    # Four bytes may stand for a block of 128 KB, and the library has no limit for what comes out: so little goes in at a time.
    while body and limit > 0:
        if unpacker.eof:
            unpacker = unpack.decompressobj()
        piece = unpacker.decompress(body[:_ZSTD_PIECE])
        body = (unpacker.unused_data if unpacker.eof else b"") + body[_ZSTD_PIECE:]
        pieces.append(piece)
        limit -= len(piece)
    if limit > 0 and not unpacker.eof:
        raise BadEncoding("the body ends in the middle of its zstd")
    return b"".join(pieces)


_UNPACKERS: Final[dict[str, Callable[[bytes, int], bytes]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
