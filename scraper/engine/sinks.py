"""Where the results of a run are written: records, spans and failures to files of their own, and counted."""

from collections.abc import Callable
from typing import Protocol

from scraper.engine.counts import Counts
from scraper.engine.jobs import MOST_FAILURES, Result
from scraper.errors import TooManyFailures
from scraper.output.dedup import Repeat
from scraper.output.partitions import Partitions
from scraper.records import FailureRecord, to_json_line


class Writable(Protocol):
    """An output."""

    def write(self, line: bytes, /) -> None:
        """Write one whole line, or several."""


class Repeats(Protocol):
    """The pages that were written before."""

    def repeat(self, url: bytes | None, text: bytes | None) -> Repeat | None:
        """Return what a page repeats of an earlier one; None if nothing, and then remember the page."""


class FileSink:
    """Writes lines to the outputs that there are, and reports failures.

    Args:
        counts: the counts of the run.
        report: is given the message of each failure.
        output: takes the records, where there is one output.
        partitions: takes the records, where a pattern gives many.
        spans: takes the spans.
        failures: takes the failures.
        repeats: tells which pages are repeated, where those are left out.
        keeps_going: whether to take any number of failures, also if there is no page before them.
    """

    def __init__(
        self,
        counts: Counts,
        report: Callable[[str], object],
        *,
        output: Writable | None = None,
        partitions: Partitions | None = None,
        spans: Writable | None = None,
        failures: Writable | None = None,
        repeats: Repeats | None = None,
        keeps_going: bool = True,
    ) -> None:
        self.counts = counts
        # A run that is resumed has counted before.
        self.failures_left = None if keeps_going or counts.kinds else max(MOST_FAILURES - counts.failures.total(), 1)
        self._report = report
        self._output, self._partitions = output, partitions
        self._spans, self._failures = spans, failures
        self._repeats = repeats

    def succeed(self) -> None:
        """Note that a page was read, whether or not it is written."""
        self.failures_left = None

    def add(self, result: Result, lines: bytes, spans: bytes, /) -> None:
        """Write the lines of a page and of its spans, and count it, unless it repeats an earlier one."""
        repeat = self._repeats.repeat(result.url, result.text) if self._repeats is not None else None
        if repeat is not None:
            self.counts.left_out[repeat] += 1
            return
        if self._partitions is not None and result.target is not None:
            if lines:
                self._partitions.write(result.target, lines)
            lines = b""
        self.pass_on(lines, spans)
        self.counts.add(result.counted)

    def pass_on(self, lines: bytes, spans: bytes, /) -> None:
        """Write lines of pages that have been counted."""
        if self._output is not None:
            self._output.write(lines)
        if self._spans is not None:
            self._spans.write(spans)

    def fail(self, failure: FailureRecord, /) -> None:
        """Write and report a failure, which has been counted.

        Raises:
            TooManyFailures: if there were only failures so far, and too many.
        """
        if self._failures is not None:
            self._failures.write(to_json_line(failure))
        self._report(f"{failure.input}: {failure.code}: {failure.message}")
        if self.failures_left is not None:
            self.failures_left -= 1
            if not self.failures_left:
                raise TooManyFailures(f"stopped after {MOST_FAILURES} failures without a single page; use --keep-going to continue")
