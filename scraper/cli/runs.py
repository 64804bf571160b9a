"""A run: pages in, records out, and an end, by whatever cause, with the exit status that the contract promises."""

import gc
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Literal, NoReturn

import typer

from scraper import __version__
from scraper.cleaning import Outcome, clean
from scraper.cli.checks import check_inputs, check_layouts
from scraper.cli.options import Options
from scraper.cli.talk import say
from scraper.errors import EmptyInput, InternalError, LayoutError, NotText, OutputError, PageError, ReaderGone, UnknownLayout
from scraper.layouts import Layout
from scraper.reading import Reading, Request, read_inputs
from scraper.records import FailureRecord, to_json_line
from scraper.tally import FAILED, INTERRUPTED, READER_GONE, TERMINATED, USAGE, Tally
from scraper.writing import Output


class _Terminated(BaseException):
    """SIGTERM arrived."""


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise _Terminated


@contextmanager
def finishing(
    output: Output, tally: Tally, *, quiet: bool, beside: Sequence[Output] = (), later: Sequence[Output] = ()
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
    except OutputError as error:
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


def run(options: Options, lines: Callable[[Outcome], Iterable[bytes]], spans: Path | None = None) -> None:
    """Read and clean what the user named, and write for each page the lines that a command makes of it. Ends the program.

    Args:
        options: what the user asked for.
        lines: makes of a page what is written of it.
        spans: where to write what every piece of a page was taken for.
    """
    inputs, layouts = check_inputs(options, spans), check_layouts(options.layouts)
    request = Request(
        max_bytes=options.max_bytes,
        url=options.url,
        text_field=options.text_field,
        html_field=options.html_field,
        url_field=options.url_field,
        date_field=options.date_field,
    )
    output, tally = Output(options.out), Tally()
    failures, pieces, summary = (Output(file) if file is not None else None for file in (options.failures, spans, options.summary))
    beside = [file for file in (failures, pieces, summary) if file is not None]
    with finishing(output, tally, quiet=options.quiet, beside=beside):
        skip = set().union(*(file.identities() for file in (output, *beside)))
        try:
            for outcome in outcomes(
                read_inputs(inputs, request, skip=skip), layouts, unknown=options.unknown, tally=tally, failures=failures
            ):
                if pieces is not None:
                    _write_spans(pieces, outcome)
                for line in lines(outcome):
                    output.write(line)
        except PageError as error:  # the list of inputs itself
            tally.failures[error.code] += 1
            say(f"{options.from_list}: {error.code}: {error}")
        if summary is not None:
            summary.write(tally.to_json(__version__))


def outcomes(
    readings: Iterable[Reading],
    layouts: Sequence[Layout],
    *,
    unknown: Literal["keep", "skip", "fail"],
    tally: Tally,
    failures: Output | None = None,
) -> Iterator[Outcome]:
    """Clean what was read, in order. A page that fails is named and counted, and the others go on."""
    for reading in readings:
        if reading.left_out is not None:
            tally.left_out[reading.left_out] += 1
            continue
        try:
            outcome = _clean(reading, layouts, known_only=unknown != "keep")
        except PageError as error:
            if _is_left_out(error, reading, unknown):
                tally.left_out[error.code] += 1
            else:
                _fail(reading, error, tally, failures)
        else:
            yield outcome
            tally.add(outcome.record)
            if outcome.layout is not None:
                tally.digests[outcome.layout.name] = outcome.layout.digest


def _clean(reading: Reading, layouts: Sequence[Layout], *, known_only: bool) -> Outcome:
    if reading.page is None:
        raise reading.error or InternalError("nothing was read")
    try:
        return clean(reading.page, layouts, known_only=known_only)
    except PageError:
        raise
    except Exception as error:  # the one driver that may: a mistake of ours costs one page, not the run
        raise InternalError(f"a mistake of the program, please report the page ({type(error).__name__}: {error})") from error


def _is_left_out(error: PageError, reading: Reading, unknown: str) -> bool:
    """Tell whether a page that gives no record is no failure: nobody named it, or the user does not want it."""
    if isinstance(error, UnknownLayout):
        return unknown == "skip"
    return isinstance(error, EmptyInput | NotText) and not reading.is_named


def _fail(reading: Reading, error: PageError, tally: Tally, failures: Output | None) -> None:
    tally.failures[error.code] += 1
    url = reading.page.url if reading.page is not None else None
    if failures is not None:
        failures.write(to_json_line(FailureRecord(input=reading.input, url=url, code=error.code, message=str(error))))
    say(f"{reading.input}: {error.code}: {error}")


def _write_spans(file: Output, outcome: Outcome) -> None:
    from scraper.explaining import pieces_of, to_line  # which nearly no run needs

    for piece in pieces_of(outcome, keyed=True):
        file.write(to_line(piece))
