"""Whose turn it is: one request at a time per host, a pause after each, and so many requests at once in all."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from scraper.errors import RateLimited

LONGEST_WAIT: Final = 300.0
"""The longest pause, in seconds, that a server's ``Retry-After`` can ask of a run; with a longer one its pages fail at once."""


class Stopped(BaseException):
    """The run is ending: nobody waits any longer. Like ``KeyboardInterrupt``, it is no error."""


class _Host:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.free_at = 0.0
        self.closed_until = 0.0


class Throttle:
    """Hands out turns.

    A pause is counted from the end of the last request to the start of the next, so that a slow server is asked less often.

    Args:
        delay: the least pause between two requests to a host, in seconds.
        concurrency: the most requests at once.
    """

    def __init__(self, *, delay: float, concurrency: int) -> None:
        self.delay = delay
        self._slots = threading.BoundedSemaphore(concurrency)
        self._hosts: dict[str, _Host] = {}
        self._stop = threading.Event()

    @contextmanager
    def turn(self, host: str, delay: float = 0.0) -> Iterator[None]:
        """Wait until a request may be made to ``host``, and pause after it.

        Args:
            host: the host, as :func:`~scraper.fetch.addresses.host_of` names it.
            delay: the pause that the site asks for; it counts if it is longer than the run's.

        Raises:
            RateLimited: if the host has asked to be left alone for longer than a run should wait.
        """
        place = self._hosts.setdefault(host, _Host())
        with place.lock:
            self._check_open(host, place)
            while (left := place.free_at - time.monotonic()) > 0:  # others may put the time off meanwhile
                self.sleep(left)
            self._check_open(host, place)
            with self._slots:
                if self._stop.is_set():
                    raise Stopped
                try:
                    yield
                finally:
                    place.free_at = max(place.free_at, time.monotonic() + max(self.delay, delay))

    def hold(self, host: str, seconds: float) -> None:
        """Make no request to ``host`` for so long, as its server has asked.

        Raises:
            RateLimited: if that is longer than a run should wait.
        """
        place = self._hosts.setdefault(host, _Host())
        if seconds > LONGEST_WAIT:
            place.closed_until = time.monotonic() + seconds
            self._check_open(host, place)
        place.free_at = max(place.free_at, time.monotonic() + seconds)

    def sleep(self, seconds: float) -> None:
        """Wait.

        Raises:
            Stopped: if the run ends meanwhile.
        """
        if seconds > 0:
            self._stop.wait(seconds)
        if self._stop.is_set():
            raise Stopped

    def stop(self) -> None:
        """Let nobody wait any longer, and nobody begin."""
        self._stop.set()

    @staticmethod
    def _check_open(host: str, place: _Host) -> None:
        left = place.closed_until - time.monotonic()
        if left > 0:
            raise RateLimited(f"{host} asks to be left alone for {left:.0f} seconds more; run again then")
