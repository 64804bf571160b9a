"""How politely pages are requested: what robots.txt allows (RFC 9309, parsed by Protego), and how often a host is asked."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple, Protocol

import msgspec
from protego import Protego

from scraper.errors import Disallowed, FetchError, RateLimited, RobotsUnreachable, TooLarge
from scraper.fetch.exchange import Exchange, Header, is_header
from scraper.urls import origin_of

_KEPT: Final = 24 * 3600
"""Seconds for which a robots.txt is cached (RFC 9309, 2.4)."""
_UNREACHABLE_KEPT: Final = 600
"""Seconds until a robots.txt that could not be fetched is requested again."""
ROBOTS_MAX_BYTES: Final = 512 * 1024
"""Bytes of a robots.txt that are read; RFC 9309, 2.5, demands at least 500 KiB."""
_TOKEN: Final = re.compile("[A-Za-z_-]+")
LONGEST_WAIT: Final = 300.0
"""The most seconds of ``Retry-After`` that a run waits. If a host asks for more, its other pages fail at once."""


class Politeness(NamedTuple):
    """How pages are requested."""

    user_agent: str
    """The name of the program and whom to ask about it, sent with each request. The groups of robots.txt are found by it."""
    headers: Sequence[tuple[str, str]] = ()
    """More headers of each request: names and values."""
    delay: float = 1.0
    """Seconds between two requests to a host."""
    concurrency: int = 8
    """Hosts that are asked at once."""
    timeout: float = 60.0
    """Seconds that a request may take."""
    ignores_robots: bool = False

    def request_headers(self) -> list[Header]:
        """Return the headers of each request.

        Raises:
            ValueError: if one is not valid.
        """
        headers = [("User-Agent", self.user_agent), *self.headers]
        for name, value in headers:
            if not is_header(name, value):
                raise ValueError(f"{f'{name}: {value}'!r} is not a valid header")
        return [(name.encode("ascii"), value.encode("utf-8")) for name, value in headers]


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
        return min(delay, _KEPT) if delay > 0 else 0.0  # it may be infinite or NaN

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
        if rules is None or rules.text is None or time.time() >= rules.fetched_at + _KEPT:
            rules = Rules(self._get(f"{origin}/robots.txt"), time.time())
            if rules.text is not None:
                self._store[origin] = rules
        if rules.text is None:
            return rules.fetched_at + _UNREACHABLE_KEPT, None
        return rules.fetched_at + _KEPT, Protego.parse(rules.text)

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
        data = exchange.content(ROBOTS_MAX_BYTES)
    except TooLarge:
        data = b""
    return data.decode("utf-8-sig", "replace")


class Stopped(BaseException):
    """The run is ending. Like ``KeyboardInterrupt``, it is not an error."""


class _Host:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.free_at = 0.0
        self.closed_until = 0.0


class Throttle:
    """Limits the rate of requests.

    A pause lasts from the end of a request to the start of the next one, so that a slow server gets fewer requests.

    Args:
        delay: the shortest pause between two requests to a host, in seconds.
        concurrency: the most requests at the same time.
    """

    def __init__(self, *, delay: float, concurrency: int) -> None:
        self.delay = delay
        self._slots = threading.BoundedSemaphore(concurrency)
        self._hosts: dict[str, _Host] = {}
        self._stop = threading.Event()

    @contextmanager
    def turn(self, host: str, delay: float = 0.0) -> Iterator[None]:
        """Wait until a request to ``host`` may be made in the block, and pause after it.

        Args:
            host: the host, as :func:`~scraper.fetch.addresses.host_of` returns it.
            delay: the pause that the site requests; the longer of this and the run's is used.

        Raises:
            RateLimited: if the host has asked for a longer pause than a run waits.
        """
        state = self._hosts.setdefault(host, _Host())
        with state.lock:
            self._check_open(host, state)
            while (remaining := state.free_at - time.monotonic()) > 0:  # hold() may prolong it meanwhile
                self.sleep(remaining)
            self._check_open(host, state)
            with self._slots:
                if self._stop.is_set():
                    raise Stopped
                try:
                    yield
                finally:
                    state.free_at = max(state.free_at, time.monotonic() + max(self.delay, delay))

    def hold(self, host: str, seconds: float) -> None:
        """Make no request to ``host`` for some seconds.

        Raises:
            RateLimited: if that is longer than a run waits.
        """
        state = self._hosts.setdefault(host, _Host())
        if seconds > LONGEST_WAIT:
            state.closed_until = time.monotonic() + seconds
            self._check_open(host, state)
        state.free_at = max(state.free_at, time.monotonic() + seconds)

    def sleep(self, seconds: float) -> None:
        """Sleep.

        Raises:
            Stopped: if the run ends meanwhile.
        """
        if seconds > 0:
            self._stop.wait(seconds)
        if self._stop.is_set():
            raise Stopped

    def stop(self) -> None:
        """Raise :class:`Stopped` in all threads that wait, now or later."""
        self._stop.set()

    @staticmethod
    def _check_open(host: str, state: _Host) -> None:
        remaining = state.closed_until - time.monotonic()
        if remaining > 0:
            raise RateLimited(f"{host} asks to wait for {remaining:.0f} more seconds; run again then")
