"""The tasks of a run, done in the main process or in worker processes; results come in the order of the tasks."""

import os
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import chain, islice
from typing import TYPE_CHECKING, Final, Self

from scraper.engine.chunks import Chunk, ChunkReader, ItemChunk, MemberChunk
from scraper.engine.jobs import Cleaned, Job, clean_items, failed
from scraper.engine.tasks import DIED, Done, Task, last_step
from scraper.errors import OutputError, WorkerDied
from scraper.sources import Item
from scraper.sources.files import Meter

if TYPE_CHECKING:
    from scraper.engine.workers import Workers

_AHEAD: Final = 3
"""Tasks under way for each process: one in work, one waiting for it, one waiting to be written."""


class Pool:
    """Does the tasks of a job. Processes are started for the first task that is not local.

    A context manager, which leaves no process and no temporary file behind.

    Args:
        job: what is done with each item.
        size: the number of worker processes.
        expected: where the records of the first :class:`MemberChunk` begin, if known.
        meter: is called with the number of bytes of each read of a local task.
    """

    def __init__(self, job: Job, size: int, expected: int | None = None, meter: Meter | None = None) -> None:
        self._job, self._size, self._meter = job, size, meter
        self._workers: Workers | None = None
        self._done: dict[int, list[Done]] = {}
        self._alone: dict[int, dict[int, Done | None]] = {}
        """Of tasks over which a worker died: what became of each item alone, by its place."""
        self._opened = ExitStack()
        self.expected = expected
        """Where the records of the next :class:`MemberChunk` begin, as the chunk before has found."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def do(self, tasks: Iterable[Task], is_ready: Callable[[], bool]) -> Iterator[tuple[Task, Iterator[Cleaned]]]:
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
            if task.number not in self._done:
                self._receive()
                continue
            done = self._done.pop(task.number)
            right = self._check(task.chunk, done[-1])
            if right is not None and right is not task.chunk:
                pending[0] = task._replace(chunk=right)
                self._put(pending[0], first=True)
                continue
            pending.popleft()
            if right is not None:
                yield task, chain.from_iterable(part.results() for part in done)

    def _here(self, task: Task) -> Iterator[Cleaned]:
        """Do a task in this process."""
        chunk = task.chunk
        known = chunk.beginning_at(self.expected) if isinstance(chunk, MemberChunk) and not chunk.is_exact else chunk
        if known is None:
            return
        items = ChunkReader(known, self._job.options, self._meter)
        yield from clean_items(self._job, islice(items, task.skip, None))
        if isinstance(chunk, MemberChunk):
            self.expected = items.ends[1]

    def _put(self, task: Task, *, first: bool = False) -> None:
        if self._workers is None:
            from scraper.engine.workers import Workers  # most runs do without processes

            self._workers = self._opened.enter_context(Workers(self._job, self._size))
        self._workers.put(task, first=first)

    def _check(self, chunk: Chunk, done: Done) -> Chunk | None:
        """Return the chunk if its result holds, the chunk to do instead, or None if no record begins in it.

        A worker searches for the first record of a :class:`MemberChunk`, and may find one inside a record of the chunk before. Only
        the chunk before knows where the next record begins.
        """
        if isinstance(chunk, MemberChunk):
            if not chunk.is_exact and done.ends[0] != self.expected:
                for file in done.files:
                    file.close()
                return chunk.beginning_at(self.expected)
            self.expected = done.ends[1]
        return chunk

    def _receive(self) -> None:
        assert self._workers is not None  # noqa: S101 - a task was put
        for task, answer, files in self._workers.receive():
            if isinstance(answer, str):
                raise OutputError(answer)
            if answer is not None:
                self._keep(task, answer._replace(files=files))
            elif isinstance(task.chunk, ItemChunk):
                self._put_alone(task, list(task.chunk.items))
            else:
                self._put(_again(task), first=True)

    def _keep(self, task: Task, done: Done) -> None:
        if task.place is None:
            self._done[task.number] = [done]
            return
        alone = self._alone[task.number]
        alone[task.place] = done
        if None not in alone.values():
            self._done[task.number] = [part for part in self._alone.pop(task.number).values() if part is not None]

    def _put_alone(self, task: Task, items: list[Item]) -> None:
        """Put the items over which a worker died one by one; an item over which two died alone has failed.

        One death may be chance: the system was short of memory, or somebody killed the process.
        """
        if task.place is None:
            self._alone[task.number] = dict.fromkeys(range(len(items)))
            for place, item in reversed(list(enumerate(items))):
                chunk = ItemChunk([item], task.chunk.place)
                self._put(Task(task.number, chunk, place=place), first=True)
        elif not task.is_again:
            self._put(task._replace(is_again=True), first=True)
        else:
            self._keep(task, Done.of(failed(items[0], WorkerDied(DIED))))


def _again(task: Task) -> Task:
    """Return the task to do after a worker died over a file: the same, watched, and without a page over which two workers died."""
    if task.mark is None:
        from multiprocessing import util  # in whose directory, which goes with the processes

        file, mark = tempfile.mkstemp(dir=util.get_temp_dir())
        os.close(file)
        return task._replace(mark=mark)
    step = last_step(task.mark)
    if step != task.suspect:
        return task._replace(suspect=step)
    number, was_reading = step
    if task.last is not None:
        what = (
            "before they have done anything"
            if number == 0
            else f"over {task.chunk.place.input}, though they leave out what kills them"
        )
        raise OutputError(f"processes die {what}; try -j 1")
    return task._replace(last=number) if was_reading else task._replace(deadly=(*task.deadly, number))
