"""Run a job over all inputs: in the main process, or in a pool where that is worth its start; anew, or from a checkpoint on."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from scraper.engine.jobs import Job, Sink, do, flush, layouts_of, time_limit_of
from scraper.errors import ResumeError
from scraper.sources import read_inputs

if TYPE_CHECKING:
    from scraper.engine.chunks import Chunk
    from scraper.engine.resumable import ResumableRun

_FEW: Final = 8
_SMALL: Final = 1 << 17
"""Bytes. Fewer and smaller files are read before a pool would have started."""

Meter = Callable[[int], object]


def run_job(
    job: Job,
    inputs: Iterable[str],
    sink: Sink,
    *,
    processes: int,
    meter: Meter | None = None,
    checkpoint: "ResumableRun | None" = None,
) -> None:
    """Run a job over all inputs. What the sink gets, and its order, do not depend on the number of processes.

    Args:
        job: what is done with each item.
        inputs: paths, ``-`` for stdin, or pieces of containers such as ``dump.jsonl#42``.
        sink: where the results go.
        processes: the number of processes; for fewer than 64 pages none is started.
        meter: is called with the number of bytes of each read.
        checkpoint: where the run begins, and what is told how far it has come.

    Raises:
        LayoutError: if a layout file cannot be used.
        OutputError: if the sink cannot write, or no process can be started.
        ResumeError: if an input before the start has changed, or one cannot be read twice.
    """
    layouts_of(job.layouts)  # a bad layout file ends the run, instead of failing each page
    try:
        if checkpoint is not None:
            if job.options.is_part:
                raise ResumeError("a run with --limit or --sample cannot be resumed; leave them out, or --resume")
            _run(job, sink, checkpoint.chunks(inputs, job, meter), processes, meter, checkpoint)
            checkpoint.read()
        elif processes == 1 or job.options.is_part or (isinstance(inputs, Sequence) and _is_little(inputs)):
            for item in read_inputs(inputs, job.options, skip=job.skip, meter=meter):  # faster than planning chunks
                do(job, item, sink)
            flush(job, sink)
        else:
            from scraper.engine.chunks import plan
            from scraper.sources.files import find_entries

            _run(job, sink, enumerate(plan(find_entries(inputs, job.options, job.skip), job.options)), processes, meter, None)
    finally:
        time_limit_of(job.page_timeout).restore()


def _is_little(inputs: Sequence[str]) -> bool:
    """Return True if there are only a few small files."""
    return len(inputs) < _FEW and all(os.path.isfile(name) and os.path.getsize(name) < _SMALL for name in inputs)


def _run(
    job: Job,
    sink: Sink,
    chunks: "Iterator[tuple[int, Chunk]]",
    processes: int,
    meter: Meter | None,
    checkpoint: "ResumableRun | None",
) -> None:
    """Do chunks here until it is known whether there are enough for a pool, and then in one if there are."""
    from scraper.engine.chunks import MANY, FileChunk

    here = _Here(job, sink, meter, checkpoint)
    first: list[tuple[int, Chunk]] = []
    weight = 0
    for numbered in chunks:
        first.append(numbered)
        weight += numbered[1].weight
        if weight >= MANY:
            break
    first += islice(chunks, 1)
    # A single file that cannot be cut keeps one process busy; here, its results are written as they come, and noted one by one.
    is_uncut = not first[1:] and (checkpoint is not None or any(isinstance(chunk, FileChunk) for _, chunk in first))
    if processes == 1 or weight < MANY or is_uncut:
        for number, chunk in chain(first, chunks):
            here.do(number, chunk)
        return
    if here.skip:  # the first is done in part
        here.do(*first.pop(0))
    from scraper.engine.pool import Pool

    with Pool(job, processes, here.expected) as pool:
        for number, chunk, done in pool.do(chain(first, chunks)):
            if done is None:
                here.do(number, chunk)
                continue
            done.deliver(sink)
            if meter is not None:
                meter(chunk.size)
            if checkpoint is not None:
                checkpoint.reach(number + 1, 0, pool.expected)


class _Here:
    """Does chunks in the main process."""

    def __init__(self, job: Job, sink: Sink, meter: Meter | None, checkpoint: "ResumableRun | None") -> None:
        self._job, self._sink, self._meter, self._checkpoint = job, sink, meter, checkpoint
        self.skip = checkpoint.start.items if checkpoint is not None else 0
        """The number of items of the next chunk that are done."""
        self.expected = checkpoint.start.expected if checkpoint is not None else None
        """Where the records of the next chunk of an archive begin, as the chunk before has found."""

    def do(self, number: int, chunk: "Chunk") -> None:
        """Do a chunk, but for the items that are done."""
        from scraper.engine.chunks import ChunkReader, FileChunk, MemberChunk

        known = chunk.beginning_at(self.expected) if isinstance(chunk, MemberChunk) and not chunk.is_exact else chunk
        if known is None:
            return
        items = ChunkReader(known, self._job.options, self._meter)
        for count, item in enumerate(items, 1):
            if count > self.skip:
                do(self._job, item, self._sink)
                if self._checkpoint is not None:
                    self._checkpoint.reach(number, count, self.expected)
        flush(self._job, self._sink)
        self.skip = 0
        if isinstance(chunk, MemberChunk):
            self.expected = items.ends[1]
        if self._meter is not None and not isinstance(chunk, FileChunk):  # the files of others are not metered
            self._meter(chunk.size)
        if self._checkpoint is not None:
            self._checkpoint.reach(number + 1, 0, self.expected)
