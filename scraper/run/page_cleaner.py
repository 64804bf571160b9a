"""Cleaning pages as they come: in this process as long as that keeps up with whoever brings them, in others where it does not."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import forkserver
from pathlib import Path
from typing import Final, Literal, Self

import msgspec

from scraper.errors import InternalError, NoHeadlines, PageError, map_unexpected_errors
from scraper.extract.cleaning import Outcome, clean
from scraper.extract.record_builder import headline_records
from scraper.models import Page
from scraper.output.digests import headline_key
from scraper.records import HeadlineRecord, PageRecord, to_json_line
from scraper.run.forking import check_open_files, fork_server, starting
from scraper.run.jobs import layouts_of

_SAMPLE: Final = 32
"""After how many pages it is looked at how much of the time cleaning has taken."""
_MOST_BUSY: Final = 0.5
"""How much of it cleaning may take in this process, which holds up its other threads; beyond, others are worth their start."""

_BATCH: Final = 16
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


def clean_page(page: Page, records: Records, layouts: Path | None) -> Cleaned:
    """Clean a page with the user's layouts and those of a directory. Whatever goes wrong with it is in the result."""
    try:
        with map_unexpected_errors("page"):
            outcome = clean(page, layouts_of(layouts))
            return _cleaned(outcome.record, [outcome.record]) if records == "page" else _headlines(outcome)
    except PageError as error:
        return Cleaned(error=error)


def _headlines(outcome: Outcome) -> Cleaned:
    record = outcome.record
    if not record.headlines:
        lost = "its headlines have lost what stood between them" if "ticker-not-split" in record.warnings else "there is no ticker"
        raise NoHeadlines(f"no headline can be read from the page: {lost}; look at it without --ticker-only")
    rows = list(headline_records(record, outcome.layout))
    keys = [headline_key(row.site, row.url, row.headline) for row in rows]
    return _cleaned(record, rows, keys)


def _cleaned(record: PageRecord, rows: Sequence[PageRecord | HeadlineRecord], keys: Sequence[str] = ()) -> Cleaned:
    return Cleaned(
        lines=[to_json_line(row) for row in rows],
        keys=list(keys),
        kind=record.kind,
        layout=record.layout,
        warnings=list(record.warnings),
    )


def clean_pages(pages: list[Page], records: Records, layouts: Path | None) -> list[Cleaned]:
    """Clean pages, one after the other."""
    return [clean_page(page, records, layouts) for page in pages]


class PageCleaner:
    """Cleans pages: in this process as long as that takes little of its time, from then on in others. A context manager.

    Args:
        records: what is made of a page.
        layouts: the directory of layouts that the user named.
        processes: how many may clean; with one, none is started.
    """

    def __init__(self, records: Records, layouts: Path | None, *, processes: int) -> None:
        self._how = (records, layouts)
        self._processes = processes
        self._context = fork_server(__name__)
        self._pool: ProcessPoolExecutor | None = None
        self._is_behind = False
        self._cleaned = 0
        self._busy = 0.0
        self._since = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    @property
    def batch(self) -> int:
        """How many pages are best given at once."""
        return _BATCH if self._is_behind else 1

    @property
    def at_once(self) -> int:
        """How many batches may be under way; more would only wait."""
        return 2 * self._processes if self._is_behind else 1

    def submit(self, pages: list[Page]) -> Callable[[], list[Cleaned]]:
        """Begin to clean pages; what is returned waits for the results."""
        if not self._is_behind:
            done = self._here(pages)
            return lambda: done
        try:
            if self._pool is None:
                self._pool = self._started(self._processes)
            future = self._pool.submit(clean_pages, pages, *self._how)
        except BrokenProcessPool:
            return lambda: self._one_by_one(pages)
        return lambda: self._result(future, pages)

    def _here(self, pages: list[Page]) -> list[Cleaned]:
        began = time.monotonic()
        done = clean_pages(pages, *self._how)
        ended = time.monotonic()
        self._busy += ended - began
        self._cleaned += len(pages)
        if self._cleaned >= _SAMPLE:
            self._is_behind = self._processes > 1 and self._busy > _MOST_BUSY * (ended - self._since)
            self._cleaned, self._busy, self._since = 0, 0.0, ended
        return done

    def _started(self, processes: int) -> ProcessPoolExecutor:
        check_open_files(processes)
        with starting():
            forkserver.ensure_running()
        return ProcessPoolExecutor(processes, mp_context=self._context, initializer=_prepare)

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
            with self._started(1) as pool:
                return pool.submit(clean_page, page, *self._how).result()
        except BrokenProcessPool:
            return Cleaned(error=InternalError("cleaning it ends the process, please report the page"))

    def _end(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        self._pool = None


def _prepare() -> None:
    """Make ready a process that cleans: signals are its parent's business, and it ends when its parent does, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def end() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=end, daemon=True).start()
