"""Runs over files: what ``scraper clean`` and ``scraper headlines`` do, for the commands and for Python programs."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from scraper.defaults import PAGE_TIMEOUT
from scraper.engine.counts import Counts
from scraper.engine.jobs import Filters, Job, RunOptions, Unknown, headline_lines, page_lines
from scraper.engine.loop import run_job
from scraper.engine.sinks import FileSink, OutputPaths
from scraper.errors import OutputError
from scraper.output.files import Output, conflict_of, inodes_of
from scraper.output.formats import OutputTable, table_of
from scraper.output.partitions import Partitions, Pattern, parse_output
from scraper.records import RECORDS, Keys, RecordName, columns_of
from scraper.remote import Uploads
from scraper.sources import ReadOptions
from scraper.sources.files import Meter

if TYPE_CHECKING:
    from scraper.engine.headlines import HeadlineStore
    from scraper.engine.resumable import ResumableRun
    from scraper.output.dedup import DedupStore

_READ_OPTIONS: Final = ReadOptions()
_ALL: Final = Filters()


def _collecting(job: Job, keys: Keys) -> "tuple[Job, HeadlineStore]":
    """Return the job that collects the headlines of many pages, and the store that merges its lines."""
    from scraper.engine.headlines import HeadlineCollector, HeadlineStore  # they need SQLite

    collector = HeadlineCollector()
    return job._replace(lines=collector, flush=collector.flush), HeadlineStore(keys)


class FileRun:
    """A run over files and its outputs. A context manager, in which the outputs are open.

    Args:
        chosen: what the user chose.
        records: the records to write.
        paths: the outputs; that of the records may be a pattern.
        counts: the counts of the run.
        report: called with a sentence for each failure.
        pattern: the pattern of the records, if they have one.
        table: what the records become at the end, if not JSON Lines.
        resumed: if the run can be resumed, what identifies it besides its job.
        keeps_going: whether to go on after many failures without a page.
        counts_characters: whether to count what is kept and removed of the pages.

    Raises:
        OutputError: if an output cannot be opened, written or renamed.
        ResumeError: if an interrupted run had other inputs or arguments.
    """

    def __init__(
        self,
        chosen: RunOptions,
        records: RecordName,
        paths: OutputPaths,
        counts: Counts,
        report: Callable[[str], object],
        *,
        pattern: Pattern | None = None,
        table: OutputTable | None = None,
        resumed: Sequence[object] | None = None,
        keeps_going: bool = True,
        counts_characters: bool = True,
    ) -> None:
        self._paths, self._counts, self._report = paths, counts, report
        self._dedup, self._keeps_going = chosen.dedup, keeps_going
        self._store: HeadlineStore | None = None
        """Merges all lines; the merged ones are written at the end."""
        is_of_pages = records == "page"
        self._job = chosen._replace(reading=chosen.reading._replace(reads_records=not is_of_pages)).job(
            page_lines if is_of_pages else headline_lines,
            pattern=pattern,
            writes_spans=paths.spans is not None,
            counts_characters=is_of_pages and counts_characters,
        )
        if records == "headline-history":
            self._job, self._store = _collecting(self._job, chosen.keys)
        is_kept = resumed is not None
        self._records = Output(paths.records, is_kept=is_kept, table=table, needs_lines=True) if pattern is None else None
        self._partitions = Partitions(pattern, is_kept=is_kept, table=table) if pattern is not None else None
        self._failures, self._spans = (
            Output(path, is_kept=is_kept) if path is not None else None for path in (paths.failures, paths.spans)
        )
        self.files = [file for file in (self._records, self._partitions, self._failures, self._spans) if file is not None]
        """The outputs."""
        self._resumable = self._resumable_run(resumed, pattern) if resumed is not None else None
        self._opened = ExitStack()
        self.part = None
        """The parts are those of the outputs."""

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            for output in self.files if self._resumable is None else (self._resumable,):
                opened.enter_context(output)
            skip = self.files[0].inodes()  # of partitions: a set that grows during the run
            skip.update(*(file.inodes() for file in self.files[1:]), inodes_of(filter(None, [self._paths.summary])))
            if self._resumable is not None:
                skip.update(self._resumable.inodes())
            self._job = self._job._replace(skip=skip)
            self._opened = opened.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._opened.__exit__(kind, error, trace)

    def completed(self, inputs: Iterable[str]) -> str | None:
        """Return what the user deletes to run again, if an earlier run has read all inputs and completed the outputs.

        Raises:
            ResumeError: if it has, and the inputs have changed.
        """
        if self._resumable is None or not self._resumable.is_complete:
            return None
        self._resumable.compare(inputs, self._job.options, self._job.skip)
        return self._resumable.mark

    def do(self, inputs: Iterable[str], *, processes: int, meter: Meter | None = None) -> None:
        """Read the inputs that an earlier run has not read, and write what becomes of their pages.

        Args:
            inputs: files and directories, ``-`` for stdin, or pieces of containers such as ``dump.jsonl#42``.
            processes: the number of processes.
            meter: is called with the number of bytes of each read.

        Raises:
            LayoutError: if a layout file cannot be used.
            TooManyFailures: if there were only failures so far, and too many.
        """
        if self._resumable is not None and self._resumable.is_read:
            return
        with self._store or nullcontext(), self._dedup_store() as repeats:
            sink = FileSink(
                self._counts,
                self._report,
                output=self._store or self._records,
                partitions=self._partitions,
                spans=self._spans,
                failures=self._failures,
                repeats=repeats,
                keeps_going=self._keeps_going,
            )
            run_job(self._job, inputs, sink, processes=processes, meter=meter, resumable=self._resumable)
            if self._store is not None and self._records is not None:
                for batch in self._store.lines():
                    self._records.write(batch)

    def _resumable_run(self, resumed: Sequence[object], pattern: Pattern | None) -> "ResumableRun":
        from scraper.engine.resumable import ResumableRun, run_digest  # it needs SQLite

        digest, out = run_digest(self._job, *resumed), self._paths.records or Path()
        return ResumableRun(out, digest, self.files, self._counts, pattern=pattern, report=self._report)

    @contextmanager
    def _dedup_store(self) -> "Iterator[DedupStore | None]":
        if not self._dedup:
            yield None
        elif self._resumable is not None:
            yield self._resumable.dedup_store()
        else:
            from scraper.output.database import Database
            from scraper.output.dedup import DedupStore

            with Database() as database:
                yield DedupStore(database)


def run(
    inputs: str | Path | Iterable[str | Path],
    output: str | Path,
    *,
    records: RecordName = "page",
    options: ReadOptions = _READ_OPTIONS,
    filters: Filters = _ALL,
    unknown: Unknown = "keep",
    keys: Keys = (),
    layouts: Path | None = None,
    dedup: bool = False,
    spans: str | Path | None = None,
    failures: str | Path | None = None,
    processes: int = 1,
    page_timeout: float = PAGE_TIMEOUT,
    resume: bool = False,
    report: Callable[[str], object] = print,
) -> Counts:
    """Clean inputs, and write the records of their pages to a file, which appears when it is complete.

    Args:
        inputs: files and directories: pages, web archives, dumps, tables, zip archives.
        output: the file; its name decides on the format and the compression, as :mod:`scraper.output.formats` says. With fields in
            braces, such as ``{site}/{year}.jsonl``, there is a file for each of their values.
        records: a record for each page; for each headline; or for each distinct headline, with when it was shown.
        options: how inputs are read, such as the names of a dump's fields.
        filters: which records are written.
        unknown: what is done with a page of no known layout.
        keys: the keys of a line, each with the attribute of the record; all, if empty.
        layouts: a directory of layout files to use as well.
        dedup: whether to leave out pages that repeat an earlier one.
        spans: a file for the pieces of the pages, with the label and the rule of each.
        failures: a file for the pages that fail.
        processes: the number of processes.
        page_timeout: seconds that cleaning a page may take.
        resume: whether to go on where an earlier, interrupted run with the same arguments stopped.
        report: called with a sentence for each page that fails, and if the output is complete already.

    Returns:
        What happened, in numbers.

    Raises:
        LayoutError: if a layout file cannot be used.
        OutputError: if a file cannot be written, would replace an input or another output, or a table should be resumed.
        ResumeError: if an interrupted run had other inputs or arguments.
    """
    names = [str(name) for name in ([inputs] if isinstance(inputs, str | Path) else inputs)]
    uploads = Uploads()
    paths = OutputPaths(*(uploads.local(Path(file) if file is not None else None) for file in (output, spans, failures)))
    out, pattern = output_of(paths.records or Path())
    paths = paths._replace(records=out)
    check_files({"output": out if pattern is None else None, "spans": paths.spans, "failures": paths.failures}, names, pattern)
    table = table_of(paths.records if pattern is None else pattern.ending, columns_of(RECORDS[records], keys))
    if table is not None and resume:
        raise OutputError(f"{output}: a {table.format.name} file cannot be appended to, so the run cannot be resumed")
    if resume and uploads.are_needed:
        raise OutputError(f"{output}: remote files are written at the end, and a run that writes them cannot be resumed")
    if records == "headline-history" and (resume or dedup or pattern is not None):
        raise OutputError(f"{output}: distinct headlines are written to a single file when all pages are read")
    chosen = RunOptions(options, filters, unknown, keys, layouts, dedup, page_timeout)
    counts = Counts()
    resumed = (names, records, keys, str(output), str(spans), str(failures)) if resume else None
    file_run = FileRun(chosen, records, paths, counts, report, pattern=pattern, table=table, resumed=resumed)
    with uploads, file_run:
        if (mark := file_run.completed(names)) is not None:
            report(f"{output}: already complete; delete {mark} to run again")
        else:
            file_run.do(names, processes=processes)
    return counts


def output_of(output: Path) -> tuple[Path, Pattern | None]:
    """Return the path of an output, and the pattern if it has fields.

    Raises:
        OutputError: if the pattern is not valid.
    """
    try:
        return parse_output(output)
    except ValueError as error:
        raise OutputError(f"{output}: {error}") from None


def check_files(outputs: Mapping[str, Path | None], inputs: Sequence[str], pattern: Pattern | None) -> None:
    """Check that no output would replace an input or another output.

    Args:
        outputs: the outputs that are single files, by the parameters that name them.
        inputs: the names of the inputs.
        pattern: the pattern of the records, if they have one.

    Raises:
        OutputError: if one would.
    """
    before: dict[str, Path | None] = {}
    for name, file in outputs.items():
        if file is not None and (conflict := conflict_of(file, inputs, before)) is not None:
            raise OutputError(f"{name}: {conflict}")
        before[name] = file
    for name, conflict in pattern.conflicts("output", inputs, outputs) if pattern is not None else ():
        raise OutputError(f"{name}: {conflict}")
