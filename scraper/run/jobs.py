"""What is done with each page, wherever it is done."""

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Final, Literal, NamedTuple, Protocol

import msgspec

from scraper.errors import EmptyInput, InternalError, NotText, PageError, UnknownLayout, map_unexpected_errors
from scraper.extract.cleaning import Outcome, clean
from scraper.extract.record_builder import headline_records
from scraper.layouts import Layout, choose_layouts
from scraper.output.digests import page_digests
from scraper.records import FailureRecord, Keys, PageRecord, to_json_line
from scraper.run.counts import Counts, PageCount
from scraper.run.filters import Filters
from scraper.sources import Item, ReadOptions

Lines = Callable[[Outcome], Iterable[bytes]]

layouts_of: Final = cache(choose_layouts)
"""The layouts of a directory and the user's, in each process read once."""


class Job(NamedTuple):
    """A run's work on one page. It can be sent to another process."""

    request: ReadOptions
    unknown: Literal["keep", "skip", "fail"]
    lines: Lines
    """What a command makes of a page: a function that has a name in a module, or a partial of one."""
    skip: Collection[tuple[int, int]] = ()
    """Files that are no inputs. More may be added while the job is done."""
    layouts: Path | None = None
    """The directory of layouts that the user named."""
    has_spans: bool = False
    """Whether what every piece of a page was taken for is wanted, too."""
    is_chosen: bool = False
    """Whether the sink decides on each page by what it was given before. Else it may be given lines that are counted already."""
    choice: Filters = Filters()
    """Which records are wanted."""
    has_digests: bool = False
    """Whether the sink is to know what makes a page the same as another."""
    rest: Callable[[], bytes] = bytes
    """Returns the lines that ``lines`` has held back."""
    target: Callable[[PageRecord], str] | None = None
    """Names the output for a page, where there are many; the sink is to be given page by page then."""


class Result(msgspec.Struct, frozen=True):
    """What becomes of a page, beside its lines."""

    counted: PageCount
    url: bytes | None = None
    """The digest of its address, if that is wanted and there is one."""
    text: bytes | None = None
    """The digest of its title and text."""
    target: str | None = None
    """Which output its lines are for, if there are many."""


class Sink(Protocol):
    """Where the results of a job go, in order."""

    tally: Counts

    def add(self, result: Result, lines: bytes, spans: bytes, /) -> None:
        """Take what becomes of a page: its lines, and those of its pieces; and count it."""

    def pass_on(self, lines: bytes, spans: bytes, /) -> None:
        """Take lines of pages that are counted already."""

    def fail(self, failure: FailureRecord, /) -> None:
        """Take a failure; it is not counted yet."""


def page_lines(outcome: Outcome, keys: Keys = ()) -> list[bytes]:
    """Return the page record."""
    return [to_json_line(outcome.record, keys)]


def headline_lines(outcome: Outcome, keys: Keys = ()) -> list[bytes]:
    """Return a record for each headline."""
    return [to_json_line(record, keys) for record in headline_records(outcome.record, outcome.layout)]


def do(job: Job, reading: Item, sink: Sink) -> None:
    """Clean what was read and hand on what becomes of it. A page that fails is named and counted, and the others go on."""
    outcome = outcome_of(reading, layouts_of(job.layouts), job.unknown, sink)
    if outcome is None:
        return
    refusal = job.choice.refusal(outcome.record)
    if refusal is not None:
        sink.tally.left_out[refusal] += 1
        return
    spans = b""
    if job.has_spans:
        from scraper.explain import pieces_of, to_line  # which nearly no run needs

        spans = b"".join(map(to_line, pieces_of(outcome, keyed=True)))
    digests = page_digests(outcome.record) if job.has_digests else (None, None)
    target = job.target(outcome.record) if job.target is not None else None
    sink.add(Result(counted(outcome), *digests, target), b"".join(job.lines(outcome)), spans)


def finish(job: Job, sink: Sink) -> None:
    """Hand on what was held back of the pages so far, before anybody else hands on what comes after them."""
    if rest := job.rest():
        sink.pass_on(rest, b"")


def counted(outcome: Outcome) -> PageCount:
    """Return what is counted of a page."""
    return PageCount.of(outcome.record, outcome.layout.digest if outcome.layout is not None else None)


def outcome_of(reading: Item, layouts: Sequence[Layout], unknown: Literal["keep", "skip", "fail"], sink: Sink) -> Outcome | None:
    """Clean what was read; None if that gives no record, which is counted then and, if it is a failure, handed on."""
    if reading.left_out is not None:
        sink.tally.left_out[reading.left_out] += 1
        return None
    try:
        return _clean(reading, layouts, known_only=unknown != "keep")
    except PageError as error:
        if _is_left_out(error, reading, unknown):
            sink.tally.left_out[error.code] += 1
        else:
            fail(reading, error, sink)
        return None


def fail(reading: Item, error: PageError, sink: Sink) -> None:
    """Count a failure and hand it on."""
    url = reading.page.url if reading.page is not None else None
    sink.tally.failures[error.code] += 1
    sink.fail(FailureRecord(input=reading.input, url=url, code=error.code, message=str(error)))


def _clean(reading: Item, layouts: Sequence[Layout], *, known_only: bool) -> Outcome:
    if reading.page is None:
        raise reading.error or InternalError("nothing was read")
    with map_unexpected_errors("page"):
        return clean(reading.page, layouts, known_only=known_only)


def _is_left_out(error: PageError, reading: Item, unknown: str) -> bool:
    """Tell whether a page that gives no record is no failure: nobody named it, or the user does not want it."""
    if isinstance(error, UnknownLayout):
        return unknown == "skip"
    return isinstance(error, EmptyInput | NotText) and not reading.is_named
