"""Records compressed on their way out, by the name of the output. The same records give the same bytes."""

from pathlib import Path
from typing import Final, Protocol

_GZIP: Final = 31
"""zlib's number for gzip: its header then holds neither a name nor a time."""


class Packer(Protocol):
    """What compresses a stream."""

    def compress(self, data: bytes, /) -> bytes:
        """Take ``data`` in, and return what can be written so far."""

    def flush(self) -> bytes:
        """Return the rest; nothing can be taken in any more."""


class _Plain:
    def compress(self, data: bytes, /) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""


def packer_for(path: Path | None) -> Packer:
    """Return what compresses for a file of this name: gzip for ``.gz``, Zstandard for ``.zst``, nothing for any other."""
    suffix = "" if path is None else path.suffix.lower()
    if suffix == ".gz":
        import zlib

        return zlib.compressobj(wbits=_GZIP)
    if suffix == ".zst":
        import zstandard

        return zstandard.ZstdCompressor(write_checksum=True).compressobj()
    return _Plain()
