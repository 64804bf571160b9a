"""The time that cleaning one page may take."""

import signal
import threading
from types import FrameType
from typing import Final

from scraper.errors import PageTimeout

_HAS_TIMER: Final = hasattr(signal, "setitimer")
"""Windows has no timer that can interrupt Python code."""


class TimeLimit:
    """Interrupts its block after a number of seconds. A context manager for the main thread; it can be entered again and again.

    Python code and regular expressions are interrupted; what a library does in C ends first.

    Args:
        seconds: the limit; None for none.

    Raises:
        PageTimeout: from the block, when the time is over.
    """

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds if _HAS_TIMER else None
        self._is_installed = False

    def __enter__(self) -> None:
        if self._seconds is None:
            return
        if not self._is_installed:
            if threading.current_thread() is not threading.main_thread():
                self._seconds = None
                return
            signal.signal(signal.SIGALRM, self._expire)
            self._is_installed = True
        signal.setitimer(signal.ITIMER_REAL, self._seconds)

    def __exit__(self, *_: object) -> None:
        if self._seconds is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _expire(self, _signal: int, _frame: FrameType | None) -> None:
        raise PageTimeout(f"cleaning it took longer than {self._seconds:g} s; raise --page-timeout, and please report the page")
