"""A source whose latest bytes can be read again, to search for the next record after damage."""

from io import UnsupportedOperation

from scraper.sources.streams import PIECE, ByteSource


class Window:
    """The bytes of a source, by position. It has enough of a file's methods for FastWARC.

    Args:
        source: the source from ``position`` on.
        capacity: the most bytes to keep of those that were read since the last :meth:`forget`.
        position: the position of the first byte.
    """

    def __init__(self, source: ByteSource, capacity: int, position: int = 0) -> None:
        self._source = source
        self._capacity = capacity
        self._kept = bytearray()
        self._origin = position
        self._at = position
        self.is_at_end = False
        """Whether the source has ended; :attr:`end` is final then."""

    @property
    def end(self) -> int:
        """The position up to which the source has been read."""
        return self._origin + len(self._kept)

    def read(self, size: int = -1, /) -> bytes:
        """Return at most ``size`` bytes from the current position."""
        if self._at >= self.end and not self._pull(size if size > 0 else PIECE):
            return b""
        begin = self._at - self._origin
        piece = bytes(self._kept[begin : begin + size if size > 0 else None])
        self._at += len(piece)
        return piece

    def tell(self) -> int:
        """Return the current position."""
        return self._at

    def seek(self, position: int, whence: int = 0, /) -> int:
        """Raise an error: seeking is not supported."""
        raise UnsupportedOperation(f"seek to {position} by {whence}")

    def close(self) -> None:
        """Do nothing: the source is closed by whoever opened it."""

    def go(self, position: int) -> None:
        """Move to ``position``, or to the first byte that is still kept."""
        self._at = max(position, self._origin)

    def forget(self, position: int) -> None:
        """Drop the bytes before ``position``."""
        if position > self._origin:
            del self._kept[: position - self._origin]
            self._origin = min(position, self._at)

    def at(self, start: int, size: int) -> bytes:
        """Return ``size`` bytes from ``start`` on, fewer at the end, without moving. Those at ``start`` must still be kept."""
        while self.end < start + size and self._pull(PIECE):
            pass
        return bytes(self._kept[max(start - self._origin, 0) : max(start + size - self._origin, 0)])

    def index(self, wanted: bytes, start: int) -> int | None:
        """Return the first position of ``wanted`` among the kept bytes from ``start`` on, or None."""
        found = self._kept.find(wanted, max(start - self._origin, 0))
        return None if found < 0 else found + self._origin

    def find(self, wanted: bytes, start: int) -> int | None:
        """Move to the next position of ``wanted`` from ``start`` on, drop the bytes before it, and return it; None if there is none."""
        while True:
            found = self.index(wanted, start)
            if found is not None:
                self.go(found)
                self.forget(found)
                return found
            start = max(start, self.end - len(wanted) + 1)
            self.go(self.end)
            self.forget(start - 1)
            if not self._pull(PIECE):
                return None

    def _pull(self, size: int) -> bool:
        piece = b"" if self.is_at_end else self._source.read(size)
        self.is_at_end = not piece
        self._kept += piece
        surplus = min(len(self._kept) - self._capacity, self._at - self._origin)
        if surplus > 0:
            self.forget(self._origin + surplus)
        return bool(piece)
