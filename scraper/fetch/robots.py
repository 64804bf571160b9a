"""robots.txt by RFC 9309, parsed by Protego."""

import re
import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

import msgspec
from protego import Protego

from scraper.errors import Disallowed, FetchError, RobotsUnreachable, TooLarge
from scraper.fetch.exchange import Exchange
from scraper.urls import origin_of

KEPT: Final = 24 * 3600
"""Seconds for which a robots.txt is cached (RFC 9309, 2.4)."""
_UNREACHABLE_KEPT: Final = 600
"""Seconds until a robots.txt that could not be fetched is requested again."""
MAX_BYTES: Final = 512 * 1024
"""Bytes of a robots.txt that are read; RFC 9309, 2.5, demands at least 500 KiB."""
_TOKEN: Final = re.compile("[A-Za-z_-]+")


class Rules(msgspec.Struct, frozen=True):
    """A fetched robots.txt."""

    text: str | None
    """None if it could not be fetched; then no page may be."""
    fetched_at: float
    """In seconds since 1970."""


class RobotsStore(Protocol):
    """Storage of robots.txt by origin, in the state of a run or in a dict."""

    def get(self, origin: str, /) -> Rules | None:
        """Return the robots.txt of an origin, if there is one."""

    def __setitem__(self, origin: str, rules: Rules, /) -> None:
        """Store the robots.txt of an origin."""


class Robots:
    """Decides which addresses may be fetched, and how slowly.

    Args:
        user_agent: the User-Agent header; its leading letters are the name to which rules apply.
        fetch: fetches a robots.txt, following redirects.
        store: robots.txt from earlier runs.
    """

    def __init__(self, user_agent: str, fetch: Callable[[str], Exchange], store: RobotsStore) -> None:
        token = _TOKEN.match(user_agent)
        # Without a name, only the rules for all programs apply.
        self._token = token[0].lower() if token else "*"
        self._fetch = fetch
        self._store = store
        self._parsed: dict[str, tuple[float, Protego | None]] = {}
        self._locks: dict[str, threading.Lock] = {}

    def check(self, url: str) -> float:
        """Return the pause between requests that the site asks for, in seconds.

        Raises:
            Disallowed: if robots.txt disallows the address.
            RobotsUnreachable: if robots.txt could not be fetched.
        """
        origin = origin_of(url)
        rules = self._rules(origin)
        if rules is None:
            raise RobotsUnreachable(f"{origin}/robots.txt could not be fetched, so no page of the site may be; try again later")
        if not rules.can_fetch(url, self._token):
            raise Disallowed(f"{origin}/robots.txt disallows it; --ignore-robots fetches it, on your own responsibility")
        delay = rules.crawl_delay(self._token) or 0.0
        return min(delay, KEPT) if delay > 0 else 0.0  # it may be infinite or NaN

    def sitemaps(self, url: str) -> list[str]:
        """Return the addresses of the sitemaps that are named (https://www.sitemaps.org/protocol.html#submit_robots)."""
        rules = self._rules(origin_of(url))
        return list(rules.sitemaps) if rules is not None else []

    def _rules(self, origin: str) -> Protego | None:
        with self._locks.setdefault(origin, threading.Lock()):
            expires, rules = self._parsed.get(origin, (0.0, None))
            if time.time() >= expires:
                expires, rules = self._parsed[origin] = self._read(origin)
        return rules

    def _read(self, origin: str) -> tuple[float, Protego | None]:
        """Return when the rules of an origin expire, in seconds since 1970, and the rules; None if they could not be fetched."""
        rules = self._store.get(origin)
        if rules is None or rules.text is None or time.time() >= rules.fetched_at + KEPT:
            rules = Rules(self._get(f"{origin}/robots.txt"), time.time())
            if rules.text is not None:
                self._store[origin] = rules
        if rules.text is None:
            return rules.fetched_at + _UNREACHABLE_KEPT, None
        return rules.fetched_at + KEPT, Protego.parse(rules.text)

    def _get(self, url: str) -> str | None:
        try:
            exchange = self._fetch(url)
            if 200 <= exchange.status <= 299:
                if exchange.error is not None and not isinstance(exchange.error, TooLarge):
                    return None
                return _text(exchange)
        except FetchError:
            return None
        # 429 says nothing about what is allowed. The other 4xx, and too many redirects, mean that there are no rules (RFC 9309,
        # 2.3.1.2 and 2.3.1.3).
        return None if exchange.status >= 500 or exchange.status == 429 else ""


def _text(exchange: Exchange) -> str:
    try:
        data = exchange.content(MAX_BYTES)
    except TooLarge:
        data = b""
    return data.decode("utf-8-sig", "replace")
