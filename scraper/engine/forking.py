"""Start worker processes from a fork server that has loaded what they need.

Forking the main process would copy its threads and their locks; starting each worker from nothing would load all modules each time.
"""

import multiprocessing
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker, util
from multiprocessing.context import ForkServerContext
from typing import Final

from scraper.errors import OutputError

_FILES: Final = 32
"""Files that a run has open beside those of its workers."""
_FILES_A_WORKER: Final = 8
_GRACE: Final = 1.0
"""Seconds."""


def fork_server(module: str) -> ForkServerContext:
    """Return the context that starts processes from a server that has loaded ``module``."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([module])
    return context


def check_open_files(workers: int) -> None:
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
    """Start processes in the block: neither a folder in the working directory nor Ctrl-C reaches the fork server.

    The server would import modules from the working directory, where a user may have a folder of any name, and print a traceback if
    it was interrupted while it loads them. It inherits the signal mask; whether a run is interrupted is up to the main process.
    """
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    resource_tracker.ensure_running()  # else the server would start it, and unblock the signal by that
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before


def temporary_directories() -> list[str]:
    """Return the directories that this process removes when it ends, where the fork server has its socket."""
    return [util.get_temp_dir()]


def clean_up_after_kill(directories: list[str]) -> None:
    """Remove the temporary directories of the main process if it was killed and could not do it. A worker calls this at its end."""
    main = multiprocessing.parent_process()
    if main is None:
        return
    main.join(_GRACE)  # its connection may be closed a moment before its end is known
    if not main.is_alive():
        for directory in directories:
            shutil.rmtree(directory, ignore_errors=True)
