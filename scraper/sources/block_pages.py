"""Pages that are sent in place of the requested one: challenges, login pages, and "not found" with status 200.

The rules are data, in ``block_pages.toml``. A rule looks at the title and the markup at the beginning of a page, not at its article,
which may be a story about captchas.
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
from scraper.models import prepare_type
from scraper.urls import site_of

_HEAD: Final = 64 * 1024
"""Bytes of a page that are searched: titles and the scripts of challenges stand early."""
_TITLE: Final = re.compile(rb"<title[^<>]*>([^<]*)", re.IGNORECASE)
_SEPARATORS: Final = re.compile(r"\s+[:|\-–—·»]\s+")


class BlockRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, dict=True):
    """A kind of page that is not the requested one."""

    id: str
    code: Literal["blocked", "not-found"]
    because: str
    titles: tuple[str, ...] = ()
    """Titles, with or without the site's name before or after them; ``*`` at the end stands for any text."""
    markup: tuple[str, ...] = ()
    """Strings, one of which must be in the markup, in addition to one of the titles if there are any."""

    @cached_property
    def prefixes(self) -> tuple[str, ...]:
        """The titles that end with ``*``, without it."""
        return tuple(title[:-1] for title in self.titles if title.endswith("*"))

    @cached_property
    def markup_bytes(self) -> tuple[bytes, ...]:
        """The markup as bytes."""
        return tuple(piece.encode() for piece in self.markup)


class _BlockRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    rules: list[BlockRule]
    login_paths: tuple[str, ...]
    front_pages: tuple[str, ...]

    @cached_property
    def titles(self) -> frozenset[str]:
        """The titles of all rules."""
        return frozenset(title for rule in self.rules for title in rule.titles)

    @cached_property
    def prefixes(self) -> tuple[str, ...]:
        """The prefixes of titles of all rules."""
        return tuple(prefix for rule in self.rules for prefix in rule.prefixes)


prepare_type(_BlockRules)


def block_page_error(data: bytes) -> FetchError | None:
    """Return the error for a page that was sent in place of the requested one, or None for any other page.

    Args:
        data: the page, without content codings.
    """
    head = data[:_HEAD]
    rules = _rules()
    # Few pages have a title that is in any rule, so most rules are skipped quickly.
    titles = [title for title in _titles(head) if title in rules.titles or title.startswith(rules.prefixes)]
    for rule in rules.rules:
        if rule.titles and not (titles and any(title in rule.titles or title.startswith(rule.prefixes) for title in titles)):
            continue
        if rule.markup and not any(map(head.__contains__, rule.markup_bytes)):
            continue
        return _error(rule.code, rule.because)
    return None


def redirect_error(requested: str, redirected: str) -> FetchError | None:
    """Return the error for a redirect to a login page, or to the front page from a page below it; None for any other redirect.

    Args:
        requested: the address that was requested.
        redirected: the address that the redirect leads to.
    """
    path, target = urlsplit(requested).path.lower(), urlsplit(redirected).path.lower()
    rules = _rules()
    is_login = not set(target.strip("/").split("/")).isdisjoint(rules.login_paths)
    if is_login and set(path.strip("/").split("/")).isdisjoint(rules.login_paths):
        return Blocked(f"it redirects to the login page {redirected[:200]}; pages behind a login cannot be fetched")
    is_front = target in ("", "/") and not urlsplit(redirected).query
    if is_front and path.strip("/") not in rules.front_pages and site_of(requested) == site_of(redirected):
        return NotFound(f"it redirects to the front page {redirected[:200]}; the page no longer exists, remove it from the list")
    return None


@cache
def _rules() -> _BlockRules:
    return msgspec.toml.decode(files(__package__).joinpath("block_pages.toml").read_bytes(), type=_BlockRules)


def _error(code: str, because: str) -> FetchError:
    if code == "not-found":
        return NotFound(f"the page says that there is no such page ({because}); remove it from the list")
    return Blocked(f"the site sent another page in its place ({because}); open it in a browser to see why")


def _titles(head: bytes) -> Sequence[str]:
    found = _TITLE.search(head)
    if found is None:
        return ()
    try:
        text = found[1].decode()
    except UnicodeDecodeError:
        text = found[1].decode("cp1256", "replace")
    title = " ".join(html.unescape(text).split()).casefold().rstrip("!.…")
    # The site's name is the first or the last of two parts. A title with more parts is a sentence with separators in it.
    parts = _SEPARATORS.split(title)
    return [title, *parts] if len(parts) == 2 else [title]  # noqa: PLR2004
