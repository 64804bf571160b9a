"""Runs over the live web: what ``scraper fetch`` and ``scraper crawl`` do, for the commands and for Python programs."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, nullcontext
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import Final, NamedTuple, Protocol, Self

from scraper.defaults import MAX_BYTES, PAGE_TIMEOUT
from scraper.engine.counts import Counts
from scraper.engine.fetch_outputs import FetchOutputs, FetchSink, RobotsCache
from scraper.engine.fetch_queue import AddressSource, FetchedPages, FetchQueue
from scraper.engine.jobs import Filters, RunOptions, Unknown, layouts_of, page_lines, ticker_keys, ticker_lines
from scraper.engine.loop import run_tasks
from scraper.engine.run import check_files, output_of
from scraper.engine.sinks import FileSink, OutputPaths
from scraper.errors import OutputError
from scraper.extract.cleaning import Outcome
from scraper.extract.links import Links, find_links
from scraper.fetch import Client, Fetched, Fetcher, Politeness, Scheduler, Throttle
from scraper.layouts import Layout
from scraper.output.database import Database
from scraper.output.dedup import DedupStore
from scraper.output.fetch_state import Records, State
from scraper.output.files import Output
from scraper.output.formats import OutputTable, is_compressed, table_of
from scraper.output.partitions import Pattern
from scraper.records import RECORDS, Keys, columns_of
from scraper.sources import ReadOptions

_ALL: Final = Filters()


class FetchContext(NamedTuple):
    """What a source of addresses is made from."""

    records: Records
    layouts: Sequence[Layout]
    state: State | None
    sitemaps: Callable[[str], list[str]]
    """Returns the addresses of the sitemaps that the robots.txt of an origin names."""
    counts: Counts
    filters: Filters
    delay: float
    """Seconds between two requests to a host."""
    max_time: float | None
    """Seconds that the run may take."""
    report: Callable[[str], object]
    """Called with sentences for the user."""


MakeSource = Callable[[FetchContext], AddressSource]
"""Makes the source of the addresses to fetch, such as :class:`~scraper.engine.crawling.Crawl`."""


class FetchProgress(Protocol):
    """Shows how far a fetch has come. A context manager."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None: ...

    def note(self, fetched: Fetched, /) -> None:
        """Count a page."""


class WebRun:
    """A run over the live web. A context manager, in which its outputs are open.

    Args:
        chosen: what the user chose.
        records: the records to write.
        paths: the outputs; that of the records may be a pattern.
        politeness: how pages are requested.
        counts: the counts of the run.
        report: called with a sentence for each failure.
        pattern: the pattern of the records, if they have one.
        table: what the records become at the end, if not JSON Lines.
        links: finds the links of a page, for a source that follows them; feeds and sitemaps are then read, too.

    Raises:
        LayoutError: if a layout file cannot be used.
        OutputError: if an output cannot be opened or written.
        StateError: if the state cannot be used.
        ValueError: if a header is not valid.
    """

    def __init__(
        self,
        chosen: RunOptions,
        records: Records,
        paths: OutputPaths,
        politeness: Politeness,
        counts: Counts,
        report: Callable[[str], object],
        *,
        pattern: Pattern | None = None,
        table: OutputTable | None = None,
        links: Callable[[Outcome], Links] | None = None,
    ) -> None:
        self._headers = politeness.request_headers()
        self._politeness, self._counts, self._report = politeness, counts, report
        self._records, self._dedup = records, chosen.dedup
        self._outputs = FetchOutputs(paths, pattern=pattern, table=table, report=report)
        self._failures = Output(paths.failures) if paths.failures is not None else None
        is_of_pages = records == "page"
        self._job = chosen.job(
            page_lines if is_of_pages else ticker_lines,
            pattern=pattern,
            writes_spans=paths.spans is not None,
            counts_characters=is_of_pages,
        )._replace(links=links, keys=ticker_keys if not is_of_pages and paths.state is not None else None)
        self._layouts = layouts_of(chosen.layouts)
        self.files = [file for file in (self._outputs, self._failures) if file is not None]
        """The outputs."""
        self._opened = ExitStack()
        self.part = None
        """The parts are those of the outputs."""

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            for file in self.files:
                opened.enter_context(file)
            self._opened = opened.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._opened.__exit__(kind, error, trace)

    def do(
        self,
        make_source: MakeSource,
        *,
        processes: int,
        max_time: float | None = None,
        make_progress: Callable[[Scheduler, AddressSource], FetchProgress] | None = None,
    ) -> None:
        """Fetch the addresses of a source, and write the records of their pages.

        Args:
            make_source: makes the source.
            processes: the number of processes.
            max_time: seconds after which no more requests are made.
            make_progress: makes what shows the progress, if it is shown.
        """
        politeness, outputs, counts = self._politeness, self._outputs, self._counts
        max_bytes = self._job.options.max_bytes
        client = Client(headers=self._headers, timeout=politeness.timeout, max_bytes=max_bytes)
        throttle = Throttle(delay=politeness.delay, concurrency=politeness.concurrency)
        fetcher = Fetcher(
            client.get,
            throttle,
            RobotsCache(outputs.state) if outputs.state is not None else {},
            user_agent=politeness.user_agent,
            max_bytes=max_bytes,
            timeout=politeness.timeout,
            ignores_robots=politeness.ignores_robots,
            reads_feeds=self._job.links is not None,
            archive=outputs.keep,
            is_proxied=client.is_proxied,
        )
        context = FetchContext(
            self._records,
            self._layouts,
            outputs.state,
            fetcher.sitemaps,
            counts,
            self._job.filters,
            politeness.delay,
            max_time,
            self._report,
        )
        source = make_source(context)
        scheduler = Scheduler(iter(source), fetcher.fetch, is_ordered=source.is_ordered)
        pages = FetchedPages(scheduler, processes)
        # At the end of the time, requests that wait for their turn are given up.
        timer = Timer(max_time, throttle.stop) if max_time is not None else None
        with nullcontext(outputs.state) if outputs.state is not None else Database() as database:
            sink = FileSink(
                counts,
                self._report,
                output=outputs.records if outputs.partitions is None else None,
                partitions=outputs.partitions,
                spans=outputs.spans,
                failures=self._failures,
                repeats=DedupStore(database) if self._dedup else None,
            )
            digests = {layout.name: layout.digest for layout in self._layouts}
            try:
                if timer is not None:
                    timer.daemon = True
                    timer.start()
                with (
                    make_progress(scheduler, source) if make_progress is not None else nullcontext() as progress,
                    FetchSink(
                        pages, source, sink, outputs, self._records, digests, progress.note if progress is not None else _ignore
                    ) as fetch_sink,
                ):
                    run_tasks(self._job, pages.tasks(), fetch_sink, processes=processes, is_ready=pages.is_ready)
                client.close()
            finally:
                throttle.stop()
                scheduler.stop()


def _ignore(_fetched: Fetched) -> None:
    """Show nothing."""


def fetch_pages(
    addresses: Iterable[str] | MakeSource,
    output: str | Path,
    politeness: Politeness,
    *,
    records: Records = "page",
    state: str | Path | None = None,
    refresh: float | None = None,
    save: str | Path | None = None,
    filters: Filters = _ALL,
    unknown: Unknown = "keep",
    keys: Keys = (),
    layouts: Path | None = None,
    dedup: bool = False,
    spans: str | Path | None = None,
    failures: str | Path | None = None,
    max_bytes: int = MAX_BYTES,
    processes: int = 1,
    page_timeout: float = PAGE_TIMEOUT,
    max_time: float | None = None,
    report: Callable[[str], object] = print,
) -> Counts:
    """Fetch pages politely, and write their records to a file, as ``scraper fetch`` and ``scraper crawl`` do.

    Args:
        addresses: the addresses of the pages, which may come slowly; or what finds them, such as
            :class:`~scraper.engine.crawling.Crawl` or :class:`~scraper.engine.archive.NewspaperArchive`, which need a state.
        output: the file; its name decides on the format and the compression. With fields in braces, there is a file for each of their
            values. With a state, records are appended to it.
        politeness: how pages are requested.
        records: a record for each page, or for each headline of its ticker.
        state: the file that remembers what was fetched, so that a later run continues where this one ended.
        refresh: seconds after which a page of the state is fetched again, if addresses are given; None if it never is.
        save: a file for the exchanges, as gzipped WARC.
        filters: which records are written.
        unknown: what is done with a page of no known layout.
        keys: the keys of a line, each with the attribute of the record; all, if empty.
        layouts: a directory of layout files to use as well.
        dedup: whether to leave out pages that repeat an earlier one.
        spans: a file for the pieces of the pages, with the label and the rule of each.
        failures: a file for the pages that fail.
        max_bytes: the most bytes of one page.
        processes: the number of processes.
        page_timeout: seconds that cleaning a page may take.
        max_time: seconds after which no more requests are made.
        report: called with a sentence for each page that fails.

    Returns:
        What happened, in numbers.

    Raises:
        LayoutError: if a layout file cannot be used.
        OutputError: if a file cannot be written, or not with a state.
        StateError: if the state cannot be used.
        ValueError: if a header is not valid.
    """
    out, pattern = output_of(Path(output))
    named = {"spans": spans, "failures": failures, "save": save, "state": state}
    paths = {name: Path(file) if file is not None else None for name, file in named.items()}
    check_files({"output": out if pattern is None else None, **paths}, (), pattern)
    table = table_of(out if pattern is None else pattern.ending, columns_of(RECORDS[records], keys))
    if state is not None and (pattern is not None or table is not None or is_compressed(out)):
        raise OutputError(f"{output}: with a state, records are appended to one file of JSON Lines, which is not compressed")
    if callable(addresses) and state is None:
        raise OutputError(f"{output}: a crawl needs a state, which keeps the addresses that it finds; name a file for it")
    make_source = addresses if callable(addresses) else _queue_of(addresses, refresh)
    counts = Counts()
    web_run = WebRun(
        RunOptions(ReadOptions(max_bytes=max_bytes), filters, unknown, keys, layouts, dedup, page_timeout),
        records,
        OutputPaths(out, **paths),
        politeness,
        counts,
        report,
        pattern=pattern,
        table=table,
        links=find_links if callable(addresses) else None,
    )
    with web_run:
        web_run.do(make_source, processes=processes, max_time=max_time)
    return counts


def _queue_of(addresses: Iterable[str], refresh: float | None) -> MakeSource:
    return lambda context: FetchQueue(addresses, context.records, context.state, refresh, context.counts)
