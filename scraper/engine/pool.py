"""Worker processes that share the chunks of a job; results come in the order of the chunks."""

import shutil
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from itertools import islice
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any, Final, Self

from scraper.engine.chunks import Chunk, FileChunk, MemberChunk
from scraper.engine.forking import check_open_files, fork_server, starting, temporary_directories
from scraper.engine.jobs import Job
from scraper.engine.worker import Done, Task, last_step, work
from scraper.errors import OutputError

_AHEAD: Final = 3
"""Chunks under way for each process: one in work, one waiting for it, one waiting to be written."""


class Pool:
    """Worker processes for a job. A context manager, which leaves no process and no temporary file behind."""

    def __init__(self, job: Job, size: int, expected: int | None = None) -> None:
        self._job = job
        self._size = size
        self._context = fork_server("scraper.engine.worker")
        self._workers: dict[Connection, Any] = {}
        self._tasks: dict[Connection, Task] = {}
        self._waiting: deque[Task] = deque()
        self._done: dict[int, Done | None] = {}
        self.expected = expected
        """Where the records of the next :class:`MemberChunk` begin, as the chunk before has found."""

    def __enter__(self) -> Self:
        check_open_files(self._size)
        self._directory = tempfile.mkdtemp(prefix="scraper-")
        with ExitStack() as started:
            started.push(self)
            for _ in range(self._size):
                self._start()
            started.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for connection, process in self._workers.items():
            connection.close()
            process.kill()
        for process in self._workers.values():
            process.join()
        shutil.rmtree(self._directory, ignore_errors=True)

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
                    self._waiting.append(Task(number, chunk, self._directory))
            if not pending:
                return
            self._give()
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
                self._waiting.appendleft(Task(number, right, self._directory))
                continue
            pending.popleft()

    def _check(self, chunk: Chunk, done: Done) -> Chunk | None:
        """Return the chunk if its result holds, the chunk to do instead, or None if no record begins in it.

        A worker searches for the first record of a :class:`MemberChunk`, and may find one inside a record of the chunk before. Only
        the chunk before knows where the next record begins.
        """
        if isinstance(chunk, MemberChunk):
            if not chunk.is_exact and done.ends[0] != self.expected:
                done.discard()
                return chunk.beginning_at(self.expected)
            self.expected = done.ends[1]
        return chunk

    def _give(self) -> None:
        for connection in self._workers:
            if connection not in self._tasks and self._waiting:
                task = self._tasks[connection] = self._waiting.popleft()
                with suppress(OSError):  # it has died, which is noticed when its answer does not come
                    connection.send(task)

    def _receive(self) -> None:
        """Wait until a worker answers or dies."""
        for connection in wait(list(self._tasks)):
            assert isinstance(connection, Connection)  # noqa: S101 - wait() was given nothing else
            task = self._tasks.pop(connection)
            try:
                answer: Done | str = connection.recv()
            except (EOFError, OSError):
                self._bury(connection)
                self._waiting.appendleft(_again(task))
                continue
            if isinstance(answer, str):
                raise OutputError(answer)
            self._done[answer.number] = answer

    def _start(self) -> None:
        for is_last in (False, False, True):
            here, there = self._context.Pipe()
            process = self._context.Process(
                target=work, args=(there, self._job, [self._directory, *temporary_directories()]), daemon=True
            )
            try:
                with starting():
                    process.start()
            except (EOFError, OSError) as error:  # the server was killed; it is started again
                here.close()
                if is_last:
                    raise OutputError(f"no process can be started ({error}); try -j 1") from None
                continue
            finally:
                there.close()
            self._workers[here] = process
            return

    def _bury(self, connection: Connection) -> None:
        process = self._workers.pop(connection)
        connection.close()
        process.kill()
        process.join()
        self._start()


def _again(task: Task) -> Task:
    """Return the task to do after a worker died: the same, watched, and without a page over which two workers died.

    One death may be chance: the system was short of memory, or somebody killed the process.
    """
    if not task.is_watched:
        return task._replace(is_watched=True)
    if task.last == 0:
        raise OutputError("processes die before they have done anything; try -j 1")
    step = last_step(task)
    if step != task.suspect:
        return task._replace(suspect=step)
    number, was_reading = step
    return task._replace(last=number) if was_reading else task._replace(deadly=(*task.deadly, number))
