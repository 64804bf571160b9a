"""Cleaning what was fetched: in this process as long as that keeps up with the network, in others where it does not."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from pathlib import Path
from typing import Final, Literal, Self

import msgspec

from scraper.cleaning import clean
from scraper.errors import InternalError, NoHeadlines, PageError
from scraper.identity import headline_key
from scraper.layouts import choose_layouts
from scraper.pages import Page
from scraper.projection import headline_records
from scraper.records import PageRecord, to_json_line

_BACKLOG: Final = 16
"""How many pages must wait before other processes are worth their start."""

_BATCH: Final = 8
"""How many pages go to a process at once: handing a single one over costs a tenth of cleaning it."""

Records = Literal["page", "headline"]


class Cleaned(msgspec.Struct, kw_only=True):
    """What cleaning made of a page: its lines, or an error."""

    lines: list[bytes] = []
    keys: list[str] = []
    """For headlines: what makes each the same as one that was seen before, namely site, address and words."""
    kind: str | None = None
    """The record's kind; None where there is no record."""
    layout: str | None = None
    """The layout that was recognised."""
    warnings: list[str] = []
    error: PageError | None = None


_chosen: Final = cache(choose_layouts)
"""The layouts of a directory, in each process read once."""


def clean_page(page: Page, records: Records, layouts: Path | None) -> Cleaned:
    """Clean a page with the user's layouts and those of a directory. Whatever goes wrong with it is in the result."""
    try:
        outcome = clean(page, _chosen(layouts))
        record = outcome.record
        if records == "page":
            return _cleaned([to_json_line(record)], [], record)
        if not record.headlines:
            lost = (
                "its headlines have lost what stood between them" if "ticker-not-split" in record.warnings else "there is no ticker"
            )
            raise NoHeadlines(f"no headline can be read from the page: {lost}; look at it without --ticker-only")
        rows = list(headline_records(record, outcome.layout))
        keys = [headline_key(row.site, row.url, row.headline) for row in rows]
        return _cleaned([to_json_line(row) for row in rows], keys, record)
    except PageError as error:
        return Cleaned(error=error)
    except Exception as error:  # noqa: BLE001 - as in runs.py: a mistake of ours costs one page, not the run
        return Cleaned(error=InternalError(f"a mistake of the program, please report the page ({type(error).__name__}: {error})"))


def _cleaned(lines: list[bytes], keys: list[str], record: PageRecord) -> Cleaned:
    return Cleaned(lines=lines, keys=keys, kind=record.kind, layout=record.layout, warnings=list(record.warnings))


def clean_pages(pages: list[Page], records: Records, layouts: Path | None) -> list[Cleaned]:
    """Clean pages, one after the other."""
    return [clean_page(page, records, layouts) for page in pages]


class Cleaners:
    """Cleans pages: in this process until pages wait, from then on in one process for each core. A context manager."""

    def __init__(self, records: Records, layouts: Path | None) -> None:
        self._how = (records, layouts)
        self._pool: ProcessPoolExecutor | None = None
        self._start: Future[list[Cleaned]] | None = None
        self._processes = os.cpu_count() or 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    @property
    def batch(self) -> int:
        """How many pages are best given at once."""
        return _BATCH if self._is_warm else 1

    @property
    def at_once(self) -> int:
        """How many batches may be under way; more would only wait."""
        return 2 * self._processes if self._is_warm else 1

    @property
    def _is_warm(self) -> bool:
        return self._start is not None and self._start.done()

    def submit(self, pages: list[Page], backlog: int) -> Callable[[], list[Cleaned]]:
        """Begin to clean pages; what is returned waits for the results.

        Args:
            pages: the pages.
            backlog: how many more are waiting to be cleaned.
        """
        if self._pool is None and backlog >= _BACKLOG and self._processes > 1:
            # Not forked: a copy of a process with threads may be born with a lock that nobody will ever open.
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self._processes, mp_context=context, initializer=_prepare)
            self._start = self._pool.submit(clean_pages, [], *self._how)
        if self._pool is None or not self._is_warm:
            done = clean_pages(pages, *self._how)
            return lambda: done
        try:
            future = self._pool.submit(clean_pages, pages, *self._how)
        except BrokenProcessPool:
            return lambda: self._one_by_one(pages)
        return lambda: self._result(future, pages)

    def _result(self, future: Future[list[Cleaned]], pages: list[Page]) -> list[Cleaned]:
        try:
            return future.result()
        except BrokenProcessPool:
            return self._one_by_one(pages)

    def _one_by_one(self, pages: list[Page]) -> list[Cleaned]:
        """Clean pages in a process for each: one of those under way has ended a process, and only that one may be lost."""
        self._end()
        return [self._alone(page) for page in pages]

    def _alone(self, page: Page) -> Cleaned:
        try:
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"), initializer=_prepare) as pool:
                return pool.submit(clean_page, page, *self._how).result()
        except BrokenProcessPool:
            return Cleaned(error=InternalError("cleaning it ends the process, please report the page"))

    def _end(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        self._pool = self._start = None


def _prepare() -> None:
    """Make ready a process that cleans: signals are its parent's business, and it ends when its parent does, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def end() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=end, daemon=True).start()
