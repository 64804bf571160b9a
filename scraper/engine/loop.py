"""Run a job over all inputs: in the main process, or in a pool where that is worth its start."""

import os
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from scraper.engine.jobs import Job, Sink, do, flush, layouts_of
from scraper.sources import read_inputs

if TYPE_CHECKING:
    from scraper.engine.chunks import Chunk

_FEW: Final = 8
_SMALL: Final = 1 << 17
"""Bytes. Fewer and smaller files are read before a pool would have started."""

Meter = Callable[[int], object]


def run_job(job: Job, inputs: Iterable[str], sink: Sink, *, processes: int, meter: Meter | None = None) -> None:
    """Run a job over all inputs. What the sink gets, and its order, do not depend on the number of processes.

    Args:
        job: what is done with each item.
        inputs: paths, ``-`` for stdin, or pieces of containers such as ``dump.jsonl#42``.
        sink: where the results go.
        processes: the number of processes; for fewer than 64 pages none is started.
        meter: is called with the number of bytes of each read.

    Raises:
        LayoutError: if a layout file cannot be used.
        OutputError: if the sink cannot write, or no process can be started.
    """
    layouts_of(job.layouts)  # a bad layout file ends the run, instead of failing each page
    if processes == 1 or job.options.is_part or (isinstance(inputs, Sequence) and _is_little(inputs)):
        for item in read_inputs(inputs, job.options, skip=job.skip, meter=meter):
            do(job, item, sink)
        flush(job, sink)
        return
    from scraper.engine.chunks import MANY, Chunk, FileChunk, plan

    chunks = plan(inputs, job.options, job.skip)
    first: list[Chunk] = []
    weight = 0
    for chunk in chunks:
        first.append(chunk)
        weight += chunk.weight
        if weight >= MANY:
            break
    first += islice(chunks, 1)
    # A single file that cannot be cut keeps one process busy; here, its results are written as they come.
    is_uncut = not first[1:] and any(isinstance(chunk, FileChunk) for chunk in first)
    if weight >= MANY and not is_uncut:
        _in_pool(job, chain(first, chunks), sink, processes, meter)
    else:
        for chunk in first:
            _here(job, chunk, sink, meter)


def _is_little(inputs: Sequence[str]) -> bool:
    """Return True if there are only a few small files; faster than planning chunks."""
    return len(inputs) < _FEW and all(os.path.isfile(name) and os.path.getsize(name) < _SMALL for name in inputs)


def _here(job: Job, chunk: "Chunk", sink: Sink, meter: Meter | None) -> None:
    from scraper.engine.chunks import ChunkReader

    for item in ChunkReader(chunk, job.options, meter):
        do(job, item, sink)
    flush(job, sink)


def _in_pool(job: Job, chunks: "Iterable[Chunk]", sink: Sink, processes: int, meter: Meter | None) -> None:
    from scraper.engine.pool import Pool

    with Pool(job, processes) as pool:
        for _, chunk, done in pool.do(enumerate(chunks)):
            if done is None:
                _here(job, chunk, sink, meter)
                continue
            done.deliver(sink)
            if meter is not None:
                meter(chunk.size)
