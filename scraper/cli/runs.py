"""A run: pages in, records out, and an end, by whatever cause, with the exit status that the contract promises."""

import gc
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import Literal, NoReturn, Protocol, Self

import typer

from scraper.cleaning import Outcome, clean
from scraper.cli.talk import say
from scraper.errors import EmptyInput, InternalError, LayoutError, NotText, OutputError, PageError, ReaderGone, StateError, UnknownLayout
from scraper.layouts import builtin_layouts
from scraper.links import is_absolute
from scraper.reading import Reading, read_inputs
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
def finishing(output: Opened, tally: Tally, *, quiet: bool) -> Iterator[None]:
    """Open ``output`` around the block, say how it went, and exit with the status for it."""
    gc.freeze()
    gc.enable()
    signal.signal(signal.SIGTERM, _terminate)
    status = FAILED
    try:
        with output:
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
    if output.part is not None:
        say(f"stopped before the end; what was written so far is in {output.part}")
    if not quiet and status != READER_GONE:
        say(tally.summary())
    raise typer.Exit(status)


def check_inputs(inputs: list[str] | None, url: str | None, out: Path | None) -> list[str]:
    """Return what to read, or end with a usage error."""
    if out is not None:
        for name in inputs or []:
            if os.path.isfile(name) and os.path.exists(out) and os.path.samefile(name, out):
                raise typer.BadParameter(f"{str(out)!r} is an input too, and would be lost; name another output.", param_hint="-o")
    if not inputs:
        if sys.stdin is None or sys.stdin.isatty():
            raise typer.BadParameter("name a file or a directory, or pipe a page in and name - for stdin.", param_hint="INPUT")
        inputs = ["-"]
    if url is not None:
        if len(inputs) > 1 or Path(inputs[0]).is_dir():
            raise typer.BadParameter("it is the address of one page; name a single file, or -.", param_hint="--url")
        if not is_absolute(url):
            raise typer.BadParameter(f"{url!r} is no absolute http or https address.", param_hint="--url")
    return inputs


def outcomes(
    inputs: list[str], *, url: str | None, max_bytes: int, unknown: Literal["keep", "skip", "fail"], output: Output, tally: Tally
) -> Iterator[Outcome]:
    """Read and clean what the user named, in order. A page that fails is named and counted, and the others go on."""
    builtin_layouts()  # a bad layout file is an error of the run, not of its first page
    for reading in read_inputs(inputs, url=url, max_bytes=max_bytes, skip=output.identities()):
        try:
            outcome = _clean(reading)
            if outcome.layout is None and unknown == "fail":
                raise UnknownLayout("no layout fits the page; --unknown keep keeps it whole")
        except (EmptyInput, NotText) as error:
            if reading.is_named:
                _fail(reading, error, tally)
            else:
                tally.left_out[error.code] += 1
        except PageError as error:
            _fail(reading, error, tally)
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


def _fail(reading: Reading, error: PageError, tally: Tally) -> None:
    tally.failures[error.code] += 1
    say(f"{reading.input}: {error.code}: {error}")
