"""Run a job from where an earlier run stopped, with any number of processes.

A position is a number of chunks that are done, and a number of items of the next one.
"""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Final, Protocol

from scraper.engine.chunks import Chunk, ChunkReader, FileChunk, MemberChunk, identity_of, plan
from scraper.engine.jobs import Job, Sink, do, flush, layouts_of
from scraper.engine.pool import Pool
from scraper.errors import ResumeError
from scraper.output.journal import Position
from scraper.sources.files import Meter

_OTHER: Final = (
    "its inputs have changed since it stopped; write to another output, or remove the journal beside this one to start anew"
)


class Checkpoint(Protocol):
    """Where a run begins, and how far it has come."""

    @property
    def start(self) -> Position:
        """Where the run begins."""

    def reach(self, position: Position, /) -> None:
        """Note that the sink has everything before a position."""


class _ChunkLog:
    """The chunks from a position on, with their numbers."""

    def __init__(self, chunks: Iterable[Chunk], start: Position, meter: Meter | None) -> None:
        self._chunks = chunks
        self._start = start
        self._meter = meter
        self._digests = {0: ""}
        """Digests of all chunks before one, by its number."""

    def __iter__(self) -> Iterator[tuple[int, Chunk]]:
        start, digest, number = self._start, hashlib.sha256(), 0
        last = start.chunks + bool(start.readings)  # the last chunk that the position knows
        for number, chunk in enumerate(self._chunks, 1):
            if isinstance(chunk, FileChunk) and chunk.is_local:
                raise ResumeError(f"{chunk.place.input}: it cannot be read again; write it to a file, and name that")
            digest.update(repr(identity_of(chunk)).encode())
            self._digests[number] = digest.hexdigest()
            if number == last:
                self._compare(number)
            if number > start.chunks:
                yield number - 1, chunk
            elif self._meter is not None:
                self._meter(chunk.size)
        if number < last:
            raise ResumeError(_OTHER)

    def _compare(self, number: int) -> None:
        if self._digests[number] != self._start.digest:
            raise ResumeError(_OTHER)

    def position(self, chunks: int, readings: int, expected: int | None) -> Position:
        """Return a position; none before it will be asked for."""
        for number in [number for number in self._digests if number < chunks]:
            del self._digests[number]
        return Position(chunks, readings, expected, self._digests[chunks + bool(readings)])


def resume_job(
    job: Job, inputs: Iterable[str], sink: Sink, checkpoint: Checkpoint, *, processes: int, meter: Meter | None = None
) -> None:
    """Run a job over all inputs behind the start of a checkpoint, as :func:`scraper.engine.loop.run_job` does.

    Raises:
        ResumeError: if an input before the position has changed, or one cannot be read twice.
    """
    layouts_of(job.layouts)
    if job.options.is_part:
        raise ResumeError("a part of the pages is not counted again by a later run; leave out --limit and --sample, or --resume")
    start = checkpoint.start
    log = _ChunkLog(plan(inputs, job.options, job.skip), start, meter)
    chunks = iter(log)
    first = list(islice(chunks, 2))
    is_alone = processes == 1 or not first[1:]  # of a file that is one chunk, items are counted
    here = len(first) if is_alone else int(start.readings > 0)
    expected, skip = start.expected, start.readings
    for number, chunk in chain(first[:here], chunks if is_alone else ()):
        for position in _here(job, number, chunk, sink, log, expected, skip, meter):
            checkpoint.reach(position)
            expected = position.expected
        skip = 0
    if is_alone:
        return
    with Pool(job, processes, expected) as pool:
        for number, chunk, done in pool.do(chain(first[here:], chunks)):
            assert done is not None  # noqa: S101 - the log refuses chunks that only the main process can read
            done.deliver(sink)
            if meter is not None:
                meter(chunk.size)
            checkpoint.reach(log.position(number + 1, 0, pool.expected))


def _here(
    job: Job, number: int, chunk: Chunk, sink: Sink, log: _ChunkLog, expected: int | None, skip: int, meter: Meter | None
) -> Iterator[Position]:
    """Do a chunk, but for its first items, and yield the positions that are reached."""
    is_archive = isinstance(chunk, MemberChunk)
    known = chunk.beginning_at(expected) if isinstance(chunk, MemberChunk) and not chunk.is_exact else chunk
    if known is None:
        return
    read = ChunkReader(known, job.options, meter)
    for count, item in enumerate(read, 1):
        if count > skip:
            do(job, item, sink)
            yield log.position(number, count, expected)
    flush(job, sink)
    yield log.position(number + 1, 0, read.ends[1] if is_archive else expected)
