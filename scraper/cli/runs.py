"""Runs of ``clean`` and ``headlines``, and what other runs share with them."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import typer

from scraper import __version__
from scraper.cli.checks import (
    check_filters,
    check_inputs,
    check_keys,
    check_layouts,
    check_outputs,
    check_pattern,
    check_remote_outputs,
    check_resumable,
    check_table,
)
from scraper.cli.console import finishing, say, showing_progress
from scraper.cli.options import Options
from scraper.engine.counts import Counts
from scraper.engine.jobs import RunOptions, outcome_of, page_count
from scraper.engine.run import FileRun
from scraper.engine.sinks import FileSink, OutputPaths
from scraper.errors import PageError
from scraper.extract.cleaning import Outcome
from scraper.layouts import Layout
from scraper.output.files import Output
from scraper.records import RECORDS, Keys, RecordName, columns_of
from scraper.remote import Uploads
from scraper.sources import Item, ReadOptions


def run_on_files(
    options: Options, records: RecordName, spans: Path | None = None, *, dedup: bool = False, resume: bool = False
) -> None:
    """Clean the inputs, write the records of their pages, and exit.

    Args:
        options: the options that the commands share.
        records: the records to write.
        spans: the file for the spans.
        dedup: whether to leave out pages that repeat an earlier one.
        resume: whether to resume a killed run.
    """
    keys = check_keys(options.keys, RECORDS[records])
    uploads = Uploads()
    check_remote_outputs(options, spans, resume=resume)
    out, failures, summary, spans = map(uploads.local, (options.out, options.failures, options.summary, spans))
    options, pattern = check_pattern(options._replace(out=out, failures=failures, summary=summary))
    if pattern is not None and records == "headline-history":
        raise typer.BadParameter("--unique writes a single file; name one without {}.", param_hint="-o")
    paths = OutputPaths(options.out, spans, options.failures, options.summary)
    outputs = {"-o": paths.records, "--spans": paths.spans, "--failures": paths.failures, "--summary": paths.summary}
    check_outputs(outputs, options.inputs or [], pattern)
    columns = columns_of(RECORDS[records], keys)
    table = check_table("-o", options.out if pattern is None else pattern.ending, columns)
    check_table("--spans", spans)
    check_table("--failures", options.failures)
    inputs = check_inputs(options)
    chosen = run_options(options, keys, dedup=dedup)
    check_layouts(options.layouts)
    if resume:
        check_resumable(options, spans, table)
    counts = Counts()
    asked = (options._replace(jobs=None, quiet=False, summary=None, keep_going=False), spans, tuple(columns))
    file_run = FileRun(
        chosen,
        records,
        paths,
        counts,
        say,
        pattern=pattern,
        table=table,
        resumed=asked if resume else None,
        keeps_going=options.keep_going,
        counts_characters=not options.quiet or options.summary is not None or resume,  # else nobody sees them
    )
    with finishing([uploads, file_run], counts, quiet=options.quiet, unopened=file_run.files, table=table):
        inputs = reporting_list_errors(inputs, options, counts)
        if (mark := file_run.completed(inputs)) is not None:
            if not options.quiet:
                say(f"{options.out}: already complete; delete {mark} to run again")
            raise typer.Exit
        with showing_progress(options.sized_inputs, counts, quiet=options.quiet) as meter:
            file_run.do(inputs, processes=options.jobs or cores(), meter=meter)
        write_summary(options.summary, counts)


def write_summary(path: Path | None, counts: Counts) -> None:
    """Write the counts of a run, if a file is named for them."""
    if path is not None:
        with Output(path) as summary:
            summary.write(counts.to_json(__version__))


def run_options(options: Options, keys: Keys, *, dedup: bool) -> RunOptions:
    """Return what the user chose, or end with a usage error.

    Args:
        options: the options that the commands share.
        keys: the keys of a line.
        dedup: whether to leave out pages that repeat an earlier one.
    """
    reading = ReadOptions(
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
    )
    filters = check_filters(options)
    return RunOptions(reading, filters, options.unknown, keys, options.layouts, dedup, options.page_timeout)


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


def outcomes(items: Iterable[Item], layouts: Sequence[Layout], counts: Counts) -> Iterator[Outcome]:
    """Clean items in order. Failures are reported and counted; the rest is still cleaned."""
    sink = FileSink(counts, say)
    for item in items:
        found = outcome_of(item, layouts)
        if isinstance(found, Outcome):
            yield found
            counts.add(page_count(found))
        else:
            sink.take(found)
