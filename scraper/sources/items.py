"""The items that sources yield, and the options for reading."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from scraper.defaults import MAX_BYTES
from scraper.errors import PageError
from scraper.models import Page
from scraper.records import PageRecord


class Begin(Protocol):
    """Called before each record or compressed member is read. If reading it ends the process, another one knows where that was."""

    def __call__(self, position: int, /, within: int = 0) -> None:
        """Take the number of the record of a dump, or the offset in the archive.

        Args:
            position: the number or offset.
            within: the offset of the record among the decompressed bytes from there on.
        """


class Guard:
    """Guards a run against records of dumps, such as lines or rows, over which processes die.

    Args:
        failed: the errors of records that are not decoded, since processes died over them; by how many were checked, from 1.
        begin: called with the number of records checked, before each is decoded.
    """

    def __init__(self, failed: Mapping[int, PageError] = {}, begin: Begin | None = None) -> None:
        self._failed, self._begin = failed, begin
        self._count = 0

    def check(self) -> None:
        """Note that a record is decoded next.

        Raises:
            PageError: if it is not to be decoded.
        """
        self._count += 1
        if self._begin is not None:
            self._begin(self._count)
        if self._count in self._failed:
            raise self._failed[self._count]


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
