"""The time that cleaning one page may take."""

import signal
import threading
import time
from types import FrameType
from typing import Any, Final

from scraper.errors import PageTimeout

_HAS_TIMER: Final = hasattr(signal, "setitimer")
"""Windows has no timer that can interrupt Python code."""


class TimeLimit:
    """Interrupts its block after a number of seconds. A context manager, which can be entered again; no limit outside the main thread.

    Python code and regular expressions are interrupted; what a library does in C ends first. The handler of the signal stays in
    place between blocks, and the timer keeps running: when it goes off before the time of the current block is over, it is set again
    for the rest. Two system calls for each page are saved.

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
        # Python runs handlers of signals in the main thread alone.
        if self._seconds is None or threading.get_ident() != threading.main_thread().ident:
            return
        if not self._is_installed:
            self._handler = signal.signal(signal.SIGALRM, self._expire)
            self._is_installed = True
        self._deadline = time.monotonic() + self._seconds
        if not self._is_timed:
            self._set_timer(self._seconds)

    def __exit__(self, *_: object) -> None:
        self._deadline = None

    def restore(self) -> None:
        """Stop the timer, and put back the handler that the program had before."""
        if self._is_installed and threading.get_ident() == threading.main_thread().ident:
            self._set_timer(0)
            signal.signal(signal.SIGALRM, self._handler or signal.SIG_DFL)
            self._is_installed = False

    def _set_timer(self, seconds: float) -> None:
        self._is_timed = seconds > 0
        signal.setitimer(signal.ITIMER_REAL, seconds)

    def _expire(self, _signal: int, _frame: FrameType | None) -> None:
        self._is_timed = False
        if self._deadline is None:
            return
        if (left := self._deadline - time.monotonic()) > 0:
            self._set_timer(left)
            return
        raise PageTimeout(f"cleaning it took longer than {self._seconds:g} s; raise --page-timeout, and please report the page")
