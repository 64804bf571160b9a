"""The time that cleaning one page may take."""

import ctypes
import signal
import threading
import time
from functools import cache
from types import FrameType, TracebackType
from typing import Any, Final

from scraper.errors import PageTimeout

_HAS_TIMER: Final = hasattr(signal, "setitimer")
"""Windows has no timer that can interrupt Python code."""


class TimeLimit:
    """Interrupts its block after a number of seconds. A context manager, which can be entered again.

    Python code and regular expressions are interrupted. What a library does in C ends first; if it never ends, a worker process of
    a run is killed (:mod:`scraper.engine.workers`). The handler of the signal stays in place between blocks, and the timer keeps running:
    when it goes off before the time of the current block is over, it is set again for the rest. Two system calls for each page are
    saved. Python runs handlers in the main thread alone; in other threads, such as those of a Dask worker, a :class:`Watchdog`
    interrupts.

    Args:
        seconds: the limit; None for none.

    Raises:
        PageTimeout: from the block, when the time is over.
    """

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds if _HAS_TIMER else None
        self._deadline: float | None = None
        """When the time of the block is over; None between blocks."""
        self._is_installed = self._is_timed = False
        self._handler: Any = None

    def __enter__(self) -> None:
        if self._seconds is None:
            return
        if not _is_main():
            watchdog().watch(self._seconds)
            return
        if not self._is_installed:
            self._handler = signal.signal(signal.SIGALRM, self._expire)
            self._is_installed = True
        self._deadline = time.monotonic() + self._seconds
        if not self._is_timed:
            self._set_timer(self._seconds)

    def __exit__(self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        if self._seconds is None or _is_main():
            self._deadline = None
            return
        is_over = kind is TimeIsOver
        try:
            watchdog().leave()
        except TimeIsOver:
            is_over = True
        if is_over:
            raise self._error() from None

    def _error(self) -> PageTimeout:
        return PageTimeout(f"cleaning it took longer than {self._seconds:g} s; raise --page-timeout, and please report the page")

    def restore(self) -> None:
        """Stop the timer, and put back the handler that the program had before."""
        if self._is_installed and _is_main():
            self._set_timer(0)
            signal.signal(signal.SIGALRM, self._handler or signal.SIG_DFL)
            self._is_installed = False

    def _set_timer(self, seconds: float) -> None:
        self._is_timed = seconds > 0
        signal.setitimer(signal.ITIMER_REAL, seconds)

    def _expire(self, _signal: int, _frame: FrameType | None) -> None:
        self._is_timed = False
        if self._deadline is None:
            self._set_timer(0)
            return
        if (left := self._deadline - time.monotonic()) > 0:
            self._set_timer(left)
            return
        raise self._error()


class TimeIsOver(BaseException):
    """Raised in a thread whose time is over. Not an Exception, so that ``except Exception`` does not catch it."""


class Watchdog:
    """A thread that raises :class:`TimeIsOver` in other threads, at most a tenth of a second after their time is over.

    The interpreter raises it before the next step of Python code
    (https://docs.python.org/3/c-api/init.html#c.PyThreadState_SetAsyncExc).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._deadlines: dict[int, float] = {}
        self._interrupted: set[int] = set()
        threading.Thread(target=self._run, name="page-timeout", daemon=True).start()

    def watch(self, seconds: float) -> None:
        """Let the calling thread be interrupted after some seconds."""
        with self._lock:
            self._deadlines[threading.get_ident()] = time.monotonic() + seconds

    def leave(self) -> None:
        """Stop watching the calling thread.

        Raises:
            TimeIsOver: if the thread was interrupted, and it has not been raised yet.
        """
        thread = threading.get_ident()
        with self._lock:
            self._deadlines.pop(thread, None)
            if thread not in self._interrupted:
                return
            self._interrupted.discard(thread)
        for _ in range(_STEPS):  # it is raised in one of them, if it was not before
            time.sleep(0)

    def _run(self) -> None:
        while True:
            time.sleep(_INTERVAL)
            with self._lock:
                now = time.monotonic()
                for thread in [thread for thread, deadline in self._deadlines.items() if deadline <= now]:
                    del self._deadlines[thread]
                    self._interrupted.add(thread)
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(TimeIsOver))


_INTERVAL: Final = 0.1
_STEPS: Final = 10

watchdog: Final = cache(Watchdog)
"""The watchdog of this process, started when it is first needed."""


def _is_main() -> bool:
    return threading.get_ident() == threading.main_thread().ident
