"""The magic numbers of compressed data, apart from the libraries that decompress them."""

from typing import Final

MAGIC: Final = {b"\x1f\x8b\x08": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz"}


def compression_of(head: bytes) -> str | None:
    """Return the compression of data, by their first six bytes; None if they are not compressed."""
    if head[:4] in _ZSTD_SKIPPABLE:
        return "zstd"
    return next((name for magic, name in MAGIC.items() if head.startswith(magic)), None)


_ZSTD_SKIPPABLE: Final = frozenset(bytes([low]) + b"\x2a\x4d\x18" for low in range(0x50, 0x60))
"""Frames without data (RFC 8878, 3.1.2)."""
