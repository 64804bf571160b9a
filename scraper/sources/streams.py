"""Streams of bytes that are read in pieces and can be peeked at."""

import codecs
from collections.abc import Iterator
from typing import Final, Protocol

from scraper.errors import TooLarge

PIECE: Final = 1 << 18
"""Bytes of a read: few calls, and little memory."""


class ByteSource(Protocol):
    """A source of bytes: a file, a pipe, a decompressor."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, and none at the end."""


class Stream:
    """A source whose next bytes can be peeked at. ``read`` may return fewer bytes than requested; none means the end."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._ahead = b""
        self.is_at_end = False
        """Whether all remaining bytes have been peeked at."""

    def peek(self, more: int = 0) -> bytes:
        """Return the next bytes without consuming them.

        Args:
            more: the most bytes to read in addition to those peeked at before.
        """
        if more and not self.is_at_end:
            piece = self._source.read(more)
            self._ahead += piece
            self.is_at_end = not piece
        return self._ahead

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, and none at the end."""
        if self._ahead:
            piece, self._ahead = self._ahead[:size], self._ahead[size:]
            return piece
        return b"" if self.is_at_end else self._source.read(size)

    def pieces(self) -> Iterator[bytes]:
        """Yield the remaining bytes in pieces."""
        while piece := self.read(PIECE):
            yield piece

    def read_page(self, max_bytes: int) -> bytes:
        """Return the remaining bytes as one page.

        Raises:
            TooLarge: if there are more than ``max_bytes``; reading stops there.
        """
        pieces: list[bytes] = []
        remaining = max_bytes
        for piece in self.pieces():
            pieces.append(piece)
            remaining -= len(piece)
            if remaining < 0:
                raise too_large("page", max_bytes)
        return b"".join(pieces)


class Utf16Source:
    """The bytes of a source in UTF-16 with a byte order mark, converted to UTF-8. Invalid units become U+FFFD."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._decoder = codecs.getincrementaldecoder("utf-16")("replace")

    def read(self, size: int, /) -> bytes:
        """Return about ``size`` bytes, and none at the end."""
        while piece := self._source.read(size):
            if text := self._decoder.decode(piece):
                return text.encode("utf-8", "replace")
        return self._decoder.decode(b"", final=True).encode("utf-8", "replace")


def too_large(what: str, max_bytes: int) -> TooLarge:
    """Return the error of a page, or of a line, value or row with a page, that is too large."""
    return TooLarge(f"the {what} has more than {max_bytes} bytes; raise --max-bytes to read it")
