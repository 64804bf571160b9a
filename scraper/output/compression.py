"""Compression of outputs, chosen by their names. The same records give the same bytes."""

from pathlib import Path
from typing import Final, Protocol

GZIP_WBITS: Final = 31
"""The ``wbits`` of zlib for gzip. The header it writes has no name and no time."""


class Packer(Protocol):
    """A compressor of a stream."""

    def compress(self, data: bytes, /) -> bytes:
        """Compress ``data``, and return the output that is ready."""

    def flush(self) -> bytes:
        """Return the remaining output and end the stream."""


class _Plain:
    def compress(self, data: bytes, /) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""


def table_packer() -> Packer:
    """Return a compressor for the part file of a table."""
    return packer_for(Path("part.zst"))


def packer_for(path: Path | None) -> Packer:
    """Return a compressor for a file of this name: gzip for ``.gz``, Zstandard for ``.zst``, none for other names."""
    suffix = "" if path is None else path.suffix.lower()
    if suffix == ".gz":
        import zlib

        return zlib.compressobj(wbits=GZIP_WBITS)
    if suffix == ".zst":
        import zstandard

        return zstandard.ZstdCompressor(write_checksum=True).compressobj()
    return _Plain()
