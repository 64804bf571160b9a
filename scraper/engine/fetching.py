"""A run over the live web: which addresses are due, and what is written of each, in the order asked."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol

from scraper import __version__
from scraper.engine.counts import DIGITS, Counts
from scraper.engine.fetch_outputs import FetchOutputs
from scraper.engine.jobs import Cleaned
from scraper.engine.page_cleaner import PageCleaner
from scraper.engine.sinks import FileSink
from scraper.errors import BadAddress, Disallowed, EmptyInput, FetchError, NoHeadlines, NotFound, NotText, PageError
from scraper.fetch import Fetched, FetchJob, PreviousFetch, Scheduler, prepare
from scraper.output.fetch_state import OK, FetchedRow, Records, State
from scraper.records import FailureRecord
from scraper.sources import Item
from scraper.sources.files import utf8_name


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

    def refusal(self, fetched: Fetched, /) -> str | None:
        """Return why a page is not written although it was fetched; None if it is."""

    def done(self, fetched: Fetched, cleaned: Cleaned | None, /) -> None:
        """Take the result of an address, which has its row in the state."""

    def finish(self) -> None:
        """Count what is left at the end of the run."""


class FetchQueue:
    """The addresses that the user named, as far as they are due.

    Args:
        addresses: all that the user named.
        records: what is made of the pages.
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
        # Whoever wants headlines wants those of now.
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

    def refusal(self, _fetched: Fetched) -> str | None:
        """Return None: what the user named is written."""
        return None

    def done(self, fetched: Fetched, _cleaned: Cleaned | None) -> None:
        """Note that an address has its row in the state."""
        if self._state is not None:
            with self._lock:
                self._under_way.discard(_key(fetched.job.address))

    def finish(self) -> None:
        """Do nothing: the run ends with its addresses."""


def fetch_all(
    source: AddressSource,
    scheduler: Scheduler,
    cleaner: PageCleaner,
    recorder: "FetchRecorder",
    note: Callable[[Fetched], object],
) -> None:
    """Fetch what a source yields, clean the pages, and record what became of each address.

    What is not committed when this ends early is rolled back. Then, too, the source counts what is left.

    Args:
        source: the addresses.
        scheduler: fetches them.
        cleaner: cleans the pages.
        recorder: writes the records.
        note: is given each result, to show the progress.
    """
    try:
        for fetched, cleaned, is_followed in _cleaned_in_order(scheduler, cleaner):
            note(fetched)
            recorder.add(fetched, cleaned, source.refusal(fetched))
            source.done(fetched, cleaned)
            recorder.outputs.commit(soon=is_followed)
        recorder.outputs.commit()
    finally:
        recorder.outputs.roll_back()  # of nothing, if all is committed
        source.finish()


def _cleaned_in_order(scheduler: Scheduler, cleaner: PageCleaner) -> Iterator[tuple[Fetched, Cleaned | None, bool]]:
    """Yield what was fetched, what became of its page, and whether more follows without waiting for the network; in the order asked."""
    under_way: deque[tuple[list[Fetched], Callable[[], list[Cleaned]]]] = deque()
    batch: list[Fetched] = []

    def submit() -> None:
        items = [
            Item(fetched.page.input, fetched.page, None, fetched.job.is_named) for fetched in batch if fetched.page is not None
        ]
        under_way.append((list(batch), cleaner.submit(items)))
        batch.clear()

    def first() -> Iterator[tuple[Fetched, Cleaned | None, bool]]:
        fetched_pages, results = under_way.popleft()
        cleaned = iter(results())
        for fetched in fetched_pages:
            is_followed = fetched is not fetched_pages[-1] or len(under_way) > 0 or scheduler.is_ready
            yield fetched, next(cleaned) if fetched.page is not None else None, is_followed

    for fetched in scheduler.results():
        batch.append(fetched)
        if len(batch) >= cleaner.batch or not scheduler.is_ready:
            submit()
        # What is ready is handed on before anything that may take longer than cleaning.
        while under_way and (not scheduler.is_ready or len(under_way) >= cleaner.at_once):
            yield from first()
    if batch:
        submit()
    while under_way:
        yield from first()


class FetchRecorder:
    """Writes what became of each address, counts it, and notes it in the state.

    Args:
        sink: where lines and failures go.
        outputs: the files of the run, with its state.
        records: what is made of the pages.
        digests: the digests of the layouts, by name.
    """

    def __init__(self, sink: FileSink, outputs: FetchOutputs, records: Records, digests: Mapping[str, str]) -> None:
        self._sink, self.outputs, self._records, self._digests = sink, outputs, records, digests

    def add(self, fetched: Fetched, cleaned: Cleaned | None, refusal: str | None = None) -> None:
        """Take what was fetched, what became of its page, if there is one, and why it is not written nevertheless."""
        counts, state = self._sink.counts, self.outputs.state
        error = fetched.error or (cleaned.error if cleaned is not None else None)
        if state is not None:
            state.put(self._row(fetched, error, has_record=cleaned is None or cleaned.result is not None))
        if error is not None and not fetched.job.is_named and isinstance(error, _EXPECTED):
            counts.left_out[error.code] += 1
        elif error is not None:
            counts.failures[error.code] += 1
            address, url = map(utf8_name, (fetched.job.address, fetched.url))
            self._sink.fail(FailureRecord(input=address, url=url, code=error.code, message=str(error)))
        elif cleaned is None:
            counts.left_out["unchanged"] += 1
        elif refusal is not None:
            counts.left_out[refusal] += 1
        elif cleaned.result is None:
            counts.left_out[cleaned.left_out or ""] += 1
        else:
            lines = self._new_lines(cleaned)
            self._sink.add(cleaned.result, b"".join(lines), cleaned.spans)
            if self._records == "headline":
                counts.headlines = (counts.headlines or 0) + len(lines)
        self.outputs.is_dirty = True

    def _new_lines(self, cleaned: Cleaned) -> Sequence[bytes]:
        """Return the lines that no earlier run has written, as far as the job makes keys for them."""
        state = self.outputs.state
        if state is None or not cleaned.keys:
            return cleaned.lines
        return [line for line, is_new in zip(cleaned.lines, state.add_headlines(cleaned.keys), strict=True) if is_new]

    def _row(self, fetched: Fetched, error: PageError | None, *, has_record: bool) -> FetchedRow:
        return FetchedRow(
            address=_key(fetched.job.address),
            records=self._records,
            final_url=utf8_name(fetched.url),
            fetched_at=fetched.fetched_at,
            checked_at=time.time(),
            status=fetched.status,
            result=OK if error is None else error.code,
            is_passing=isinstance(error, FetchError) and error.is_transient,
            # A page that gave no record is asked for in full the next time: that it has not changed would be of no use.
            etag=fetched.etag if error is None and has_record else None,
            last_modified=fetched.last_modified if error is None and has_record else None,
            program=f"scraper/{__version__}",
            layouts=" ".join(f"{name}:{digest[:DIGITS]}" for name, digest in self._digests.items()),
        )


_EXPECTED: Final = (Disallowed, EmptyInput, NoHeadlines, NotFound, NotText)
"""Errors of addresses that nobody named but that were found: not every link leads to a page."""


def _key(address: str) -> str:
    try:
        return prepare(address)
    except BadAddress:
        return utf8_name(address)
