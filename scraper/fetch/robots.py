"""What a site asks of programs: robots.txt by RFC 9309, read by Protego."""

import re
import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

import msgspec
from protego import Protego

from scraper.errors import Disallowed, FetchError, RobotsUnreachable, TooLarge
from scraper.fetch.body import unpack
from scraper.fetch.exchange import Exchange
from scraper.urls import origin_of

KEPT: Final = 24 * 3600
"""For how many seconds a robots.txt holds (RFC 9309, 2.4)."""
_UNREACHABLE_KEPT: Final = 600
MAX_BYTES: Final = 512 * 1024
"""How much of a robots.txt is read; RFC 9309, 2.5, wants at least 500 KiB."""
_TOKEN: Final = re.compile("[A-Za-z_-]+")


class Rules(msgspec.Struct, frozen=True):
    """A robots.txt, as it was had."""

    text: str | None
    """None if it could not be had, and nothing may be fetched."""
    fetched_at: float
    """In seconds since 1970."""


class Shelf(Protocol):
    """Where rules are kept between runs; a dict will do."""

    def get(self, origin: str, /) -> Rules | None:
        """Return what is kept for an origin."""

    def __setitem__(self, origin: str, rules: Rules, /) -> None:
        """Keep it."""


class Robots:
    """Answers whether an address may be fetched, and how slowly.

    Args:
        user_agent: what the program calls itself; its first word, up to a digit or a stroke, is looked for in the rules.
        fetch: gets a robots.txt, redirects followed.
        shelf: what is kept from earlier.
    """

    def __init__(self, user_agent: str, fetch: Callable[[str], Exchange], shelf: Shelf) -> None:
        token = _TOKEN.match(user_agent)
        # A name without letters matches no group but that for everybody.
        self._token = token[0].lower() if token else "*"
        self._fetch = fetch
        self._shelf = shelf
        self._parsed: dict[str, tuple[float, Protego | None]] = {}
        self._locks: dict[str, threading.Lock] = {}

    def check(self, url: str) -> float:
        """Return the pause that the site asks for between requests, in seconds.

        Raises:
            Disallowed: if the address may not be fetched.
            RobotsUnreachable: if that could not be learnt.
        """
        origin = origin_of(url)
        with self._locks.setdefault(origin, threading.Lock()):
            expires, rules = self._parsed.get(origin, (0.0, None))
            if time.time() >= expires:
                expires, rules = self._parsed[origin] = self._read(origin)
        if rules is None:
            raise RobotsUnreachable(f"{origin}/robots.txt could not be had, so nothing there may be fetched; try again later")
        if not rules.can_fetch(url, self._token):
            raise Disallowed(f"{origin}/robots.txt asks programs not to fetch it; --ignore-robots does, on your own responsibility")
        asked = rules.crawl_delay(self._token) or 0.0
        return min(asked, KEPT) if asked > 0 else 0.0  # neither endless nor no number

    def _read(self, origin: str) -> tuple[float, Protego | None]:
        known = self._shelf.get(origin)
        if known is None or known.text is None or time.time() >= known.fetched_at + KEPT:
            known = Rules(self._get(f"{origin}/robots.txt"), time.time())
            if known.text is not None:
                self._shelf[origin] = known
        if known.text is None:
            return known.fetched_at + _UNREACHABLE_KEPT, None
        return known.fetched_at + KEPT, Protego.parse(known.text)

    def _get(self, url: str) -> str | None:
        try:
            exchange = self._fetch(url)
            if 200 <= exchange.status <= 299:
                if exchange.error is not None and not isinstance(exchange.error, TooLarge):
                    return None
                return _text(exchange)
        except FetchError:
            return None
        # 429 asks to be left alone, and is no word on what is allowed; the other 4xx, and a redirect too many, mean that there are
        # no rules (2.3.1.2 and 2.3.1.3).
        return None if exchange.status >= 500 or exchange.status == 429 else ""


def _text(exchange: Exchange) -> str:
    encoding = exchange.header(b"content-encoding")
    try:
        data = unpack(exchange.body, encoding, MAX_BYTES)
    except TooLarge:
        data = b""
    return data.decode("utf-8-sig", "replace")
