"""A run: pages in, records out, and an end, by whatever cause, with the exit status that the contract promises."""

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from types import FrameType, TracebackType
from typing import Literal, NoReturn, Protocol, Self

import typer

from scraper import __version__
from scraper.cleaning import Outcome, clean
from scraper.cli.options import Options
from scraper.cli.talk import say
from scraper.errors import (
    EmptyInput,
    InternalError,
    LayoutError,
    NotText,
    OutputError,
    PageError,
    ReaderGone,
    StateError,
    UnknownLayout,
)
from scraper.layouts import builtin_layouts
from scraper.links import is_absolute
from scraper.reading import Reading, Request, read_inputs, read_list
from scraper.records import FailureRecord, to_json_line
from scraper.tally import FAILED, INTERRUPTED, READER_GONE, TERMINATED, USAGE, Tally
from scraper.writing import Output


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
def finishing(output: Opened, tally: Tally, *, quiet: bool, beside: Sequence[Opened] = ()) -> Iterator[None]:
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
    except (OutputError, StateError) as error:
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


def run(options: Options, lines: Callable[[Outcome], Iterable[bytes]]) -> None:
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
    summary = Output(options.summary) if options.summary is not None else None
    beside = [file for file in (failures, summary) if file is not None]
    with finishing(output, tally, quiet=options.quiet, beside=beside):
        try:
            for outcome in outcomes(inputs, request, unknown=options.unknown, output=output, tally=tally, failures=failures):
                for line in lines(outcome):
                    output.write(line)
        except PageError as error:  # the list of inputs itself
            tally.failures[error.code] += 1
            say(f"{options.from_list}: {error.code}: {error}")
        if summary is not None:
            summary.write(tally.to_json(__version__, layout_digests()))


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


def outcomes(
    inputs: Iterable[str],
    request: Request,
    *,
    unknown: Literal["keep", "skip", "fail"],
    output: Output,
    tally: Tally,
    failures: Output | None = None,
) -> Iterator[Outcome]:
    """Read and clean what the user named, in order. A page that fails is named and counted, and the others go on."""
    builtin_layouts()  # a bad layout file is an error of the run, not of its first page
    skip = output.identities() | (failures.identities() if failures is not None else set())
    for reading in read_inputs(inputs, request, skip=skip):
        if reading.left_out is not None:
            tally.left_out[reading.left_out] += 1
            continue
        try:
            outcome = _clean(reading)
            if outcome.layout is None and unknown == "fail":
                raise UnknownLayout("no layout fits the page; --unknown keep keeps it whole")
        except (EmptyInput, NotText) as error:
            if reading.is_named:
                _fail(reading, error, tally, failures)
            else:
                tally.left_out[error.code] += 1
        except PageError as error:
            _fail(reading, error, tally, failures)
        else:
            if outcome.layout is None and unknown == "skip":
                tally.left_out[UnknownLayout.code] += 1
            else:
                yield outcome
                tally.add(outcome.record)


def _clean(reading: Reading) -> Outcome:
    if reading.page is None:
        raise reading.error or InternalError("nothing was read")
    try:
        return clean(reading.page)
    except PageError:
        raise
    except Exception as error:  # the one driver that may: a mistake of ours costs one page, not the run
        raise InternalError(f"a mistake of the program, please report the page ({type(error).__name__}: {error})") from error


def _fail(reading: Reading, error: PageError, tally: Tally, failures: Output | None) -> None:
    fail(reading.input, reading.page.url if reading.page is not None else None, error, tally, failures)


def fail(input: str, url: str | None, error: PageError, tally: Tally, failures: Output | None) -> None:
    """Count a failure, name it, and list it where failures are listed."""
    tally.failures[error.code] += 1
    if failures is not None:
        failures.write(to_json_line(FailureRecord(input=input, url=url, code=error.code, message=str(error))))
    say(f"{input}: {error.code}: {error}")
