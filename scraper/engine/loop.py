"""A whole run of a job: here, or in a pool if that pays."""

import os
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Final

from scraper.engine.jobs import Job, Sink, do, flush, layouts_of
from scraper.sources import read_inputs

if TYPE_CHECKING:
    from scraper.engine.chunks import Chunk

_FEW: Final = 8
_SMALL: Final = 1 << 17
"""Files, and bytes of each: so little is read before a pool has begun."""

Meter = Callable[[int], object]


def run_job(job: Job, inputs: Iterable[str], sink: Sink, *, processes: int, meter: Meter | None = None) -> None:
    """Do a job on all inputs. The order and the bytes of what the sink is given do not depend on the number of processes.

    Args:
        job: what is done with each page.
        inputs: what the user named.
        sink: where the results go.
        processes: how many work on it; where there are fewer than 64 pages, none is started.
        meter: is told how many bytes have been read.
    """
    layouts_of(job.layouts)  # a bad layout file is an error of the run, not of its first page
    if processes == 1 or (isinstance(inputs, Sequence) and _is_little(inputs)):
        for reading in read_inputs(inputs, job.options, skip=job.skip, meter=meter):
            do(job, reading, sink)
        flush(job, sink)
        return
    from scraper.engine.chunks import MANY, Chunk, plan

    chunks = plan(inputs, job.options, job.skip)
    first: list[Chunk] = []
    weight = 0
    for chunk in chunks:
        first.append(chunk)
        weight += chunk.weight
        if weight >= MANY:
            break
    if weight >= MANY:
        _in_pool(job, chain(first, chunks), sink, processes, meter)
    else:
        for chunk in first:
            _here(job, chunk, sink, meter)


def _is_little(inputs: Sequence[str]) -> bool:
    """Tell, faster than by a plan, whether there are only a few small files."""
    return len(inputs) < _FEW and all(os.path.isfile(name) and os.path.getsize(name) < _SMALL for name in inputs)


def _here(job: Job, chunk: "Chunk", sink: Sink, meter: Meter | None) -> None:
    from scraper.engine.chunks import ChunkReader

    for reading in ChunkReader(chunk, job.options, meter):
        do(job, reading, sink)
    flush(job, sink)


def _in_pool(job: Job, chunks: "Iterable[Chunk]", sink: Sink, processes: int, meter: Meter | None) -> None:
    from scraper.engine.pool import Pool

    with Pool(job, processes) as pool:
        for _, chunk, done in pool.do(enumerate(chunks)):
            if done is None:
                _here(job, chunk, sink, meter)
                continue
            done.hand_on(sink)
            if meter is not None:
                meter(chunk.size)
