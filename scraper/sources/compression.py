"""Decompression of gzip, Zstandard, bzip2 and xz, with one member or many, in bounded memory."""

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Any, Final

from scraper.errors import DamagedInput
from scraper.sources.sniffing import compression_of
from scraper.sources.streams import PIECE, ByteSource

GZIP_WBITS: Final = 16 + zlib.MAX_WBITS
_MAGIC_BYTES: Final = 6
_ZSTD_PIECE: Final = 1 << 10
"""Bytes decompressed at a time: zstandard has no limit for its output, and four bytes can hold a block of 128 KB (RFC 8878, 3.1.1.2)."""

_OTHER_ERRORS: Final = frozenset({"IsalError", "ZstdError"})
"""Errors, by name, of libraries that are imported only when they are needed."""
_ERRORS: Final = (zlib.error, lzma.LZMAError, OSError, ValueError, EOFError)


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
        while len(self._pending) < _MAGIC_BYTES and self._refill():
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


def gzip_library() -> Any:
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
    "gzip": lambda: gzip_library().decompressobj(wbits=GZIP_WBITS),
    "zstd": _zstd,
    "bzip2": bz2.BZ2Decompressor,
    "xz": lzma.LZMADecompressor,
}
