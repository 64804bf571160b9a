"""One address, from the first request to a page or a named failure: robots, turns, retries and redirects together."""

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
    EmptyInput,
    FetchError,
    NotFound,
    NotText,
    PageError,
    RateLimited,
    ServerFailed,
)
from scraper.fetch.addresses import host_of, is_private_host, prepare
from scraper.fetch.body import unpack
from scraper.fetch.client import Getter
from scraper.fetch.exchange import Exchange, Header
from scraper.fetch.retry import TRIES, backoff, is_transient
from scraper.fetch.robots import MAX_BYTES as ROBOTS_MAX_BYTES
from scraper.fetch.robots import Robots, Shelf
from scraper.fetch.throttle import LONGEST_WAIT, Throttle
from scraper.models import Page, is_page_type
from scraper.sources.block_pages import refusal, refusal_of_redirect

_MOST_REDIRECTS: Final = 10
_MOST_ROBOTS_REDIRECTS: Final = 5
"""RFC 9309, 2.3.1.2."""


class Known(msgspec.Struct, frozen=True):
    """What an earlier run has learnt of an address."""

    final_url: str | None = None
    etag: str | None = None
    last_modified: str | None = None


class FetchJob(msgspec.Struct, frozen=True):
    """An address to be fetched."""

    address: str
    """As the user wrote it."""
    known: Known = Known()


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an address: a page, an error, or neither, where the page has not changed since."""

    job: FetchJob
    url: str
    """The last address that was asked."""
    page: Page | None = None
    error: PageError | None = None
    status: int | None = None
    fetched_at: str | None = None
    etag: str | None = None
    last_modified: str | None = None

    @property
    def size(self) -> int:
        """How many bytes of memory it takes, roughly."""
        return 1000 + (len(self.page.data) if self.page is not None else 0)


class Fetcher:
    """Fetches addresses; any number of threads may ask it to.

    Args:
        get: makes one request.
        pacer: hands out turns.
        shelf: keeps what sites ask of programs.
        user_agent: what the program calls itself.
        max_bytes: the most bytes of a page, unpacked.
        timeout: the most seconds for finding out where a redirect leads.
        ignores_robots: whether the user has taken it on himself to ignore robots.txt.
        archive: is given every exchange, before anything else is done with it.
        is_proxied: tells whether a proxy resolves the name of an address, which then cannot be looked at here.
    """

    def __init__(
        self,
        get: Getter,
        pacer: Throttle,
        shelf: Shelf,
        *,
        user_agent: str,
        max_bytes: int,
        timeout: float = 60.0,
        ignores_robots: bool = False,
        archive: Callable[[Exchange], None] = lambda _: None,
        is_proxied: Callable[[str], bool] = lambda _: False,
        rng: Random | None = None,
    ) -> None:
        self._get = get
        self._pacer = pacer
        self._max_bytes = max_bytes
        self._timeout = timeout
        self._robots = None if ignores_robots else Robots(user_agent, self._get_robots, shelf)
        self._archive = archive
        self._is_proxied = is_proxied
        self._rng = rng or Random()  # noqa: S311 - chance that keeps programs apart, and hides nothing

    def fetch(self, job: FetchJob) -> Fetched:
        """Fetch an address. Whatever goes wrong with it is in the result."""
        url = job.address
        exchange: Exchange | None = None
        try:
            url = start = prepare(job.address)
            only_public = False
            seen = {url}
            while True:
                exchange = self._ask(url, _validators(job.known, url), only_public=only_public)
                target = exchange.location
                if target is None:
                    return _finished(job, exchange, self._max_bytes)
                only_public, there = self._follow(url, target, seen, only_public=only_public)
                refused = refusal_of_redirect(start, there)
                if refused is not None:
                    raise refused
                url = there
        except PageError as error:
            return Fetched(
                job=job,
                url=url,
                error=error,
                status=exchange.status if exchange is not None else None,
                fetched_at=exchange.requested_at if exchange is not None else None,
            )

    def _follow(self, url: str, target: str, seen: set[str], *, only_public: bool) -> tuple[bool, str]:
        """Return where a redirect leads, and whether only public addresses may be asked from there on."""
        try:
            there = prepare(urljoin(url, target))
        except (BadAddress, ValueError):
            raise BadRedirect(f"it leads to {target[:200]!r}, which is no http or https address") from None
        if there in seen:
            raise BadRedirect(f"it leads in circles, back to {there[:200]}")
        if len(seen) > _MOST_REDIRECTS:
            raise BadRedirect(f"it leads on more than {_MOST_REDIRECTS} times, the last time to {there[:200]}")
        seen.add(there)
        if urlsplit(url).hostname == urlsplit(there).hostname or self._is_proxied(url) or self._is_proxied(there):
            return only_public, there
        # Once public, always public: what the user named is the user's, what a page leads to must be open to everybody.
        only_public = only_public or not is_private_host(url, self._timeout)
        if only_public and is_private_host(there, self._timeout):
            raise BadRedirect(f"a public page leads to {there[:200]}, a private address; fetch it by itself if you mean to")
        return only_public, there

    def _ask(self, url: str, headers: list[Header], *, only_public: bool, is_robots: bool = False) -> Exchange:
        """Make a request, and again if its failure may pass."""
        host = host_of(url)
        robots = None if is_robots else self._robots
        max_bytes = ROBOTS_MAX_BYTES if is_robots else self._max_bytes
        for tried in range(TRIES):
            try:
                delay = robots.check(url) if robots is not None else 0.0
                with self._pacer.turn(host, delay):
                    exchange = self._get(url, headers=headers, only_public=only_public, max_bytes=max_bytes)
                    self._archive(exchange)
            except FetchError as error:
                if not error.is_transient or tried == TRIES - 1 or not _came_from_network(error):
                    raise
            else:
                asked = exchange.retry_after(time.time()) if exchange.status in (429, 503) else None
                if asked is not None and (asked > LONGEST_WAIT or tried < TRIES - 1):
                    self._pacer.hold(host, asked)
                if not is_transient(exchange) or tried == TRIES - 1:
                    return exchange
            self._pacer.hold(host, backoff(tried, self._pacer.delay, self._rng))
        raise AssertionError  # the loop returns or raises

    def _get_robots(self, url: str) -> Exchange:
        """Get a robots.txt, its redirects followed, failures that may pass tried again."""
        only_public = False
        seen = {url}
        while True:
            exchange = self._ask(url, [], only_public=only_public, is_robots=True)
            target = exchange.location
            if target is None or len(seen) > _MOST_ROBOTS_REDIRECTS or urljoin(url, target) in seen:
                return exchange
            only_public, url = self._follow(url, target, seen, only_public=only_public)


def _came_from_network(error: FetchError) -> bool:
    """Tell whether a failure was met by this request, and not by an earlier one that speaks for the whole host."""
    return error.code in ("connection", "timeout", "unknown-host")


def _validators(known: Known, url: str) -> list[Header]:
    """Return the headers that ask for a page only if it has changed (RFC 9110, 13.1)."""
    if known.final_url != url:
        return []
    pairs = [(b"If-None-Match", known.etag), (b"If-Modified-Since", known.last_modified)]
    return [(name, value.encode("latin-1", "replace")) for name, value in pairs if value]


def _finished(job: FetchJob, exchange: Exchange, max_bytes: int) -> Fetched:
    """Return what a response that leads nowhere else comes to."""
    result = Fetched(
        job=job,
        url=exchange.url,
        status=exchange.status,
        fetched_at=exchange.requested_at,
        etag=exchange.header(b"etag"),
        last_modified=exchange.header(b"last-modified"),
    )
    if exchange.status == 304 and _validators(job.known, exchange.url):
        return msgspec.structs.replace(
            result, etag=result.etag or job.known.etag, last_modified=result.last_modified or job.known.last_modified
        )
    try:
        return msgspec.structs.replace(result, page=_page(job, exchange, max_bytes))
    except PageError as error:
        return msgspec.structs.replace(result, error=error, etag=None, last_modified=None)


def _page(job: FetchJob, exchange: Exchange, max_bytes: int) -> Page:
    status = exchange.status
    if not 200 <= status <= 299:
        raise _refused(exchange)
    if exchange.error is not None:
        raise exchange.error
    if not exchange.body:
        raise EmptyInput(f"the answer, with status {status}, holds nothing")
    if not is_page_type(exchange.media_type):
        raise NotText(f"it is of the type {exchange.media_type}, and no page")
    data = unpack(exchange.body, exchange.header(b"content-encoding"), max_bytes)
    refused = refusal(data)
    if refused is not None:
        raise refused
    return Page(
        data=data,
        input=job.address,
        url=exchange.url,
        fetched_at=exchange.requested_at,
        charset=exchange.charset,
        media_type=exchange.media_type,
    )


def _refused(exchange: Exchange) -> PageError:
    """Return the error for a status that is no page."""
    status = exchange.status
    said = f"{status} {exchange.reason.decode('latin-1')}".strip()
    if status in (404, 410):
        return NotFound(f"there is no such page ({said}); take it off the list")
    if status == 429:
        return RateLimited(f"the site still asks for fewer requests ({said}); run again later, with a longer --delay")
    if status in (401, 403, 407, 451) or exchange.header(b"cf-mitigated") == "challenge":
        return Blocked(f"the site refuses it ({said}); see in a browser what it asks for")
    if status >= 500:
        return ServerFailed(f"the server failed ({said}), also when asked again; run again later")
    return BadStatus(f"the server answered {said}, which is no page")
