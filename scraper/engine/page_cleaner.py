"""Clean fetched pages: in the main process while it keeps up with the network, in worker processes when it does not."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import forkserver
from typing import Final, Self

from scraper.engine.forking import check_open_files, clean_up_after_kill, fork_server, starting, temporary_directories
from scraper.engine.jobs import Cleaned, Job, clean_item
from scraper.errors import InternalError
from scraper.sources import Item

_SAMPLE: Final = 32
"""Pages after which the share of time spent on cleaning is looked at."""
_MOST_BUSY: Final = 0.5
"""The share from which workers are worth their start: while the main process cleans, its threads wait."""
_BATCH: Final = 16
"""Pages handed to a worker at once: handing over a single one costs a tenth of cleaning it."""


def clean_items(job: Job, items: Sequence[Item]) -> list[Cleaned]:
    """Clean items one after the other."""
    return [clean_item(job, item) for item in items]


class PageCleaner:
    """Cleans items here or in workers, whichever keeps up. A context manager.

    Args:
        job: what is done with each item.
        processes: how many workers there may be; with one, none is started.
    """

    def __init__(self, job: Job, *, processes: int) -> None:
        self._job = job
        self._processes = processes
        self._context = fork_server(__name__)
        self._pool: ProcessPoolExecutor | None = None
        self._is_behind = False
        self._count = 0
        self._busy = 0.0
        self._since = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    @property
    def batch(self) -> int:
        """How many items should be submitted at once."""
        return _BATCH if self._is_behind else 1

    @property
    def at_once(self) -> int:
        """How many batches may be under way; more would only wait."""
        return 2 * self._processes if self._is_behind else 1

    def submit(self, items: Sequence[Item]) -> Callable[[], list[Cleaned]]:
        """Begin to clean items, and return what waits for the results."""
        if not self._is_behind:
            done = self._here(items)
            return lambda: done
        try:
            if self._pool is None:
                self._pool = self._started(self._processes)
            future = self._pool.submit(clean_items, self._job, items)
        except BrokenProcessPool:
            return lambda: self._one_by_one(items)
        return lambda: self._result(future, items)

    def _here(self, items: Sequence[Item]) -> list[Cleaned]:
        began = time.monotonic()
        done = clean_items(self._job, items)
        ended = time.monotonic()
        self._busy += ended - began
        self._count += len(items)
        if self._count >= _SAMPLE:
            self._is_behind = self._processes > 1 and self._busy > _MOST_BUSY * (ended - self._since)
            self._count, self._busy, self._since = 0, 0.0, ended
        return done

    def _started(self, processes: int) -> ProcessPoolExecutor:
        check_open_files(processes)
        with starting():
            forkserver.ensure_running()
        return ProcessPoolExecutor(
            processes, mp_context=self._context, initializer=_prepare_worker, initargs=(temporary_directories(),)
        )

    def _result(self, future: Future[list[Cleaned]], items: Sequence[Item]) -> list[Cleaned]:
        try:
            return future.result()
        except BrokenProcessPool:
            return self._one_by_one(items)

    def _one_by_one(self, items: Sequence[Item]) -> list[Cleaned]:
        """Clean each item in a worker of its own: one of them has ended a process, and only that one may be lost."""
        self._stop()
        return [self._alone(item) for item in items]

    def _alone(self, item: Item) -> Cleaned:
        try:
            with self._started(1) as pool:
                return pool.submit(clean_item, self._job, item).result()
        except BrokenProcessPool:
            return Cleaned(error=InternalError("cleaning it ends the process, please report the page"))

    def _stop(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        self._pool = None


def _prepare_worker(directories: list[str]) -> None:
    """Leave signals to the main process, and end when it ends, however that happens."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def end() -> None:
        if parent is not None:
            parent.join()
            clean_up_after_kill(directories)
            os._exit(1)

    threading.Thread(target=end, daemon=True).start()
