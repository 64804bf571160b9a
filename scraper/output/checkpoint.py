"""The checkpoint of a resumable run: an SQLite file next to its outputs, with their committed lengths.

Position, lengths, counts and the digests of ``--dedup`` are saved in one commit, so that they agree even if the run is killed. When
the outputs are complete, the file stays beside them and identifies their run and inputs.
"""

import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, Self

import msgspec

from scraper.errors import OutputError, ResumeError
from scraper.output.database import Database, is_damaged, is_locked
from scraper.output.files import CHECKPOINT_ID, checkpoint_of

Stage = Literal["reading", "renaming", "complete"]
"""The stage of a run: it reads inputs, renames its outputs, or is complete."""

_TABLES: Final = """
CREATE TABLE run (
    digest TEXT NOT NULL, output BLOB NOT NULL, stage TEXT NOT NULL, position TEXT NOT NULL, counts TEXT NOT NULL, inputs TEXT NOT NULL
);
CREATE TABLE outputs (path BLOB PRIMARY KEY, length INTEGER NOT NULL) WITHOUT ROWID
"""


class Position(msgspec.Struct, frozen=True):
    """A position in the input."""

    chunks: int = 0
    """The number of complete chunks before it."""
    items: int = 0
    """The number of items of the next chunk before it."""
    next_record: int | None = msgspec.field(default=None, name="expected")  # as checkpoints have it
    """The offset of the next record of an archive, if known."""
    digest: str = ""
    """The digest of names, sizes and times of all chunks before it, and of the chunk it is in."""


class Checkpoint(Database):
    """The checkpoint of one run. A context manager.

    Args:
        base: the output that the checkpoint is named after.

    Raises:
        OutputError: if it cannot be opened or written, or another run has it.
        ResumeError: if another program or version has written it.
    """

    TABLES = _TABLES
    APPLICATION = CHECKPOINT_ID
    VERSION = 1

    def __init__(self, base: Path) -> None:
        self.file = checkpoint_of(base)
        super().__init__(self.file)
        self.is_new = True
        """Whether nothing was committed yet."""
        self.digest: str | None = None
        """The digest that identifies the run."""
        self.output = ""
        """The name of the output, or the pattern of many, as the user gave it."""
        self.stage: Stage = "reading"
        self.position = Position()
        self.counts: dict[str, Any] = {}
        self.inputs = ""
        """The digest of all inputs, when they are read."""

    def __enter__(self) -> Self:
        super().__enter__()
        for digest, output, stage, position, counts, inputs in self.rows("SELECT * FROM run"):
            self.is_new = False
            self.digest, self.output, self.stage, self.inputs = digest, os.fsdecode(output), stage, inputs
            self.position = msgspec.json.decode(position, type=Position)
            self.counts = msgspec.json.decode(counts)
        return self

    @property
    def lengths(self) -> dict[str, int]:
        """The committed lengths of the outputs, by path."""
        return {os.fsdecode(path): length for path, length in self.rows("SELECT path, length FROM outputs")}

    def begin(self, digest: str, output: str) -> None:
        """Begin a new run, and drop everything of an earlier one."""
        for table in ("run", "outputs"):
            self.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
        self.execute("DROP TABLE IF EXISTS written")
        self.digest, self.output, self.stage, self.position, self.counts, self.inputs = (
            digest,
            output,
            "reading",
            Position(),
            {},
            "",
        )
        values = (digest, os.fsencode(output), self.stage, msgspec.json.encode(self.position), b"{}", "")
        self.execute("INSERT INTO run VALUES (?, ?, ?, ?, ?, ?)", *values)

    def advance(
        self, position: Position, lengths: Mapping[str, int], counts: Mapping[str, Any], *, inputs: str | None = None
    ) -> None:
        """Commit a position, and everything that has changed since the last commit.

        Args:
            position: where a resumed run begins.
            lengths: the lengths of the outputs that have changed; they must have been synced.
            counts: the counts of the run.
            inputs: the digest of the inputs, if all are read, and only the outputs remain to be renamed.
        """
        self.position, self.counts = position, dict(counts)
        if inputs is not None:
            self.stage, self.inputs = "renaming", inputs
        self.execute_many(
            "INSERT OR REPLACE INTO outputs VALUES (?, ?)", [(os.fsencode(path), length) for path, length in lengths.items()]
        )
        values = (self.stage, msgspec.json.encode(position), msgspec.json.encode(self.counts), self.inputs)
        self.execute("UPDATE run SET stage = ?, position = ?, counts = ?, inputs = ?", *values)
        self.is_new = False
        self.commit()

    def complete(self) -> None:
        """Commit that the outputs have their names, and drop the data that only a resumed run needs."""
        self.stage = "complete"
        self.execute("UPDATE run SET stage = ?", self.stage)
        self.execute("DROP TABLE IF EXISTS written")
        self.execute("COMMIT")
        self.execute("VACUUM")

    def failure(self, error: sqlite3.Error) -> OutputError | ResumeError:
        """Return the error for one of SQLite, with a remedy."""
        if is_locked(error):
            return OutputError(f"{self.file}: another run is writing it; wait for it to end, or name another output")
        if is_damaged(error):
            return ResumeError(f"{self.file}: it is not a checkpoint, or it is damaged ({error}); remove it to start again")
        return OutputError(f"{self.file}: it cannot be written ({error}); free some space, or check the path")

    def foreign(self, version: int | None) -> ResumeError:
        """Return the error for a file of another version of this program, or with None, of another program."""
        whose = "another version of this program" if version is not None else "another program"
        return ResumeError(f"{self.file}: it is a file of {whose}; remove it to start again")
