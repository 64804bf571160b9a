"""The loop of every run: tasks are done, here or in worker processes, and their results go to a sink in order."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from scraper.engine.chunks import MANY, Chunk, FileChunk, ItemChunk
from scraper.engine.jobs import Job, Sink, layouts_of, time_limit_of
from scraper.engine.planning import plan
from scraper.engine.pool import Pool
from scraper.engine.tasks import Task
from scraper.errors import ResumeError
from scraper.sources import read_inputs
from scraper.sources.files import Meter
from scraper.sources.inputs import find_entries
from scraper.sources.items import Place

if TYPE_CHECKING:
    from scraper.engine.resumable import ResumableRun

_FEW: Final = 8
_SMALL: Final = 1 << 17
"""Bytes. Fewer and smaller files are read before a pool would have started."""


def run_tasks(
    job: Job,
    tasks: Iterable[Task],
    sink: Sink,
    *,
    processes: int,
    is_ready: Callable[[], bool] = lambda: True,
    meter: Meter | None = None,
    checkpoint: "ResumableRun | None" = None,
) -> None:
    """Do tasks, and give a sink what became of each item. What it gets, and its order, do not depend on the number of processes.

    Args:
        job: what is done with each item.
        tasks: the chunks to do.
        sink: where the results go.
        processes: the number of worker processes, which are started for the first task that is not local.
        is_ready: returns whether the next task comes at once; while it does not, results are not kept waiting for it.
        meter: is called with the number of bytes of each read.
        checkpoint: keeps how far the run has come.

    Raises:
        LayoutError: if a layout file cannot be used.
        OutputError: if the sink cannot write, or no process can be started.
    """
    layouts_of(job.layouts)  # a bad layout file ends the run, instead of failing each page
    expected = checkpoint.start.expected if checkpoint is not None else None
    try:
        with Pool(job, processes, expected, meter) as pool:
            for task, results in pool.do(tasks, is_ready):
                for count, cleaned in enumerate(results, task.skip + 1):
                    sink.take(cleaned)
                    if task.is_local and checkpoint is not None:
                        checkpoint.reach(task.number, count, pool.expected)
                sink.end_task()
                if meter is not None and not task.is_metered:
                    meter(task.chunk.size)
                if checkpoint is not None:
                    checkpoint.reach(task.number + 1, 0, pool.expected)
    finally:
        time_limit_of(job.page_timeout).restore()


def run_job(
    job: Job,
    inputs: Iterable[str],
    sink: Sink,
    *,
    processes: int,
    meter: Meter | None = None,
    checkpoint: "ResumableRun | None" = None,
) -> None:
    """Run a job over files; see :func:`run_tasks`.

    Args:
        job: what is done with each item.
        inputs: paths, ``-`` for stdin, or pieces of containers such as ``dump.jsonl#42``.
        sink: where the results go.
        processes: the number of processes; for fewer than 64 pages none is started.
        meter: is called with the number of bytes of each read.
        checkpoint: tells where the run begins, and keeps how far it has come.

    Raises:
        LayoutError: if a layout file cannot be used.
        OutputError: if the sink cannot write, or no process can be started.
        ResumeError: if an input before the start has changed, or one cannot be read twice.
    """
    tasks: Iterable[Task]
    if checkpoint is not None:
        if job.options.is_part:
            raise ResumeError("a run with --limit or --sample cannot be resumed; leave them out, or --resume")
        tasks = _planned(checkpoint.chunks(inputs, job, meter), processes, skip=checkpoint.start.items, is_resumable=True)
    elif processes == 1 or job.options.is_part or (isinstance(inputs, Sequence) and _is_little(inputs)):
        items = read_inputs(inputs, job.options, skip=job.skip, meter=meter)
        tasks = [Task(0, ItemChunk(items, Place("", True)), is_local=True)]  # there is nothing to share out
    else:
        tasks = _planned(enumerate(plan(find_entries(inputs, job.options, job.skip), job.options)), processes)
    run_tasks(job, tasks, sink, processes=processes, meter=meter, checkpoint=checkpoint)
    if checkpoint is not None:
        checkpoint.read()


def _is_little(inputs: Sequence[str]) -> bool:
    """Return True if there are only a few small files."""
    return len(inputs) < _FEW and all(os.path.isfile(name) and os.path.getsize(name) < _SMALL for name in inputs)


def _planned(chunks: Iterator[tuple[int, Chunk]], processes: int, *, skip: int = 0, is_resumable: bool = False) -> Iterator[Task]:
    """Yield chunks as tasks: local ones, unless there are enough for worker processes.

    Args:
        chunks: the chunks, with their numbers.
        processes: the number of processes.
        skip: the number of items of the first chunk that are done.
        is_resumable: whether a checkpoint keeps how far the run has come.
    """
    first: list[tuple[int, Chunk]] = []
    weight = 0
    for numbered in chunks:
        first.append(numbered)
        weight += numbered[1].weight
        if weight >= MANY:
            break
    first += islice(chunks, 1)
    # A single file that cannot be cut keeps one process busy; here, its results are written as they come, and noted one by one.
    is_uncut = not first[1:] and (is_resumable or any(isinstance(chunk, FileChunk) for _, chunk in first))
    is_little = processes == 1 or weight < MANY or is_uncut
    for number, chunk in chain(first, chunks):
        is_local = is_little or skip > 0 or (isinstance(chunk, FileChunk) and chunk.is_local)
        yield Task(number, chunk, is_local, skip)
        skip = 0
