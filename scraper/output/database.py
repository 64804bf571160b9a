"""SQLite databases of one run: temporary ones without a name, which the system removes when the run ends, and named ones."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from scraper.errors import OutputError

_CACHE: Final = 8 << 20
"""Bytes of a file that SQLite keeps in memory. A larger cache is not faster, even with millions of rows."""


def connect(path: Path | None) -> sqlite3.Connection:
    """Open a database, or without a path a temporary one, which is written to disk only if it does not fit into memory."""
    database = sqlite3.connect("" if path is None else path, isolation_level=None)
    database.execute(f"PRAGMA cache_size = -{_CACHE >> 10}")
    if path is None:
        database.execute("PRAGMA journal_mode = OFF")  # it is not read again after a crash
    return database


@contextmanager
def mapped_sqlite_errors(path: Path | None) -> Iterator[None]:
    """Raise each error of SQLite in the block as an OutputError.

    Raises:
        OutputError: for any ``sqlite3.Error``.
    """
    try:
        yield
    except sqlite3.Error as error:
        if path is None:
            message = (
                f"the temporary data of the run cannot be stored ({error}); free some space, or set TMPDIR to another directory"
            )
        else:
            message = f"{path}: it cannot be used ({error}); free some space, or start the run anew"
        raise OutputError(message) from None
