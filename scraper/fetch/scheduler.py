"""Many addresses at once: a thread for each host, results in the order asked, and no more of them held than memory should bear."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

from scraper.errors import OutputError, PageError, StateError, map_unexpected_errors
from scraper.fetch.addresses import host_of
from scraper.fetch.fetcher import Fetched, FetchJob
from scraper.fetch.throttle import Stopped

LOOKAHEAD: Final = 256
"""How many addresses are looked at, beyond the first that is not done, for hosts that are free. So many pages at most are done twice
when a run is killed, and so many threads at most are there."""
HELD_BYTES: Final = 64 * 1024 * 1024
"""How many bytes of pages may wait for an earlier one. Beyond that, only the earliest is fetched."""


class Scheduler:
    """Fetches addresses, each host's one after the other, different hosts' side by side.

    Args:
        jobs: the addresses, in the order in which their results are wanted; read no further ahead than ``LOOKAHEAD``.
        fetch: does the work, in threads.
    """

    def __init__(self, jobs: Iterator[FetchJob], fetch: Callable[[FetchJob], Fetched]) -> None:
        self._jobs = jobs
        self._fetch = fetch
        self._lock = threading.Lock()
        # Each is told to those alone who wait for it: to wake a thread that goes on waiting costs a tenth of a request.
        self._has_result = threading.Condition(self._lock)
        self._has_room = threading.Condition(self._lock)
        self._queues: dict[str, _Queue] = {}
        self._results: dict[int, Fetched] = {}
        self._held = 0
        self._head = 0
        self._next = 0
        self._is_stopped = False
        self._is_exhausted = False
        self._failure: BaseException | None = None
        self._is_broken = False

    @property
    def queued(self) -> int:
        """How many addresses have been taken and not yet handed on."""
        return self._next - self._head

    @property
    def is_ready(self) -> bool:
        """Whether the next result can be had without waiting."""
        return self._head in self._results

    def results(self) -> Iterator[Fetched]:
        """Yield what became of each address, in order.

        What goes wrong with reading the addresses is raised here, after the results of those before it; what goes wrong with
        keeping what was fetched is raised at once.
        """
        threading.Thread(target=self._feed, daemon=True).start()
        while True:
            with self._lock:
                while self._is_broken or self._head not in self._results:
                    if self._is_broken and self._failure is not None:
                        raise self._failure
                    if self._is_exhausted and self._head == self._next:
                        if self._failure is not None:
                            raise self._failure
                        return
                    self._has_result.wait()
                result = self._results.pop(self._head)
                self._held -= result.size
                self._head += 1
                if self._next - self._head <= LOOKAHEAD - _ROOM or self._held + result.size > HELD_BYTES:
                    self._has_room.notify_all()
            yield result

    def stop(self) -> None:
        """Begin nothing more."""
        with self._lock:
            self._stop()

    def _stop(self) -> None:
        self._is_stopped = True
        for changed in (self._has_result, self._has_room, *(queue.changed for queue in self._queues.values())):
            changed.notify_all()

    def _feed(self) -> None:
        """Read addresses, which may come slowly, and hand each to its host's thread."""
        try:
            for job in self._jobs:
                if not self._queue(job):
                    return
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is raised again where the results are waited for
            self._failure = error
        finally:
            with self._lock:
                self._is_exhausted = True
                self._has_result.notify_all()

    def _queue(self, job: FetchJob) -> bool:
        try:
            host = host_of(job.address)
        except ValueError:  # no address; to say so is the fetcher's business
            host = ""
        with self._lock:
            if self._next - self._head >= LOOKAHEAD:
                self._has_room.wait_for(lambda: self._next - self._head <= LOOKAHEAD - _ROOM or self._is_stopped)
            if self._is_stopped:
                return False
            queue = self._queues.get(host)
            if queue is None:
                queue = self._queues[host] = _Queue(self._lock)
                threading.Thread(target=self._work, args=(host, queue), daemon=True).start()
            queue.jobs.append((self._next, job))
            queue.changed.notify()
            self._next += 1
        return True

    def _work(self, host: str, queue: "_Queue") -> None:
        while True:
            with self._lock:
                queue.changed.wait_for(lambda: queue.jobs or self._is_stopped, _IDLE)
                if not queue.jobs or self._is_stopped:
                    del self._queues[host]
                    return
                number, job = queue.jobs.popleft()
                # The earliest of all is always let through, or everybody would wait for it.
                while self._held > HELD_BYTES and number != self._head and not self._is_stopped:
                    self._has_room.wait()
            try:
                with map_unexpected_errors("address"):
                    result = self._fetch(job)
            except Stopped:
                return
            except (OutputError, StateError) as error:
                with self._lock:
                    self._failure, self._is_broken = error, True
                    self._stop()
                return
            except PageError as error:
                result = Fetched(job=job, url=job.address, error=error)
            with self._lock:
                self._results[number] = result
                self._held += result.size
                if number == self._head:
                    self._has_result.notify()


class _Queue:
    """The addresses of a host that are to be fetched."""

    def __init__(self, lock: threading.Lock) -> None:
        self.jobs: deque[tuple[int, FetchJob]] = deque()
        self.changed = threading.Condition(lock)


_IDLE: Final = 1.0
"""For how many seconds a thread waits for another address of its host."""
_ROOM: Final = 32
"""How many addresses are looked at in one go, where there are so many."""
