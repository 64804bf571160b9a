"""Databases of one run: SQLite in a temporary file without a name, which the system removes however the run ends, or in a named one."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from scraper.errors import OutputError

_CACHE: Final = 8 << 20
"""Bytes of a file that are held in memory; with more it is not faster, even with millions of rows."""


def connect(path: Path | None) -> sqlite3.Connection:
    """Return a database in a file, or, without a path, in a temporary one, which is only written when memory does not hold it."""
    database = sqlite3.connect("" if path is None else path, isolation_level=None)
    database.execute(f"PRAGMA cache_size = -{_CACHE >> 10}")
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
