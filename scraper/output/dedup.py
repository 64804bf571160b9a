"""Exact deduplication of the pages of a run: digests of what was written, in an SQLite file.

The file is temporary, or, for a run that can be resumed, a named one. If such a run is killed between two commits, or between a
commit and the caller's journal entry, the file knows more digests than its outputs have records. Each digest is therefore stored
with the last position committed before it, and opening the file at a position removes the digests added after it.
"""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from sqlite3 import Error
from typing import Literal, Self

from scraper.errors import OutputError
from scraper.output.database import connect, mapped_sqlite_errors

Repeat = Literal["repeated-url", "repeated-text"]


def find_repeat(url: bytes | None, text: bytes | None, has: Callable[[bytes], bool]) -> Repeat | None:
    """Return what a page repeats of an earlier one.

    Args:
        url: the digest of its address, if it has one.
        text: the digest of its title and text, if it has either.
        has: returns True for the digest of an earlier page.
    """
    if url is not None and has(url):
        return "repeated-url"
    return "repeated-text" if text is not None and has(text) else None


class DedupStore:
    """The digests of the pages of a run. A context manager.

    Args:
        path: the file; None for a temporary one.
        position: the committed position to resume from; 0 to begin with an empty file.

    Raises:
        OutputError: if the file cannot be read or written, or was not committed at ``position``.
    """

    def __init__(self, path: Path | None = None, position: int = 0) -> None:
        self._path = path
        self._position = position

    def __enter__(self) -> Self:
        if self._path is not None and self._position == 0:
            for suffix in ("", "-wal", "-shm"):  # the file, and those that SQLite writes next to it
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)
        with mapped_sqlite_errors(self._path):
            self._database = connect(self._path)
        with ExitStack() as on_error, mapped_sqlite_errors(self._path):
            on_error.push(self)
            self._open()
            on_error.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(Error):  # uncommitted digests are dropped anyway
            self._database.close()

    def _open(self) -> None:
        do = self._database.execute
        if self._path is not None:
            do("PRAGMA journal_mode = WAL")
            do("PRAGMA synchronous = FULL")
        do("BEGIN")
        do("CREATE TABLE IF NOT EXISTS seen (key BLOB PRIMARY KEY, after INTEGER NOT NULL) WITHOUT ROWID")
        do("CREATE TABLE IF NOT EXISTS reached (position INTEGER NOT NULL)")
        (reached,) = do("SELECT coalesce(max(position), 0) FROM reached").fetchone()
        if reached < self._position:
            raise OutputError(f"{self._path}: it does not know what the run has written; start the run anew")
        do("DELETE FROM seen WHERE after >= ?", (self._position,))
        self._write_position()

    def _write_position(self) -> None:
        self._database.execute("DELETE FROM reached")
        self._database.execute("INSERT INTO reached VALUES (?)", (self._position,))

    def repeat(self, url: bytes | None, text: bytes | None) -> Repeat | None:
        """Return in what a page repeats an earlier one; if it is new, add its digests and return None.

        Args:
            url: the digest of its address, if it has one.
            text: the digest of its title and text, if it has either.
        """
        with mapped_sqlite_errors(self._path):
            if (repeat := find_repeat(url, text, self._has)) is not None:
                return repeat
            rows = [(key, self._position) for key in (url, text) if key is not None]
            self._database.executemany("INSERT INTO seen VALUES (?, ?)", rows)
        return None

    def _has(self, key: bytes) -> bool:
        return self._database.execute("SELECT 1 FROM seen WHERE key = ?", (key,)).fetchone() is not None

    def commit(self, position: int) -> None:
        """Commit the digests so far, so that a run resumed at ``position`` has them.

        Args:
            position: greater than the last one; the caller must record it only after this has returned.
        """
        with mapped_sqlite_errors(self._path):
            self._position = position
            self._write_position()
            self._database.execute("COMMIT")
            self._database.execute("BEGIN")
