"""What reading gives, and what was asked of it."""

from typing import NamedTuple

from scraper.defaults import MAX_BYTES
from scraper.errors import PageError
from scraper.models import Page


class Item(NamedTuple):
    """One piece as it was read, or why it could not be, or why it was passed over."""

    input: str
    page: Page | None
    error: PageError | None
    is_named: bool
    """Whether the user named it, or it was found in a directory or a container."""
    left_out: str | None = None
    """Why it was passed over, where it is no failure; there is neither page nor error then."""


class ReadOptions(NamedTuple):
    """What the user said of all inputs."""

    max_bytes: int = MAX_BYTES
    """The most bytes that one page may have."""
    url: str | None = None
    """The address of the only page."""
    text_field: str = "text"
    html_field: str | None = None
    url_field: str = "url"
    date_field: str | None = None


class Place(NamedTuple):
    """Where a stream of bytes comes from: a file, or a piece of one."""

    input: str
    is_named: bool
    depth: int = 0
    """In how many archives it lies."""

    def at(self, piece: object) -> str:
        """Return the name of a piece of it."""
        return f"{self.input}#{piece}"

    def failed(self, error: PageError, piece: object = None) -> Item:
        """Return the failure of the whole, or of a piece."""
        return Item(self.input if piece is None else self.at(piece), None, error, self.is_named)

    def passed_over(self, why: str, piece: object = None) -> Item:
        """Return a piece that is left out."""
        return Item(self.input if piece is None else self.at(piece), None, None, False, why)
