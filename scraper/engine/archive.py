"""The archive of a newspaper by the numbers of its articles, whether or not anything links to them."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from heapq import nlargest
from itertools import chain
from typing import Final

import msgspec

from scraper.engine.fetch_queue import Budget
from scraper.engine.jobs import ItemResult
from scraper.engine.web_run import FetchContext
from scraper.fetch import Fetched, FetchJob, host_of, prepare
from scraper.output.fetch_state import OK
from scraper.urls import origin_of, path_of

_DATES: Final = {8: "%Y%m%d", 10: "%y%m%d%H%M", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
"""Formats of dates by the number of their digits; ``/elbotola/1803221451`` is one of ten."""
_FIRST_YEAR: Final = 1995
_MOST_LINKED: Final = 20
"""Numbers in links that are tried before the newest article is known."""
_AT_ONCE: Final = 8
"""Addresses that are handed out; as many may be requested after the last miss."""


class NewspaperArchive(msgspec.Struct, frozen=True):
    """The articles of a newspaper by number, for :func:`~scraper.engine.web_run.fetch_pages`."""

    start: str
    """The address of a page that links to new articles."""
    newspaper_slug: str
    lang: str = "ar"
    first: int | None = None
    """The number to begin with; None for the newest that the site's own pages link to."""
    last: int = 1
    max_misses: int = 1000
    """Numbers in a row without an article, for whatever reason, after which the run ends."""
    max_pages: int | None = None
    """The most pages to request."""
    announce: Callable[[str], object] | None = None
    """Called with a sentence about the numbers that the run will fetch."""

    def __call__(self, context: FetchContext) -> "ArchiveQueue":
        """Return the addresses to fetch.

        Raises:
            BadAddress: if the start is not an http or https address.
        """
        return ArchiveQueue(self, context)


class ArchiveQueue:
    """The articles of a newspaper, number by number.

    Args:
        archive: the numbers.
        context: the run, with the state of what was fetched before, which is not fetched again.
    """

    is_ordered: Final = True

    def __init__(self, archive: NewspaperArchive, context: FetchContext) -> None:
        assert context.state is not None  # noqa: S101 - an archive always has one
        self._start = prepare(archive.start)
        lang = f"/{archive.lang}" if archive.lang != "ar" else ""
        front = prepare(f"{origin_of(self._start)}{lang}/{archive.newspaper_slug}")
        self._origin, self._path = origin_of(front), path_of(front)
        """The address of the newspaper, to which ``/`` and a number are added."""
        self._archive, self._state, self._records, self._delay = archive, context.state, context.records, context.delay
        self._counts, self._report = context.counts, context.report
        self._budget = Budget(archive.max_pages, context.max_time)
        self._number_in = re.compile(re.escape(self._path) + r"/(\d{1,18})/?").fullmatch
        self._linked: set[int] = set()
        """The largest numbers to which pages link."""
        self._newest: int | None = None
        """The largest number that has an article."""
        self._read: set[str] = set()
        """Pages with links that earlier runs have written."""
        redirected = self._state.redirect_targets(f"{self._origin}{self._path}/", self._records)
        self._redirected = set(map(self._number_of, redirected)) - {None}
        """Numbers of articles that were read when other addresses were redirected to them."""
        self._began = time.time()
        self._changed = threading.Condition()
        self._under_way = 0
        self._misses = 0
        self._ended_at: int | None = None
        self._untried = 0

    @property
    def waiting(self) -> int:
        """The number of addresses that are not handed out."""
        return self._untried

    def __iter__(self) -> Iterator[FetchJob]:
        """Yield the address of each number that was not fetched before."""
        if self._archive.first is None:
            yield from self._listings()
        first = self._archive.first if self._archive.first is not None else self._newest
        if first is None and not self._budget.allows():
            return
        if first is None:
            self._report(f"no article of {self._path[1:]} is linked at {self._start}; give the number to begin with by --from")
            self._counts.failures["no-number"] += 1
            return
        if self._archive.announce is not None:
            self._archive.announce(self._announcement(first))
        numbers = range(first, self._archive.last + 1) if first <= self._archive.last else range(first, self._archive.last - 1, -1)
        self._untried = len(numbers)
        is_first = True
        for number in numbers:
            if not self._budget.allows() or self._ended_at is not None:
                return
            address = f"{self._origin}{self._path}/{number}"
            row = self._state.row(address, self._records)
            is_redirected = row is None and number in self._redirected
            if is_redirected or (row is not None and not row.is_transient):
                self._untried -= 1
                if row is None or row.checked_at < self._began:
                    self._counts.left_out["fetched before"] += 1
                if is_first:  # a run that goes on has the misses at the end of the last one
                    self._count(number, is_miss=row is not None and row.result != OK)
                continue
            is_first = False
            self._wait(_AT_ONCE - 1)
            if self._budget.allows() and self._ended_at is None:
                self._untried -= 1
                yield self._job(address)

    def _listings(self) -> Iterator[FetchJob]:
        """Yield the pages that link to the newest articles, and then these, until one exists: a link may be wrong."""
        prefix = f"{self._origin}{self._path}"
        for address in self._state.addresses(f"{prefix}/", self._records):
            self._learn(self._number_of(address))
        for page in (self._start, prefix):
            row = self._state.row(page, self._records)
            if row is not None and row.result == OK:
                self._read.add(page)
        yield self._job(self._start, is_named=True)
        if prefix != self._start and self._budget.allows():
            yield self._job(prefix)
        self._wait(0)
        for number in sorted(self._linked, reverse=True):
            if number <= (self._newest or 0) or not self._budget.allows():
                return
            yield self._job(f"{prefix}/{number}")
            self._wait(0)

    def _wait(self, most: int) -> None:
        """Wait until at most so many addresses are under way."""
        with self._changed:
            while self._under_way > most and self._budget.allows():
                self._changed.wait(self._budget.seconds)

    def _job(self, address: str, *, is_named: bool = False) -> FetchJob:
        self._budget.spend()
        with self._changed:
            self._under_way += 1
        return FetchJob(address, is_named=is_named)

    def _announcement(self, first: int) -> str:
        archive = self._archive
        total = abs(archive.last - first) + 1
        duration = timedelta(seconds=round(total * self._delay))
        sentence = f"{self._path[1:]}: {total:,} numbers from {first} to {archive.last}, at least {duration} at a delay of {self._delay:g} s"
        if any(map(is_like_date, (first, archive.last))):
            sentence += "; they look like dates, so most of them have no article, and each of these takes its delay, too"
        return sentence

    def skip_reason(self, fetched: Fetched) -> str | None:
        """Return why a page is not written: it is read again for its links, or an address was redirected to it."""
        if fetched.page is None:
            return None
        if fetched.job.address in self._read or self._number_of(fetched.url) in self._redirected:
            return "repeated"
        row = self._state.row(fetched.url, self._records) if fetched.url != fetched.job.address else None
        return "repeated" if row is not None and row.result == OK else None

    def done(self, fetched: Fetched, result: ItemResult | None) -> None:
        """Count misses in a row, and learn the newest number from the links of a page."""
        urls = chain.from_iterable(result.links.values()) if result is not None else ()
        numbers = map(self._number_of, urls)
        self._linked = set(nlargest(_MOST_LINKED, self._linked.union(number for number in numbers if number is not None)))
        number = self._number_of(fetched.job.address)
        if number is not None:
            self._count(number, is_miss=fetched.error is not None)
            if fetched.page is not None:
                self._learn(number)
            if result is not None and result.failure is None and fetched.url != fetched.job.address:
                self._redirected |= {self._number_of(fetched.url)} - {None}
        with self._changed:
            self._under_way -= 1
            self._changed.notify()

    def _number_of(self, url: str) -> int | None:
        found = self._number_in(path_of(url)) if host_of(url) == host_of(self._origin) else None
        return int(found[1]) if found is not None else None

    def _learn(self, number: int | None) -> None:
        self._newest = max(number or 0, self._newest or 0) or None

    def _count(self, number: int, *, is_miss: bool) -> None:
        self._misses = self._misses + 1 if is_miss else 0
        if self._misses == self._archive.max_misses and self._ended_at is None:
            self._ended_at = number

    def finish(self) -> None:
        """Count what is left at the end of the run."""
        if left := self._untried + self._under_way:
            self._counts.remaining["numbers"] += left
        self._counts.ended = self._budget.ended
        if self._ended_at is not None:
            where = f"{self._path[1:]}/{self._ended_at}"
            self._counts.ended = f"stopped after {self._archive.max_misses:,} numbers in a row without an article, at {where}"


def is_like_date(number: int) -> bool:
    """Return True if a number looks like a date, perhaps with a time."""
    text = str(number)
    try:
        date = datetime.strptime(text, _DATES[len(text)]).replace(tzinfo=UTC)
    except (KeyError, ValueError):
        return False
    return _FIRST_YEAR <= date.year <= datetime.now(UTC).year + 1
