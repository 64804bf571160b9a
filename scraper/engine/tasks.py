"""The tasks of a pool: a chunk that is done in a worker process, and the results that come back."""

import io
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from tempfile import SpooledTemporaryFile, gettempdir
from typing import BinaryIO, Final, NamedTuple, cast

import msgspec

from scraper.engine.chunks import Chunk, ChunkReader
from scraper.engine.counts import Counts
from scraper.engine.jobs import MOST_FAILURES, Job, Result, Sink, do, fail, flush
from scraper.engine.workers import DIED
from scraper.errors import WorkerDied
from scraper.records import FailureRecord, to_json_line

_MOST: Final = 1 << 20
"""Bytes that are sent back through the pipe; more are written to a file, since copying them would cost what a second core gains."""

_PIECE: Final = 1 << 16
"""Bytes that are written at once: few enough to stay in the processor's cache."""


class Listed(msgspec.Struct, array_like=True, frozen=True):
    """The result of a page, and the number of bytes of its lines and spans."""

    result: Result
    lines: int
    spans: int


_failure: Final = msgspec.json.Decoder(FailureRecord)
_listed: Final = msgspec.json.Decoder(Listed)
_encoder: Final = msgspec.json.Encoder()


class Task(NamedTuple):
    """A chunk to be done."""

    number: int
    chunk: Chunk
    mark: str | None = None
    """A file that notes each page before it is read and cleaned, because a worker died over the chunk."""
    deadly: Collection[int] = ()
    """Pages over which workers died, by their place in the chunk."""
    suspect: tuple[int, bool] | None = None
    """Where the last worker died: the page, and whether it was being read."""
    last: int | None = None
    """The page whose reading kills workers; nothing behind it can be read."""


class Done(NamedTuple):
    """The results of a chunk."""

    number: int
    contents: Sequence[bytes | None]
    """Lines, spans, a :class:`Listed` for each page if pages are delivered one by one, and failures; None for what is in a file."""
    counts: Counts
    ends: tuple[int | None, int | None]
    early: Sequence[Counter[str]] = ()
    """What had been left out at each of the first failures, up to the first page."""
    has_page: bool = True
    files: Sequence[BinaryIO] = ()
    """The files of the contents that are in one."""

    def deliver(self, sink: Sink) -> None:
        """Give the results to a sink, and close the files."""
        files = iter(self.files)
        with ExitStack() as opened:
            lines, spans, listed, failures = (
                opened.enter_context(next(files) if data is None else io.BytesIO(data)) for data in self.contents
            )
            if sink.failures_left is not None and sink.failures_left <= len(self.early):
                self._end_run(failures, sink, sink.failures_left)
            sink.counts.update(self.counts)
            if self.has_page:
                sink.succeed()
            for line in failures:
                sink.fail(_failure.decode(line))
            for line in listed:
                page = _listed.decode(line)
                sink.add(page.result, lines.read(page.lines), spans.read(page.spans))
            for some in _whole_lines(spans):
                sink.pass_on(b"", some)
            for some in _whole_lines(lines):
                sink.pass_on(some, b"")

    def _end_run(self, failures: BinaryIO, sink: Sink, count: int) -> None:
        """Give a sink the failures after which it ends the run, and the counts up to the last of them."""
        sink.counts.left_out += self.early[count - 1]
        for _, line in zip(range(count), failures, strict=False):
            failure = _failure.decode(line)
            sink.counts.failures[failure.code] += 1
            sink.fail(failure)


def _whole_lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield the rest of a file, many lines at once."""
    while some := file.read(_PIECE):
        yield some + file.readline()


class _Collected:
    """A sink that collects the results of a chunk."""

    def __init__(self, *, is_page_by_page: bool) -> None:
        self.counts = Counts()
        self.failures_left: int | None = None
        self._early: list[Counter[str]] = []
        self._has_page = False
        self._spools = [SpooledTemporaryFile(_MOST, buffering=_PIECE) for _ in range(4)]  # noqa: SIM115 - it is closed where it has been sent
        self._lines, self._spans, self._listed, self._failures = self._spools
        self._is_page_by_page = is_page_by_page

    def succeed(self) -> None:
        self._has_page = True

    def add(self, result: Result, lines: bytes, spans: bytes, /) -> None:
        self.pass_on(lines, spans)
        if self._is_page_by_page:
            self._listed.write(_encoder.encode(Listed(result, len(lines), len(spans))) + b"\n")
        else:
            self.counts.add(result.counted)

    def pass_on(self, lines: bytes, spans: bytes, /) -> None:
        self._lines.write(lines)
        self._spans.write(spans)

    def fail(self, failure: FailureRecord, /) -> None:
        self._failures.write(to_json_line(failure))
        if not self._has_page and len(self._early) < MOST_FAILURES:
            self._early.append(self.counts.left_out.copy())

    def close(self, number: int, ends: tuple[int | None, int | None]) -> tuple[Done, Sequence[BinaryIO]]:
        """Return the results of the chunk, and the files that belong to them."""
        contents: list[bytes | None] = []
        files: list[BinaryIO] = []
        for spool in self._spools:
            is_file = spool.tell() > _MOST
            spool.flush()
            spool.seek(0)
            contents.append(None if is_file else spool.read())
            if is_file:
                files.append(cast("BinaryIO", spool))
        return Done(number, contents, self.counts, ends, self._early, self._has_page), files


def do_task(job: Job, task: Task) -> tuple[Done | str, Sequence[BinaryIO]]:
    """Do a task, and return its results with the files that belong to them; a message if they cannot be stored."""
    try:
        return _do(task, job)
    except OSError as error:  # errors of inputs are failures already
        return (
            f"{gettempdir()}: cannot be written ({error.strerror or error}); free some space, or set TMPDIR to another directory",
            (),
        )


def _do(task: Task, job: Job) -> tuple[Done, Sequence[BinaryIO]]:
    sink = _Collected(is_page_by_page=job.is_page_by_page)
    read = ChunkReader(task.chunk, job.options)
    readings = iter(read)
    for number in count():
        _mark(task, number, b"read")
        if number == task.last:
            error = WorkerDied(
                "the process that read it was killed or crashed, and the rest of it was not read; try it with more memory"
            )
            fail(task.chunk.place.failed(error), error, sink)
            break
        reading = next(readings, None)
        if reading is None:
            break
        if number in task.deadly:
            error = WorkerDied(DIED)
            fail(reading, error, sink)
            continue
        _mark(task, number, b"clean")
        do(job, reading, sink)
    flush(job, sink)
    return sink.close(task.number, read.ends)


def _mark(task: Task, number: int, step: bytes) -> None:
    if task.mark is not None:
        Path(task.mark).write_bytes(b"%d %s" % (number, step))


def last_step(mark: str) -> tuple[int, bool]:
    """Return at which page a worker died over a task, and whether it was reading it (or cleaning it)."""
    try:
        number, step = Path(mark).read_bytes().split()
    except (OSError, ValueError):  # it died before the first page
        return 0, True
    return int(number), step == b"read"
