"""Where the results of a run are written: records, spans and failures to files of their own, and counted."""

from collections.abc import Callable
from typing import Final, Protocol

from scraper.engine.counts import Counts, PageCount
from scraper.engine.jobs import Cleaned, Result
from scraper.errors import TooManyFailures
from scraper.output.dedup import Repeat
from scraper.output.partitions import Partitions
from scraper.records import FailureRecord, to_json_line

MOST_FAILURES: Final = 20
"""Failures after which a run ends if it has not read a single page: the inputs or the options are wrong, and each would fail."""
_HELD: Final = 1 << 16
"""Bytes that are held back at most; that many are written at once."""


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
        self._failures_left = None if keeps_going or counts.kinds else max(MOST_FAILURES - counts.failures.total(), 1)
        """The number of failures after which the run ends if no page comes before; None once there was one."""
        self._report = report
        self._partitions, self._failures, self._repeats = partitions, failures, repeats
        self._written: list[PageCount] = []
        """Pages that are counted when their lines are written."""
        self._output = _Buffer(output) if output is not None else None
        self._spans = _Buffer(spans) if spans is not None else None

    def take(self, cleaned: Cleaned, /) -> None:
        """Write the lines of a page and of its spans, unless it repeats an earlier one, or its failure; and count it.

        Raises:
            TooManyFailures: if there were only failures so far, and too many.
        """
        if cleaned.failure is not None:
            self._fail(cleaned.failure)
            return
        if not cleaned.is_skipped:
            self._failures_left = None
        if cleaned.result is not None:
            self._add(cleaned.result, cleaned.lines, cleaned.spans)
        elif cleaned.left_out is not None:
            self.counts.left_out[cleaned.left_out] += 1
        else:
            self._write(cleaned.lines, b"")

    def flush(self) -> None:
        """Write what is held back, and count its pages."""
        if self._output is not None:
            self._output.flush()
        if self._spans is not None:
            self._spans.flush()
        for page in self._written:
            self.counts.add(page)
        self._written.clear()

    def _add(self, result: Result, lines: bytes, spans: bytes) -> None:
        repeat = self._repeats.repeat(result.url, result.text) if self._repeats is not None else None
        if repeat is not None:
            self.counts.left_out[repeat] += 1
            return
        if self._partitions is not None and result.target is not None:
            if lines:
                self._partitions.write(result.target, lines)
            lines = b""
        self._written.append(result.counted)
        self._write(lines, spans)

    def _fail(self, failure: FailureRecord) -> None:
        self.counts.failures[failure.code] += 1
        if self._failures is not None:
            self._failures.write(to_json_line(failure))
        self._report(f"{failure.input}: {failure.code}: {failure.message}")
        if self._failures_left is not None:
            self._failures_left -= 1
            if not self._failures_left:
                raise TooManyFailures(f"stopped after {MOST_FAILURES} failures without a single page; use --keep-going to continue")

    def _write(self, lines: bytes, spans: bytes) -> None:
        held = 0
        if self._output is not None:
            held = self._output.add(lines)
        if self._spans is not None:
            held += self._spans.add(spans)
        if held >= _HELD:
            self.flush()


class _Buffer:
    """Writes to an output, many lines at once."""

    def __init__(self, output: Writable) -> None:
        self._output = output
        self._lines: list[bytes] = []
        self._size = 0

    def add(self, lines: bytes) -> int:
        """Add lines, and return the number of bytes that are held back."""
        if lines:
            self._lines.append(lines)
            self._size += len(lines)
        return self._size

    def flush(self) -> None:
        if self._lines:
            self._output.write(b"".join(self._lines))
            self._lines.clear()
            self._size = 0
