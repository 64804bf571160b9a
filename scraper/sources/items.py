"""The items that sources yield, and the options for reading."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from scraper.defaults import MAX_BYTES
from scraper.errors import PageError, worker_died
from scraper.models import Page
from scraper.records import PageRecord


class Spot(NamedTuple):
    """Where a reader is in what it reads."""

    position: int
    """In a dump, how many records were checked, from 1; in a zip archive, the index of a member; in a Parquet table, the number of a row;
    in a web archive, the offset of a record, of a compressed member, or of the run of members that a record is in."""
    within: int = 0
    """The offset of a record among the decompressed bytes of its run; in a zip archive, how many items the member has given."""
    archive: int = 0
    """The number of the web archive, zip archive or table, from 1; 0 in a dump."""


class Guard:
    """Guards the reading of an input against records that end the process which reads them.

    Args:
        losses: the spots of records that are not decoded; with True, of those that are given up, since processes died again.
        begin: called with each spot before it is read. If reading it ends the process, another one knows where that was.
    """

    def __init__(self, losses: Mapping[Spot, bool] = {}, begin: Callable[[Spot], object] | None = None) -> None:
        self.losses, self.begin = losses, begin
        self.last: Spot | None = None
        """The spot that was noted last."""
        self._dumps = ArchiveGuard(self, 0)
        self._records = self._archives = 0

    def check(self) -> None:
        """Note that the next record of a dump is decoded.

        Raises:
            WorkerDied: if it is not to be decoded.
        """
        self._records += 1
        self._dumps.check(self._records)

    def open_archive(self) -> "ArchiveGuard":
        """Return the guard of the web archive, zip archive or table that is read next."""
        self._archives += 1
        return ArchiveGuard(self, self._archives)


class ArchiveGuard:
    """A guard, asked by the positions in one web archive, zip archive or table; see :class:`Spot`."""

    def __init__(self, guard: Guard, number: int) -> None:
        self._guard, self._number = guard, number
        self.is_noting = guard.begin is not None
        """Whether reads are noted. If they are not, no spot is lost or given up."""

    def check(self, position: int, within: int = 0) -> None:
        """Note that a record is decoded next.

        Raises:
            WorkerDied: if it is not to be decoded.
        """
        self.note(position, within)
        if self.is_noting and Spot(position, within, self._number) in self._guard.losses:
            raise worker_died("read")

    def note(self, position: int, within: int = 0) -> None:
        """Note what is read next."""
        if self.is_noting:
            self.resume(Spot(position, within, self._number))

    def gives_up(self, position: int, within: int = 0) -> bool:
        """Return True if what is there is given up."""
        return self.is_noting and self._guard.losses.get(Spot(position, within, self._number), False)

    def look_ahead(self, position: int) -> Spot | None:
        """Note what is read next, and return what was noted before; it is read again after that, and :meth:`resume` notes it."""
        before = self._guard.last
        self.note(position)
        return before

    def resume(self, spot: Spot | None) -> None:
        """Note that reading goes on at a spot; None is what :meth:`look_ahead` returns if there was none."""
        if self._guard.begin is not None and spot is not None:
            self._guard.last = spot
            self._guard.begin(spot)


class Failed(NamedTuple):
    """A page that could not be read, and why."""

    input: str
    error: PageError
    is_named: bool
    """Whether the user named it; False if it was found in a directory or a container."""


class Skipped(NamedTuple):
    """A piece that is not read, and why."""

    input: str
    reason: str


Unread = Failed | Skipped
Item = Page | PageRecord | Unread
"""What a source yields. A page record is that of a page that an earlier run has cleaned."""


class ReadOptions(NamedTuple):
    """The options of all inputs."""

    max_bytes: int = MAX_BYTES
    """The most bytes of one page."""
    url: str | None = None
    """The address of the only page."""
    text_field: str = "text"
    html_field: str | None = None
    url_field: str = "url"
    date_field: str | None = None
    include: tuple[str, ...] = ()
    """Patterns of the files to read in directories and archives; all if empty."""
    exclude: tuple[str, ...] = ()
    """Patterns of the files not to read there."""
    limit: int | None = None
    """The most pages to read."""
    sample: int | None = None
    """The number of pages to choose at random."""
    seed: int = 0
    """The seed of the random choice."""

    reads_records: bool = False
    """Whether to read the page records of an earlier run instead of pages."""

    @property
    def is_part(self) -> bool:
        """Whether only some of the pages are read, so that one process has to count them."""
        return self.limit is not None or self.sample is not None


class Place(NamedTuple):
    """The origin of a stream of bytes: a file, or a piece of one."""

    input: str
    is_named: bool
    depth: int = 0
    """The number of containers around it."""

    def at(self, piece: object) -> str:
        """Return the name of a piece."""
        return f"{self.input}#{piece}"

    def failed(self, error: PageError, piece: object = None) -> Failed:
        """Return a failed item, for the whole input or a piece."""
        error.__context__ = None  # it and the traceback keep what was read in memory, however large
        return Failed(self.input if piece is None else self.at(piece), error.with_traceback(None), self.is_named)

    def skipped(self, reason: str, piece: object) -> Skipped:
        """Return the item of a piece that is skipped."""
        return Skipped(self.at(piece), reason)
