"""Worker processes that share the chunks of a job; results come in the order of the chunks."""

import os
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from multiprocessing import util
from typing import Final, Self

from scraper.engine.chunks import Chunk, FileChunk, MemberChunk
from scraper.engine.jobs import Job
from scraper.engine.tasks import Done, Task, do_task, last_step
from scraper.engine.workers import Workers
from scraper.errors import OutputError

_AHEAD: Final = 3
"""Chunks under way for each process: one in work, one waiting for it, one waiting to be written."""


class Pool:
    """Worker processes for a job. A context manager, which leaves no process and no temporary file behind."""

    def __init__(self, job: Job, size: int, expected: int | None = None) -> None:
        self._job = job
        self._size = size
        self._done: dict[int, Done | None] = {}
        self._opened = ExitStack()
        self.expected = expected
        """Where the records of the next :class:`MemberChunk` begin, as the chunk before has found."""

    def __enter__(self) -> Self:
        self._workers = self._opened.enter_context(Workers(do_task, self._job, self._size))
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def do(self, chunks: Iterable[tuple[int, Chunk]]) -> Iterator[tuple[int, Chunk, Done | None]]:
        """Yield the result of each chunk, in the order of their numbers; None for one that the main process has to do."""
        source = iter(chunks)
        pending: deque[tuple[int, Chunk]] = deque()
        while True:
            for number, chunk in islice(source, _AHEAD * self._size - len(pending)):
                pending.append((number, chunk))
                if isinstance(chunk, FileChunk) and chunk.is_local:
                    self._done[number] = None
                else:
                    self._workers.put(Task(number, chunk))
            if not pending:
                return
            number, chunk = pending[0]
            if number not in self._done:
                self._receive()
                continue
            done = self._done.pop(number)
            right = chunk if done is None else self._check(chunk, done)
            if right is chunk:
                yield number, chunk, done
            elif right is not None:
                pending[0] = (number, right)
                self._workers.put(Task(number, right), first=True)
                continue
            pending.popleft()

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
        for task, answer, files in self._workers.receive():
            if answer is None:
                self._workers.put(_again(task), first=True)
            elif isinstance(answer, str):
                raise OutputError(answer)
            else:
                self._done[answer.number] = answer._replace(files=files)


def _again(task: Task) -> Task:
    """Return the task to do after a worker died: the same, watched, and without a page over which two workers died.

    One death may be chance: the system was short of memory, or somebody killed the process.
    """
    if task.mark is None:
        file, mark = tempfile.mkstemp(dir=util.get_temp_dir())
        os.close(file)
        return task._replace(mark=mark)
    if task.last == 0:
        raise OutputError("processes die before they have done anything; try -j 1")
    step = last_step(task.mark)
    if step != task.suspect:
        return task._replace(suspect=step)
    number, was_reading = step
    return task._replace(last=number) if was_reading else task._replace(deadly=(*task.deadly, number))
