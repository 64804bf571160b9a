"""The state of ``fetch`` between runs: fetched pages, headlines already written, and committed lengths of the outputs.

The state is an SQLite file, which one run at a time locks. ``commit`` saves a run's changes together with the length of the output
at that moment, so that state and output agree after a crash once the next run has truncated the output to that length.
"""

import hashlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Final, Literal, Self, TypeVar

import msgspec

from scraper.errors import StateError
from scraper.output.dedup import Repeat, find_repeat

T = TypeVar("T")
Records = Literal["page", "headline"]

_APPLICATION: Final = 0x53435250  # "SCRP"
_VERSION: Final = 1
_TABLES: Final = """
CREATE TABLE pages (
    address TEXT NOT NULL, records TEXT NOT NULL, final_url TEXT, fetched_at TEXT, checked_at REAL NOT NULL, status INTEGER, result TEXT NOT NULL,
    is_passing INTEGER NOT NULL, etag TEXT, last_modified TEXT, program TEXT NOT NULL, layouts TEXT NOT NULL,
    PRIMARY KEY (address, records)
) WITHOUT ROWID;
CREATE TABLE outputs (path TEXT PRIMARY KEY, length INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE robots (origin TEXT PRIMARY KEY, text TEXT NOT NULL, fetched_at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE headlines (key BLOB PRIMARY KEY, seen_at REAL NOT NULL) WITHOUT ROWID;
"""

_WRITTEN: Final = "CREATE TABLE IF NOT EXISTS written (key BLOB PRIMARY KEY) WITHOUT ROWID"
"""The pages of ``--dedup``; states made before it came have no such table."""

OK: Final = "ok"
"""The result of a page that gave a record; that of any other page is an error code."""


class FetchedRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the state knows about an address."""

    address: str
    records: Records
    """The records that were made of it; its headlines and its page are separate rows."""
    final_url: str | None
    fetched_at: str | None
    """When the page was last fetched, ``YYYY-MM-DDTHH:MM:SSZ``."""
    checked_at: float
    """When it was last requested, in seconds since 1970."""
    status: int | None
    result: str
    is_passing: bool
    """Whether it failed with a transient error."""
    etag: str | None
    last_modified: str | None
    program: str
    layouts: str

    def is_due(self, refresh: float | None, now: float) -> bool:
        """Return True if the page must be requested again: its error was transient, or it is older than ``refresh`` seconds."""
        return self.is_passing or (refresh is not None and now >= self.checked_at + refresh)


class State:
    """The state file, locked by this run from ``__enter__`` on. A context manager; any thread may use it.

    Args:
        path: the file, which is created if it is missing, with its directory.

    Raises:
        StateError: if another run has locked it, or it is not a state of this program.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        with suppress(OSError):  # what is wrong with it is wrong with the file, too
            self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._database = sqlite3.connect(self._path, timeout=0, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise self._failure(error) from None
        with ExitStack() as on_error:
            on_error.callback(self._database.close)
            # The lock is held from the first read on; the system releases it however the process ends.
            for statement in ("PRAGMA locking_mode = EXCLUSIVE", "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"):
                self._do(statement)
            self._do("BEGIN EXCLUSIVE")
            self._check()
            self._do(_WRITTEN)
            on_error.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock, suppress(sqlite3.Error):  # uncommitted changes are dropped
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
        with self._lock, suppress(sqlite3.Error):
            self._database.close()

    def _check(self) -> None:
        (application,), (version,) = self._rows("PRAGMA application_id")[0], self._rows("PRAGMA user_version")[0]
        if (application, version) == (0, 0) and not self._rows("SELECT 1 FROM sqlite_schema"):
            for statement in filter(str.strip, _TABLES.split(";")):
                self._do(statement)
            self._do(f"PRAGMA application_id = {_APPLICATION}")
            self._do(f"PRAGMA user_version = {_VERSION}")
            self._do("COMMIT")
            self._do("BEGIN EXCLUSIVE")
        elif application != _APPLICATION:
            raise StateError(f"{self._path}: it is a database of another program; name another file for --state")
        elif version != _VERSION:
            raise StateError(
                f"{self._path}: a newer version of this program has made it; use that, or name another file for --state"
            )

    # --- pages ---

    def row(self, address: str, records: Records) -> FetchedRow | None:
        """Return the row of an address; None if there is none."""
        found = self._rows(f"SELECT {_COLUMNS} FROM pages WHERE address = ? AND records = ?", address, records)  # noqa: S608 - our own column names
        return (
            msgspec.convert(dict(zip(FetchedRow.__struct_fields__, found[0], strict=True)), FetchedRow, strict=False)
            if found
            else None
        )

    def put(self, row: FetchedRow) -> None:
        """Insert or replace the row of an address."""
        marks = ", ".join("?" * len(FetchedRow.__struct_fields__))
        self._do(f"INSERT OR REPLACE INTO pages ({_COLUMNS}) VALUES ({marks})", *msgspec.structs.astuple(row))  # noqa: S608 - the same

    # --- headlines ---

    def add_headlines(self, keys: Iterable[str]) -> list[bool]:
        """Add headlines by their keys, and return for each whether it is new."""
        now = time.time()
        digests = [hashlib.blake2b(key.encode(), digest_size=16).digest() for key in keys]
        return [self._do("INSERT OR IGNORE INTO headlines VALUES (?, ?)", digest, now) == 1 for digest in digests]

    # --- dedup ---

    def repeat(self, url: bytes | None, text: bytes | None) -> Repeat | None:
        """Return what a page repeats of an earlier one, by digests; None if nothing, and then remember the page."""
        repeat = find_repeat(url, text, lambda key: bool(self._rows("SELECT 1 FROM written WHERE key = ?", key)))
        if repeat is None:
            for key in filter(None, (url, text)):
                self._do("INSERT INTO written VALUES (?)", key)
        return repeat

    # --- robots.txt ---

    def robots(self, origin: str) -> tuple[str, float] | None:
        """Return the robots.txt of an origin, and when it was fetched, in seconds since 1970."""
        found = self._rows("SELECT text, fetched_at FROM robots WHERE origin = ?", origin)
        return found[0] if found else None

    def put_robots(self, origin: str, text: str, fetched_at: float) -> None:
        """Insert or replace the robots.txt of an origin."""
        self._do("INSERT OR REPLACE INTO robots VALUES (?, ?, ?)", origin, text, fetched_at)

    # --- outputs ---

    def length(self, path: Path) -> int | None:
        """Return the length of an output that was last set; None if the state does not know the output."""
        found = self._rows("SELECT length FROM outputs WHERE path = ?", str(path))
        return found[0][0] if found else None

    def committed_length(self, path: Path) -> int:
        """Drop all uncommitted changes, and return the committed length of an output; 0 if the state does not know it."""
        with self._lock:
            if self._database.in_transaction:
                self._do("ROLLBACK")
            return self.length(path) or 0

    def put_length(self, path: Path, length: int) -> None:
        """Set the length of an output."""
        self._do("INSERT OR REPLACE INTO outputs VALUES (?, ?)", str(path), length)

    def commit(self) -> None:
        """Save all changes since the last commit, atomically."""
        with self._lock:
            self._do("COMMIT")
            self._do("BEGIN EXCLUSIVE")

    def _rows(self, statement: str, *values: object) -> list[Any]:
        return self._run(lambda: self._database.execute(statement, values).fetchall())

    def _do(self, statement: str, *values: object) -> int:
        return self._run(lambda: self._database.execute(statement, values).rowcount)

    def _run(self, action: Callable[[], T]) -> T:
        try:
            with self._lock:
                return action()
        except sqlite3.Error as error:
            raise self._failure(error) from None

    def _failure(self, error: sqlite3.Error) -> StateError:
        if getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return StateError(f"{self._path}: another run holds this state; wait for it to end, or name another file for --state")
        if getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            return StateError(f"{self._path}: it is not a state file, or it is damaged ({error}); name another file for --state")
        return StateError(f"{self._path}: the state cannot be used ({error}); check its path and permissions")


_COLUMNS: Final = ", ".join(FetchedRow.__struct_fields__)
