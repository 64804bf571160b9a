"""The time that cleaning one page may take."""

import signal
import threading
from types import FrameType
from typing import Any, Final

from scraper.errors import PageTimeout

_HAS_TIMER: Final = hasattr(signal, "setitimer")
"""Windows has no timer that can interrupt Python code."""


class TimeLimit:
    """Interrupts its block after a number of seconds. A context manager, which can be entered again; no limit outside the main thread.

    Python code and regular expressions are interrupted; what a library does in C ends first. The handler of the signal stays in
    place between blocks, since Python takes longer to change it than to set the timer.

    Args:
        seconds: the limit; None for none.

    Raises:
        PageTimeout: from the block, when the time is over.
    """

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds if _HAS_TIMER else None
        self._is_running = self._is_installed = False
        self._handler: Any = None

    def __enter__(self) -> None:
        # Python runs handlers of signals in the main thread alone.
        if self._seconds is not None and threading.get_ident() == threading.main_thread().ident:
            if not self._is_installed:
                self._handler = signal.signal(signal.SIGALRM, self._expire)
            self._is_installed = self._is_running = True
            signal.setitimer(signal.ITIMER_REAL, self._seconds)

    def __exit__(self, *_: object) -> None:
        if self._is_running and threading.get_ident() == threading.main_thread().ident:
            signal.setitimer(signal.ITIMER_REAL, 0)
            self._is_running = False

    def restore(self) -> None:
        """Put back the handler that the program had before."""
        if self._is_installed and threading.get_ident() == threading.main_thread().ident:
            signal.signal(signal.SIGALRM, self._handler or signal.SIG_DFL)
            self._is_installed = False

    def _expire(self, _signal: int, _frame: FrameType | None) -> None:
        raise PageTimeout(f"cleaning it took longer than {self._seconds:g} s; raise --page-timeout, and please report the page")
