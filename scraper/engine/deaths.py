"""Deaths of workers: what a worker records in case it dies, and how its chunk is tried again.

A process dies when a library crashes or a system short of memory kills it, and it is killed when it hangs
(:mod:`scraper.engine.workers`). That costs the one page, or the one record, at which it died.
"""

import ctypes
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import count, islice
from typing import Final, NamedTuple

from scraper.engine.chunks import UNKNOWN, Chunk, ChunkReader, ItemChunk, RecordBounds, extent_of, giving_up, parts_of
from scraper.engine.jobs import ItemResult, Job, clean_items, failed
from scraper.engine.tasks import ChunkResult, Task, advancing
from scraper.errors import worker_died
from scraper.sources import Failed, Item
from scraper.sources.items import Spot

_DEATHS: Final = 2
"""Deaths at an item or a record after which it fails. One may be chance: the system was short of memory, or somebody killed the
process."""
_MOST_IN_VAIN: Final = 20
"""Deaths over a part, at ever other places, after which its rest fails: none has brought anything new between them."""
_DEATHS_OVER_A_PART: Final = 5
"""Deaths at an unknown place after which the rest of a part fails; the rest of each further part of the chunk fails after one."""


class Death(NamedTuple):
    """The end of a worker, in place of its answer."""

    spot: Spot | None
    """What it was reading, if that is known."""


class SharedProgress(ctypes.Structure):
    """The progress of a worker, in memory that the main process sees, too. If the worker dies, that is all that is known.

    Attributes:
        steps: the number of reads, items and answers since the process has started.
        spot: the values of the :class:`~scraper.sources.items.Spot` that is read; all are 0 if it is not known.
    """

    _fields_ = (("steps", ctypes.c_ulonglong), ("spot", ctypes.c_longlong * len(Spot._fields)))

    def advance(self, _: int, /) -> None:
        """Count a read or, with 0, an item or an answer."""
        self.steps += 1

    def begin(self, spot: Spot | None) -> None:
        """Note what is read next, if that is known."""
        self.spot[:] = spot or (0,) * len(Spot._fields)

    @property
    def death(self) -> Death:
        """The end of the worker, if it died now."""
        return Death(Spot(*self.spot) if any(self.spot) else None)


class Step(NamedTuple):
    """What a worker is about to do, and what it has done since the step before."""

    results: Sequence[ItemResult]
    item: int
    """The place in the chunk of the item that it reads or cleans."""
    failure: ItemResult | None
    """What became of the item, if the worker dies while it cleans it; None while it reads it."""
    first: int | None = UNKNOWN
    """The first of the :class:`~scraper.engine.chunks.RecordBounds` of the chunk."""


def do_stepwise(job: Job, task: Task, progress: SharedProgress) -> Iterator[Step | ChunkResult]:
    """Do a task step by step. No results are held back for longer than an item, so that a death loses none."""
    reader = ChunkReader(task.chunk, job.options, progress.advance, progress.begin)
    items = advancing(reader, progress.advance)
    skipped = deque(enumerate(islice(items, task.skip), 1), maxlen=1)
    last_number, last = skipped[0] if skipped else (0, None)
    # If the input now ends earlier than before, its last item says why.
    again = list(clean_items(job, [last])) if isinstance(last, Failed) else []
    if last_number < task.skip:
        yield ChunkResult.of([*again, _unread(task.chunk)], reader.bounds)
        return
    results: list[ItemResult] = []
    for number in count(task.skip):
        progress.begin(None)
        yield Step(results, number, None, reader.bounds.first)
        item = next(items, None)
        if item is None:
            break
        yield Step((), number, _cleaner_died(item))
        results = list(clean_items(job, [item]))
        again = []
    yield ChunkResult.of(again, reader.bounds)


def _unread(part: Chunk) -> ItemResult:
    error = worker_died("read", f", and the rest of {extent_of(part)} was not read", "try again")
    return failed(part.place.failed(error), error)


def _cleaner_died(item: Item) -> ItemResult:
    return failed(item, worker_died("cleaned"))


class Retry:
    """The retry of a chunk that a worker was doing when it died: what becomes of its items, and what is left to do.

    The chunk is done in parts, so that a death while reading one costs no other, and each part step by step. After a record that cannot
    be read, its part goes on. Items that this process has read are sent one by one, since receiving one may kill, too.
    """

    def __init__(self, chunk: Chunk) -> None:
        self._parts = deque(parts_of(chunk))
        self._results: list[ItemResult] = []
        """What became of items, and was not taken yet."""
        self._last: ItemResult | None = None
        """The last of all results."""
        self.bounds = RecordBounds()
        self._deaths_over_a_part = _DEATHS_OVER_A_PART
        self._skip = 0
        """The number of items of the first part that are done."""
        self._step: Step | None = None
        """What the worker is doing, if known."""
        self._deadly: tuple[int, bool, Spot | None] | None = None
        """The item of the first part at which the last workers died, whether they were reading it, and where."""
        self._deaths = 0
        """Their number."""
        self._in_vain = 0
        """The number of deaths since something new was read or has failed."""

    def take(self) -> Sequence[ItemResult]:
        """Return what became of items since the last call."""
        taken, self._results = self._results, []
        return taken

    def reach(self, step: Step) -> None:
        """Note what a worker has done, and what it is doing now."""
        self._add(step.results)
        if step.item != self._skip:
            self._in_vain = 0
        self._skip, self._step = step.item, step
        if self.bounds.first == UNKNOWN:
            self.bounds = RecordBounds(step.first)

    def note_death(self, death: Death) -> None:
        """Note that the worker died, which may mean that its item has failed."""
        step, self._step = self._step, None
        self._in_vain += 1
        if self._in_vain == _MOST_IN_VAIN:
            self._give_up()
            return
        if step is None:
            return
        here = (step.item, True, death.spot) if step.failure is None else (step.item, False, None)
        self._deaths = self._deaths + 1 if here == self._deadly else 1
        self._deadly = here
        if step.failure is None:
            self._fail_reading(death.spot)
        elif self._deaths >= _DEATHS:
            self._add([step.failure])
            if isinstance(self._parts[0], ItemChunk):
                self._end_part()
            else:
                self._skip, self._in_vain = step.item + 1, 0

    def _fail_reading(self, spot: Spot | None) -> None:
        """Let a record fail, or all that is left of the part, if enough workers died while reading it."""
        left = giving_up(self._parts[0], spot)
        if self._deaths < (self._deaths_over_a_part if left is None else _DEATHS):
            return
        if left is None:
            self._give_up()
        else:
            self._parts[0] = left
            self._deadly, self._in_vain = None, 0

    def _give_up(self) -> None:
        """Let all that is left of the part fail."""
        self._add([_unread(self._parts[0])])
        self._end_part()
        self._deaths_over_a_part = 1  # what comes after it is likely to be as broken, and others wait for it
        self.bounds = RecordBounds(self.bounds.first)

    def finish(self, done: ChunkResult) -> None:
        """Note that a worker has done its task."""
        results = list(done.results())
        if results and self._last is not None and not isinstance(self._parts[0], ItemChunk):
            # A worker that goes on at the end of a part returns the failure of the last item, which may be here already.
            results = results[results[0].failure is not None and results[0].failure == self._last.failure :]
        self._add(results)
        self.bounds = done.bounds if self.bounds.first == UNKNOWN else RecordBounds(self.bounds.first, done.bounds.following)
        self._end_part()

    def _add(self, results: Sequence[ItemResult]) -> None:
        if results:
            self._results += results
            self._last = results[-1]

    def _end_part(self) -> None:
        self._parts.popleft()
        self._skip, self._deadly, self._in_vain = 0, None, 0

    def next_task(self, number: int) -> Task | None:
        """Return the task with this number that does what is left of the first part; None if there is none."""
        if not self._parts:
            return None
        part = self._parts[0]
        if not isinstance(part, ItemChunk):
            return Task(number, part, skip=self._skip, is_stepwise=True)
        (item,) = part.items
        self._step = Step((), 0, _cleaner_died(item))
        return Task(number, part)
