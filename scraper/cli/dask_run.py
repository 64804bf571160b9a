"""Runs of ``clean --dask``."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

import typer

from scraper.cli.checks import check_inputs, check_keys, check_layouts, check_outputs, check_pattern, check_table
from scraper.cli.console import finishing, say, showing_progress
from scraper.cli.options import Options
from scraper.cli.runs import cores, reporting_list_errors, run_options, write_summary
from scraper.engine.counts import Counts
from scraper.engine.jobs import page_lines
from scraper.engine.resumable import run_digest
from scraper.errors import OutputError
from scraper.output.files import Output
from scraper.output.formats import FORMATS
from scraper.output.partitions import Pattern
from scraper.records import Columns, PageRecord, columns_of, to_json_line
from scraper.remote import Uploads, address_of, is_remote, local_name
from scraper.scale.dask import DaskRun, connected
from scraper.scale.part_store import WORK, ManifestEntry, PartStore
from scraper.scale.parts import PartJob

_ENDING: Final = re.compile(rf"(\.jsonl|\.json|\.ndjson|{'|'.join(map(re.escape, FORMATS))})?(\.gz|\.zst)?$", re.IGNORECASE)
_LITERAL: Final = re.compile(r"(?:[^{}]|\{\{|\}\})*")


class _Parts:
    """The directory of parts, which keeps those that are done when the run stops. A context manager."""

    def __init__(self, place: PartStore) -> None:
        self._name = place.name
        self.part: Path | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is not None and os.path.isdir(f"{self._name}/{WORK}"):
            self.part = Path(self._name)


class _Destination(NamedTuple):
    """Where the parts go."""

    place: PartStore
    pattern: str | None
    ending: str


def run_on_dask(options: Options, spans: Path | None, address: str, *, dedup: bool, resume: bool) -> None:
    """Clean the inputs on a Dask cluster, write the parts of the output, and exit.

    Args:
        options: the options that the commands share.
        spans: the directory for the spans.
        address: the address of the scheduler, or ``local``.
        dedup: whether to leave out pages that repeat an earlier one.
        resume: whether the user asked to resume, which such a run does anyway.
    """
    keys = check_keys(options.keys, PageRecord)
    columns = columns_of(PageRecord, keys)
    uploads = Uploads()
    failures, summary = uploads.local(options.failures), uploads.local(options.summary)
    _check(options, spans, resume=resume)
    destination = _destination(options, columns)
    check_table("--failures", failures)
    check_outputs({"-o": None, "--failures": failures, "--summary": summary}, options.inputs or [], None)
    inputs = check_inputs(options)
    pattern = Pattern.parse(destination.pattern) if destination.pattern is not None else None
    chosen = run_options(options, keys, dedup=dedup)
    job = chosen.job(page_lines, pattern=pattern, writes_spans=spans is not None)
    layouts = tuple((layout.name, layout.digest) for layout in check_layouts(options.layouts))
    # Inputs may change: each part knows what it was made of.
    run = run_digest(job, options.keys, destination.pattern, destination.ending)
    spans_place = PartStore(_name_of(spans)) if spans is not None else None
    shared = PartJob(job, destination.place, run, layouts, destination.ending, columns, destination.pattern, spans_place)
    counts = Counts()
    failed = Output(failures) if failures is not None else None
    parts = _Parts(destination.place)
    with finishing([uploads, parts, *([failed] if failed is not None else [])], counts, quiet=options.quiet):
        with (
            showing_progress(options.sized_inputs, counts, quiet=options.quiet) as meter,
            connected(address, options.jobs or cores()) as client,
        ):
            dask_run = DaskRun(client, shared, counts, say, meter=meter, keeps_going=options.keep_going)
            entries = dask_run.run(reporting_list_errors(inputs, options, counts))
        if dask_run.missing:
            raise OutputError(f"{destination.place.name}: {dask_run.missing} of its parts are missing, the others are whole")
        if failed is not None:
            _write_failures(failed, entries)
        write_summary(summary, counts)


def _write_failures(output: Output, entries: Sequence[ManifestEntry]) -> None:
    for entry in entries:
        for failure in entry.failures:
            output.write(to_json_line(failure))


def _check(options: Options, spans: Path | None, *, resume: bool) -> None:
    """End with a usage error if the options do not go together with ``--dask``."""
    if options.out is None:
        raise typer.BadParameter("it writes parts of the output to a directory; name one with -o.", param_hint="--dask")
    if resume:
        raise typer.BadParameter("a run with --dask resumes by itself; leave one of them out.", param_hint="--resume")
    if options.limit is not None or options.sample is not None:
        raise typer.BadParameter(
            "pages are counted by one process; leave out --limit and --sample, or --dask.", param_hint="--dask"
        )
    if options.reads_stdin:
        raise typer.BadParameter("workers cannot read stdin; save it to a file and name that.", param_hint="--dask")
    for option, path in (("-o", options.out), ("--spans", spans)):
        name = _name_of(path) if path is not None else ""
        if path is not None and os.path.lexists(name) and not os.path.isdir(name):
            raise typer.BadParameter(f"{str(path)!r} is a file, and --dask writes a directory; name another.", param_hint=option)
        for directory in filter(os.path.isdir, options.inputs or []):
            if path is not None and Path(name).is_relative_to(os.path.realpath(directory)):
                raise typer.BadParameter(
                    f"{str(path)!r} is in the input {directory!r}; name a directory elsewhere.", param_hint=option
                )
    if spans is not None and _name_of(spans) == _name_of(options.out):
        raise typer.BadParameter(f"{str(spans)!r} is also the directory of -o; name another.", param_hint="--spans")


def _destination(options: Options, columns: Columns) -> _Destination:
    plain, pattern = check_pattern(options)
    if pattern is None:
        name = _name_of(plain.out or Path())
        return _Destination(PartStore(name), None, _ending(Path(name), columns))
    text = _name_of(options.out or Path())
    match = _LITERAL.match(text)
    cut = (match[0] if match is not None else "").rfind("/")
    place = text[:cut].replace("{{", "{").replace("}}", "}")
    return _Destination(PartStore(place), text[cut + 1 :], _ending(pattern.ending, columns))


def _ending(name: Path, columns: Columns) -> str:
    """Return how the names of parts end, by the name of their directory, or end with a usage error."""
    check_table("-o", name, columns)
    match = _ENDING.search(name.name)
    kind, packed = (match[1], match[2]) if match is not None else (None, None)
    return f"{kind or '.jsonl'}{packed or ''}"


def _name_of(path: Path) -> str:
    """Return the absolute path of a directory, or its address."""
    address = address_of(path)
    return address if address is not None and is_remote(address) else os.path.realpath(local_name(address or str(path)))
