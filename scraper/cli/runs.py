"""A run: pages in, records out, and an end, by whatever cause, with the exit status that the contract promises."""

import gc
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Literal, NoReturn

import typer

from scraper.cleaning import Outcome, clean
from scraper.cli.talk import say
from scraper.errors import EmptyInput, InternalError, LayoutError, NotText, OutputError, PageError, ReaderGone, UnknownLayout
from scraper.layouts import Layout, choose_layouts
from scraper.links import is_absolute
from scraper.reading import Reading, read_inputs
from scraper.tally import FAILED, INTERRUPTED, READER_GONE, TERMINATED, USAGE, Tally
from scraper.writing import Output, part_of


class _Terminated(BaseException):
    """SIGTERM arrived."""


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise _Terminated


@contextmanager
def finishing(output: Output, tally: Tally, *, quiet: bool, beside: Sequence[Output] = ()) -> Iterator[None]:
    """Open ``output`` around the block, say how it went, and exit with the status for it.

    Outputs ``beside`` it the block opens itself; what is left unfinished is named, whichever it is.
    """
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
    except OutputError as error:
        say(str(error))
    except KeyboardInterrupt:
        status = INTERRUPTED
    except _Terminated:
        status = TERMINATED
    for part in (file.part for file in (output, *beside) if file.part is not None):
        say(f"stopped before the end; what was written so far is in {part}")
    if not quiet and status != READER_GONE:
        say(tally.summary())
    raise typer.Exit(status)


def check_inputs(inputs: list[str] | None, url: str | None, out: Path | None, spans: Path | None = None) -> list[str]:
    """Return what to read, or end with a usage error."""
    for file, option in ((out, "-o"), (spans, "--spans")):
        if file is not None:
            refuse_inputs(inputs or [], file, option)
    if spans is not None and _is_one_file(out, spans):
        raise typer.BadParameter(f"{str(spans)!r} is the output of the records too; name another file.", param_hint="--spans")
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


def check_layouts(directory: Path | None) -> Sequence[Layout]:
    """Return the layouts that the run uses, or end with the status of a bad layout file."""
    try:
        return choose_layouts(directory)
    except LayoutError as error:
        say(str(error))
        raise typer.Exit(USAGE) from None


def refuse_inputs(inputs: Sequence[str], out: Path, option: str) -> None:
    """End with a usage error if one of the inputs would be replaced by an output."""
    for name in inputs:
        if os.path.isfile(name) and any(_is_same(Path(name), file) for file in (out, _part(out))):
            raise typer.BadParameter(f"{name!r} is an input, and would be lost; name another output.", param_hint=option)


def _is_one_file(out: Path | None, other: Path) -> bool:
    """Tell whether two outputs, or stdout and an output, would be written to one file, whether it is there already or not."""
    if out is None:
        try:
            return os.path.samestat(os.fstat(1), os.stat(other))
        except OSError:
            return False
    return any(_is_same(*pair) for pair in ((out, other), (_part(out), other), (out, _part(other))))


def _part(out: Path) -> Path:
    return part_of(Path(os.path.realpath(out)))


def _is_same(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return os.path.realpath(one) == os.path.realpath(other)


def outcomes(
    inputs: list[str],
    *,
    layouts: Sequence[Layout],
    url: str | None,
    max_bytes: int,
    unknown: Literal["keep", "skip", "fail"],
    output: Output,
    tally: Tally,
    beside: Sequence[Output] = (),
) -> Iterator[Outcome]:
    """Read and clean what the user named, in order. A page that fails is named and counted, and the others go on."""
    skip = set().union(*(file.identities() for file in (output, *beside)))
    for reading in read_inputs(inputs, url=url, max_bytes=max_bytes, skip=skip):
        try:
            outcome = _clean(reading, layouts, known_only=unknown != "keep")
        except (EmptyInput, NotText) as error:
            if reading.is_named:
                _fail(reading, error, tally)
            else:
                tally.left_out[error.code] += 1
        except PageError as error:
            if isinstance(error, UnknownLayout) and unknown == "skip":
                tally.left_out[error.code] += 1
            else:
                _fail(reading, error, tally)
        else:
            yield outcome
            tally.add(outcome.record)
            if outcome.layout is not None:
                tally.layouts[outcome.layout.name] = outcome.layout.digest


def _clean(reading: Reading, layouts: Sequence[Layout], *, known_only: bool) -> Outcome:
    if reading.page is None:
        raise reading.error or InternalError("nothing was read")
    try:
        return clean(reading.page, layouts, known_only=known_only)
    except PageError:
        raise
    except Exception as error:  # the one driver that may: a mistake of ours costs one page, not the run
        raise InternalError(f"a mistake of the program, please report the page ({type(error).__name__}: {error})") from error


def _fail(reading: Reading, error: PageError, tally: Tally) -> None:
    tally.failures[error.code] += 1
    say(f"{reading.input}: {error.code}: {error}")
