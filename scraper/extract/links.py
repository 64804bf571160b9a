"""Find the links of a page that lead to more pages of its site."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from scraper.extract.cleaning import Outcome
from scraper.extract.record_builder import LinkResolver
from scraper.layouts.schema import LinkRole
from scraper.urls import origin_of

Role = LinkRole | Literal["story", "headline", "sitemap"]
"""The role of a link: ``story`` for a teaser or an entry of a feed, ``headline`` for a headline, ``sitemap`` for a sitemap that
robots.txt or another sitemap names; otherwise the role that a rule of the layout gives it."""
Links = Mapping[Role, Sequence[str]]
"""The absolute addresses to which a page links, by the role of the link."""


def find_links(outcome: Outcome) -> Links:
    """Return the links of a page, each address once: headlines, teasers, and the links that its layout's rules select."""
    roles: dict[str, Role] = {}
    for url, role in _links(outcome):
        roles.setdefault(url, role)
    links: dict[Role, list[str]] = {}
    for url, role in roles.items():
        links.setdefault(role, []).append(url)
    return links


def _links(outcome: Outcome) -> Iterator[tuple[str, Role]]:
    record, layout, tree = outcome.record, outcome.layout, outcome.tree
    if layout is None:
        return
    if tree is not None:
        resolver = LinkResolver(record.url, outcome.document.base)
        paths = [(href, _path_and_query(href, resolver)) for href in tree.links("[href]")]
        # These come first, so that a link to a page of the list is not taken for a story.
        for rule, css, target in layout.links:
            wanted = None if target is None else {href for href, path in paths if target.fullmatch(path) is not None}
            if wanted is not None and not wanted:
                continue  # on most pages; a selection is slow
            for href in tree.links(css):
                if (wanted is None or href in wanted) and (url := resolver.resolve(href)) is not None:
                    yield url, rule.role
    for teaser in record.teasers:
        if teaser.url is not None:
            yield teaser.url, "story"
    for headline in record.headlines:
        if headline.url is not None:
            yield headline.url, "headline"


def _path_and_query(href: str, resolver: LinkResolver) -> str:
    """Return path and query of a link's address; an empty string if it is not an address."""
    if href[:1] == "/" != href[1:2] and "/." not in href:  # true of nearly all; resolving would not change the path
        return href.partition("#")[0]
    return joined_path_and_query(href, resolver)


def joined_path_and_query(href: str, resolver: LinkResolver) -> str:
    """Do the same for any link, more slowly."""
    url = resolver.resolve(href)
    return url[len(origin_of(url)) :].partition("#")[0] if url is not None else ""
