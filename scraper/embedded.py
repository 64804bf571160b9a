"""Databases of one run: SQLite in a temporary file without a name, which the system removes however the run ends, or in a named one."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scraper.errors import OutputError


def connect(path: Path | None, cache: int) -> sqlite3.Connection:
    """Return a database.

    Args:
        path: the file; None for a temporary one, which lies in memory as long as the cache holds it.
        cache: how many bytes of it are held in memory.
    """
    database = sqlite3.connect("" if path is None else path, isolation_level=None)
    database.execute(f"PRAGMA cache_size = -{cache // 1024}")
    if path is None:
        database.execute("PRAGMA journal_mode = OFF")  # nobody will ask for it after a crash
    return database


@contextmanager
def explained(path: Path | None) -> Iterator[None]:
    """Say in a sentence what is wrong with a database.

    Raises:
        OutputError: for whatever SQLite raises in the block.
    """
    try:
        yield
    except sqlite3.Error as error:
        if path is None:
            message = f"what was found so far cannot be kept ({error}); free some space, or let TMPDIR name another place"
        else:
            message = f"{path}: it cannot be used ({error}); free some space, or start the run anew"
        raise OutputError(message) from None
