"""Decompress in bounded memory: files with one or more members, and HTTP bodies (RFC 9110, 8.4.1; RFC 9112, 7.1)."""

import bz2
import io
import lzma
import zlib
from collections.abc import Callable
from typing import Any, Final

from scraper.defaults import GZIP_WBITS
from scraper.errors import BadRecord, DamagedInput
from scraper.sources.sniffing import MAGIC_BYTES, compression_of
from scraper.sources.streams import PIECE, ByteSource, Stream, too_large

_ZSTD_PIECE: Final = 1 << 10
"""Bytes decompressed at a time: zstandard has no limit for its output, and four bytes can hold a block of 128 KB (RFC 8878, 3.1.1.2)."""

_OTHER_ERRORS: Final = frozenset({"IsalError", "ZstdError"})
"""Errors, by name, of libraries that are imported only when they are needed."""
_ERRORS: Final = (zlib.error, lzma.LZMAError, OSError, ValueError, EOFError)

_ZSTD_BODY_PIECE: Final = 256
"""Bytes of a body decompressed at a time: fewer, since the output is held, and may exceed the limit by their decompressed size."""
_ZSTD_WINDOW: Final = 1 << 23
"""Memory that a frame may require. RFC 8878, 3.1.1.1.2, recommends this limit, and browsers apply it."""
_CODING_MAGIC: Final = {"gzip": b"\x1f\x8b", "x-gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}
_IDENTITY: Final = ("", "identity", "none", "utf-8")
"""Names of no content coding; the last two are common mistakes of servers."""


class Decompressor:
    """The decompressed bytes of a source: a source itself, which can also be read member by member.

    A member is a gzip member, a Zstandard frame, or a bzip2 or xz stream; a file may have several. Bytes before a broken place are
    returned before the error is raised.

    Raises:
        DamagedInput: from ``read``, ``next_member`` and ``read_member``, where the compressed bytes are broken or break off.
    """

    def __init__(self, source: ByteSource, compression: str) -> None:
        self._source = source
        self._compression = compression
        self._engine: Any = None
        self._pending = b""
        self._taken = 0
        self.start = 0
        """The offset of the current member among the compressed bytes."""

    @property
    def position(self) -> int:
        """The number of compressed bytes that have been used."""
        return self._taken - len(self._pending)

    def read(self, size: int, /) -> bytes:
        """Return at most about ``size`` bytes, and none at the end of the last member."""
        while True:
            if self._engine is None and not self.next_member():
                return b""
            if piece := self.read_member(size):
                return piece

    def next_member(self) -> bool:
        """Go to the next member; return False if there is none. Zeros after a member are padding (gzip(1), "tape")."""
        while True:
            if not self._pending and not self._refill():
                return False
            if self._compression in ("gzip", "xz") and self.position and not self._pending.strip(b"\0"):
                self._pending = b""
                continue
            break
        while len(self._pending) < MAGIC_BYTES and self._refill():
            pass
        self.start = self.position
        if compression_of(self._pending) != self._compression:
            raise DamagedInput(f"the data at byte {self.start} are not {self._compression}; get the file again")
        self._engine = _ENGINES[self._compression]()
        return True

    def read_member(self, size: int) -> bytes:
        """Return at most about ``size`` bytes, and none at the end of the current member."""
        engine = self._engine
        while engine is not None:
            if not self._pending and (self._compression in ("gzip", "zstd") or engine.needs_input) and not self._refill():
                self._engine = None
                raise DamagedInput(f"it is truncated: the {self._compression} data that begin at byte {self.start} have no end")
            try:
                if self._compression == "zstd":
                    piece: bytes = engine.decompress(self._pending[:_ZSTD_PIECE])
                    pending = engine.unused_data + self._pending[_ZSTD_PIECE:]
                elif self._compression == "gzip":
                    piece = engine.decompress(self._pending, size)
                    pending = engine.unconsumed_tail or engine.unused_data
                else:
                    piece = engine.decompress(self._pending, size)
                    pending = engine.unused_data
            except Exception as error:
                if not isinstance(error, _ERRORS) and type(error).__name__ not in _OTHER_ERRORS:
                    raise
                self._engine = None
                raise DamagedInput(f"the {self._compression} data that begin at byte {self.start} are damaged ({error})") from None
            self._pending = pending
            if engine.eof:
                self._engine = None
                return piece
            if piece:
                return piece
        return b""

    def restart(self, position: int) -> None:
        """Continue at ``position``, to which the source has been moved."""
        self._engine, self._pending, self._taken, self.start = None, b"", position, position

    def _refill(self) -> bool:
        piece = self._source.read(_ZSTD_PIECE * 16 if self._compression == "zstd" else PIECE)
        self._taken += len(piece)
        self._pending += piece
        return bool(piece)


def decode_body(
    data: bytes, content: str | None, max_bytes: int, *, transfer: str | None = None, may_be_decoded: bool = False
) -> bytes:
    """Return the body of an HTTP message without its codings.

    Some servers declare gzip or zstd and send a body that clearly is neither. It is returned unchanged, as in browsers.

    Args:
        data: the body as it was received.
        content: the Content-Encoding header.
        max_bytes: the most bytes that the result may have; not much more are ever held.
        transfer: the Transfer-Encoding header.
        may_be_decoded: whether to return a body unchanged if it is not in the coding that its headers declare: some archives decode
            bodies and keep the headers.

    Raises:
        BadRecord: if a coding is unknown.
        DamagedInput: if the body breaks off, is broken, or is not in the coding that its headers declare.
        TooLarge: if the result has more than ``max_bytes``.
    """
    if transfer is not None and transfer.strip().lower() == "chunked":
        data = _unchunked(data, max_bytes)
    names = [name.strip() for name in (content or "").lower().split(",")]
    for coding in reversed([name for name in names if name not in _IDENTITY]):
        decode = _DECODERS.get(coding)
        if decode is None:
            raise BadRecord(f"its content coding is {coding[:40]!r}; known are gzip, deflate, br and zstd")
        if data and data.startswith(_CODING_MAGIC.get(coding, b"")):
            decoded = decode(data, max_bytes + 1)
            if decoded is None and not may_be_decoded:
                raise DamagedInput(f"the body is not in the content coding {coding!r} that its headers declare")
            data = decoded if decoded is not None else data
        if len(data) > max_bytes:
            break
    if len(data) > max_bytes:
        raise too_large("page", max_bytes)
    return data


def _gzip_library() -> Any:
    """Return isal's version of zlib, which is faster, or Python's where isal has no wheels for the processor."""
    try:
        from isal import isal_zlib
    except ImportError:
        return zlib
    return isal_zlib


def _zstd() -> Any:
    import zstandard

    return zstandard.ZstdDecompressor().decompressobj()


_ENGINES: Final[dict[str, Callable[[], Any]]] = {
    "gzip": lambda: _gzip_library().decompressobj(wbits=GZIP_WBITS),
    "zstd": _zstd,
    "bzip2": bz2.BZ2Decompressor,
    "xz": lzma.LZMADecompressor,
}


def _unchunked(data: bytes, max_bytes: int) -> bytes:
    from fastwarc.stream_io import ChunkedReader

    size = data[:16].split(b"\r\n")[0].split(b";")[0].strip()
    if not size or size.translate(None, b"0123456789abcdefABCDEF"):
        return data
    try:
        return Stream(ChunkedReader(io.BytesIO(data))).read_page(max_bytes)
    except OSError as error:
        raise DamagedInput(f"its chunks are damaged or truncated ({error})") from None


def _gzip_body(body: bytes, limit: int) -> bytes:
    """Decode gzip, which may have several members (RFC 1952, 2.2)."""
    library = _gzip_library()
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
        body = engine.unused_data.lstrip(b"\0") if engine.unused_data[:2] == _CODING_MAGIC["gzip"] else b""
    return b"".join(pieces)


def _deflate_body(body: bytes, limit: int) -> bytes | None:
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


def _brotli_body(body: bytes, limit: int) -> bytes | None:
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


def _zstd_body(body: bytes, limit: int) -> bytes:
    import zstandard

    frames = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    engine, pieces = frames.decompressobj(), []
    while body and limit > 0:
        if engine.eof:
            engine = frames.decompressobj()
        try:
            piece = engine.decompress(body[:_ZSTD_BODY_PIECE])
        except zstandard.ZstdError as error:
            raise DamagedInput(f"its zstd data are damaged ({error})") from None
        body = (engine.unused_data if engine.eof else b"") + body[_ZSTD_BODY_PIECE:]
        pieces.append(piece)
        limit -= len(piece)
    if limit > 0 and not engine.eof:
        raise DamagedInput("its zstd data are truncated")
    return b"".join(pieces)


_DECODERS: Final[dict[str, Callable[[bytes, int], bytes | None]]] = {
    "gzip": _gzip_body,
    "x-gzip": _gzip_body,
    "deflate": _deflate_body,
    "br": _brotli_body,
    "zstd": _zstd_body,
}
"""By coding, a function that returns at most about ``limit`` bytes, or None if the body is not in that coding."""
