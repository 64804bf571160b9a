"""The loop of every run: tasks are done, here or in worker processes, and their results go to a sink in order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from typing import TYPE_CHECKING, Final, Self, TypeGuard

from scraper.engine.chunks import UNKNOWN, Chunk, ChunkReader, MemberChunk, RecordBounds
from scraper.engine.deaths import Death, Retry, Step
from scraper.engine.jobs import ItemResult, Job, Sink, clean_items, layouts_of, time_limit_of
from scraper.engine.planning import tasks_of
from scraper.engine.tasks import ChunkResult, StoreFailure, Task
from scraper.errors import OutputError
from scraper.sources.files import Meter

if TYPE_CHECKING:
    from scraper.engine.resumable import ResumableRun
    from scraper.engine.workers import Workers

_AHEAD: Final = 3
"""Tasks under way for each process: one in work, one waiting for it, one waiting to be written."""
_MOST_DEATHS: Final = 100
"""Workers that may die in a row, over whatever tasks, without one that has answered."""


def run_tasks(
    job: Job,
    tasks: Iterable[Task],
    sink: Sink,
    *,
    processes: int,
    is_ready: Callable[[], bool] = lambda: True,
    meter: Meter | None = None,
    resumable: "ResumableRun | None" = None,
) -> None:
    """Do tasks, and give a sink what became of each item. What it gets, and its order, do not depend on the number of processes.

    Args:
        job: what is done with each item.
        tasks: the chunks to do.
        sink: where the results go.
        processes: the number of worker processes, which are started for the first task that is not local.
        is_ready: returns whether the next task comes at once; while it does not, results are not kept waiting for it.
        meter: is called with the number of bytes of each read.
        resumable: keeps how far the run has come.

    Raises:
        LayoutError: if a layout file cannot be used.
        OutputError: if the sink cannot write, or no process can be started.
    """
    layouts_of(job.layouts)  # a bad layout file ends the run, instead of failing each page
    next_record = resumable.start.next_record if resumable is not None else None
    try:
        with Pool(job, processes, next_record, meter) as pool:
            for task, results in pool.do(tasks, is_ready):
                for count, result in enumerate(results, task.skip + 1):
                    sink.take(result)
                    if task.is_local and resumable is not None:
                        resumable.reach(task.number, count, pool.next_record)
                sink.end_task()
                if meter is not None and not task.is_metered:
                    meter(task.chunk.size)
                if resumable is not None:
                    resumable.reach(task.number + 1, 0, pool.next_record)
    finally:
        time_limit_of(job.page_timeout).restore()


def run_job(
    job: Job,
    inputs: Iterable[str],
    sink: Sink,
    *,
    processes: int,
    meter: Meter | None = None,
    resumable: "ResumableRun | None" = None,
) -> None:
    """Run a job over files; see :func:`run_tasks`.

    Args:
        job: what is done with each item.
        inputs: paths, ``-`` for stdin, or pieces of containers such as ``dump.jsonl#42``.
        sink: where the results go.
        processes: the number of processes; for fewer than 64 pages none is started.
        meter: is called with the number of bytes of each read.
        resumable: tells where the run begins, and keeps how far it has come.

    Raises:
        LayoutError: if a layout file cannot be used.
        OutputError: if the sink cannot write, or no process can be started.
        ResumeError: if an input before the start has changed, or one cannot be read twice.
    """
    tasks = tasks_of(job, inputs, processes, meter, resumable)
    run_tasks(job, tasks, sink, processes=processes, meter=meter, resumable=resumable)
    if resumable is not None:
        resumable.finish_reading()


class Pool:
    """Does the tasks of a job. Processes are started for the first task that is not local.

    A context manager, which leaves no process and no temporary file behind.

    Args:
        job: what is done with each item.
        size: the number of worker processes.
        next_record: where the records of the first :class:`MemberChunk` begin, if known.
        meter: is called with the number of bytes of each read of a local task.
    """

    def __init__(self, job: Job, size: int, next_record: int | None = None, meter: Meter | None = None) -> None:
        self._job, self._size, self._meter = job, size, meter
        self._workers: Workers | None = None
        self._done: dict[int, ChunkResult] = {}
        self._retries: dict[int, Retry] = {}
        """Of the tasks that a worker was doing when it died."""
        self._deaths = 0
        """The number of workers that died since one has answered."""
        self._opened = ExitStack()
        self.next_record = next_record
        """Where the records of the next :class:`MemberChunk` begin, as the chunk before has found; None if none follows."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def do(self, tasks: Iterable[Task], is_ready: Callable[[], bool]) -> Iterator[tuple[Task, Iterator[ItemResult]]]:
        """Yield each task with what became of its items, which must be read before the next task is asked for.

        Args:
            tasks: the tasks, in the order of their numbers.
            is_ready: returns whether the next task comes at once; while it does not, results are not kept waiting for it.
        """
        source = iter(tasks)
        pending: deque[Task] = deque()
        # A single process needs no task but the one that it does, and inputs may be named slowly.
        most = _AHEAD * self._size if self._size > 1 else 1
        while True:
            while not pending or (len(pending) < most and is_ready()):
                if (task := next(source, None)) is None:
                    break
                pending.append(task)
                if not task.is_local:
                    self._put(task)
            if not pending:
                return
            task = pending[0]
            if task.is_local:
                yield pending.popleft(), self._here(task)
                continue
            if task.number in self._retries and not self._is_guessed(task.chunk):
                yield pending.popleft(), self._retried(task)
                continue
            if task.number not in self._done:
                self._receive()
                continue
            done = self._done.pop(task.number)
            exact = self._exact_chunk(task.chunk, done)
            if exact is not None and exact is not task.chunk:
                pending[0] = task._replace(chunk=exact)
                self._put(pending[0], first=True)
                continue
            pending.popleft()
            if exact is not None:
                yield task, done.results()

    def _here(self, task: Task) -> Iterator[ItemResult]:
        """Do a task in this process."""
        chunk = task.chunk
        exact: Chunk | None = chunk
        if self._is_guessed(chunk):
            exact = chunk.beginning_at(self.next_record)
        if exact is None:
            return
        items = ChunkReader(exact, self._job.options, self._meter if task.is_metered else None)
        yield from clean_items(self._job, islice(items, task.skip, None))
        self._note_bounds(chunk, items.bounds)

    def _retried(self, task: Task) -> Iterator[ItemResult]:
        """Yield what becomes of the items of a task while it is retried: if all of them kill, the run ends long before the task."""
        while (retry := self._retries.get(task.number)) is not None:
            yield from retry.take()
            self._receive()
        done = self._done.pop(task.number)
        yield from done.results()
        self._note_bounds(task.chunk, done.bounds)

    def _put(self, task: Task, *, first: bool = False) -> None:
        if self._workers is None:
            from scraper.engine.workers import Workers  # most runs do without processes

            self._workers = self._opened.enter_context(Workers(self._job, self._size))
        self._workers.put(task, first=first)

    def _exact_chunk(self, chunk: Chunk, done: ChunkResult) -> Chunk | None:
        """Return the chunk if its result holds, the chunk to do instead, or None if no record begins in it.

        A worker searches for the first record of a :class:`MemberChunk`, and may find one inside a record of the chunk before. Only
        the chunk before knows where the next record begins, if it was read to its end.
        """
        if self._is_guessed(chunk) and self.next_record != done.bounds.first:
            for file in done.files:
                file.close()
            return chunk.beginning_at(self.next_record)
        self._note_bounds(chunk, done.bounds)
        return chunk

    def _is_guessed(self, chunk: Chunk) -> TypeGuard[MemberChunk]:
        """Return True if a worker has to guess where the first record of a chunk begins, and this process knows it."""
        return isinstance(chunk, MemberChunk) and not chunk.is_exact and self.next_record != UNKNOWN

    def _note_bounds(self, chunk: Chunk, bounds: RecordBounds) -> None:
        if isinstance(chunk, MemberChunk) and not (self.next_record == UNKNOWN and bounds.first is None):
            self.next_record = bounds.following

    def _receive(self) -> None:
        assert self._workers is not None  # noqa: S101 - a task was put
        for task, answer, files in self._workers.receive():
            number = task.number
            self._deaths = self._deaths + 1 if isinstance(answer, Death) else 0
            if self._deaths > _MOST_DEATHS:
                raise OutputError("processes die before they have done anything; try -j 1")
            if isinstance(answer, StoreFailure):
                raise OutputError(answer.message)
            if isinstance(answer, Step):
                self._retries[number].reach(answer)
            elif isinstance(answer, ChunkResult) and number not in self._retries:
                self._done[number] = answer._replace(files=files)
            else:
                retry = self._retries.setdefault(number, Retry(task.chunk))
                if isinstance(answer, ChunkResult):
                    retry.finish(answer._replace(files=files))
                else:
                    retry.note_death(answer)
                if (left := retry.next_task(number)) is not None:
                    self._put(left, first=True)
                else:
                    self._done[number] = ChunkResult.of(self._retries.pop(number).take(), retry.bounds)
