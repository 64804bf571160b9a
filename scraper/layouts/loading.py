"""The strict loader of layout files."""

from functools import cache
from pathlib import Path

import msgspec

from scraper.errors import LayoutError
from scraper.layouts.layout import Layout
from scraper.layouts.schema import LayoutFile


def load_layout(path: Path) -> Layout:
    """Load a layout file.

    Raises:
        LayoutError: if it cannot be read, is no TOML, or holds what a layout does not; the message names the file and the place.
    """
    try:
        return parse_layout(path.read_bytes(), str(path))
    except OSError as error:
        raise LayoutError(f"{path}: the layout file cannot be read: {error.strerror}") from None


def parse_layout(data: bytes, name: str) -> Layout:
    """Make a layout from the bytes of a file called ``name``.

    Raises:
        LayoutError: as :func:`load_layout`.
    """
    try:
        return Layout(msgspec.toml.decode(data, type=LayoutFile))
    except (msgspec.DecodeError, ValueError, TypeError) as error:
        raise LayoutError(f"{name}: {error}") from None


@cache
def builtin_layouts() -> tuple[Layout, ...]:
    """Return the layouts that come with the program."""
    return tuple(load_layout(path) for path in sorted(Path(__file__).parent.glob("*.toml")))
