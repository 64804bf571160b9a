"""Bytes on their way in: read in pieces, looked at before they are taken, never held as a whole."""

from collections.abc import Iterator
from typing import Final, Protocol

from scraper.errors import TooLarge

PIECE: Final = 1 << 18
"""How many bytes are asked for at once: few calls, and little memory."""


class ByteSource(Protocol):
    """Anything that gives bytes."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, and none at the end."""


class Stream:
    """A source whose next bytes can be looked at. ``read`` may give fewer bytes than asked for; none means the end."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._ahead = b""
        self.is_at_end = False
        """Whether all that is left has been looked at."""

    def look(self, more: int = 0) -> bytes:
        """Return the next bytes without taking them: those already looked at, and at least one more if ``more`` is not 0."""
        if more and not self.is_at_end:
            piece = self._source.read(more)
            self._ahead += piece
            self.is_at_end = not piece
        return self._ahead

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most ``size``."""
        if self._ahead:
            piece, self._ahead = self._ahead[:size], self._ahead[size:]
            return piece
        return b"" if self.is_at_end else self._source.read(size)

    def pieces(self) -> Iterator[bytes]:
        """Yield all that is left, in pieces."""
        while piece := self.read(PIECE):
            yield piece

    def read_page(self, max_bytes: int) -> bytes:
        """Return all that is left, as one page.

        Raises:
            TooLarge: if that is more than ``max_bytes``; not much more has been read then.
        """
        pieces: list[bytes] = []
        left = max_bytes
        for piece in self.pieces():
            pieces.append(piece)
            left -= len(piece)
            if left < 0:
                raise TooLarge(f"the page has more than {max_bytes} bytes; raise --max-bytes to read it")
        return b"".join(pieces)
