"""The items that sources yield, and the options for reading."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from scraper.defaults import MAX_BYTES
from scraper.errors import PageError
from scraper.models import Page
from scraper.records import PageRecord


class Spot(NamedTuple):
    """Where a reader is in what it reads."""

    position: int
    """In a dump or zip archive, how many records or members were checked, from 1; in a Parquet table, the number of a row; in a web
    archive, the offset of a record, of a compressed member, or of the run of members that a record is in."""
    within: int = 0
    """The offset of a record among the decompressed bytes of its run."""
    archive: int = 0
    """The number of the web archive or table, from 1; 0 elsewhere."""


class Loss(NamedTuple):
    """What is lost at a spot, since processes died there."""

    error: PageError
    is_passed: bool = False
    """Whether it is passed over, since processes died again; otherwise its record is found, but not decoded."""


class Guard:
    """Guards the reading of an input against records over which processes die.

    Args:
        losses: what is not read.
        begin: called with each spot before it is read. If reading it ends the process, another one knows where that was.
    """

    def __init__(self, losses: Mapping[Spot, Loss] = {}, begin: Callable[[Spot], object] | None = None) -> None:
        self._losses, self._begin = losses, begin
        self._records = self._archives = 0

    @property
    def is_noting(self) -> bool:
        """Whether it is noted what is read."""
        return self._begin is not None

    def check(self) -> None:
        """Note that the next record of a dump, or member of a zip archive, is decoded.

        Raises:
            PageError: if it is not to be decoded.
        """
        self._records += 1
        self.check_spot(Spot(self._records))

    def check_spot(self, spot: Spot) -> None:
        """As :meth:`check`, for the record at a spot."""
        self.note(spot)
        if spot in self._losses:
            raise self._losses[spot].error

    def note(self, spot: Spot) -> None:
        """Note what is read next."""
        if self._begin is not None:
            self._begin(spot)

    def passed(self, spot: Spot) -> PageError | None:
        """Return the error of a spot that is passed over; None for any other."""
        loss = self._losses.get(spot)
        return loss.error if loss is not None and loss.is_passed else None

    def open_archive(self) -> "ArchiveGuard":
        """Return the guard of the web archive or table that is read next."""
        self._archives += 1
        return ArchiveGuard(self, self._archives)


class ArchiveGuard:
    """A guard, asked by the positions in one web archive or table; see :class:`Spot`."""

    def __init__(self, guard: Guard, number: int) -> None:
        self._guard, self._number = guard, number
        self.is_noting = guard.is_noting

    def check(self, position: int, within: int = 0) -> None:
        """Note that a record is decoded next.

        Raises:
            PageError: if it is not to be decoded.
        """
        self._guard.check_spot(Spot(position, within, self._number))

    def note(self, position: int, within: int = 0) -> None:
        """Note what is read next."""
        self._guard.note(Spot(position, within, self._number))

    def passed(self, position: int, within: int = 0) -> PageError | None:
        """Return the error of what is passed over; None for anything else."""
        return self._guard.passed(Spot(position, within, self._number))


class Item(NamedTuple):
    """A page that was read, the error of one that could not be read, or a piece that was skipped."""

    input: str
    page: Page | None
    error: PageError | None
    is_named: bool
    """Whether the user named it; False if it was found in a directory or a container."""
    left_out: str | None = None
    """Why it was skipped. Page and error are then None."""
    record: PageRecord | None = None
    """The record of a page that an earlier run has cleaned. Page and error are then None."""


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

    def failed(self, error: PageError, piece: object = None) -> Item:
        """Return a failed item, for the whole input or a piece."""
        error.__context__ = None  # it and the traceback keep what was read in memory, however large
        return Item(self.input if piece is None else self.at(piece), None, error.with_traceback(None), self.is_named)

    def skipped(self, reason: str, piece: object) -> Item:
        """Return the item of a piece that is skipped."""
        return Item(self.at(piece), None, None, False, reason)
