"""Throttle requests: one at a time per host, a pause after each, and a limit on all requests under way."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from scraper.errors import RateLimited

LONGEST_WAIT: Final = 300.0
"""The most seconds of ``Retry-After`` that a run waits. If a host asks for more, its other pages fail at once."""


class Stopped(BaseException):
    """The run is ending. Like ``KeyboardInterrupt``, it is not an error."""


class _Host:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.free_at = 0.0
        self.closed_until = 0.0


class Throttle:
    """Limits the rate of requests.

    A pause lasts from the end of a request to the start of the next one, so that a slow server gets fewer requests.

    Args:
        delay: the shortest pause between two requests to a host, in seconds.
        concurrency: the most requests at the same time.
    """

    def __init__(self, *, delay: float, concurrency: int) -> None:
        self.delay = delay
        self._slots = threading.BoundedSemaphore(concurrency)
        self._hosts: dict[str, _Host] = {}
        self._stop = threading.Event()

    @contextmanager
    def turn(self, host: str, delay: float = 0.0) -> Iterator[None]:
        """Wait until a request to ``host`` may be made in the block, and pause after it.

        Args:
            host: the host, as :func:`~scraper.fetch.addresses.host_of` returns it.
            delay: the pause that the site requests; the longer of this and the run's is used.

        Raises:
            RateLimited: if the host has asked for a longer pause than a run waits.
        """
        state = self._hosts.setdefault(host, _Host())
        with state.lock:
            self._check_open(host, state)
            while (remaining := state.free_at - time.monotonic()) > 0:  # hold() may prolong it meanwhile
                self.sleep(remaining)
            self._check_open(host, state)
            with self._slots:
                if self._stop.is_set():
                    raise Stopped
                try:
                    yield
                finally:
                    state.free_at = max(state.free_at, time.monotonic() + max(self.delay, delay))

    def hold(self, host: str, seconds: float) -> None:
        """Make no request to ``host`` for some seconds.

        Raises:
            RateLimited: if that is longer than a run waits.
        """
        state = self._hosts.setdefault(host, _Host())
        if seconds > LONGEST_WAIT:
            state.closed_until = time.monotonic() + seconds
            self._check_open(host, state)
        state.free_at = max(state.free_at, time.monotonic() + seconds)

    def sleep(self, seconds: float) -> None:
        """Sleep.

        Raises:
            Stopped: if the run ends meanwhile.
        """
        if seconds > 0:
            self._stop.wait(seconds)
        if self._stop.is_set():
            raise Stopped

    def stop(self) -> None:
        """Raise :class:`Stopped` in all threads that wait, now or later."""
        self._stop.set()

    @staticmethod
    def _check_open(host: str, state: _Host) -> None:
        remaining = state.closed_until - time.monotonic()
        if remaining > 0:
            raise RateLimited(f"{host} asks to wait for {remaining:.0f} more seconds; run again then")
