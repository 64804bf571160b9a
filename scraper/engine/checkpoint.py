"""A run that can be resumed: its outputs, and the journal that says how far they are good."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from scraper.engine.counts import Counts
from scraper.errors import ResumeError, TooManyFailures
from scraper.output.files import journal_of, output_error, part_of, rename_part
from scraper.output.journal import Journal, Position
from scraper.sources import file_id

PAUSE: Final = 1.0
"""Seconds, at least, between two entries of the journal: the work that is lost when a run is killed."""
LONG_PAUSE: Final = 30.0
"""The same for many outputs, all of which are written and synced for each entry."""


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


class Follower(Protocol):
    """A store that is committed together with the journal, and before it."""

    def commit(self, position: int, /) -> None:
        """Keep what is stored now for a run that begins at ``position``."""


class ResumableRun:
    """The outputs of a run that starts where an earlier one stopped. A context manager, and a :class:`~scraper.engine.resume.Checkpoint`.

    Args:
        base: the file that is there when the run is complete; the journal is named after it.
        run: a digest of what the run does; a journal of another run is refused.
        files: the outputs, unopened.
        counts: the counts of the run.
        mark: what ``base`` holds at the end, where it is no output itself but tells that many outputs are complete.
        report: is given a sentence for the user.
    """

    def __init__(
        self,
        base: Path,
        run: str,
        files: Sequence[ResumableOutput],
        counts: Counts,
        *,
        mark: bytes | None = None,
        report: Callable[[str], object],
    ) -> None:
        self._base = base
        self._journal = Journal(journal_of(base), run)
        self._files = files
        self._counts = counts
        self._mark = mark
        self._report = report
        self._pause = PAUSE if mark is None else LONG_PAUSE
        self._opened = ExitStack()
        self.followers: list[Follower] = []
        self.part = None

    @property
    def is_whole(self) -> bool:
        """Whether an earlier run is complete."""
        if not self._base.is_file() or self._journal.path.exists():
            return False
        return self._mark is None or self._base.read_bytes() == self._mark

    @property
    def is_done(self) -> bool:
        """Whether only the files' names are missing."""
        return self._journal.last.is_done

    @property
    def start(self) -> Position:
        """Where the run begins."""
        return self._journal.last.position

    @property
    def number(self) -> int:
        """The number of the journal's last entry."""
        return self._journal.last.number

    @property
    def store(self) -> Path:
        """The file of a follower."""
        return self._journal.path.with_name(f"{self._journal.path.name}.seen")

    @property
    def _stores(self) -> list[Path]:
        return [self.store.with_name(f"{self.store.name}{ending}") for ending in ("", "-wal", "-shm")]

    def hide(self, skip: Collection[tuple[int, int]]) -> None:
        """Add the journal and the followers' files to those that are no inputs."""
        assert isinstance(skip, set)  # noqa: S101 - a set that grows as outputs are opened
        self._journal.identities = skip
        skip.update(identity for name in (self._journal.path, *self._stores) if (identity := file_id(str(name))) is not None)

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            if self._mark is not None:
                self._make_directory()
            opened.enter_context(self._journal)
            opened.push(self._end)
            last = self._journal.last
            if not last.is_done:
                for file in self._files:
                    opened.enter_context(file)
                if not all(file.restore(last.lengths) for file in self._files):
                    self._report(f"{self._journal.path}: it knows more than the outputs hold; the run starts anew")
                    self._journal.reset()
                    for file in self._files:
                        file.restore({})
            self._counts.take(self._journal.last.tally)
            self._opened = opened.pop_all()
        self._position, self._noted = self.start, time.monotonic()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._opened.__exit__(kind, error, trace)

    def _make_directory(self) -> None:
        """Make the directory of many outputs, with its parents."""
        try:
            self._base.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise output_error(str(self._base.parent), error) from None

    def _end(self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        """Rename the part files and remove the journal, unless the run has failed."""
        if kind is not None:
            if kind is TooManyFailures or (kind is ResumeError and not self.number):  # nothing was done
                self._journal.path.unlink(missing_ok=True)
            return
        try:
            for name in map(Path, self._journal.last.lengths):
                if part_of(name).exists():
                    rename_part(name)
            for file in self._stores:
                file.unlink(missing_ok=True)
            if self._mark is not None:
                self._base.write_bytes(self._mark)
                part_of(self._base).unlink(missing_ok=True)
            self._journal.path.unlink()
        except OSError as fault:
            raise output_error(str(self._base), fault) from None

    def reach(self, position: Position) -> None:
        """Note a position, if the last entry is old enough."""
        self._position = position
        if time.monotonic() - self._noted >= self._pause:
            self._note(is_done=False)

    def done(self) -> None:
        """Note that all inputs are done."""
        if not self.is_done:
            self._note(is_done=True)

    def _note(self, *, is_done: bool) -> None:
        lengths: dict[str, int] = {}
        for file in self._files:
            lengths |= file.commit()
        for follower in self.followers:
            follower.commit(self.number + 1)
        self._journal.append(self._position, lengths, vars(self._counts), is_done=is_done)
        self._noted = time.monotonic()
