"""The files of a fetch, kept in step: records, spans, saved exchanges, and the state, which has their committed lengths."""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from scraper import __version__
from scraper.engine.counts import DIGITS
from scraper.engine.fetch_queue import AddressSource, FetchedPages, row_address
from scraper.engine.jobs import ItemResult
from scraper.engine.sinks import FileSink, OutputPaths
from scraper.errors import Disallowed, EmptyInput, FetchError, NoHeadlines, NotFound, NotText, OutputError
from scraper.fetch import Exchange, Fetched, Rules, exchange_records, warcinfo
from scraper.output.committed_file import AppendFile
from scraper.output.fetch_state import OK, FetchedRow, Records, State
from scraper.output.files import Output, is_special
from scraper.output.formats import OutputTable
from scraper.output.partitions import Partitions, Pattern
from scraper.provenance import utc_now
from scraper.records import FailureRecord
from scraper.sources.files import utf8_name

_EVERY: Final = 0.25
"""Seconds of work, at most, that are done again after a run was killed."""
_EXPECTED: Final = {error.code for error in (Disallowed, EmptyInput, NoHeadlines, NotFound, NotText)}
"""Errors of addresses that nobody named but that were found: not every link leads to a page."""


class FetchOutputs:
    """The outputs of a fetch. A context manager; what is not committed when its block raises is dropped.

    Without a state, records and spans go where :class:`~scraper.output.files.Output` or
    :class:`~scraper.output.partitions.Partitions` sends them. With one, they are appended to their files, which are first cut to the
    length that the state has committed; stdout, a device or a pipe cannot be cut, and is only written to.

    Args:
        paths: the outputs; failures and the summary are written elsewhere.
        pattern: names many outputs of records, in the place of one; not with a state.
        table: what the records become at the end, if not JSON Lines; not with a state.
        report: called with a sentence for the user.

    Raises:
        OutputError: if an output cannot be opened or written, or is shorter than the state knows it.
        StateError: if the state cannot be used, or another run holds it.
    """

    def __init__(
        self,
        paths: OutputPaths,
        *,
        pattern: Pattern | None = None,
        table: OutputTable | None = None,
        report: Callable[[str], object] = print,
    ) -> None:
        self._paths, self._report = paths, report
        self._stack = ExitStack()
        self._raw: AppendFile | None = None
        self._raw_lock = threading.Lock()
        self._committed_at = 0.0
        self.is_dirty = False
        """Whether something was written since the last commit."""
        self.state: State | None = None
        self.partitions = Partitions(pattern, table=table) if pattern is not None else None
        self.records: Output | AppendFile = Output(paths.records, table=table, needs_lines=True)
        """Where records go, unless to :attr:`partitions`."""
        self.spans: Output | AppendFile | None = Output(paths.spans) if paths.spans is not None else None

    @property
    def part(self) -> Path | None:
        """The part file, as long as there is one."""
        if self.partitions is not None:
            return self.partitions.part
        return self.records.part if isinstance(self.records, Output) else None

    @property
    def _appended(self) -> list[AppendFile]:
        return [file for file in (self.records, self.spans) if isinstance(file, AppendFile)]

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            if self._paths.state is not None:
                self.state = stack.enter_context(State(self._paths.state))
            if self.partitions is not None:
                stack.enter_context(self.partitions)
            else:
                self.records = self._opened(self._paths.records, self.records, stack)
            if self.spans is not None:
                self.spans = self._opened(self._paths.spans, self.spans, stack)
            if self._paths.save is not None:
                self._raw = stack.enter_context(_archive(self._paths.save, self._report))
            self._stack = stack.pop_all()
        return self

    def _opened(self, path: Path | None, output: Output | AppendFile, stack: ExitStack) -> Output | AppendFile:
        if self.state is None or path is None or is_special(path):
            stack.enter_context(output)
            return output
        return stack.enter_context(_cut_to_committed(path, self.state))

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            if kind is None:
                self.commit()
            else:
                self.roll_back()
        finally:
            self._stack.__exit__(kind, *rest)  # type: ignore[arg-type]  # they are what this was given

    def keep(self, exchange: Exchange) -> None:
        """Save an exchange, if exchanges are saved. Any thread may call this."""
        if self._raw is not None:
            data = exchange_records(exchange)
            with self._raw_lock:
                self._raw.write(data)

    def commit(self, *, soon: bool = False) -> None:
        """Make what was written part of the state; with ``soon``, only if the last commit is a while ago."""
        if self.state is None or not self.is_dirty or (soon and time.monotonic() < self._committed_at + _EVERY):
            return
        if self._raw is not None:
            self._raw.sync()
        for file in self._appended:
            file.sync()
            self.state.put_length(file.path, file.length)
        self.state.commit()
        self._committed_at, self.is_dirty = time.monotonic(), False

    def roll_back(self) -> None:
        """Drop what was written since the last commit, if there is a state."""
        if self.state is not None:
            self.state.roll_back()
            # Only the state knows what was committed: a signal may have arrived right after the commit.
            for file in self._appended:
                file.truncate(self.state.length(file.path) or 0)


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
            address=row_address(fetched.job.address),
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


class RobotsCache:
    """The robots.txt files that the state keeps."""

    def __init__(self, state: State) -> None:
        self._state = state

    def get(self, origin: str, /) -> Rules | None:
        """Return the rules of an origin, if they are kept."""
        found = self._state.robots(origin)
        return Rules(*found) if found is not None else None

    def __setitem__(self, origin: str, rules: Rules, /) -> None:
        """Keep the rules of an origin."""
        if rules.text is not None:
            self._state.put_robots(origin, rules.text, rules.fetched_at)


def _cut_to_committed(path: Path, state: State) -> AppendFile:
    with ExitStack() as failing:
        file = failing.enter_context(AppendFile(path))
        length = state.length(file.path)
        if length is None or file.length == 0:  # not written with this state, or moved away to start again
            if not file.ends_with(b"\n"):
                raise OutputError(
                    f"{path}: its last line is incomplete, so nothing can be appended; repair it, or name another output"
                )
        elif file.length < length:
            raise OutputError(
                f"{path}: it has {file.length} bytes, but the state expects {length}; restore it, or move it away to start again"
            )
        else:
            file.truncate(length)
        state.put_length(file.path, file.length)
        state.commit()
        failing.pop_all()
    return file


def _archive(path: Path, report: Callable[[str], object]) -> AppendFile:
    with ExitStack() as failing:
        file = failing.enter_context(AppendFile(path))
        cut = file.repair_gzip(b"WARC/1.")
        if cut:
            report(f"{path}: its last record was not whole; {cut} bytes of it are cut off")
        if file.length == 0:
            file.write(warcinfo(f"scraper/{__version__}", utc_now()))
        failing.pop_all()
    return file
