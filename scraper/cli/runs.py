"""A run: pages in, records out, and an end, by whatever cause, with the exit status that the contract promises."""

import gc
import hashlib
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, NoReturn, Protocol, Self

import typer

from scraper import __version__
from scraper.cli.checks import check_inputs, check_layouts, check_outputs, check_pattern, check_resumable
from scraper.cli.choices import check_filters
from scraper.cli.options import Options
from scraper.cli.talk import is_watched, say
from scraper.engine import Job, Lines, counted, outcome_of, run_job
from scraper.engine.counts import FAILED, INTERRUPTED, READER_GONE, TERMINATED, USAGE, Counts
from scraper.engine.sinks import FileSink
from scraper.errors import LayoutError, OutputError, PageError, ReaderGone, ResumeError, StateError
from scraper.extract.cleaning import Outcome
from scraper.layouts import Layout
from scraper.output.files import Output
from scraper.output.patterns import Pattern
from scraper.sources import Item, ReadOptions

if TYPE_CHECKING:
    from scraper.engine.checkpoint import File, ResumableRun
    from scraper.output.dedup import DedupStore
    from scraper.output.headline_store import HeadlineStore
    from scraper.output.partitions import Partitions


class _Terminated(BaseException):
    """SIGTERM arrived."""


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise _Terminated


class Opened(Protocol):
    """What a run writes to: opened before it, closed after it."""

    @property
    def part(self) -> Path | None:
        """The part file, as long as there is one."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None: ...


@contextmanager
def finishing(
    output: Opened, counts: Counts, *, quiet: bool, beside: Sequence[Opened] = (), later: Sequence[Opened] = ()
) -> Iterator[None]:
    """Open ``output`` and those ``beside`` it around the block, say how it went, and exit with the status for it.

    Those that come ``later`` the block opens itself. What is left unfinished is named, whichever it is.
    """
    gc.freeze()
    gc.enable()
    signal.signal(signal.SIGTERM, _terminate)
    status = FAILED
    try:
        with ExitStack() as opened:
            for file in (output, *beside):
                opened.enter_context(file)
            yield
        status = counts.exit_status
    except ReaderGone:
        status = READER_GONE
    except (OutputError, StateError) as error:
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
    for part in (file.part for file in (output, *beside, *later) if file.part is not None):
        say(f"stopped before the end; what was written so far is in {part}")
    if not quiet and status != READER_GONE:
        say(counts.summary())
    raise typer.Exit(status)


def run(
    options: Options,
    lines: Lines,
    spans: Path | None = None,
    *,
    has_repeats: bool = True,
    resume: bool = False,
    rest: Callable[[], bytes] = bytes,
    between: "HeadlineStore | None" = None,
) -> None:
    """Read and clean what the user named, and write for each page the lines that a command makes of it. Ends the program.

    Args:
        options: what the user asked for.
        lines: makes of a page what is written of it.
        spans: where to write what every piece of a page was taken for.
        has_repeats: whether a page is written that was written before.
        resume: whether to go on where a killed run stopped.
        rest: returns the lines that ``lines`` has held back.
        between: takes all lines in, and gives those to write when everything was read.
    """
    options, pattern = check_pattern(options)
    if pattern is not None and between is not None:
        raise typer.BadParameter("--unique writes a single file; name one without {}.", param_hint="-o")
    outputs = {"-o": options.out, "--spans": spans, "--failures": options.failures, "--summary": options.summary}
    check_outputs(outputs, options.inputs or [], pattern)
    inputs = check_inputs(options)
    choice = check_filters(options)
    unknown = "skip" if options.unknown == "keep" and choice.is_of_known else options.unknown
    check_layouts(options.layouts)
    if resume:
        check_resumable(options, spans)
    request = ReadOptions(
        max_bytes=options.max_bytes,
        url=options.url,
        text_field=options.text_field,
        html_field=options.html_field,
        url_field=options.url_field,
        date_field=options.date_field,
    )
    counts = Counts()
    output = Output(options.out, is_kept=resume) if pattern is None else None
    partitions = _partitions(pattern, is_kept=resume) if pattern is not None else None
    written = output or partitions
    assert written is not None  # noqa: S101 - it is one of the two
    failures, pieces = (Output(file, is_kept=resume) if file is not None else None for file in (options.failures, spans))
    beside = [file for file in (failures, pieces) if file is not None]
    files = (written, *beside)
    course = _resumption(options, pattern, files, counts, spans, has_repeats) if resume else None
    quiet = options.quiet
    with finishing(course, counts, quiet=quiet, later=files) if course else finishing(written, counts, quiet=quiet, beside=beside):
        if course is None or not course.is_done:
            skip = written.identities()
            skip.update(*(file.identities() for file in beside))
            job = Job(
                *(request, unknown, lines, skip, options.layouts, pieces is not None),
                is_page_by_page=not has_repeats or pattern is not None,
                page_timeout=options.page_timeout,
                filters=choice,
                has_digests=not has_repeats,
                flush=rest,
                target=pattern.of if pattern is not None else None,
            )
            with between or nullcontext(), _seen(course, has_repeats=has_repeats) as seen:
                sink = FileSink(
                    counts,
                    say,
                    output=between or output,
                    partitions=partitions,
                    spans=pieces,
                    failures=failures,
                    repeats=seen,
                )
                _read(options, job, inputs, sink, course)
                if between is not None and output is not None:
                    for some in between.lines():
                        output.write(some)
                if course is not None:
                    course.done()
        if options.summary is not None:
            with Output(options.summary) as summary:
                summary.write(counts.to_json(__version__))


def _read(options: Options, job: Job, inputs: Iterable[str], sink: FileSink, course: "ResumableRun | None") -> None:
    processes = options.jobs or cores()
    with _progress(options, sink.counts) as meter:
        try:
            if course is None:
                run_job(job, inputs, sink, processes=processes, meter=meter)
                return
            from scraper.engine.resume import resume_job

            course.hide(job.skip)
            resume_job(job, inputs, sink, course, processes=processes, meter=meter)
        except PageError as error:  # the list of inputs itself
            sink.counts.failures[error.code] += 1
            say(f"{options.from_list}: {error.code}: {error}")


def _partitions(pattern: Pattern, *, is_kept: bool) -> "Partitions":
    from scraper.output.partitions import Partitions

    return Partitions(pattern, is_kept=is_kept)


def _resumption(
    options: Options, pattern: Pattern | None, files: "Sequence[File]", counts: Counts, *rest: object
) -> "ResumableRun":
    """Return where a run is that does what the user asked for, and ``rest``; end the program if it is at its end."""
    from scraper.engine.checkpoint import ResumableRun

    layouts = [(layout.name, layout.digest) for layout in check_layouts(options.layouts)]
    asked = options._replace(jobs=None, quiet=False, summary=None)
    digest = hashlib.sha256(repr((__version__, asked, rest, layouts)).encode()).hexdigest()
    base = Path(os.path.realpath(options.out or "")) if pattern is None else pattern.base
    course = ResumableRun(
        base, digest, files, counts, mark=os.fsencode(f"{options.out}\n") if pattern is not None else None, report=say
    )
    if course.is_whole:
        if not options.quiet:
            say(f"{options.out}: it is whole, and there is nothing to do; remove {base} to have it written anew")
        raise typer.Exit
    return course


@contextmanager
def _seen(course: "ResumableRun | None", *, has_repeats: bool) -> "Iterator[DedupStore | None]":
    if has_repeats:
        yield None
        return
    from scraper.output.dedup import DedupStore

    with DedupStore() if course is None else DedupStore(course.store, course.number) as seen:
        if course is not None:
            course.followers.append(seen)
        yield seen


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _progress(options: Options, counts: Counts) -> Iterator[Callable[[int], object] | None]:
    if options.quiet or not is_watched():
        yield None
        return
    from scraper.cli.progress import displaying, size_of

    size = size_of(options.inputs or []) if options.from_list is None else None
    with displaying(counts, size) as display:
        yield display.read


def outcomes(readings: Iterable[Item], layouts: Sequence[Layout], counts: Counts) -> Iterator[Outcome]:
    """Clean what was read, in order. A page that fails is named and counted, and the others go on."""
    sink = FileSink(counts, say)
    for reading in readings:
        outcome = outcome_of(reading, layouts, sink)
        if outcome is not None:
            yield outcome
            counts.add(counted(outcome))
