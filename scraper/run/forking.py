"""Processes forked from a server that has loaded what they need.

Forking this process itself would take along whatever threads it and its libraries have, and locks that nobody will ever open;
starting each from nothing would load all modules each time.
"""

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerContext


def forking_server(module: str) -> ForkServerContext:
    """Return what starts processes, from a server that has loaded ``module``."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([module])
    return context


@contextmanager
def safe_path() -> Iterator[None]:
    """Let a server that is started in the block not look for modules in the working directory, where a user may have a folder of any name."""
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before
