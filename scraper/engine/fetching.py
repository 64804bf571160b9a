"""A run over the live web: which addresses are due, and what is written of each, in the order asked."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Final, Protocol, Self

import msgspec

from scraper import __version__
from scraper.engine.chunks import ItemChunk
from scraper.engine.counts import DIGITS, Counts
from scraper.engine.fetch_outputs import FetchOutputs
from scraper.engine.jobs import ItemResult
from scraper.engine.planning import UNPACKED
from scraper.engine.sinks import FileSink
from scraper.engine.tasks import Task
from scraper.errors import BadAddress, Disallowed, EmptyInput, FetchError, NoHeadlines, NotFound, NotText
from scraper.fetch import Fetched, FetchJob, PreviousFetch, Scheduler, prepare
from scraper.output.fetch_state import OK, FetchedRow, Records, State
from scraper.records import FailureRecord
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
_EXPECTED: Final = {error.code for error in (Disallowed, EmptyInput, NoHeadlines, NotFound, NotText)}
"""Errors of addresses that nobody named but that were found: not every link leads to a page."""


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
            key = _key(address)
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
                self._under_way.discard(_key(fetched.job.address))

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


class FetchSink:
    """Writes what became of each address, counts it, notes it in the state, and tells the source of addresses.

    A context manager. What is not committed when its block raises is rolled back; then, too, the source counts what is left.

    Args:
        pages: what was fetched.
        source: the addresses.
        sink: where lines and failures go.
        outputs: the files of the run, with its state.
        records: the type of the records to write.
        digests: the digests of the layouts, by name.
        note: called with each page, to show the progress.
    """

    def __init__(
        self,
        pages: FetchedPages,
        source: AddressSource,
        sink: FileSink,
        outputs: FetchOutputs,
        records: Records,
        digests: Mapping[str, str],
        note: Callable[[Fetched], object],
    ) -> None:
        self._pages, self._source, self._sink, self._outputs = pages, source, sink, outputs
        self._records, self._digests, self._note = records, digests, note

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if kind is None:
                self._outputs.commit()
        finally:
            self._outputs.roll_back()  # of nothing, if all is committed
            self._source.finish()

    def take(self, result: ItemResult, /) -> None:
        """Take what became of the next page."""
        fetched = self._pages.pop()
        outcome = result if fetched.page is not None else None
        self._note(fetched)
        self._record(fetched, outcome, self._source.skip_reason(fetched))
        self._source.done(fetched, outcome)

    def end_task(self) -> None:
        """Commit what was recorded of a task; not each time while more follows."""
        self._pages.end_task()
        self._outputs.commit(soon=self._pages.is_followed)

    def _record(self, fetched: Fetched, result: ItemResult | None, skip_reason: str | None) -> None:
        failure = self._failure(fetched, result)
        if self._outputs.state is not None:
            self._outputs.state.put(self._row(fetched, failure, has_record=result is None or result.page is not None))
        if failure is not None and not fetched.job.is_named and failure.code in _EXPECTED:
            written = ItemResult(left_out=failure.code)
        elif failure is not None:
            written = ItemResult(failure=failure)
        elif result is None:
            written = ItemResult(left_out="unchanged")
        elif skip_reason is not None:
            written = ItemResult(left_out=skip_reason)
        else:
            written = self._without_known_lines(result)
        self._sink.take(written)
        self._outputs.is_dirty = True

    def _failure(self, fetched: Fetched, result: ItemResult | None) -> FailureRecord | None:
        if fetched.error is not None:
            code, message = fetched.error.code, str(fetched.error)
        elif result is not None and result.failure is not None:
            code, message = result.failure.code, result.failure.message
        else:
            return None
        return FailureRecord(input=utf8_name(fetched.job.address), url=utf8_name(fetched.url), code=code, message=message)

    def _without_known_lines(self, result: ItemResult) -> ItemResult:
        """Return what became of a page; of headlines, only those that no earlier run has written, and count them."""
        if self._records != "headline" or result.page is None:
            return result
        lines = result.lines.splitlines(keepends=True)
        if self._outputs.state is not None and result.keys:
            are_new = self._outputs.state.add_headlines(result.keys)
            lines = [line for line, is_new in zip(lines, are_new, strict=True) if is_new]
        counts = self._sink.counts
        counts.headlines = (counts.headlines or 0) + len(lines)
        return msgspec.structs.replace(result, lines=b"".join(lines))

    def _row(self, fetched: Fetched, failure: FailureRecord | None, *, has_record: bool) -> FetchedRow:
        return FetchedRow(
            address=_key(fetched.job.address),
            records=self._records,
            final_url=utf8_name(fetched.url),
            fetched_at=fetched.fetched_at,
            checked_at=time.time(),
            status=fetched.status,
            result=OK if failure is None else failure.code,
            is_transient=isinstance(fetched.error, FetchError) and fetched.error.is_transient,
            # Without validators, the next run fetches a page that gave no record in full; 304 would bring no record either.
            etag=fetched.etag if failure is None and has_record else None,
            last_modified=fetched.last_modified if failure is None and has_record else None,
            program=f"scraper/{__version__}",
            layouts=" ".join(f"{name}:{digest[:DIGITS]}" for name, digest in self._digests.items()),
        )


def _key(address: str) -> str:
    try:
        return prepare(address)
    except BadAddress:
        return utf8_name(address)
