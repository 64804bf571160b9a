"""The bytes by which compressed data are told. What undoes them is loaded only when there are some."""

from typing import Final

MAGIC: Final = {b"\x1f\x8b\x08": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz"}


def compression_of(head: bytes) -> str | None:
    """Tell how bytes are compressed, from their first six."""
    if head[:4] in _ZSTD_SKIPPABLE:
        return "zstd"
    return next((name for magic, name in MAGIC.items() if head.startswith(magic)), None)


_ZSTD_SKIPPABLE: Final = frozenset(bytes([low]) + b"\x2a\x4d\x18" for low in range(0x50, 0x60))
"""Frames that hold no data (RFC 8878, 3.1.2)."""
