"""SQLite databases of one run. All changes between two commits are saved together, or not at all."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar, Final, Self

from scraper.errors import OutputError, ScraperError

_CACHE: Final = 8 << 20
"""Bytes of a file that SQLite keeps in memory. A larger cache is not faster, even with millions of rows."""


class Database:
    """A database, always in a transaction, and locked by this run. A context manager; any thread may use it.

    A subclass is a kind of file: it has tables, an identifier, a version and its own error messages.

    Args:
        path: the file, which is created if it is missing, with its directory. None for a temporary database, which is
            written to disk only if it does not fit into memory, and removed by the system when the run ends.

    Raises:
        ScraperError: of the type that the subclass chooses, if the database cannot be used, is of another kind, or another run has it.
    """

    TABLES: ClassVar[str] = ""
    """The statements that make the tables of a new file."""
    APPLICATION: ClassVar[int] = 0
    """Identifies files of this kind."""
    VERSION: ClassVar[int] = 0

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        if self.path is not None:
            with suppress(OSError):  # opening the file reports the same error
                self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.mapped_errors():
            self._database = sqlite3.connect(self.path or "", timeout=0, isolation_level=None, check_same_thread=False)
        with ExitStack() as on_error:
            on_error.push(self)
            self.execute(f"PRAGMA cache_size = -{_CACHE >> 10}")
            if self.path is None:
                self.execute("PRAGMA journal_mode = OFF")  # it is not read again after a crash
                self.execute("BEGIN")
            else:
                # The lock is held from the first read on. The system releases it when the process ends, however it ends.
                for statement in ("PRAGMA locking_mode = EXCLUSIVE", "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"):
                    self.execute(statement)
                self.execute("BEGIN EXCLUSIVE")
                self._check()
            on_error.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock, suppress(sqlite3.Error):  # uncommitted changes are dropped
            self._database.close()

    def _check(self) -> None:
        (application,), (version,) = self.rows("PRAGMA application_id")[0], self.rows("PRAGMA user_version")[0]
        if (application, version) == (0, 0) and not self.rows("SELECT 1 FROM sqlite_schema"):
            for statement in filter(str.strip, self.TABLES.split(";")):
                self.execute(statement)
            self.execute(f"PRAGMA application_id = {self.APPLICATION}")
            self.execute(f"PRAGMA user_version = {self.VERSION}")
            self.commit()
        elif application != self.APPLICATION or version != self.VERSION:
            raise self.foreign(version if application == self.APPLICATION else None)

    def rows(self, statement: str, *values: object) -> list[Any]:
        """Return the rows of a query."""
        with self._lock, self.mapped_errors():
            return self._database.execute(statement, values).fetchall()

    def execute(self, statement: str, *values: object) -> int:
        """Execute a statement, and return the number of rows that it has changed."""
        with self._lock, self.mapped_errors():
            return self._database.execute(statement, values).rowcount

    def execute_many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Execute a statement for each row of values."""
        with self._lock, self.mapped_errors():
            self._database.executemany(statement, rows)

    def batches(self, statement: str, size: int) -> Iterator[list[Any]]:
        """Yield the rows of a query, at most ``size`` at once."""
        with self.mapped_errors():
            cursor = self._database.execute(statement)
            while batch := cursor.fetchmany(size):
                yield batch

    def commit(self) -> None:
        """Save all changes since the last commit, atomically."""
        with self._lock:
            self.execute("COMMIT")
            self.execute("BEGIN")

    def roll_back(self) -> None:
        """Drop all changes since the last commit."""
        with self._lock:
            if self._database.in_transaction:  # a signal may have arrived between the two statements of a commit
                self.execute("ROLLBACK")
            self.execute("BEGIN")

    @contextmanager
    def mapped_errors(self) -> Iterator[None]:
        """Raise the error that :meth:`failure` returns in place of each SQLite error in the block."""
        try:
            yield
        except sqlite3.Error as error:
            raise self.failure(error) from None

    def failure(self, error: sqlite3.Error) -> ScraperError:
        """Return the error for one of SQLite, with a remedy."""
        return OutputError(
            f"the temporary data of the run cannot be stored ({error}); free some space, or set TMPDIR to another directory"
        )

    def foreign(self, version: int | None) -> ScraperError:
        """Return the error for a file of another version of this program, or with None, of another program."""
        raise NotImplementedError


def is_locked(error: sqlite3.Error) -> bool:
    """Return True if another run has locked the database."""
    return getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_full(error: sqlite3.Error) -> bool:
    """Return True if there is no space left for the database."""
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL


def is_damaged(error: sqlite3.Error) -> bool:
    """Return True if the file is damaged, or no database."""
    return getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
