"""Read the bytes of a web archive, plain or compressed in members, and find the next record after damage."""

from io import UnsupportedOperation
from typing import Final

from scraper.errors import DamagedInput, PageError, worker_died
from scraper.sources.compression import Decompressor
from scraper.sources.items import ArchiveGuard
from scraper.sources.sniffing import BY_MEMBER, COMPRESSION_MAGIC
from scraper.sources.streams import PIECE, ByteSource

_MEMBER_MAGIC: Final = {name: magic for magic, name in COMPRESSION_MAGIC.items() if name in BY_MEMBER}


REST: Final = ", and what follows in the same compressed data was not read"
"""The clause of a message: the compressed data after the record were not read."""


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
        """The end of the bytes that have been read from the source."""
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
        """Do nothing: the caller closes the source."""

    def go(self, position: int) -> None:
        """Move to ``position``, or to the first byte that is still kept."""
        self._at = max(position, self._origin)

    def forget(self, position: int) -> None:
        """Drop the bytes before ``position``."""
        if position > self._origin:
            del self._kept[: position - self._origin]
            self._origin = min(position, self._at)

    def at(self, start: int, size: int) -> bytes:
        """Return ``size`` bytes from ``start`` on, fewer at the end, without moving. The byte at ``start`` must still be kept."""
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


class MemberStream:
    """The runs of members in a compressed archive: a source of the decompressed bytes of one run at a time.

    A run begins with a member whose bytes begin with ``prefix``, and ends before the next such member. Archives are compressed record
    by record, as a whole, or in blocks regardless of records.

    Args:
        source: the archive from ``position`` on.
        compression: ``gzip`` or ``zstd``.
        prefix: the first bytes of a run.
        capacity: the most compressed bytes to keep for searching after damage.
        guard: is asked before each member is decompressed.
        position: the offset of the source.
        is_exact: whether a run begins there; otherwise the first one is searched for.
    """

    def __init__(
        self,
        source: ByteSource,
        compression: str,
        prefix: bytes,
        capacity: int,
        guard: ArchiveGuard,
        position: int,
        *,
        is_exact: bool,
    ) -> None:
        self._window = Window(source, capacity, position)
        self._inflated = Decompressor(self._window, compression)
        self._inflated.restart(position if is_exact else position - 1)  # a search begins after the last start
        self._magic = _MEMBER_MAGIC.get(compression)
        self._prefix = prefix
        self._guard = guard
        self._head = b""
        self._next: bytes | None = None
        self._is_new, self._is_left = True, False
        self._is_exact = is_exact
        self.start = 0
        """The offset of the current run among the compressed bytes."""
        self.damage: PageError | None = None
        """The damage that ended the current run, or the error of a member that is given up."""
        self.damaged_at = 0
        """The offset of the damaged member."""
        self.is_cut = False
        """Whether the damage is within the run, not after its end."""

    def next_run(self) -> bool:
        """Skip the rest of the current run and go to the next. Return True if there is one, or damage in its place."""
        while self.read(PIECE):
            pass
        if self._is_new:
            self._is_new = False
            self._next = self._open() if self._is_exact else self._recover()
        elif self.damage is not None or self._is_left:
            self._next = self._recover()
        self.is_cut = False
        self._head, self._next = self._next or b"", None
        self.start = self._inflated.start
        self._window.forget(self.start)
        return bool(self._head) or self.damage is not None

    def read(self, size: int, /) -> bytes:
        """Return the next bytes of the current run; none at its end or at damage."""
        if self._head:
            piece, self._head = self._head[:size], self._head[size:]
            return piece
        if self._is_new or self._is_left or self._next is not None or self.damage is not None:
            return b""
        try:
            piece = self._inflated.read_member(min(size, PIECE))
        except DamagedInput as error:
            self._note_damage(error)
            self.is_cut = True
            return b""
        if not piece:
            piece = self._open() or b""
            if piece.startswith(self._prefix):
                self._next, piece = piece, b""
        self._window.forget(self._inflated.start if self._next is None else self.start)
        return piece

    def leave(self) -> None:
        """Read no more of the current run. Unless the next one is known already, it is searched for after the current member."""
        self._head = b""
        self._is_left = self._next is None and self.damage is None

    def _open(self) -> bytes | None:
        """Open the next member that is not empty, and return its first bytes."""
        try:
            while self._inflated.next_member():
                if self._guard.gives_up(self._inflated.start):
                    self._note_damage(worker_died("read", REST))
                    return None
                first = b""
                before = self._guard.look_ahead(self._inflated.start)
                while len(first) < len(self._prefix) and (piece := self._inflated.read_member(PIECE)):
                    first += piece
                self._guard.resume(before)
                if first:
                    return first
        except DamagedInput as error:
            self._note_damage(error)
        return None

    def _recover(self) -> bytes | None:
        """Find the next run, open it, and return its first bytes."""
        self.damage, self._is_left = None, False
        position = self._inflated.start
        while self._magic is not None:
            found = self._window.find(self._magic, position + 1)
            if found is None:
                break
            position = found
            self._inflated.restart(position)
            first = self._open()
            if first is not None and first.startswith(self._prefix):
                self.damage = None
                return first
            if self.is_given_up:
                return None
            self._window.go(position)
            self.damage = None
        return None

    @property
    def is_given_up(self) -> bool:
        """Whether the damage is a member that is given up."""
        return self.damage is not None and self._guard.gives_up(self.damaged_at)

    def _note_damage(self, error: PageError) -> None:
        self.damage, self.damaged_at = error, self._inflated.start
