"""What is done with each page, wherever it is done."""

from collections.abc import Callable, Collection, Iterable
from typing import Literal, NamedTuple, Protocol

from scraper.cleaning import Outcome, clean
from scraper.errors import EmptyInput, InternalError, NotText, PageError, UnknownLayout
from scraper.projection import headline_records
from scraper.reading import Reading, Request
from scraper.records import FailureRecord, to_json_line
from scraper.tally import Tally

Lines = Callable[[Outcome], Iterable[bytes]]


class Job(NamedTuple):
    """A run's work on one page. It can be sent to another process."""

    request: Request
    unknown: Literal["keep", "skip", "fail"]
    lines: Lines
    """What a command makes of a page: a function that has a name in a module."""
    skip: Collection[tuple[int, int]] = ()
    """Files that are no inputs."""


class Sink(Protocol):
    """Where the results of a job go, in order."""

    tally: Tally

    def write(self, line: bytes, /) -> None:
        """Take a line, or several."""

    def fail(self, failure: FailureRecord, /) -> None:
        """Take a failure; it is not counted yet."""


def page_lines(outcome: Outcome) -> list[bytes]:
    """Return the page record."""
    return [to_json_line(outcome.record)]


def headline_lines(outcome: Outcome) -> list[bytes]:
    """Return a record for each headline."""
    return [to_json_line(record) for record in headline_records(outcome.record, outcome.layout)]


def do(job: Job, reading: Reading, sink: Sink) -> None:
    """Clean what was read and hand on what becomes of it. A page that fails is named and counted, and the others go on."""
    if reading.left_out is not None:
        sink.tally.left_out[reading.left_out] += 1
        return
    try:
        outcome = _clean(reading)
        if outcome.layout is None and job.unknown == "fail":
            raise UnknownLayout("no layout fits the page; --unknown keep keeps it whole")
    except (EmptyInput, NotText) as error:
        if reading.is_named:
            fail(reading, error, sink)
        else:
            sink.tally.left_out[error.code] += 1
    except PageError as error:
        fail(reading, error, sink)
    else:
        if outcome.layout is None and job.unknown == "skip":
            sink.tally.left_out[UnknownLayout.code] += 1
            return
        for line in job.lines(outcome):
            sink.write(line)
        sink.tally.add(outcome.record)


def fail(reading: Reading, error: PageError, sink: Sink) -> None:
    """Count a failure and hand it on."""
    url = reading.page.url if reading.page is not None else None
    sink.tally.failures[error.code] += 1
    sink.fail(FailureRecord(input=reading.input, url=url, code=error.code, message=str(error)))


def _clean(reading: Reading) -> Outcome:
    if reading.page is None:
        raise reading.error or InternalError("nothing was read")
    try:
        return clean(reading.page)
    except PageError:
        raise
    except Exception as error:  # the one driver that may: a mistake of ours costs one page, not the run
        raise InternalError(f"a mistake of the program, please report the page ({type(error).__name__}: {error})") from error
