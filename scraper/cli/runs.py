"""Runs of ``clean`` and ``headlines``, and the exit status of every command."""

import gc
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, NoReturn, Protocol, Self

import typer

from scraper import __version__
from scraper.cli.checks import (
    check_filters,
    check_inputs,
    check_layouts,
    check_outputs,
    check_pattern,
    check_remote_outputs,
    check_resumable,
    check_table,
)
from scraper.cli.console import can_show_progress, displaying, say, size_of
from scraper.cli.options import Options
from scraper.engine import Job, Lines, counted, outcome_of, run_job
from scraper.engine.counts import FAILED, INTERRUPTED, READER_GONE, TERMINATED, USAGE, Counts
from scraper.engine.sinks import FileSink
from scraper.errors import LayoutError, OutputError, PageError, ReaderGone, ResumeError, StateError, TooManyFailures
from scraper.extract.cleaning import Outcome
from scraper.layouts import Layout
from scraper.output.files import Output, file_ids
from scraper.output.formats import OutputTable
from scraper.output.partitions import Partitions, Pattern
from scraper.records import Columns
from scraper.remote import Uploads
from scraper.sources import Item, ReadOptions

if TYPE_CHECKING:
    from scraper.engine.headlines import HeadlineStore
    from scraper.engine.resumable import ResumableOutput, ResumableRun
    from scraper.output.dedup import DedupStore


class _Terminated(BaseException):
    """Raised when SIGTERM arrives."""


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise _Terminated


class Closable(Protocol):
    """An output or a group of them."""

    @property
    def part(self) -> Path | None:
        """The part file, as long as there is one."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None: ...


@contextmanager
def finishing(
    outputs: Sequence[Closable], counts: Counts, *, quiet: bool, unopened: Sequence[Closable] = (), table: OutputTable | None = None
) -> Iterator[None]:
    """Open the outputs around the block, report how it ended, and exit with the status for it.

    Args:
        outputs: what the block writes to.
        counts: the counts of the run, which decide on the exit status.
        quiet: whether to print no summary.
        unopened: outputs that the block opens itself; their unfinished files are reported, too.
        table: what the records become at the end, if not JSON Lines.
    """
    # The collector is off since the start. What was imported until now is never garbage.
    gc.freeze()
    gc.enable()
    signal.signal(signal.SIGTERM, _terminate)
    status = FAILED
    try:
        with ExitStack() as opened:
            for output in outputs:
                opened.enter_context(output)
            yield
        status = counts.exit_status
    except ReaderGone:
        status = READER_GONE
    except (OutputError, StateError, TooManyFailures) as error:
        say(str(error))
    except ResumeError as error:
        say(str(error))
        raise typer.Exit(USAGE) from None
    except LayoutError as error:
        say(str(error))
        status = USAGE
    except KeyboardInterrupt:
        status = INTERRUPTED
    except _Terminated:
        status = TERMINATED
    for output in (*outputs, *unopened):
        if output.part is not None:
            say(f"stopped before the end; what was written so far is in {output.part}")
    if table is not None and any(output.part is not None for output in (*outputs, *unopened)):
        say(f"records that were to become {table.format.name} are JSON Lines there, compressed with Zstandard")
    if not quiet and status != READER_GONE:
        say(counts.summary())
    raise typer.Exit(status)


def run(
    options: Options,
    lines: Lines,
    columns: Columns,
    spans: Path | None = None,
    *,
    dedup: bool = False,
    resume: bool = False,
    has_characters: bool = True,
    flush: Callable[[], bytes] = bytes,
    store: "HeadlineStore | None" = None,
) -> None:
    """Clean the inputs, write the lines of each page, and exit.

    Args:
        options: the options that the commands share.
        lines: makes the lines of a page.
        columns: the columns of the lines, for tables.
        spans: the file for the spans.
        dedup: whether to leave out pages that repeat an earlier one.
        resume: whether to resume a killed run.
        has_characters: whether to count what is kept and removed of the pages; if not, their records can be read in their place.
        flush: returns the lines that ``lines`` holds back.
        store: takes all lines; its own are written at the end.
    """
    uploads = Uploads()
    check_remote_outputs(options, spans, resume=resume)
    out, failures, summary, spans = map(uploads.local, (options.out, options.failures, options.summary, spans))
    options, pattern = check_pattern(options._replace(out=out, failures=failures, summary=summary))
    if pattern is not None and store is not None:
        raise typer.BadParameter("--unique writes a single file; name one without {}.", param_hint="-o")
    outputs = {"-o": options.out, "--spans": spans, "--failures": options.failures, "--summary": options.summary}
    check_outputs(outputs, options.inputs or [], pattern)
    table = check_table("-o", options.out if pattern is None else pattern.ending, columns)
    check_table("--spans", spans)
    check_table("--failures", options.failures)
    inputs = check_inputs(options)
    job = make_job(options, lines, pattern, has_spans=spans is not None, dedup=dedup)
    is_counted = has_characters and (not options.quiet or options.summary is not None or resume)  # else nobody sees the counts
    job = job._replace(has_characters=is_counted, options=job.options._replace(reads_records=not has_characters))
    check_layouts(options.layouts)
    if resume:
        check_resumable(options, spans, table)
    counts = Counts()
    output = Output(options.out, is_kept=resume, table=table, needs_lines=True) if pattern is None else None
    partitions = Partitions(pattern, is_kept=resume, table=table) if pattern is not None else None
    failed, pieces = (Output(file, is_kept=resume) if file is not None else None for file in (options.failures, spans))
    files = [file for file in (output, partitions, failed, pieces) if file is not None]
    checkpoint = _resumable(options, job, pattern, files, counts, spans, tuple(columns)) if resume else None
    opened, unopened = (files, ()) if checkpoint is None else ([checkpoint], files)
    with finishing([uploads, *opened], counts, quiet=options.quiet, unopened=unopened, table=table):
        inputs = reporting_list_errors(inputs, options, counts)
        skip = files[0].identities()  # of partitions: a set that grows during the run
        skip.update(*(file.identities() for file in files[1:]), file_ids(filter(None, [options.summary])))
        if checkpoint is not None:
            skip.update(checkpoint.identities())
        if checkpoint is not None and checkpoint.is_complete:
            checkpoint.compare(inputs, job.options, skip)
            if not options.quiet:
                say(f"{options.out}: already complete; delete {checkpoint.mark} to run again")
            raise typer.Exit
        if checkpoint is None or not checkpoint.is_read:
            job = job._replace(skip=skip, flush=flush)
            with store or nullcontext(), _dedup_store(checkpoint, dedup=dedup) as repeats:
                sink = FileSink(
                    counts,
                    say,
                    output=store or output,
                    partitions=partitions,
                    spans=pieces,
                    failures=failed,
                    repeats=repeats,
                    keeps_going=options.keep_going,
                )
                sized = (options.inputs or []) if options.from_list is None else None
                with showing_progress(sized, counts, quiet=options.quiet) as meter:
                    run_job(job, inputs, sink, processes=options.jobs or cores(), meter=meter, checkpoint=checkpoint)
                if store is not None and output is not None:
                    for batch in store.lines():
                        output.write(batch)
        write_summary(options.summary, counts)


def write_summary(path: Path | None, counts: Counts) -> None:
    """Write the counts of a run, if a file is named for them."""
    if path is not None:
        with Output(path) as summary:
            summary.write(counts.to_json(__version__))


def make_job(options: Options, lines: Lines, pattern: Pattern | None, *, has_spans: bool, dedup: bool) -> Job:
    """Return the job that the options describe, or end with a usage error."""
    filters = check_filters(options)
    return Job(
        ReadOptions(
            max_bytes=options.max_bytes,
            url=options.url,
            text_field=options.text_field,
            html_field=options.html_field,
            url_field=options.url_field,
            date_field=options.date_field,
            include=tuple(options.include or ()),
            exclude=tuple(options.exclude or ()),
            limit=options.limit,
            sample=options.sample,
            seed=options.seed,
        ),
        "skip" if options.unknown == "keep" and filters.is_of_known else options.unknown,
        lines,
        layouts=options.layouts,
        has_spans=has_spans,
        filters=filters,
        has_digests=dedup,
        target=pattern.of if pattern is not None else None,
        page_timeout=options.page_timeout,
    )


def cores() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def reporting_list_errors(inputs: Iterable[str], options: Options, counts: Counts) -> Iterable[str]:
    """Return the inputs, which end where the file of ``--from-list`` cannot be read; that is reported and counted."""
    return inputs if options.from_list is None else _up_to_list_error(inputs, options.from_list, counts)


def _up_to_list_error(inputs: Iterable[str], name: str, counts: Counts) -> Iterator[str]:
    try:
        yield from inputs
    except PageError as error:
        counts.failures[error.code] += 1
        say(f"{name}: {error.code}: {error}")


@contextmanager
def showing_progress(inputs: Sequence[str] | None, counts: Counts, *, quiet: bool) -> Iterator[Callable[[int], object] | None]:
    """Show the progress during the block, and yield a callback for the bytes of each read; None if nothing is shown.

    Args:
        inputs: the inputs, if they are known before they are read.
        counts: the counts of the run.
        quiet: whether to show nothing.
    """
    if quiet or not can_show_progress():
        yield None
        return
    with displaying(counts, size_of(inputs) if inputs is not None else None) as display:
        yield display.read


def outcomes(items: Iterable[Item], layouts: Sequence[Layout], counts: Counts) -> Iterator[Outcome]:
    """Clean items in order. Failures are reported and counted; the rest is still cleaned."""
    sink = FileSink(counts, say)
    for item in items:
        outcome = outcome_of(item, layouts, sink)
        if outcome is not None:
            yield outcome
            counts.add(counted(outcome))


def _resumable(
    options: Options, job: Job, pattern: Pattern | None, files: "Sequence[ResumableOutput]", counts: Counts, *others: object
) -> "ResumableRun":
    from scraper.engine.resumable import ResumableRun, run_digest

    digest = run_digest(job, options._replace(jobs=None, quiet=False, summary=None, keep_going=False), *others)
    return ResumableRun(options.out or Path(), digest, files, counts, pattern=pattern, report=say)


@contextmanager
def _dedup_store(checkpoint: "ResumableRun | None", *, dedup: bool) -> "Iterator[DedupStore | None]":
    if not dedup:
        yield None
    elif checkpoint is not None:
        yield checkpoint.dedup_store()
    else:
        from scraper.output.database import Database
        from scraper.output.dedup import DedupStore

        with Database() as database:
            yield DedupStore(database)
