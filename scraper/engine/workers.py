"""Worker processes, started from a fork server that has loaded what they need.

Forking the main process would copy its threads and their locks; starting each worker from nothing would load all modules each time.

When a worker dies, concurrent.futures and loky give up all tasks, and pebble gives up the task. Here, a task is a chunk of pages of which
one is to be lost at most, so workers can answer at each step of it.

A worker notes in shared memory how many steps it has done, and where it reads. One whose steps stand still for too long while this
process waits for it is killed: a library never returns, a read hangs, or a signal has stopped it. This process waits for one
that even SIGKILL cannot end, such as one that reads a dead disk.
"""

import fcntl
import multiprocessing
import os
import shutil
import signal
import threading
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from multiprocessing import resource_tracker, util
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import recv_handle, send_handle
from multiprocessing.sharedctypes import RawValue
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

from scraper.engine.deaths import Death, SharedProgress, Step, do_stepwise
from scraper.engine.jobs import Job
from scraper.engine.tasks import ChunkResult, StoreFailure, Task, do_task
from scraper.errors import OutputError

_FILES: Final = 32
"""Files that a run has open besides those of its workers."""
_FILES_A_WORKER: Final = 20
"""Eight of its own, and those of three answers."""
_BUFFER: Final = 1 << 18
"""Bytes of a file of results that are read at once; its pages are read one by one."""
_PATIENCE: Final = 60.0
"""Seconds beyond the time limit of a page in which a worker must have read something."""
_INTERVAL: Final = 0.5
"""Seconds between two looks at what the workers have done."""
_GRACE: Final = 5.0
"""Seconds in which a process that was killed ends."""
_LOCK: Final = "scraper.lock"

Answer = Step | ChunkResult | StoreFailure
"""What a worker sends."""


class _Worker:
    """A worker process, as the main process sees it.

    Args:
        process: the process.
        progress: what it has noted.
    """

    def __init__(self, process: Any, progress: SharedProgress) -> None:
        self.process, self._progress = process, progress
        self.task: Task | None = None
        """What it does."""
        self._last_steps = -1
        """The number of steps when they were looked at last."""
        self._idle = 0.0
        """Seconds since it has changed."""

    def death(self) -> Death:
        """Return how the process has ended, once it has."""
        return self._progress.death

    def kill_if_stuck(self, patience: float) -> None:
        """Kill the process if it has done no step for ``patience`` seconds. Call this once in each interval of waiting for it."""
        steps = self._progress.steps
        self._idle = self._idle + _INTERVAL if steps == self._last_steps else 0.0
        self._last_steps = steps
        if self._idle >= patience:
            self.process.kill()


class Workers:
    """Processes that each do one task at a time, and are replaced when they die or hang. A context manager, which leaves none behind.

    Args:
        job: the job of the tasks.
        size: the number of processes.

    Raises:
        OutputError: if no process can be started.
    """

    def __init__(self, job: Job, size: int) -> None:
        self._job, self._size = job, size
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([__name__, "scraper.sources.compression"])
        self._workers: dict[Connection, _Worker] = {}
        self._waiting: deque[Task] = deque()
        self._awaited: Collection[_Worker] = ()
        """The workers for which this process waits. The others may wait for it."""
        self._is_over = threading.Event()

    def __enter__(self) -> Self:
        _check_open_files(self._size)
        with ExitStack() as started:
            started.push(self)
            _lock_directory()
            for _ in range(self._size):
                self._start()
            started.pop_all()
        if self._job.page_timeout is not None:
            patience = self._job.page_timeout + _PATIENCE
            with _interrupts_held():  # a thread inherits the mask: signals are for the main thread
                threading.Thread(target=self._watch, args=(patience,), name="stuck-workers", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._is_over.set()
        for connection, worker in self._workers.items():
            connection.close()
            worker.process.kill()
        for worker in self._workers.values():
            worker.process.join(_GRACE)

    def put(self, task: Task, *, first: bool = False) -> None:
        """Add a task, after those that wait or before them, and give waiting tasks to workers that have none."""
        if first:
            self._waiting.appendleft(task)
        else:
            self._waiting.append(task)
        self._give()

    def receive(self) -> Iterator[tuple[Task, Answer | Death, Sequence[BinaryIO]]]:
        """Wait until some workers answer or die, and yield their tasks with the answers and their files."""
        busy = {connection: worker for connection, worker in self._workers.items() if worker.task is not None}
        with self._awaiting(busy.values()):
            answered = wait(list(busy))
        for connection in answered:
            assert isinstance(connection, Connection)  # noqa: S101 - wait() was given nothing else
            worker = self._workers[connection]
            task = worker.task
            assert task is not None  # noqa: S101 - it was waited for
            answer: Answer | Death
            files: list[BinaryIO] = []
            try:
                with self._awaiting([worker]):
                    answer, count = connection.recv()
                    files.extend(open(recv_handle(connection), "rb", _BUFFER) for _ in range(count))  # noqa: SIM115 - who gets them closes them
            except (EOFError, OSError):
                answer = worker.death()
                self._replace(connection)
            if not isinstance(answer, Step):
                worker.task = None
                self._give()
            yield task, answer, files

    def _give(self) -> None:
        for connection, worker in self._workers.items():
            if worker.task is None and self._waiting:
                worker.task = self._waiting.popleft()
                with suppress(OSError), self._awaiting([worker]):  # if it has died, that is noticed when its answer does not come
                    connection.send(worker.task)

    @contextmanager
    def _awaiting(self, workers: Collection[_Worker]) -> Iterator[None]:
        self._awaited = workers
        try:
            yield
        finally:
            self._awaited = ()

    def _watch(self, patience: float) -> None:
        while not self._is_over.wait(_INTERVAL):
            for worker in self._awaited:
                worker.kill_if_stuck(patience)

    def _start(self) -> None:
        for is_last in (False, False, True):
            here, there = self._context.Pipe()
            try:
                progress = RawValue(SharedProgress)
                process = self._context.Process(target=serve, args=(there, self._job, util.get_temp_dir(), progress), daemon=True)
                with starting():
                    process.start()
            except (EOFError, OSError) as error:  # the server was killed; it is started again
                here.close()
                if is_last:
                    raise OutputError(f"no process can be started ({error}); try -j 1") from None
                continue
            finally:
                there.close()
            self._workers[here] = _Worker(process, progress)
            return

    def _replace(self, connection: Connection) -> None:
        worker = self._workers.pop(connection)
        connection.close()
        worker.process.kill()
        worker.process.join(_GRACE)
        self._start()


def serve(connection: Connection, job: Job, directory: str, progress: SharedProgress) -> None:
    """Do the tasks that the main process sends.

    If that process was killed, remove its directory, in which the fork server has its socket.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process ends this one
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            for answer, files in answers(job, connection.recv(), progress):
                connection.send((answer, len(files)))
                for file in files:
                    with file:
                        send_handle(connection, file.fileno(), None)
                progress.advance(0)
    main = multiprocessing.parent_process()
    if main is not None:
        main.join(_GRACE)  # its connection may be closed a moment before its end is known
        if not main.is_alive():
            shutil.rmtree(directory, ignore_errors=True)


def answers(job: Job, task: Task, progress: SharedProgress) -> Iterator[tuple[Answer, Sequence[BinaryIO]]]:
    """Do a task, and yield its steps, if they are asked for, and then its results with the files that belong to them.

    Args:
        job: what is done with each item.
        task: the task.
        progress: what is noted meanwhile.
    """
    if task.is_stepwise:
        yield from ((step, ()) for step in do_stepwise(job, task, progress))
    else:
        yield do_task(job, task, progress.advance)


@cache
def _lock_directory() -> None:
    """Lock the directory of the fork server's socket, and remove directories of runs whose processes were all killed."""
    directory = Path(util.get_temp_dir())
    new = directory / f"new-{_LOCK}"
    fcntl.flock(os.open(new, os.O_CREAT | os.O_RDWR), fcntl.LOCK_EX)  # open as long as this process lives
    new.rename(directory / _LOCK)
    for lock in directory.parent.glob(f"pymp-*/{_LOCK}"):
        with suppress(OSError), lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent, ignore_errors=True)


def _check_open_files(workers: int) -> None:
    """Check that the system lets this process open enough files for so many workers; the soft limit is raised where it may be.

    Raises:
        OutputError: if it does not. Without the check, the fork server would end with a traceback.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    wanted = _FILES + _FILES_A_WORKER * workers
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise OutputError(
            f"no process can be started: only {hard} files may be open, and {wanted} are needed; try -j 1, or ulimit -n"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextmanager
def starting() -> Iterator[None]:
    """Shield the fork server from the working directory and from Ctrl-C while processes start in the block.

    The server would import modules from the working directory, where a user may have a folder of any name, and print a traceback if
    it was interrupted while it loads them. It inherits the signal mask; whether a run is interrupted is up to the main process.
    """
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    resource_tracker.ensure_running()  # else the server would start it, and unblock the signal by that
    try:
        with _interrupts_held():
            yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold back Ctrl-C in the block; what is started in it never gets it."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
