"""A compressed archive, member by member: each is read on its own, so that damage to one costs no other."""

from typing import Final

from scraper.errors import DamagedInput
from scraper.sources.compression import Decompressor
from scraper.sources.magic import MAGIC
from scraper.sources.streams import PIECE, ByteSource
from scraper.sources.window import Window

_BY_MEMBER: Final = {name: magic for magic, name in MAGIC.items() if name in ("gzip", "zstd")}


class MemberStream:
    """The runs of members of a compressed archive. A source for one run at a time.

    A run begins with a member that begins as ``begins`` says, and reaches to the next such member: archives are compressed record by
    record, or as a whole, or in stretches that know nothing of records.
    """

    def __init__(self, source: ByteSource, compression: str, begins: bytes, most: int, position: int = 0) -> None:
        self._window = Window(source, most, position)
        self._inflated = Decompressor(self._window, compression)
        self._inflated.restart(position)
        self._magic = _BY_MEMBER.get(compression)
        self._begins = begins
        self._head = b""
        self._next: bytes | None = None
        self._is_new = True
        self.start = 0
        """Where the current run begins among the compressed bytes."""
        self.damage: DamagedInput | None = None
        """What ended the current run before its time; where that is, :attr:`damaged_at` says."""
        self.damaged_at = 0
        self.is_cut = False
        """Whether that was within the run, and not behind its end."""

    def next_run(self) -> bool:
        """Go to the next run, whatever became of the last one; return whether there is one, or damage where it should be."""
        while self.read(PIECE):
            pass
        if self._is_new:
            self._is_new = False
            self._next = self._open()
        elif self.damage is not None:
            self._next = self._recover()
        self.is_cut = False
        self._head, self._next = self._next or b"", None
        self.start = self._inflated.start
        self._window.forget(self.start)
        return bool(self._head) or self.damage is not None

    def search(self) -> None:
        """Begin with the first run that begins here or further on, not with what stands here."""
        self._is_new = False
        self._inflated.start -= 1
        self._next = self._recover()

    def read(self, size: int, /) -> bytes:
        """Return the next bytes of the current run; none at its end, or where there is damage."""
        if self._head:
            piece, self._head = self._head[:size], self._head[size:]
            return piece
        if self._is_new or self._next is not None or self.damage is not None:
            return b""
        try:
            piece = self._inflated.read_member(min(size, PIECE))
        except DamagedInput as error:
            self._hurt(error)
            self.is_cut = True
            return b""
        if not piece:
            piece = self._open() or b""
            if piece.startswith(self._begins):
                self._next, piece = piece, b""
        self._window.forget(self._inflated.start if self._next is None else self.start)
        return piece

    def _open(self) -> bytes | None:
        """Open the next member that holds anything; return its first bytes."""
        try:
            while self._inflated.next_member():
                first = b""
                while len(first) < len(self._begins) and (piece := self._inflated.read_member(PIECE)):
                    first += piece
                if first:
                    return first
        except DamagedInput as error:
            self._hurt(error)
        return None

    def _recover(self) -> bytes | None:
        """Find the next place where a run begins, and open it."""
        self.damage = None
        position = self._inflated.start
        while self._magic is not None:
            found = self._window.find(self._magic, position + 1)
            if found is None:
                break
            position = found
            self._inflated.restart(position)
            first = self._open()
            if first is not None and first.startswith(self._begins):
                self.damage = None
                return first
            self._window.go(position)
            self.damage = None
        return None

    def _hurt(self, error: DamagedInput) -> None:
        self.damage, self.damaged_at = error, self._inflated.start
