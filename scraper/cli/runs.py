"""A run: pages in, records out, and an end, by whatever cause, with the exit status that the contract promises."""

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
from scraper.cleaning import Outcome
from scraper.cli.checks import check_inputs, check_layouts, check_pattern
from scraper.cli.choices import check_choice
from scraper.cli.options import Options
from scraper.cli.talk import is_watched, say
from scraper.errors import LayoutError, OutputError, PageError, ReaderGone, StateError
from scraper.layouts import Layout
from scraper.patterns import Pattern
from scraper.reading import Reading, Request
from scraper.records import FailureRecord, to_json_line
from scraper.running import Job, Lines, Result, counted, outcome_of, run_job
from scraper.tally import FAILED, INTERRUPTED, READER_GONE, TERMINATED, USAGE, Tally
from scraper.writing import Output

if TYPE_CHECKING:
    from scraper.histories import Histories
    from scraper.partitions import Partitions
    from scraper.seen import Seen


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
    output: Opened, tally: Tally, *, quiet: bool, beside: Sequence[Opened] = (), later: Sequence[Opened] = ()
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
        status = tally.exit_status
    except ReaderGone:
        status = READER_GONE
    except (OutputError, StateError) as error:
        say(str(error))
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
        say(tally.summary())
    raise typer.Exit(status)


def run(
    options: Options,
    lines: Lines,
    spans: Path | None = None,
    *,
    has_repeats: bool = True,
    rest: Callable[[], bytes] = bytes,
    between: "Histories | None" = None,
) -> None:
    """Read and clean what the user named, and write for each page the lines that a command makes of it. Ends the program.

    Args:
        options: what the user asked for.
        lines: makes of a page what is written of it.
        spans: where to write what every piece of a page was taken for.
        has_repeats: whether a page is written that was written before.
        rest: returns the lines that ``lines`` has held back.
        between: takes all lines in, and gives those to write when everything was read.
    """
    pattern = check_pattern(options.out)
    if pattern is not None and not pattern.has_fields:
        options, pattern = options._replace(out=Path(pattern.literal)), None
    if pattern is not None and between is not None:
        raise typer.BadParameter("what is gathered from all pages goes to one file; name one without {}.", param_hint="-o")
    inputs = check_inputs(options, spans, pattern)
    choice = check_choice(options)
    unknown = "skip" if options.unknown == "keep" and choice.is_of_known else options.unknown
    check_layouts(options.layouts)
    request = Request(
        max_bytes=options.max_bytes,
        url=options.url,
        text_field=options.text_field,
        html_field=options.html_field,
        url_field=options.url_field,
        date_field=options.date_field,
    )
    tally = Tally()
    output = Output(options.out) if pattern is None else None
    partitions = _partitions(pattern) if pattern is not None else None
    written = output or partitions
    assert written is not None  # noqa: S101 - it is one of the two
    failures, pieces = (Output(file) if file is not None else None for file in (options.failures, spans))
    beside = [file for file in (failures, pieces) if file is not None]
    with finishing(written, tally, quiet=options.quiet, beside=beside):
        skip = written.identities()
        skip.update(*(file.identities() for file in beside))
        job = Job(
            *(request, unknown, lines, skip, options.layouts, pieces is not None),
            is_chosen=not has_repeats or pattern is not None,
            choice=choice,
            has_digests=not has_repeats,
            rest=rest,
            target=pattern.of if pattern is not None else None,
        )
        with between or nullcontext(), _seen(has_repeats=has_repeats) as seen:
            sink = _Sink(tally, between or output, failures, pieces, seen, partitions)
            with _progress(options, tally) as meter:
                try:
                    run_job(job, inputs, sink, processes=options.jobs or cores(), meter=meter)
                except PageError as error:  # the list of inputs itself
                    tally.failures[error.code] += 1
                    say(f"{options.from_list}: {error.code}: {error}")
            if between is not None and output is not None:
                for some in between.lines():
                    output.write(some)
        if options.summary is not None:
            with Output(options.summary) as summary:
                summary.write(tally.to_json(__version__))


def _partitions(pattern: Pattern) -> "Partitions":
    from scraper.partitions import Partitions

    return Partitions(pattern)


class _Sink:
    """Writes records, pieces and failures to outputs of their own, as far as they are wanted, and says what failed."""

    def __init__(
        self,
        tally: Tally,
        output: "Output | Histories | None" = None,
        failures: Output | None = None,
        spans: Output | None = None,
        seen: "Seen | None" = None,
        partitions: "Partitions | None" = None,
    ) -> None:
        self.tally = tally
        self._seen = seen
        self._partitions = partitions
        self._output, self._failures, self._spans = output, failures, spans

    def add(self, result: Result, lines: bytes, spans: bytes, /) -> None:
        repeat = self._seen.repeat(result.url, result.text) if self._seen is not None else None
        if repeat is not None:
            self.tally.left_out[repeat] += 1
            return
        if self._partitions is not None and result.target is not None:
            if lines:
                self._partitions.write(result.target, lines)
            lines = b""
        self.pass_on(lines, spans)
        self.tally.add(result.counted)

    def pass_on(self, lines: bytes, spans: bytes, /) -> None:
        if self._output is not None:
            self._output.write(lines)
        if self._spans is not None:
            self._spans.write(spans)

    def fail(self, failure: FailureRecord, /) -> None:
        if self._failures is not None:
            self._failures.write(to_json_line(failure))
        say(f"{failure.input}: {failure.code}: {failure.message}")


@contextmanager
def _seen(*, has_repeats: bool) -> "Iterator[Seen | None]":
    if has_repeats:
        yield None
        return
    from scraper.seen import Seen

    with Seen() as seen:
        yield seen


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _progress(options: Options, tally: Tally) -> Iterator[Callable[[int], object] | None]:
    if options.quiet or not is_watched():
        yield None
        return
    from scraper.cli.progress import displaying, size_of

    size = size_of(options.inputs or []) if options.from_list is None else None
    with displaying(tally, size) as display:
        yield display.read


def outcomes(readings: Iterable[Reading], layouts: Sequence[Layout], tally: Tally) -> Iterator[Outcome]:
    """Clean what was read, in order. A page that fails is named and counted, and the others go on."""
    sink = _Sink(tally)
    for reading in readings:
        outcome = outcome_of(reading, layouts, "keep", sink)
        if outcome is not None:
            yield outcome
            tally.add(counted(outcome))


def fail(input: str, url: str | None, error: PageError, tally: Tally, failures: Output | None) -> None:
    """Count a failure, name it, and list it where failures are listed."""
    tally.failures[error.code] += 1
    _Sink(tally, failures=failures).fail(FailureRecord(input=input, url=url, code=error.code, message=str(error)))
