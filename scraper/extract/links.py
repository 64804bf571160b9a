"""Find the links of a page that lead to more pages of its site."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from scraper.extract.cleaning import Outcome
from scraper.layouts.schema import LinkRole
from scraper.urls import origin_of, resolve

Role = LinkRole | Literal["story", "headline", "sitemap"]


class Link(NamedTuple):
    """A link to follow."""

    url: str
    """The absolute address."""
    role: Role
    """Where it leads: ``story`` if it is a teaser or an entry of a feed, ``headline`` if it is one; ``sitemap`` if robots.txt or another sitemap names
    it; otherwise as a rule of the layout says."""


def find_links(outcome: Outcome) -> list[Link]:
    """Return the links of a page, each address once: headlines, teasers, and what its layout's link rules select."""
    found: dict[str, Link] = {}
    for link in _links(outcome):
        found.setdefault(link.url, link)
    return list(found.values())


def _links(outcome: Outcome) -> Iterator[Link]:
    record, layout, tree = outcome.record, outcome.layout, outcome.tree
    if layout is None:
        return
    base = record.url if outcome.document.base is None else resolve(outcome.document.base, record.url)
    origin = origin_of(base) if base is not None else None
    if tree is not None:
        # First, so that a link to a page of the list is not taken for a story.
        for rule, css, target in layout.links:
            for href in tree.links(css):
                # Most links begin with their path, are those of every page, and match no target.
                if href[:1] == "/" != href[1:2]:
                    url = _followed(href, origin, target)
                else:
                    url = resolve(href, base)
                    url = url if url is not None and target.fullmatch(_path_and_query(url)) is not None else None
                if url is not None:
                    yield Link(url, rule.role)
    for teaser in record.teasers:
        if teaser.url is not None:
            yield Link(teaser.url, "story")
    for headline in record.headlines:
        if headline.url is not None:
            yield Link(headline.url, "headline")


@lru_cache(maxsize=1 << 14)
def _followed(path: str, origin: str | None, target: re.Pattern[str]) -> str | None:
    """Return the address of a link that begins with its path; None if it is not the target of its rule."""
    return resolve(path, origin) if target.fullmatch(path.partition("#")[0]) is not None else None


def _path_and_query(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
