"""Fetch many addresses at once: one thread per host, results in the order of the addresses, bounded memory."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

from scraper.errors import OutputError, PageError, StateError, map_unexpected_errors
from scraper.fetch.addresses import host_of
from scraper.fetch.fetcher import Fetched, FetchJob
from scraper.fetch.politeness import Stopped

LOOKAHEAD: Final = 256
"""The most addresses under way, counted from the first unfinished one. It limits the number of threads, and of pages that are
fetched again after a run was killed."""
HELD_BYTES: Final = 64 * 1024 * 1024
"""Bytes of pages that may wait for an earlier page. Above that, only the earliest address is fetched."""
_IDLE: Final = 1.0
"""Seconds that a thread waits for another address of its host before it ends."""
_ROOM: Final = 32
"""Free places for which the reading thread waits when the lookahead is full, so that it wakes up less often."""


class Scheduler:
    """Fetches addresses: those of one host one after the other, those of different hosts at the same time.

    Args:
        jobs: the addresses, in the order of the results. No more than :data:`LOOKAHEAD` are read ahead.
        fetch: fetches an address; called in threads.
        is_ordered: whether to yield the results in the order of the addresses; if not, as they arrive.
    """

    def __init__(self, jobs: Iterator[FetchJob], fetch: Callable[[FetchJob], Fetched], *, is_ordered: bool = True) -> None:
        self._jobs = jobs
        self._fetch = fetch
        self._is_ordered = is_ordered
        self._lock = threading.Lock()
        # Separate conditions, because waking a thread that then waits again is expensive.
        self._has_result = threading.Condition(self._lock)
        self._has_room = threading.Condition(self._lock)
        self._queues: dict[str, _Queue] = {}
        self._results: dict[int, Fetched] = {}
        self._held_bytes = 0
        self._yielded = 0
        """The number of results that were yielded; in ordered mode, also the number of the next one."""
        self._numbered = 0
        """The number of addresses that were read."""
        self._dropped = 0
        """The number of addresses that were given up when the run was stopped."""
        self._is_stopped = False
        self._is_exhausted = False
        self._failure: BaseException | None = None
        self._is_broken = False

    @property
    def queued(self) -> int:
        """The number of addresses that have been read and whose results have not been yielded."""
        return self._numbered - self._yielded - self._dropped

    @property
    def is_ready(self) -> bool:
        """Whether the next result can be yielded without waiting."""
        return self._yielded in self._results if self._is_ordered else len(self._results) > 0

    def _ready_number(self) -> int | None:
        if self._is_ordered:
            return self._yielded if self._yielded in self._results else None
        return next(iter(self._results), None)

    def results(self) -> Iterator[Fetched]:
        """Yield the result of each address, in the order of the addresses or, if unordered, as they arrive.

        An error while reading the addresses is raised after the results of the addresses before it.

        Raises:
            OutputError: at once, if an exchange could not be saved.
            StateError: at once, if the state failed.
        """
        threading.Thread(target=self._feed, daemon=True).start()
        while True:
            with self._lock:
                while self._is_broken or (number := self._ready_number()) is None:
                    if self._is_broken and self._failure is not None:
                        raise self._failure
                    if self._is_exhausted and self._yielded + self._dropped == self._numbered:
                        if self._failure is not None:
                            raise self._failure
                        return
                    self._has_result.wait()
                result = self._results.pop(number)
                self._held_bytes -= result.size
                self._yielded += 1
                if self.queued <= LOOKAHEAD - _ROOM or self._held_bytes + result.size > HELD_BYTES:
                    self._has_room.notify_all()
            yield result

    def stop(self) -> None:
        """Start no more fetches."""
        with self._lock:
            self._stop()

    def _stop(self) -> None:
        self._is_stopped = True
        for changed in (self._has_result, self._has_room, *(queue.changed for queue in self._queues.values())):
            changed.notify_all()

    def _feed(self) -> None:
        """Read the addresses, which may take long, and pass each to the thread of its host."""
        try:
            for job in self._jobs:
                if not self._enqueue(job):
                    return
        except BaseException as error:  # noqa: BLE001 - raised again by results()
            self._failure = error
        finally:
            with self._lock:
                self._is_exhausted = True
                self._has_result.notify_all()

    def _enqueue(self, job: FetchJob) -> bool:
        try:
            host = host_of(job.address)
        except ValueError:  # a malformed address, which the fetcher reports
            host = ""
        with self._lock:
            if self.queued >= LOOKAHEAD:
                self._has_room.wait_for(lambda: self.queued <= LOOKAHEAD - _ROOM or self._is_stopped)
            if self._is_stopped:
                return False
            queue = self._queues.get(host)
            if queue is None:
                queue = self._queues[host] = _Queue(self._lock)
                threading.Thread(target=self._work, args=(host, queue), daemon=True).start()
            queue.jobs.append((self._numbered, job))
            queue.changed.notify()
            self._numbered += 1
        return True

    def _work(self, host: str, queue: "_Queue") -> None:
        while True:
            with self._lock:
                queue.changed.wait_for(lambda: queue.jobs or self._is_stopped, _IDLE)
                if not queue.jobs or self._is_stopped:
                    del self._queues[host]
                    return
                number, job = queue.jobs.popleft()
                # In ordered mode, the earliest address must not wait, since all others wait for it.
                while self._held_bytes > HELD_BYTES and not (self._is_ordered and number == self._yielded) and not self._is_stopped:
                    self._has_room.wait()
            try:
                with map_unexpected_errors("page at this address"):
                    result = self._fetch(job)
            except Stopped:
                with self._lock:
                    self._dropped += 1 + len(queue.jobs)
                    del self._queues[host]
                    self._has_result.notify()
                    self._has_room.notify_all()
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
                self._held_bytes += result.size
                if number == self._yielded or not self._is_ordered:
                    self._has_result.notify()


class _Queue:
    """The waiting addresses of a host."""

    def __init__(self, lock: threading.Lock) -> None:
        self.jobs: deque[tuple[int, FetchJob]] = deque()
        self.changed = threading.Condition(lock)
