"""A run: pages in, records out, and an end, by whatever cause, with the exit status that the contract promises."""

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from types import FrameType
from typing import NoReturn

import typer

from scraper import __version__
from scraper.cli.options import Options
from scraper.cli.talk import is_watched, say
from scraper.errors import LayoutError, OutputError, PageError, ReaderGone
from scraper.layouts import builtin_layouts
from scraper.links import is_absolute
from scraper.reading import Request, read_list
from scraper.records import FailureRecord, to_json_line
from scraper.running import Job, run_job
from scraper.running.jobs import Lines
from scraper.tally import FAILED, INTERRUPTED, READER_GONE, TERMINATED, USAGE, Tally
from scraper.writing import Output


class _Terminated(BaseException):
    """SIGTERM arrived."""


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise _Terminated


@contextmanager
def finishing(output: Output, tally: Tally, *, quiet: bool, beside: Sequence[Output] = ()) -> Iterator[None]:
    """Open ``output`` and those ``beside`` it around the block, say how it went, and exit with the status for it."""
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
    except OutputError as error:
        say(str(error))
    except LayoutError as error:
        say(str(error))
        status = USAGE
    except KeyboardInterrupt:
        status = INTERRUPTED
    except _Terminated:
        status = TERMINATED
    for part in (file.part for file in (output, *beside) if file.part is not None):
        say(f"stopped before the end; what was written so far is in {part}")
    if not quiet and status != READER_GONE:
        say(tally.summary())
    raise typer.Exit(status)


def run(options: Options, lines: Lines) -> None:
    """Read and clean what the user named, and write for each page the lines that a command makes of it. Ends the program."""
    inputs = check_inputs(options)
    request = Request(
        max_bytes=options.max_bytes,
        url=options.url,
        text_field=options.text_field,
        html_field=options.html_field,
        url_field=options.url_field,
        date_field=options.date_field,
    )
    output, tally = Output(options.out), Tally()
    failures = Output(options.failures) if options.failures is not None else None
    with finishing(output, tally, quiet=options.quiet, beside=[failures] if failures is not None else []):
        skip = output.identities() | (failures.identities() if failures is not None else set())
        job = Job(request, options.unknown, lines, frozenset(skip))
        with _progress(options, tally) as meter:
            try:
                run_job(job, inputs, _Sink(output, failures, tally), processes=options.jobs or cores(), meter=meter)
            except PageError as error:  # the list of inputs itself
                tally.failures[error.code] += 1
                say(f"{options.from_list}: {error.code}: {error}")
        if options.summary is not None:
            with Output(options.summary) as summary:
                summary.write(tally.to_json(__version__, layout_digests()))


class _Sink:
    """Writes records to one output and failures to another, and says what failed."""

    def __init__(self, output: Output, failures: Output | None, tally: Tally) -> None:
        self.tally = tally
        self.write = output.write
        self._failures = failures

    def fail(self, failure: FailureRecord, /) -> None:
        if self._failures is not None:
            self._failures.write(to_json_line(failure))
        say(f"{failure.input}: {failure.code}: {failure.message}")


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


def layout_digests() -> dict[str, str]:
    """Return the digest of each layout that is used, by name."""
    return {layout.name: digest for layout in builtin_layouts() if (digest := getattr(layout, "digest", None))}


def check_inputs(options: Options) -> Iterable[str]:
    """Return what to read, or end with a usage error."""
    inputs = options.inputs or []
    written = {"-o": options.out, "--failures": options.failures, "--summary": options.summary}
    files = {option: file for option, file in written.items() if file is not None}
    for option, file in files.items():
        for name in inputs:
            if os.path.isfile(name) and _is_same(name, file):
                raise typer.BadParameter(
                    f"{str(file)!r} is an input too, and would be lost; name another output.", param_hint=option
                )
        for other, another in files.items():
            if option < other and _is_same(file, another):
                raise typer.BadParameter(f"{str(file)!r} is given to {other} too; name another file.", param_hint=option)
    if not inputs and options.from_list is None:
        if sys.stdin is None or sys.stdin.isatty():
            raise typer.BadParameter("name a file or a directory, or pipe a page in and name - for stdin.", param_hint="INPUT")
        inputs = ["-"]
    if options.from_list == "-" and "-" in inputs:
        raise typer.BadParameter("stdin cannot be both the list and a page; put the list into a file.", param_hint="--from-list")
    if options.url is not None:
        if len(inputs) != 1 or options.from_list is not None or Path(inputs[0]).is_dir():
            raise typer.BadParameter("it is the address of one page; name a single file, or -.", param_hint="--url")
        if not is_absolute(options.url):
            raise typer.BadParameter(f"{options.url!r} is no absolute http or https address.", param_hint="--url")
    return inputs if options.from_list is None else chain(inputs, read_list(options.from_list))


def _is_same(name: str | Path, other: str | Path) -> bool:
    return os.path.realpath(name) == os.path.realpath(other) or (
        os.path.exists(name) and os.path.exists(other) and os.path.samefile(name, other)
    )
