"""A run that can be resumed: its outputs, its checkpoint, and how the inputs of an earlier run are recognized."""

import hashlib
import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from scraper import __version__, remote
from scraper.engine.chunks import Chunk, FileChunk, chunk_fingerprint
from scraper.engine.counts import Counts
from scraper.engine.jobs import Job, layouts_of
from scraper.engine.planning import plan
from scraper.errors import PageError, ResumeError, TooManyFailures
from scraper.output.checkpoint import Checkpoint, Position
from scraper.output.committed_file import mapped_os_errors
from scraper.output.dedup import DedupStore
from scraper.output.files import (
    checkpoint_files,
    checkpoint_of,
    inodes_of,
    part_of,
    remove_checkpoint,
    rename_part,
)
from scraper.output.partitions import Pattern
from scraper.remote import is_remote
from scraper.sources import Failed, ReadOptions, Unread
from scraper.sources.files import InputEntry, Meter
from scraper.sources.inputs import find_entries

PAUSE: Final = 1.0
"""Seconds, at least, between two commits: the work that is lost when a run is killed."""
LONG_PAUSE: Final = 30.0
"""The same for many outputs, all of which are written for each commit."""


_OTHER: Final = (
    "its inputs have changed since it stopped; write to another output, or remove the checkpoint beside this one to start again"
)


class ResumableOutput(Protocol):
    """An output, or many, that can be cut back to what a killed run has committed."""

    @property
    def part(self) -> Path | None:
        """The part file, as long as there is one."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None: ...

    def restore(self, lengths: Mapping[str, int], /) -> bool:
        """Cut the files to these lengths; return False if they are shorter."""

    def commit(self) -> dict[str, int]:
        """Write and sync what is held back, and return the lengths of the files that have changed."""


class ResumableRun:
    """The outputs of a run that starts where an earlier one stopped. A context manager.

    Args:
        out: the output, or the pattern of many, as the user named it.
        pattern: the pattern, if it is one.
        digest: what the run does, as :func:`run_digest` returns it; the checkpoint of another run is refused.
        files: the outputs, unopened.
        counts: the counts of the run.
        report: called with a sentence for the user.

    Raises:
        OutputError: if an output cannot be opened or written, or another run writes it.
        ResumeError: if the output is of another run, or of one that is not known.
    """

    def __init__(
        self,
        out: Path,
        digest: str,
        files: Sequence[ResumableOutput],
        counts: Counts,
        *,
        pattern: Pattern | None = None,
        report: Callable[[str], object],
    ) -> None:
        self._out, self._is_single = str(out), pattern is None
        self._base = Path(os.path.realpath(out)) if pattern is None else pattern.base
        self.mark = "it" if pattern is None else str(checkpoint_of(self._base))
        """What the user deletes so that complete outputs are made anew."""
        self._digest = digest
        self._checkpoint = Checkpoint(self._base)
        self._files = files
        self._counts = counts
        self._report = report
        self._pause = PAUSE if pattern is None else LONG_PAUSE
        self._opened = ExitStack()
        self._log = _ChunkLog(Position())
        self.part = None

    @property
    def is_complete(self) -> bool:
        """Whether an earlier run has completed the outputs."""
        return self._checkpoint.stage == "complete"

    @property
    def is_read(self) -> bool:
        """Whether all inputs are read, and at most the outputs' names are missing."""
        return self._checkpoint.stage != "reading"

    @property
    def start(self) -> Position:
        """Where the run begins."""
        return self._checkpoint.position

    def dedup_store(self) -> DedupStore:
        """Return a store whose digests are committed with the position."""
        return DedupStore(self._checkpoint)

    def inodes(self) -> set[tuple[int, int]]:
        """Return device and inode of the files of the checkpoint, which are not inputs."""
        return inodes_of(checkpoint_files(self._base))

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            opened.enter_context(self._checkpoint)
            opened.push(self._end)
            self._choose()
            if not self.is_read:
                for file in self._files:
                    opened.enter_context(file)
                self._restore()
            if not self.is_complete:
                self._counts.merge(self._checkpoint.counts)
            self._opened = opened.pop_all()
        self._committed_at = time.monotonic()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._opened.__exit__(kind, error, trace)

    def _choose(self) -> None:
        """Go on with the run of the checkpoint, begin anew, or refuse."""
        found = self._checkpoint
        old = self._base.with_name(f"{part_of(self._base).name}.journal")
        if old.exists():
            raise ResumeError(
                f"{old}: it was made by an older version of this program and cannot be continued; remove it to start again"
            )
        if found.digest is None and self._is_single and self._base.exists():
            raise self._is_of_another_run("exists, but the inputs and options of its run are not known")
        is_gone = self._is_single and not self._base.exists()
        if found.digest is None or (self.is_complete and (is_gone or found.output != self._out)):
            found.begin(self._digest, self._out)
        elif found.digest != self._digest and self.is_complete:
            raise self._is_of_another_run("is complete, but from a run with other inputs or options, or of another version")
        elif found.digest != self._digest:
            raise ResumeError(
                f"{found.file}: it belongs to a run with other inputs or options, or of another version; "
                "repeat those, or remove it to start again"
            )
        elif self.is_complete:
            for path, length in found.lengths.items():
                if not os.path.isfile(path) or os.path.getsize(path) != length:
                    raise self._is_of_another_run(f"was complete, but {path} is missing or has changed since")

    def _is_of_another_run(self, what: str) -> ResumeError:
        return ResumeError(f"{self._out}: it {what}; delete {self.mark} to run again")

    def _restore(self) -> None:
        if not all(file.restore(self._checkpoint.lengths) for file in self._files):
            self._report(f"{self._checkpoint.file}: the outputs are shorter than it says; the run starts again from the beginning")
            self._checkpoint.begin(self._digest, self._out)
            for file in self._files:
                file.restore({})

    def _end(self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        """Rename the part files, if all inputs are read; the checkpoint stays as a mark. A run without a commit or a page leaves none."""
        if kind is TooManyFailures or (kind is not None and self._checkpoint.is_new):
            remove_checkpoint(self._base)
        elif kind is None and self._checkpoint.stage == "renaming":
            with mapped_os_errors(str(self._base)):
                for name in map(Path, self._checkpoint.lengths):
                    if part_of(name).exists():
                        rename_part(name)
                if not self._is_single:
                    part_of(self._base).unlink(missing_ok=True)
            self._checkpoint.complete()

    def chunks(self, inputs: Iterable[str], job: Job, meter: Meter | None) -> Iterator[tuple[int, Chunk]]:
        """Yield the chunks of the inputs from the start on, with their numbers.

        Raises:
            ResumeError: if an input before the start has changed, or one cannot be read twice.
        """
        self._log = _ChunkLog(self.start)
        return self._log.chunks(inputs, job, meter)

    def reach(self, chunks: int, items: int, next_record: int | None) -> None:
        """Commit a position, if the last commit is old enough.

        Args:
            chunks: the number of complete chunks before it.
            items: the number of items of the next chunk before it.
            next_record: the offset of the next record of an archive, if known.
        """
        if time.monotonic() - self._committed_at >= self._pause:
            self._advance(self._log.position(chunks, items, next_record))

    def finish_reading(self) -> None:
        """Commit that all inputs are read."""
        self._advance(self.start, inputs=self._log.inputs)

    def compare(self, inputs: Iterable[str], options: ReadOptions, skip: Collection[tuple[int, int]]) -> None:
        """Check that the complete outputs are of these inputs, as they are now. None is opened.

        Args:
            inputs: the inputs of the run.
            options: how they are read.
            skip: files that are not inputs, as device and inode.

        Raises:
            ResumeError: if the inputs have changed, or there are more or fewer.
        """
        log = _ChunkLog(Position())
        for _ in log.entries(find_entries(inputs, options, skip)):
            pass
        if log.inputs != self._checkpoint.inputs:
            raise self._is_of_another_run("is complete, but its inputs have changed since")

    def _advance(self, position: Position, *, inputs: str | None = None) -> None:
        lengths: dict[str, int] = {}
        for file in self._files:
            lengths |= file.commit()
        self._checkpoint.advance(position, lengths, vars(self._counts), inputs=inputs)
        self._committed_at = time.monotonic()


class _ChunkLog:
    """The inputs of a run, and the digests by which a later run recognizes them."""

    def __init__(self, start: Position) -> None:
        self._start = start
        self._entries = hashlib.sha256()
        self._positions = {0: ""}
        """Digests of all inputs up to a chunk, by the number of the next chunk."""

    @property
    def inputs(self) -> str:
        """The digest of all inputs so far: their names, sizes and times."""
        return self._entries.hexdigest()

    def entries(self, entries: Iterable[InputEntry | Unread]) -> Iterator[InputEntry | Unread]:
        """Yield the entries."""
        for entry in entries:
            self._entries.update(repr(fingerprint_of(entry)).encode())
            yield entry

    def chunks(self, inputs: Iterable[str], job: Job, meter: Meter | None) -> Iterator[tuple[int, Chunk]]:
        """Yield the chunks after the start, with their numbers."""
        start, cuts, number = self._start, hashlib.sha256(), 0
        last = start.chunks + bool(start.items)  # the last chunk that the position knows
        for number, chunk in enumerate(plan(self.entries(find_entries(inputs, job.options, job.skip)), job.options), 1):
            if isinstance(chunk, FileChunk) and chunk.is_local:
                raise ResumeError(f"{chunk.place.input}: it cannot be read again; save it to a file and name that")
            cuts.update(repr((self.inputs, chunk_fingerprint(chunk))).encode())
            self._positions[number] = cuts.hexdigest()
            if number == last and self._positions[number] != start.digest:
                raise ResumeError(_OTHER)
            if number > start.chunks:
                yield number - 1, chunk
            elif meter is not None:
                meter(chunk.size)
        if number < last:
            raise ResumeError(_OTHER)

    def position(self, chunks: int, items: int, next_record: int | None) -> Position:
        """Return a position; none before it will be asked for."""
        for number in [number for number in self._positions if number < chunks]:
            del self._positions[number]
        return Position(chunks, items, next_record, self._positions[chunks + bool(items)])


def fingerprint_of(entry: InputEntry | Unread) -> object:
    """Return the name, size and time that identify an input."""
    if isinstance(entry, InputEntry):
        return entry, file_version(entry.name)
    return (entry.input, str(entry.error), None) if isinstance(entry, Failed) else (entry.input, "None", entry.reason)


def file_version(name: str) -> object:
    """Return a file's size and modification time, or None if they cannot be read."""
    with suppress(OSError, PageError):
        if is_remote(name):
            return remote.version_of(name)
        status = os.stat(name)
        return status.st_size, status.st_mtime_ns
    return None


def run_digest(job: Job, *others: object) -> str:
    """Return what identifies a run in any process: the version, the job with its layouts, and what else decides on the outputs.

    Args:
        job: the job; its functions are not part of it.
        others: such as the names of the inputs and outputs, and the keys of a line.
    """
    filters = [sorted(part) if isinstance(part, frozenset) else part for part in job.filters]  # a set has no order of its own
    layouts = [(layout.name, layout.digest) for layout in layouts_of(job.layouts)]
    asked = (job.options, job.unknown, filters, job.writes_spans, job.needs_digests, job.page_timeout, layouts)
    return hashlib.sha256(repr((__version__, asked, others)).encode()).hexdigest()
