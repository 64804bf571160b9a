"""Compressed bytes to plain ones: gzip, Zstandard, bzip2, xz; of one member or of many, in bounded memory."""

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Any, Final

from scraper.errors import DamagedInput
from scraper.sources.magic import compression_of
from scraper.sources.streams import PIECE, ByteSource

_GZIP: Final = 16 + zlib.MAX_WBITS
_MAGIC_BYTES: Final = 6
_ZSTD_PIECE: Final = 1 << 10
"""zstandard gives all that its input holds, and four bytes can hold a block of 128 KB (RFC 8878, 3.1.1.2)."""

_OTHER_ERRORS: Final = frozenset({"IsalError", "ZstdError"})
"""Those of libraries that are loaded only when they are needed."""
_ERRORS: Final = (zlib.error, lzma.LZMAError, OSError, ValueError, EOFError)


class Decompressor:
    """What compressed bytes hold. A source; and, for those whom it concerns, one member after the other.

    A member is a gzip member, a Zstandard frame, a bzip2 or an xz stream: files may be joined from several. All that is whole is
    given before an error is raised.

    Raises:
        DamagedInput: from ``read`` and ``read_member``, where the bytes are broken or break off.
    """

    def __init__(self, source: ByteSource, compression: str) -> None:
        self._source = source
        self._compression = compression
        self._decompressor: Any = None
        self._rest = b""
        self._taken = 0
        self.start = 0
        """Where the current member begins among the compressed bytes."""

    @property
    def position(self) -> int:
        """How many compressed bytes have been used."""
        return self._taken - len(self._rest)

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, and none at the end of the last member."""
        while True:
            if self._decompressor is None and not self.next_member():
                return b""
            if piece := self.read_member(size):
                return piece

    def next_member(self) -> bool:
        """Go to the next member; return whether there is one. Zeros behind a member are padding (gzip(1), "tape")."""
        while True:
            if not self._rest and not self._refill():
                return False
            if self._compression in ("gzip", "xz") and self.position and not self._rest.strip(b"\0"):
                self._rest = b""
                continue
            break
        while len(self._rest) < _MAGIC_BYTES and self._refill():
            pass
        self.start = self.position
        if compression_of(self._rest) != self._compression:
            raise DamagedInput(f"what stands at byte {self.start} is no {self._compression} data; get the file once more")
        self._decompressor = _DECOMPRESSORS[self._compression]()
        return True

    def read_member(self, size: int) -> bytes:
        """Return at most about ``size`` bytes, and none at the end of the current member."""
        engine = self._decompressor
        while engine is not None:
            if not self._rest and (self._compression in ("gzip", "zstd") or engine.needs_input) and not self._refill():
                self._decompressor = None
                raise DamagedInput(f"it breaks off: the {self._compression} data that begin at byte {self.start} have no end")
            try:
                if self._compression == "zstd":
                    piece: bytes = engine.decompress(self._rest[:_ZSTD_PIECE])
                    rest = engine.unused_data + self._rest[_ZSTD_PIECE:]
                elif self._compression == "gzip":
                    piece = engine.decompress(self._rest, size)
                    rest = engine.unconsumed_tail or engine.unused_data
                else:
                    piece = engine.decompress(self._rest, size)
                    rest = engine.unused_data
            except Exception as error:
                if not isinstance(error, _ERRORS) and type(error).__name__ not in _OTHER_ERRORS:
                    raise
                self._decompressor = None
                raise DamagedInput(f"the {self._compression} data that begin at byte {self.start} are broken ({error})") from None
            self._rest = rest
            if engine.eof:
                self._decompressor = None
                return piece
            if piece:
                return piece
        return b""

    def restart(self, position: int) -> None:
        """Go on at ``position``, where the source has been set to."""
        self._decompressor, self._rest, self._taken, self.start = None, b"", position, position

    def _refill(self) -> bool:
        piece = self._source.read(_ZSTD_PIECE * 16 if self._compression == "zstd" else PIECE)
        self._taken += len(piece)
        self._rest += piece
        return bool(piece)


def _gzip() -> Any:
    try:
        from isal import isal_zlib
    except ImportError:  # it exists for the common processors only
        return zlib.decompressobj(wbits=_GZIP)
    return isal_zlib.decompressobj(wbits=_GZIP)


def _zstd() -> Any:
    import zstandard

    return zstandard.ZstdDecompressor().decompressobj()


_DECOMPRESSORS: Final[dict[str, Callable[[], Any]]] = {
    "gzip": _gzip,
    "zstd": _zstd,
    "bzip2": bz2.BZ2Decompressor,
    "xz": lzma.LZMADecompressor,
}
