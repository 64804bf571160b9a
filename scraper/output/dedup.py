"""Which pages were written in this run, exactly, in little memory: digests in an SQLite file.

The file is a temporary one without a name, which the system removes however the run ends; or, for a run that can be resumed, one
with a name. Of such a run the file knows a little more than its outputs hold when it is killed between two commits, or between a
commit and what the caller notes of it. So each digest bears the position after which it came, and opening the file at a position
forgets what came after that one.
"""

from contextlib import ExitStack, suppress
from pathlib import Path
from sqlite3 import Error
from typing import Literal, Self

from scraper.errors import OutputError
from scraper.output.database import connect, explained

Repeat = Literal["repeated-url", "repeated-text"]


class DedupStore:
    """The pages of a run. A context manager.

    Args:
        path: the file; None for a temporary one.
        position: up to where what the file knows holds; with 0 it is begun anew.

    Raises:
        OutputError: if the file cannot be read or written, or does not reach as far as ``position``.
    """

    def __init__(self, path: Path | None = None, position: int = 0) -> None:
        self._path = path
        self._position = position

    def __enter__(self) -> Self:
        if self._path is not None and self._position == 0:
            for ending in ("", "-wal", "-shm"):  # the file, and what SQLite puts beside it
                Path(f"{self._path}{ending}").unlink(missing_ok=True)
        with explained(self._path):
            self._database = connect(self._path)
        with ExitStack() as opened, explained(self._path):
            opened.push(self)
            self._open()
            opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(Error):  # what was not committed is not to be kept
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
        self._note_position()

    def _note_position(self) -> None:
        self._database.execute("DELETE FROM reached")
        self._database.execute("INSERT INTO reached VALUES (?)", (self._position,))

    def repeat(self, url: bytes | None, text: bytes | None) -> Repeat | None:
        """Return in what a page repeats one before it; if in nothing, it counts as written from now on.

        Args:
            url: the digest of its address, if it has one.
            text: the digest of its title and text, if it has either.
        """
        with explained(self._path):
            if self._knows(url):
                return "repeated-url"
            if self._knows(text):
                return "repeated-text"
            rows = [(key, self._position) for key in (url, text) if key is not None]
            self._database.executemany("INSERT INTO seen VALUES (?, ?)", rows)
        return None

    def _knows(self, key: bytes | None) -> bool:
        found = key is not None and self._database.execute("SELECT 1 FROM seen WHERE key = ?", (key,)).fetchone()
        return bool(found)

    def commit(self, position: int) -> None:
        """Make sure that all that was noted so far will be known to whoever opens the file at ``position``.

        Args:
            position: greater than that of the commit before; to be noted by the caller after this has returned.
        """
        with explained(self._path):
            self._position = position
            self._note_position()
            self._database.execute("COMMIT")
            self._database.execute("BEGIN")
