"""Where the results of a run are written: records, spans and failures to files of their own, and counted."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from scraper.engine.counts import Counts
from scraper.engine.jobs import ItemResult, PageResult
from scraper.errors import TooManyFailures
from scraper.output.dedup import Repeat
from scraper.output.partitions import Partitions
from scraper.records import FailureRecord, to_json_line

MOST_FAILURES: Final = 20
"""Failures after which a run ends if it has not read a single page: the inputs or the options are wrong, and each would fail."""


class Writable(Protocol):
    """An output."""

    def write(self, line: bytes, /) -> None:
        """Write one whole line, or several."""


class Repeats(Protocol):
    """The pages that were written before."""

    def repeat(self, url: bytes | None, text: bytes | None) -> Repeat | None:
        """Return what a page repeats of an earlier one; None if nothing, and then remember the page."""


def too_many_failures(count: int) -> TooManyFailures:
    """Return the error that ends a run without a single page."""
    return TooManyFailures(f"stopped after {count} failures without a single page; use --keep-going to continue")


class OutputPaths(NamedTuple):
    """The files that a run writes; None for those that it does not, and for records on stdout."""

    records: Path | None = None
    spans: Path | None = None
    failures: Path | None = None
    summary: Path | None = None
    save: Path | None = None
    """Where a fetch saves its exchanges, as gzipped WARC."""
    state: Path | None = None
    """The state of a fetch."""


class FileSink:
    """Writes lines to the outputs that there are, and reports failures.

    Args:
        counts: the counts of the run.
        report: called with the message of each failure.
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
        self._failures_left = None if keeps_going or counts.kinds else max(MOST_FAILURES - counts.failures.total(), 1)
        """The number of failures after which the run ends if no page comes before; None once there was one."""
        self._report = report
        self._output, self._partitions, self._spans = output, partitions, spans
        self._failures, self._repeats = failures, repeats

    def take(self, result: ItemResult, /) -> None:
        """Write the lines of a page and of its spans, unless it repeats an earlier one, or its failure; and count it.

        Raises:
            TooManyFailures: if there were only failures so far, and too many.
        """
        if result.failure is not None:
            self._fail(result.failure)
            return
        if not result.is_skipped:
            self._failures_left = None
        if result.page is not None:
            self._add(result.page, result.lines, result.spans)
        elif result.left_out is not None:
            self.counts.left_out[result.left_out] += 1
        else:
            self._write(result.lines, b"")

    def end_task(self) -> None:
        """Do nothing: what was taken is written."""

    def _add(self, page: PageResult, lines: bytes, spans: bytes) -> None:
        repeat = self._repeats.repeat(page.url, page.text) if self._repeats is not None else None
        if repeat is not None:
            self.counts.left_out[repeat] += 1
            return
        if self._partitions is not None and page.target is not None:
            if lines:
                self._partitions.write(page.target, lines)
            lines = b""
        self._write(lines, spans)
        self.counts.add(page.count)

    def _fail(self, failure: FailureRecord) -> None:
        self.counts.failures[failure.code] += 1
        if self._failures is not None:
            self._failures.write(to_json_line(failure))
        self._report(str(failure))
        if self._failures_left is not None:
            self._failures_left -= 1
            if not self._failures_left:
                raise too_many_failures(MOST_FAILURES)

    def _write(self, lines: bytes, spans: bytes) -> None:
        if self._output is not None and lines:
            self._output.write(lines)
        if self._spans is not None and spans:
            self._spans.write(spans)
