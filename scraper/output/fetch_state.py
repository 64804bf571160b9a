"""The state of ``fetch`` between runs: fetched pages, headlines already written, and committed lengths of the outputs.

A commit saves a run's changes together with the current length of the output. After a crash, the next run truncates the output to
that length, so that state and output agree.
"""

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Literal

import msgspec

from scraper.errors import StateError
from scraper.output.database import Database, is_damaged, is_full, is_locked
from scraper.output.dedup import digest_of

Records = Literal["page", "headline"]

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
    is_passing: bool
    """Whether it failed with a transient error."""
    etag: str | None
    last_modified: str | None
    program: str
    layouts: str

    def is_due(self, refresh: float | None, now: float) -> bool:
        """Return True if the page must be requested again: its error was transient, or it is older than ``refresh`` seconds."""
        return self.is_passing or (refresh is not None and now >= self.checked_at + refresh)


class State(Database):
    """The state file.

    Raises:
        StateError: if another run has locked it, or it is not a state of this program.
    """

    TABLES = _TABLES
    APPLICATION = 0x53435250  # "SCRP"
    VERSION = 1

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
        self.do(f"INSERT OR REPLACE INTO pages ({_COLUMNS}) VALUES ({marks})", *msgspec.structs.astuple(row))  # noqa: S608 - the same

    # --- headlines ---

    def add_headlines(self, keys: Iterable[str]) -> list[bool]:
        """Add headlines by their keys, and return for each whether it is new."""
        now = time.time()
        return [self.do("INSERT OR IGNORE INTO headlines VALUES (?, ?)", digest_of(key), now) == 1 for key in keys]

    # --- robots.txt ---

    def robots(self, origin: str) -> tuple[str, float] | None:
        """Return the robots.txt of an origin, and when it was fetched, in seconds since 1970."""
        found = self.rows("SELECT text, fetched_at FROM robots WHERE origin = ?", origin)
        return found[0] if found else None

    def put_robots(self, origin: str, text: str, fetched_at: float) -> None:
        """Insert or replace the robots.txt of an origin."""
        self.do("INSERT OR REPLACE INTO robots VALUES (?, ?, ?)", origin, text, fetched_at)

    # --- outputs ---

    def length(self, path: Path) -> int | None:
        """Return the last length that was set for an output; None if there is none."""
        found = self.rows("SELECT length FROM outputs WHERE path = ?", _path_key(path))
        return found[0][0] if found else None

    def put_length(self, path: Path, length: int) -> None:
        """Set the length of an output."""
        self.do("INSERT OR REPLACE INTO outputs VALUES (?, ?)", _path_key(path), length)

    # --- errors ---

    def failure(self, error: sqlite3.Error) -> StateError:
        """Return the error for one of SQLite, with a remedy."""
        if is_locked(error):
            return StateError(f"{self.path}: another run holds this state; wait for it to end, or name another file for --state")
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
