"""The content codings of HTTP, undone, and never more of what they hold than is asked for."""

import zlib
from collections.abc import Callable
from typing import Any, Final

from scraper.errors import DamagedInput

_GZIP: Final = 16 + zlib.MAX_WBITS
_ZSTD_PIECE: Final = 256
_MAGIC: Final = {"gzip": b"\x1f\x8b", "x-gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}


def codings_of(header: str | None) -> list[str]:
    """Return the codings that a ``Content-Encoding`` header lists, the last first, which is to be undone first."""
    names = [name.strip() for name in (header or "").lower().split(",")]
    return [name for name in reversed(names) if name not in ("", "identity", "none", "utf-8")]  # the last two are common mistakes


def is_known(coding: str) -> bool:
    """Tell whether a coding can be undone."""
    return coding in _DECODERS


def undo(coding: str, body: bytes, limit: int) -> bytes | None:
    """Return the first ``limit`` bytes of what a body holds, or None if nothing in it is so coded.

    Some servers say gzip or zstd and send what plainly is neither; that is returned as it is, and browsers show it.

    Raises:
        DamagedInput: if it is broken, or breaks off.
    """
    return _DECODERS[coding](body, limit) if body and body.startswith(_MAGIC.get(coding, b"")) else body


def _gzip(body: bytes, limit: int) -> bytes:
    """Undo gzip, which may come in several members (RFC 1952, 2.2)."""
    new, broken = _zlib()
    pieces: list[bytes] = []
    while body and limit > 0:
        engine = new(wbits=_GZIP)
        try:
            pieces.append(engine.decompress(body, limit))
        except broken as error:
            raise DamagedInput(f"its gzip data are broken ({error})") from None
        limit -= len(pieces[-1])
        if limit > 0 and not engine.eof:
            raise DamagedInput("its gzip data break off")
        body = engine.unused_data.lstrip(b"\0") if engine.unused_data[:2] == _MAGIC["gzip"] else b""
    return b"".join(pieces)


def _zlib() -> tuple[Callable[..., Any], Any]:
    try:
        from isal import isal_zlib
    except ImportError:  # it exists for the common processors only
        return zlib.decompressobj, zlib.error
    return isal_zlib.decompressobj, isal_zlib.error


def _deflate(body: bytes, limit: int) -> bytes | None:
    """Undo what is called deflate: zlib by the standard (RFC 9110, 8.4.1.2), bare deflate by some servers."""
    for wbits in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        engine = zlib.decompressobj(wbits)
        try:
            found = engine.decompress(body, limit)
        except zlib.error:
            continue
        if len(found) < limit and not engine.eof:
            raise DamagedInput("its deflate data break off")
        return found
    return None


def _brotli(body: bytes, limit: int) -> bytes | None:
    import brotli

    engine = brotli.Decompressor()
    pieces: list[bytes] = []
    try:
        while limit > 0 and not engine.is_finished():
            piece = engine.process(b"" if pieces else body, output_buffer_limit=limit)
            if pieces and not piece:
                raise DamagedInput("its br data break off")
            pieces.append(piece)
            limit -= len(piece)
    except brotli.error:
        return None
    return b"".join(pieces)


def _zstd(body: bytes, limit: int) -> bytes:
    import zstandard

    # RFC 8878, 3.1.1.1.2, lets a decoder refuse frames that want more memory than 8 MB; browsers do.
    frames = zstandard.ZstdDecompressor(max_window_size=1 << 23)
    engine, pieces = frames.decompressobj(), []
    # Four bytes may stand for a block of 128 KB, and the library has no limit for what comes out: so little goes in at a time.
    while body and limit > 0:
        if engine.eof:
            engine = frames.decompressobj()
        try:
            piece = engine.decompress(body[:_ZSTD_PIECE])
        except zstandard.ZstdError as error:
            raise DamagedInput(f"its zstd data are broken ({error})") from None
        body = (engine.unused_data if engine.eof else b"") + body[_ZSTD_PIECE:]
        pieces.append(piece)
        limit -= len(piece)
    if limit > 0 and not engine.eof:
        raise DamagedInput("its zstd data break off")
    return b"".join(pieces)


_DECODERS: Final[dict[str, Callable[[bytes, int], bytes | None]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
