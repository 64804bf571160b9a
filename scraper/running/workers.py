"""A process that does units of a job, one after the other, and hands back what came of each."""

import contextlib
import os
import signal
from collections.abc import Collection, Iterator
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from scraper.errors import WorkerDied
from scraper.records import FailureRecord, to_json_line
from scraper.running.jobs import Job, do, fail
from scraper.running.units import Read, Unit
from scraper.tally import Tally

_MOST: Final = 1 << 20
"""Bytes that are sent back; more are written to a part file, since copying them through a pipe costs all that a second core gains."""

_decoder: Final = msgspec.json.Decoder(FailureRecord)


class Task(NamedTuple):
    """A unit to be done."""

    number: int
    unit: Unit
    directory: str
    """Where part files may be written."""
    is_watched: bool = False
    """Whether to note each page before it is touched, since the unit has killed a process."""
    deadly: Collection[int] = ()
    """Pages that have killed one, by their place in the unit."""
    suspect: tuple[int, bool] | None = None
    """Where the last process died: the page, and whether it was being read."""
    last: int | None = None
    """The page whose reading has killed one: nothing behind it can be had."""


class Spool:
    """Bytes in memory, or in a file if they are many."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._data = bytearray()
        self.is_file = False

    def write(self, data: bytes) -> None:
        """Take more bytes in."""
        self._data += data
        if len(self._data) > _MOST:
            self.close(is_last=False)

    def close(self, *, is_last: bool = True) -> "Spooled":
        """Return what is there."""
        if self._data and (self.is_file or not is_last):
            with open(self._path, "ab") as file:
                file.write(self._data)
            self.is_file = True
            self._data.clear()
        return Spooled(bytes(self._data), self._path if self.is_file else None)


class Spooled(NamedTuple):
    """What a spool held."""

    data: bytes
    path: str | None

    def chunks(self) -> Iterator[bytes]:
        """Yield whole lines, in pieces, and remove the file."""
        if self.path is None:
            if self.data:
                yield self.data
            return
        with open(self.path, "rb") as file:
            while chunk := file.readlines(_MOST):
                yield b"".join(chunk)
        os.unlink(self.path)


class Done(NamedTuple):
    """What came of a unit."""

    number: int
    lines: Spooled
    spans: Spooled
    failures: Spooled
    tally: Tally
    ends: tuple[int | None, int | None]

    def discard(self) -> None:
        """Remove what was written."""
        for spooled in (self.lines, self.spans, self.failures):
            if spooled.path is not None:
                os.unlink(spooled.path)


class _Collected:
    """A sink that keeps what it is given."""

    def __init__(self, base: str) -> None:
        self.tally = Tally()
        self.lines = Spool(f"{base}.lines")
        self.spans = Spool(f"{base}.spans")
        self.failures = Spool(f"{base}.failures")

    def write(self, line: bytes, /) -> None:
        self.lines.write(line)

    def write_spans(self, lines: bytes, /) -> None:
        self.spans.write(lines)

    def fail(self, failure: FailureRecord, /) -> None:
        self.failures.write(to_json_line(failure))


def decode_failures(chunk: bytes) -> list[FailureRecord]:
    """Return the failures that a spool held."""
    return [_decoder.decode(line) for line in chunk.splitlines()]


def work(connection: Connection, job: Job) -> None:
    """Do tasks until there are no more, or nobody is there who gives them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started this process will end it
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            task: Task = connection.recv()
            answer: Done | str
            try:
                answer = _do(task, job)
            except OSError as error:  # of inputs, reading has told already
                answer = f"{task.directory}: cannot be written ({error.strerror or error}); free some space, or let TMPDIR name another place"
            connection.send(answer)


def _do(task: Task, job: Job) -> Done:
    base = os.path.join(task.directory, str(task.number))
    for stale in (f"{base}.lines", f"{base}.spans", f"{base}.failures"):  # of a process that died
        Path(stale).unlink(missing_ok=True)
    sink = _Collected(base)
    read = Read(task.unit, job.request)
    readings = iter(read)
    for number in count():
        _note(task, number, b"read")
        if number == task.last:
            error = WorkerDied(
                "the process that read it was killed or crashed, and what follows cannot be had; try it with more memory"
            )
            fail(read.place.failed(error), error, sink)
            break
        reading = next(readings, None)
        if reading is None:
            break
        if number in task.deadly:
            error = WorkerDied("the process that cleaned it was killed or crashed; try it alone, with more memory")
            fail(reading, error, sink)
            continue
        _note(task, number, b"clean")
        do(job, reading, sink)
    return Done(task.number, sink.lines.close(), sink.spans.close(), sink.failures.close(), sink.tally, read.ends)


def _note(task: Task, number: int, step: bytes) -> None:
    if task.is_watched:
        Path(_mark_of(task)).write_bytes(b"%d %s" % (number, step))


def last_step(task: Task) -> tuple[int, bool]:
    """Return at which page a process died over a watched task, and whether it was reading it; else it was cleaning it."""
    try:
        number, step = Path(_mark_of(task)).read_bytes().split()
    except (OSError, ValueError):  # it died before it had begun
        return 0, True
    return int(number), step == b"read"


def _mark_of(task: Task) -> str:
    return os.path.join(task.directory, f"{task.number}.mark")
