"""Pages that stand where another was asked for: challenges, login pages, and "not found" with status 200.

What they look like is data, in ``refusals.toml`` beside this file. Each rule looks at a page's own words in its head, never at an
article's: a story about captchas is a story.
"""

import html
import re
from collections.abc import Sequence
from functools import cache, cached_property
from importlib.resources import files
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec

from scraper.errors import Blocked, FetchError, NotFound
from scraper.urls import site_of

_HEAD: Final = 64 * 1024
"""How much of a page is looked at: titles and the scripts of challenges stand early."""
_TITLE: Final = re.compile(rb"<title[^<>]*>([^<]*)", re.IGNORECASE)
_SEPARATORS: Final = re.compile(r"\s+[:|\-–—·»]\s+")


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, dict=True):
    """A kind of page that is not the one asked for."""

    id: str
    code: Literal["blocked", "not-found"]
    because: str
    titles: tuple[str, ...] = ()
    """The title, or what stands in it before or after the site's name; ``*`` at the end stands for anything."""
    markup: tuple[str, ...] = ()
    """Strings of which one must stand in the markup; without ``titles``, one is enough."""

    @cached_property
    def beginnings(self) -> tuple[str, ...]:
        """The beginnings of titles that fit."""
        return tuple(title[:-1] for title in self.titles if title.endswith("*"))

    @cached_property
    def pieces(self) -> tuple[bytes, ...]:
        """The markup, as it stands in a page."""
        return tuple(piece.encode() for piece in self.markup)


class _Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    rules: list[Rule]
    login_paths: tuple[str, ...]
    front_pages: tuple[str, ...]

    @cached_property
    def titles(self) -> frozenset[str]:
        """The titles of all rules."""
        return frozenset(title for rule in self.rules for title in rule.titles)

    @cached_property
    def beginnings(self) -> tuple[str, ...]:
        """The beginnings of titles of all rules."""
        return tuple(beginning for rule in self.rules for beginning in rule.beginnings)


def refusal(data: bytes) -> FetchError | None:
    """Return the error for a page that stands where another was asked for, or None for a page like any other.

    Args:
        data: the page, unpacked.
    """
    head = data[:_HEAD]
    rules = _rules()
    # Hardly any page has a title that is in any rule.
    titles = [title for title in _titles(head) if title in rules.titles or title.startswith(rules.beginnings)]
    for rule in rules.rules:
        if rule.titles and not (titles and any(title in rule.titles or title.startswith(rule.beginnings) for title in titles)):
            continue
        if rule.markup and not any(map(head.__contains__, rule.pieces)):
            continue
        return _error(rule.code, rule.because)
    return None


def refusal_of_redirect(asked: str, there: str) -> FetchError | None:
    """Return the error for a redirect that leads to a login page, or to the front page instead of a page below it."""
    path, target = urlsplit(asked).path.lower(), urlsplit(there).path.lower()
    rules = _rules()
    pieces = target.strip("/").split("/")
    if not set(pieces).isdisjoint(rules.login_paths) and set(path.strip("/").split("/")).isdisjoint(rules.login_paths):
        return Blocked(f"it leads to the login page {there[:200]}; a page behind a login cannot be had")
    is_front = target in ("", "/") and not urlsplit(there).query
    if is_front and path.strip("/") not in rules.front_pages and site_of(asked) == site_of(there):
        return NotFound(f"it leads to the front page {there[:200]}; there is no such page any more, take it off the list")
    return None


@cache
def _rules() -> _Rules:
    return msgspec.toml.decode(files(__package__).joinpath("block_pages.toml").read_bytes(), type=_Rules)


def _error(code: str, because: str) -> FetchError:
    if code == "not-found":
        return NotFound(f"the page says that there is no such page ({because}); take it off the list")
    return Blocked(f"the site shows something else instead of the page ({because}); see in a browser what it asks for")


def _titles(head: bytes) -> Sequence[str]:
    found = _TITLE.search(head)
    if found is None:
        return ()
    try:
        text = found[1].decode()
    except UnicodeDecodeError:
        text = found[1].decode("cp1256", "replace")
    title = " ".join(html.unescape(text).split()).casefold().rstrip("!.…")
    # A site's name stands first or last; with more than one stroke, what is between is part of a sentence.
    before, *behind = _SEPARATORS.split(title)
    return [title, before, *behind] if len(behind) == 1 else [title]
