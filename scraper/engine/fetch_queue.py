"""The addresses of a run that are due, and what was fetched of them, as tasks."""

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from scraper.engine.chunks import ItemChunk
from scraper.engine.counts import Counts
from scraper.engine.jobs import ItemResult
from scraper.engine.planning import UNPACKED
from scraper.engine.tasks import Task
from scraper.errors import BadAddress
from scraper.fetch import Fetched, FetchJob, PreviousFetch, Scheduler, prepare
from scraper.output.fetch_state import OK, Records, State
from scraper.sources import Item, Skipped
from scraper.sources.files import utf8_name
from scraper.sources.items import Place

_SAMPLE: Final = 32
"""Pages after which the share of time spent on waiting for the network is measured."""
_LEAST_IDLE: Final = 0.5
"""The share below which workers are worth their start: while the main process cleans, its threads wait."""
_BATCH: Final = 16
"""Pages handed to a worker at once: handing over pages one by one costs too much compared with cleaning them."""
_NO_PAGE: Final = "no page"


class AddressSource(Protocol):
    """Where the addresses of a run come from."""

    @property
    def is_ordered(self) -> bool:
        """Whether the results are written in the order of the addresses; if not, as they arrive."""

    @property
    def waiting(self) -> int:
        """The number of addresses that are known and not handed out."""

    def __iter__(self) -> Iterator[FetchJob]:
        """Yield the addresses that are due. This may wait for results of those before."""

    def skip_reason(self, fetched: Fetched, /) -> str | None:
        """Return why a page is not written although it was fetched; None if it is."""

    def done(self, fetched: Fetched, result: ItemResult | None, /) -> None:
        """Take the result of an address, which has its row in the state."""

    def finish(self) -> None:
        """Count what is left at the end of the run."""


class Budget:
    """What is left of the limits of a run.

    Args:
        pages: pages to request; None for any number.
        seconds: the time in which they are requested; None for any time.
    """

    def __init__(self, pages: int | None, seconds: float | None) -> None:
        self._pages = pages
        self._ends_at = time.monotonic() + seconds if seconds is not None else None
        self._spent = 0
        self.spent_on: str | None = None
        """The option of the limit that ended the run."""

    @property
    def seconds(self) -> float | None:
        """The time that is left."""
        return max(0.0, self._ends_at - time.monotonic()) if self._ends_at is not None else None

    def allows(self) -> bool:
        """Return True if another page may be requested."""
        if self._pages is not None and self._spent >= self._pages:
            self.spent_on = "--max-pages"
        elif self.seconds == 0:
            self.spent_on = "--max-time"
        return self.spent_on is None

    @property
    def ended(self) -> str | None:
        """A few words on why the run ended, if it was at a limit."""
        return f"stopped at {self.spent_on}" if self.spent_on is not None else None

    def spend(self) -> None:
        """Count a page."""
        self._spent += 1


class FetchQueue:
    """The addresses that the user named, as far as they are due.

    Args:
        addresses: all that the user named.
        records: the type of the records to write.
        state: what earlier runs have fetched, if there is a state.
        refresh: seconds after which a page is due again; None if it never is.
        counts: the counts of the run.
    """

    is_ordered: Final = True
    waiting: Final = 0

    def __init__(
        self, addresses: Iterable[str], records: Records, state: State | None, refresh: float | None, counts: Counts
    ) -> None:
        self._addresses, self._records, self._state, self._counts = addresses, records, state, counts
        # Headline runs always fetch again.
        self._refresh = 0.0 if refresh is None and records == "headline" else refresh
        self._began = time.time()
        self._under_way: set[str] = set()
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[FetchJob]:
        """Yield what is new, due again, or failed in a transient way; without a state, everything."""
        for address in self._addresses:
            if self._state is None:
                yield FetchJob(address)
                continue
            key = row_address(address)
            with self._lock:
                row = self._state.row(key, self._records)
                if key in self._under_way or (row is not None and row.checked_at >= self._began):
                    self._counts.left_out["named twice"] += 1
                    continue
                if row is not None and not row.is_due(self._refresh, self._began):
                    self._counts.left_out["fetched before" if row.result == OK else f"{row.result} before"] += 1
                    continue
                self._under_way.add(key)
            previous = PreviousFetch(row.final_url, row.etag, row.last_modified) if row is not None else PreviousFetch()
            yield FetchJob(address, previous)

    def skip_reason(self, _fetched: Fetched) -> str | None:
        """Return None: what the user named is written."""
        return None

    def done(self, fetched: Fetched, _cleaned: ItemResult | None) -> None:
        """Note that an address has its row in the state."""
        if self._state is not None:
            with self._lock:
                self._under_way.discard(row_address(fetched.job.address))

    def finish(self) -> None:
        """Do nothing: the run ends with its addresses."""


class FetchedPages:
    """What a scheduler has fetched, as tasks: local ones, until this process does not keep up with the network.

    Args:
        scheduler: fetches the addresses.
        processes: the number of worker processes; with one, all tasks are local.
    """

    def __init__(self, scheduler: Scheduler, processes: int) -> None:
        self._scheduler, self._processes = scheduler, processes
        self._is_behind = False
        self._under_way: deque[deque[Fetched]] = deque()
        """What was fetched for each task and whose result has not been taken, in order."""

    def is_ready(self) -> bool:
        """Return True if the next task is one for a worker and does not wait for the network."""
        return self._is_behind and self._scheduler.is_ready

    @property
    def is_followed(self) -> bool:
        """Whether the next result does not wait for the network."""
        return len(self._under_way) > 0 or self._scheduler.is_ready

    def pop(self) -> Fetched:
        """Return what was fetched for the next result."""
        return self._under_way[0].popleft()

    def end_task(self) -> None:
        """Note that all results of a task were taken."""
        ended = self._under_way.popleft()
        assert not ended  # noqa: S101 - else each later result would be taken for that of another page

    def tasks(self) -> Iterator[Task]:
        """Yield what was fetched: a page for this process, or several at once for another one."""
        batch: list[Fetched] = []
        number = size = 0
        for fetched in self._timed():
            batch.append(fetched)
            size += fetched.size
            if not self._is_behind or len(batch) >= _BATCH or size >= UNPACKED or not self._scheduler.is_ready:
                self._under_way.append(deque(batch))
                yield Task(number, ItemChunk(list(map(_item, batch)), Place("", True)), is_local=not self._is_behind)
                number, batch, size = number + 1, [], 0

    def _timed(self) -> Iterator[Fetched]:
        """Yield what was fetched, and note if this process is behind: it rarely waits for the network. Then it stays so."""
        results = self._scheduler.results()
        count, waited, began = 0, 0.0, time.monotonic()
        while True:
            before = time.monotonic()
            fetched = next(results, None)
            now = time.monotonic()
            if fetched is None:
                return
            count, waited = count + 1, waited + now - before
            if count >= _SAMPLE:
                self._is_behind = self._is_behind or (self._processes > 1 and waited < _LEAST_IDLE * (now - began))
                count, waited, began = 0, 0.0, now
            yield fetched


def _item(fetched: Fetched) -> Item:
    """Return the item of what was fetched; without a page, there is nothing to clean."""
    return fetched.page if fetched.page is not None else Skipped(utf8_name(fetched.job.address), _NO_PAGE)


def row_address(address: str) -> str:
    """Return the address of a page's row in the state, however the user writes it."""
    try:
        return prepare(address)
    except BadAddress:
        return utf8_name(address)
