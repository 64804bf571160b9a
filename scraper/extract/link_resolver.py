"""Resolve the links of a page."""

import re
from typing import Final

from scraper.provenance import original_of
from scraper.urls import needs_base, origin_of, resolve

# Joining would not change such a path. Nearly all links of a page are such, and need no slow general join.
_PLAIN_PATH: Final = re.compile(r"(?:/[\w%+-]+)+")


class LinkResolver:
    """Resolves the links of a page, and records whether a base address was missing.

    Args:
        url: the address of the page; None if it is unknown.
        base: the base address that the page declares, which may be relative.
    """

    def __init__(self, url: str | None, base: str | None) -> None:
        self._base = url
        if base is not None:
            resolved = resolve(base, url)
            self._base = original_of(resolved).url if resolved is not None else None
        self._origin = origin_of(self._base) if self._base is not None else None
        self.is_base_missing = False

    def resolve(self, link: str | None) -> str | None:
        """Return the address of a link; None if it has none or its base is unknown."""
        if link is None:
            return None
        if _PLAIN_PATH.fullmatch(link):
            self.is_base_missing |= self._origin is None
            return self._origin + link if self._origin is not None else None
        if self._base is None and needs_base(link):
            self.is_base_missing = True
        address = resolve(link, self._base)
        return original_of(address).url if address is not None else None
