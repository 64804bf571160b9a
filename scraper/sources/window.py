"""A source whose latest bytes can be read again: what lies behind damage is found that way."""

from io import UnsupportedOperation

from scraper.sources.streams import PIECE, ByteSource


class Window:
    """Bytes by their positions. What has been read since the last :meth:`forget` is kept, as far as that is not more than ``most``.

    It is a source, and enough of a file for a reader that asks where it stands.
    """

    def __init__(self, source: ByteSource, most: int, position: int = 0) -> None:
        self._source = source
        self._most = most
        self._kept = bytearray()
        self._origin = position
        self._at = position
        self.is_at_end = False
        """Whether the source has no more; :attr:`end` is final then."""

    @property
    def end(self) -> int:
        """How far the source has been read."""
        return self._origin + len(self._kept)

    def read(self, size: int = -1, /) -> bytes:
        """Return at most ``size`` bytes from where it stands."""
        if self._at >= self.end and not self._pull(size if size > 0 else PIECE):
            return b""
        begin = self._at - self._origin
        piece = bytes(self._kept[begin : begin + size if size > 0 else None])
        self._at += len(piece)
        return piece

    def tell(self) -> int:
        """Return where it stands."""
        return self._at

    def seek(self, position: int, whence: int = 0, /) -> int:
        """Refuse to: who reads records has no reason to."""
        raise UnsupportedOperation(f"seek to {position} by {whence}")

    def close(self) -> None:
        """Leave the source open: it belongs to somebody else."""

    def go(self, position: int) -> None:
        """Stand at ``position``, or at the first byte that is still kept."""
        self._at = max(position, self._origin)

    def forget(self, position: int) -> None:
        """Keep nothing before ``position``."""
        if position > self._origin:
            del self._kept[: position - self._origin]
            self._origin = min(position, self._at)

    def at(self, start: int, size: int) -> bytes:
        """Return ``size`` bytes from ``start`` on, fewer at the end, without taking them. ``start`` must not be forgotten."""
        while self.end < start + size and self._pull(PIECE):
            pass
        return bytes(self._kept[max(start - self._origin, 0) : max(start + size - self._origin, 0)])

    def index(self, wanted: bytes, start: int) -> int | None:
        """Return where ``wanted`` stands among what is kept, from ``start`` on."""
        found = self._kept.find(wanted, max(start - self._origin, 0))
        return None if found < 0 else found + self._origin

    def find(self, wanted: bytes, start: int) -> int | None:
        """Go on to where ``wanted`` stands next, from ``start`` on, and forget what lies before; return that position."""
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
        surplus = min(len(self._kept) - self._most, self._at - self._origin)
        if surplus > 0:
            self.forget(self._origin + surplus)
        return bool(piece)
