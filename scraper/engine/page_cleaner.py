"""Clean fetched pages: in the main process while it keeps up with the network, in worker processes when it does not.

This is no :class:`~scraper.engine.pool.Pool`, although both have the same workers. A pool waits for its source until enough chunks
are under way, and finished pages would wait with it while the network is slow. And it delivers the failures and counts of a chunk
as a whole, while the state of a fetch needs what became of each address, in order.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Final, NamedTuple, Self

from scraper.engine.jobs import Cleaned, Job, clean_item
from scraper.engine.workers import DIED, Workers
from scraper.errors import WorkerDied
from scraper.sources import Item

_SAMPLE: Final = 32
"""Pages after which the share of time spent on cleaning is looked at."""
_MOST_BUSY: Final = 0.5
"""The share from which workers are worth their start: while the main process cleans, its threads wait."""
_BATCH: Final = 16
"""Pages handed to a worker at once: handing over a single one costs a tenth of cleaning it."""


class _Batch(NamedTuple):
    """Items for a worker."""

    number: int
    """The number of the submission."""
    first: int
    """The place of the first item in it."""
    items: Sequence[Item]
    is_again: bool = False
    """Whether a worker has died over its only item."""


def clean_batch(job: Job, batch: _Batch) -> tuple[list[Cleaned], tuple[()]]:
    """Clean items one after the other. No files belong to the results."""
    return [clean_item(job, item) for item in batch.items], ()


class PageCleaner:
    """Cleans items here or in workers, whichever keeps up. A context manager.

    Args:
        job: what is done with each item.
        processes: how many workers there may be; with one, none is started.
    """

    def __init__(self, job: Job, *, processes: int) -> None:
        self._job = job
        self._processes = processes
        self._workers: Workers[_Batch, list[Cleaned]] | None = None
        self._opened = ExitStack()
        self._submitted = 0
        self._results: dict[int, dict[int, Cleaned]] = {}
        """What became of the items of a submission, by their places."""
        self._is_behind = False
        self._count = 0
        self._busy = 0.0
        self._since = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

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
        if not self._is_behind or not items:
            done = self._here(items)
            return lambda: done
        if self._workers is None:
            self._workers = self._opened.enter_context(Workers(clean_batch, self._job, self._processes))
        workers, batch = self._workers, _Batch(self._submitted, 0, items)
        self._submitted += 1
        self._results[batch.number] = {}
        workers.put(batch)
        return lambda: self._result(workers, batch)

    def _here(self, items: Sequence[Item]) -> list[Cleaned]:
        began = time.monotonic()
        done, _ = clean_batch(self._job, _Batch(0, 0, items))
        ended = time.monotonic()
        self._busy += ended - began
        self._count += len(items)
        if self._count >= _SAMPLE:
            self._is_behind = self._processes > 1 and self._busy > _MOST_BUSY * (ended - self._since)
            self._count, self._busy, self._since = 0, 0.0, ended
        return done

    def _result(self, workers: Workers[_Batch, list[Cleaned]], batch: _Batch) -> list[Cleaned]:
        while len(self._results[batch.number]) < len(batch.items):
            for done, answer, _ in workers.receive():
                self._take(workers, done, answer)
        results = self._results.pop(batch.number)
        return [results[place] for place in range(len(batch.items))]

    def _take(self, workers: Workers[_Batch, list[Cleaned]], batch: _Batch, answer: list[Cleaned] | None) -> None:
        """Note an answer. Where a worker died, each item is tried alone, and twice: only a page over which two die is lost."""
        if answer is None and len(batch.items) > 1:
            for place, item in enumerate(batch.items, batch.first):
                workers.put(_Batch(batch.number, place, [item]), first=True)
            return
        if answer is None and not batch.is_again:
            workers.put(batch._replace(is_again=True), first=True)
            return
        cleaned = [Cleaned(error=WorkerDied(DIED))] if answer is None else answer
        self._results[batch.number].update(enumerate(cleaned, batch.first))
