"""The state of ``fetch`` between runs: fetched pages, headlines already written, and committed lengths of the outputs.

A commit saves a run's changes together with the current length of the output. After a crash, the next run truncates the output to
that length, so that state and output agree.
"""

import os
import shutil
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

import msgspec

from scraper.errors import StateError, StateInUse
from scraper.models import prepare_type
from scraper.output.database import Database, is_damaged, is_full, is_locked
from scraper.output.dedup import digest_of

Records = Literal["page", "headline"]

_TABLES: Final = """
CREATE TABLE pages (
    address TEXT NOT NULL, records TEXT NOT NULL, final_url TEXT, fetched_at TEXT, checked_at REAL NOT NULL, status INTEGER, result TEXT NOT NULL,
    is_transient INTEGER NOT NULL, etag TEXT, last_modified TEXT, program TEXT NOT NULL, layouts TEXT NOT NULL,
    PRIMARY KEY (address, records)
) WITHOUT ROWID;
CREATE TABLE outputs (path TEXT PRIMARY KEY, length INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE robots (origin TEXT PRIMARY KEY, text TEXT NOT NULL, fetched_at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE headlines (key BLOB PRIMARY KEY, seen_at REAL NOT NULL) WITHOUT ROWID;
"""

_LOG_HEADER: Final = 32
"""Bytes of the header of SQLite's write-ahead log, which has other random numbers each time the log is restarted
(https://www.sqlite.org/fileformat2.html, 4.1)."""
_MOST_COPIES: Final = 10

OK: Final = "ok"
"""The result of a page that gave a record; the result of any other page is an error code."""


class FetchedRow(msgspec.Struct, frozen=True, kw_only=True):
    """The row of an address."""

    address: str
    records: Records
    """The kind of records made from it; its headlines and its page are separate rows."""
    final_url: str | None
    fetched_at: str | None
    """When the page was last fetched, ``YYYY-MM-DDTHH:MM:SSZ``."""
    checked_at: float
    """When it was last requested, in seconds since 1970."""
    status: int | None
    result: str
    is_transient: bool
    """Whether it failed with a transient error."""
    etag: str | None
    last_modified: str | None
    program: str
    layouts: str

    def is_due(self, refresh: float | None, now: float) -> bool:
        """Return True if the page must be requested again: its error was transient, or it is older than ``refresh`` seconds."""
        return self.is_transient or (refresh is not None and now >= self.checked_at + refresh)


prepare_type(FetchedRow)


class State(Database):
    """The state file.

    Raises:
        StateError: if another run has locked it, or it is not a state of this program.
    """

    TABLES = _TABLES
    APPLICATION = 0x53435250  # "SCRP"
    VERSION = 1

    def _check(self) -> None:
        super()._check()
        if "is_passing" in {name for _, name, *_ in self.rows("PRAGMA table_info(pages)")}:  # its name in the first versions
            self.execute("ALTER TABLE pages RENAME COLUMN is_passing TO is_transient")

    # --- pages ---

    def row(self, address: str, records: Records) -> FetchedRow | None:
        """Return the row of an address; None if there is none."""
        found = self.rows(f"SELECT {_COLUMNS} FROM pages WHERE address = ? AND records = ?", address, records)  # noqa: S608 - our own column names
        return (
            msgspec.convert(dict(zip(FetchedRow.__struct_fields__, found[0], strict=True)), FetchedRow, strict=False)
            if found
            else None
        )

    def addresses(self, prefix: str, records: Records) -> Iterator[str]:
        """Yield the addresses that begin with a prefix and gave a record."""
        found = self.rows(
            "SELECT address FROM pages WHERE address >= ? AND address < ? AND records = ? AND result = ?",
            *(*_range(prefix), records, OK),
        )
        return (address for (address,) in found)

    def redirect_targets(self, prefix: str, records: Records) -> Iterator[str]:
        """Yield the addresses that begin with a prefix, and gave a record to an address that was redirected to them."""
        found = self.rows(
            "SELECT final_url FROM pages WHERE final_url >= ? AND final_url < ? AND final_url != address AND records = ? AND result = ?",
            *(*_range(prefix), records, OK),
        )
        return (address for (address,) in found)

    def put(self, row: FetchedRow) -> None:
        """Insert or replace the row of an address."""
        marks = ", ".join("?" * len(FetchedRow.__struct_fields__))
        self.execute(f"INSERT OR REPLACE INTO pages ({_COLUMNS}) VALUES ({marks})", *msgspec.structs.astuple(row))  # noqa: S608 - the same

    # --- headlines ---

    def add_headlines(self, keys: Iterable[str]) -> list[bool]:
        """Add headlines by their keys, and return for each whether it is new."""
        now = time.time()
        return [self.execute("INSERT OR IGNORE INTO headlines VALUES (?, ?)", digest_of(key), now) == 1 for key in keys]

    # --- robots.txt ---

    def robots(self, origin: str) -> tuple[str, float] | None:
        """Return the robots.txt of an origin, and when it was fetched, in seconds since 1970."""
        found = self.rows("SELECT text, fetched_at FROM robots WHERE origin = ?", origin)
        return found[0] if found else None

    def put_robots(self, origin: str, text: str, fetched_at: float) -> None:
        """Insert or replace the robots.txt of an origin."""
        self.execute("INSERT OR REPLACE INTO robots VALUES (?, ?, ?)", origin, text, fetched_at)

    # --- outputs ---

    def length(self, path: Path) -> int | None:
        """Return the last length that was set for an output; None if there is none."""
        found = self.rows("SELECT length FROM outputs WHERE path = ?", _path_key(path))
        return found[0][0] if found else None

    def put_length(self, path: Path, length: int) -> None:
        """Set the length of an output."""
        self.execute("INSERT OR REPLACE INTO outputs VALUES (?, ?)", _path_key(path), length)

    # --- errors ---

    def failure(self, error: sqlite3.Error) -> StateError:
        """Return the error for one of SQLite, with a remedy."""
        if is_locked(error):
            return StateInUse(f"{self.path}: another run holds this state; wait for it to end, or name another file for --state")
        if is_damaged(error):
            return StateError(f"{self.path}: it is not a state file, or it is damaged ({error}); name another file for --state")
        if is_full(error):
            return StateError(f"{self.path}: the state cannot be written ({error}); free some space")
        return StateError(f"{self.path}: the state cannot be used ({error}); check its path and permissions")

    def foreign(self, version: int | None) -> StateError:
        """Return the error for a file of another version of this program, or with None, of another program."""
        if version is None:
            return StateError(f"{self.path}: it is a database of another program; name another file for --state")
        age = "a newer" if version > self.VERSION else "an older"
        return StateError(f"{self.path}: it was made by {age} version of this program; use that, or name another file for --state")


@contextmanager
def reading(path: Path) -> Iterator[State]:
    """Open a state to read it: the file itself, or while a run holds that, a copy of the run's last commit.

    The process of that run must not call this: closing a file drops the locks that SQLite has on it in the same process.

    Raises:
        StateError: if it is not a state of this program, or cannot be copied.
    """
    with ExitStack() as stack:
        yield _open_to_read(path, stack)


def _open_to_read(path: Path, stack: ExitStack) -> State:
    copy = Path(stack.enter_context(TemporaryDirectory()), "state")
    for _ in range(_MOST_COPIES):
        try:
            return stack.enter_context(State(path))
        except StateInUse:
            try:
                is_whole = _copy_committed(Path(os.path.realpath(path)), copy)
            except OSError as error:
                why = f"another run holds this state, and it cannot be copied to be read ({error.strerror})"
                raise StateError(f"{path}: {why}; free some space, or set TMPDIR to another directory") from None
        if is_whole:
            return stack.enter_context(State(copy))
    return stack.enter_context(State(path))


def _copy_committed(path: Path, copy: Path) -> bool:
    """Copy a state that a run is changing, and return True if the copy is whole.

    SQLite appends each commit to the log, and copies only data of the log into the file. The log is copied last, so it contains
    every change that was made to the file while that was copied, unless the log was restarted meanwhile.
    """
    log, log_copy = (file.with_name(f"{file.name}-wal") for file in (path, copy))
    log_copy.unlink(missing_ok=True)
    before = _log_mark(path, log)
    shutil.copyfile(path, copy)
    with suppress(FileNotFoundError):  # there is none as long as nothing was written
        shutil.copyfile(log, log_copy)
    return _log_mark(path, log) == before


def _log_mark(path: Path, log: Path) -> bytes | int:
    """Return the header of a log; without a log, the time of the last change of the file, in nanoseconds."""
    try:
        with log.open("rb") as file:
            header = file.read(_LOG_HEADER)
    except FileNotFoundError:
        header = b""
    return header or path.stat().st_mtime_ns


def _range(prefix: str) -> tuple[str, str]:
    """Return the smallest text that begins with a prefix, and the smallest text after all that do."""
    return prefix, f"{prefix[:-1]}{chr(ord(prefix[-1]) + 1)}"


def _path_key(path: Path) -> str | bytes:
    """Return the stored form of a path: its text, or its bytes if they are not UTF-8."""
    name = os.fsencode(path)
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name


_COLUMNS: Final = ", ".join(FetchedRow.__struct_fields__)
