"""Fetch one address: robots.txt, throttle, retries and redirects, up to a page or an error."""

import time
from collections.abc import Callable
from random import Random
from typing import Final
from urllib.parse import urljoin, urlsplit

import msgspec

from scraper.errors import (
    BadAddress,
    BadRedirect,
    BadStatus,
    Blocked,
    ConnectionFailed,
    EmptyInput,
    FetchError,
    NotFound,
    NotText,
    PageError,
    RateLimited,
    ServerFailed,
    TimedOut,
    UnknownHost,
)
from scraper.fetch.addresses import host_of, is_private_host, prepare
from scraper.fetch.client import Getter
from scraper.fetch.exchange import Exchange, Header
from scraper.fetch.feeds import is_feed
from scraper.fetch.politeness import LONGEST_WAIT, ROBOTS_MAX_BYTES, Robots, RobotsStore, Throttle
from scraper.models import Page, is_page_type
from scraper.sources.block_pages import block_page_error, redirect_error

_MOST_REDIRECTS: Final = 10
_MOST_ROBOTS_REDIRECTS: Final = 5
"""RFC 9309, 2.3.1.2."""
_TRIES: Final = 4
"""The most attempts of a request."""
_LONGEST_BACKOFF: Final = 60.0
_SHORTEST_BACKOFF: Final = 0.05


class PreviousFetch(msgspec.Struct, frozen=True):
    """The result of an earlier fetch of an address; empty if there is none."""

    final_url: str | None = None
    etag: str | None = None
    last_modified: str | None = None


class FetchJob(msgspec.Struct, frozen=True):
    """An address to fetch."""

    address: str
    """As the user wrote it."""
    previous: PreviousFetch = PreviousFetch()
    is_named: bool = True
    """Whether the user named it; other addresses were found by a crawl."""


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """The result of fetching an address: a page, an error, or neither if the page has not changed since the last fetch."""

    job: FetchJob
    url: str
    """The last address that was requested."""
    page: Page | None = None
    error: PageError | None = None
    status: int | None = None
    fetched_at: str | None = None
    etag: str | None = None
    last_modified: str | None = None

    @property
    def size(self) -> int:
        """The approximate bytes of memory that it takes."""
        return 1000 + (len(self.page.data) if self.page is not None else 0)


class Fetcher:
    """Fetches addresses. Any number of threads may use it.

    Args:
        get: makes one request.
        throttle: limits the rate of requests.
        robots_store: stores the robots.txt of sites.
        user_agent: the User-Agent header, to whose first word robots.txt applies.
        max_bytes: the most bytes of a page, without its content codings.
        timeout: the most seconds for resolving the host of a redirect.
        ignores_robots: whether to ignore robots.txt.
        reads_feeds: whether to return feeds and sitemaps as pages; otherwise they are errors.
        archive: called with every exchange, before anything else is done with it.
        is_proxied: returns True if a proxy resolves the host of an address, which is then not checked here.
        rng: the source of randomness for retries.
    """

    def __init__(
        self,
        get: Getter,
        throttle: Throttle,
        robots_store: RobotsStore,
        *,
        user_agent: str,
        max_bytes: int,
        timeout: float = 60.0,
        ignores_robots: bool = False,
        reads_feeds: bool = False,
        archive: Callable[[Exchange], None] = lambda _: None,
        is_proxied: Callable[[str], bool] = lambda _: False,
        rng: Random | None = None,
    ) -> None:
        self._get = get
        self._throttle = throttle
        self._max_bytes = max_bytes
        self._timeout = timeout
        self._reads_feeds = reads_feeds
        self._robots = None if ignores_robots else Robots(user_agent, self._get_robots, robots_store)
        self._archive = archive
        self._is_proxied = is_proxied
        self._rng = rng or Random()  # noqa: S311 - not for security

    def fetch(self, job: FetchJob) -> Fetched:
        """Fetch an address. A :class:`PageError` is returned in the result, not raised."""
        url = job.address
        exchange: Exchange | None = None
        try:
            url = start = prepare(job.address)
            only_public = False
            visited = {url}
            while True:
                exchange = self._request(url, _validators(job.previous, url), only_public=only_public)
                target = exchange.location
                if target is None:
                    return _finished(job, exchange, self._max_bytes, reads_feeds=self._reads_feeds)
                only_public, redirected = self._follow(url, target, visited, only_public=only_public)
                error = redirect_error(start, redirected)
                if error is not None:
                    raise error
                url = redirected
        except PageError as error:
            return Fetched(
                job=job,
                url=url,
                error=error,
                status=exchange.status if exchange is not None else None,
                fetched_at=exchange.requested_at if exchange is not None else None,
            )

    def sitemaps(self, url: str) -> list[str]:
        """Return the addresses of sitemaps in the robots.txt of a site; none if robots.txt is ignored or cannot be fetched."""
        return self._robots.sitemaps(url) if self._robots is not None else []

    def _follow(self, url: str, target: str, visited: set[str], *, only_public: bool) -> tuple[bool, str]:
        """Return the address that a redirect leads to, and True if it and all later redirects must be public."""
        try:
            redirected = prepare(urljoin(url, target))
        except (BadAddress, ValueError):
            raise BadRedirect(f"it redirects to {target[:200]!r}, which is not an http or https address") from None
        if redirected in visited:
            raise BadRedirect(f"it redirects in circles, back to {redirected[:200]}")
        if len(visited) > _MOST_REDIRECTS:
            raise BadRedirect(f"it redirects more than {_MOST_REDIRECTS} times, the last time to {redirected[:200]}")
        visited.add(redirected)
        if urlsplit(url).hostname == urlsplit(redirected).hostname or self._is_proxied(url) or self._is_proxied(redirected):
            return only_public, redirected
        # The user may name a private address, but a public page must not make the program request one.
        only_public = only_public or not is_private_host(url, self._timeout)
        if only_public and is_private_host(redirected, self._timeout):
            raise BadRedirect(
                f"a public page redirects to {redirected[:200]}, a private address; if you trust it, fetch it by its own address"
            )
        return only_public, redirected

    def _request(self, url: str, headers: list[Header], *, only_public: bool, is_robots: bool = False) -> Exchange:
        """Make a request, and retry it while its failure is transient."""
        host = host_of(url)
        robots = None if is_robots else self._robots
        max_bytes = ROBOTS_MAX_BYTES if is_robots else self._max_bytes
        for retries in range(_TRIES):
            try:
                delay = robots.check(url) if robots is not None else 0.0
                with self._throttle.turn(host, delay):
                    exchange = self._get(url, headers=headers, only_public=only_public, max_bytes=max_bytes)
                    self._archive(exchange)
            except FetchError as error:
                # A failure of another kind is an earlier one of the whole host, which is not retried.
                is_of_request = isinstance(error, ConnectionFailed | TimedOut | UnknownHost)
                if not error.is_transient or retries == _TRIES - 1 or not is_of_request:
                    raise
            else:
                wait = exchange.retry_after(time.time()) if exchange.status in (429, 503) else None
                if wait is not None and (wait > LONGEST_WAIT or retries < _TRIES - 1):
                    self._throttle.hold(host, wait)
                if not exchange.is_transient or retries == _TRIES - 1:
                    return exchange
            self._throttle.hold(host, backoff(retries, self._throttle.delay, self._rng))
        raise AssertionError  # the loop returns or raises

    def _get_robots(self, url: str) -> Exchange:
        """Get a robots.txt, following redirects and retrying transient failures."""
        only_public = False
        visited = {url}
        while True:
            exchange = self._request(url, [], only_public=only_public, is_robots=True)
            target = exchange.location
            if target is None or len(visited) > _MOST_ROBOTS_REDIRECTS or urljoin(url, target) in visited:
                return exchange
            only_public, url = self._follow(url, target, visited, only_public=only_public)


def backoff(retries: int, delay: float, rng: Random) -> float:
    """Return the seconds to wait before the next retry: the delay, doubled each time, less a random part of up to half.

    The random part spreads out programs that failed at the same time
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/, "equal jitter").

    Args:
        retries: the retries so far.
        delay: the pause between requests, in seconds.
        rng: the source of randomness.
    """
    full = min(_LONGEST_BACKOFF, max(delay, _SHORTEST_BACKOFF) * 2.0**retries)
    return rng.uniform(full / 2, full)


def _validators(previous: PreviousFetch, url: str) -> list[Header]:
    """Return the headers that request a page only if it has changed (RFC 9110, 13.1)."""
    if previous.final_url != url:
        return []
    pairs = [(b"If-None-Match", previous.etag), (b"If-Modified-Since", previous.last_modified)]
    return [(name, value.encode("latin-1", "replace")) for name, value in pairs if value]


def _finished(job: FetchJob, exchange: Exchange, max_bytes: int, *, reads_feeds: bool) -> Fetched:
    """Return the result of a response that is not a redirect."""
    result = Fetched(
        job=job,
        url=exchange.url,
        status=exchange.status,
        fetched_at=exchange.requested_at,
        etag=exchange.header(b"etag"),
        last_modified=exchange.header(b"last-modified"),
    )
    if exchange.status == 304 and _validators(job.previous, exchange.url):
        return msgspec.structs.replace(
            result, etag=result.etag or job.previous.etag, last_modified=result.last_modified or job.previous.last_modified
        )
    try:
        return msgspec.structs.replace(result, page=_page(job, exchange, max_bytes, reads_feeds=reads_feeds))
    except PageError as error:
        return msgspec.structs.replace(result, error=error, etag=None, last_modified=None)


def _page(job: FetchJob, exchange: Exchange, max_bytes: int, *, reads_feeds: bool) -> Page:
    status = exchange.status
    if not 200 <= status <= 299:
        raise _status_error(exchange)
    if exchange.error is not None:
        raise exchange.error
    if not exchange.body:
        raise EmptyInput(f"the response, with status {status}, is empty")
    media_type, charset = exchange.content_type
    is_page = is_page_type(media_type)
    data = exchange.content(max_bytes) if is_page or reads_feeds else b""
    if not is_page and not (reads_feeds and is_feed(data)):
        raise NotText(f"its media type, {media_type}, is not that of a page")
    error = block_page_error(data)
    if error is not None:
        raise error
    return Page(
        data=data,
        input=job.address,
        url=exchange.url,
        fetched_at=exchange.requested_at,
        charset=charset,
        media_type=media_type,
        is_named=job.is_named,
    )


def _status_error(exchange: Exchange) -> PageError:
    """Return the error for a status other than 2xx."""
    status = exchange.status
    name = f"{status} {exchange.reason.decode('latin-1')}".strip()
    if status in (404, 410):
        return NotFound(f"there is no such page ({name}); remove it from the list")
    if status == 429:
        return RateLimited(f"the site still asks for fewer requests ({name}); run again later, with a longer --delay")
    if status in (401, 403, 407, 451) or exchange.header(b"cf-mitigated") == "challenge":
        return Blocked(f"the site refuses it ({name}); open it in a browser to see why")
    if exchange.has_transient_status:
        return ServerFailed(f"the server failed ({name}), also when retried; run again later")
    return BadStatus(f"the server responded with {name} instead of a page")
