"""The tasks of a pool: chunks that are done in worker processes, and the results that come back."""

import ctypes
import io
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import count, islice
from tempfile import SpooledTemporaryFile, gettempdir
from typing import BinaryIO, Final, NamedTuple, Self, cast

import msgspec

from scraper.engine.chunks import UNKNOWN, Chunk, ChunkReader, FileChunk, extent_of
from scraper.engine.jobs import ItemResult, Job, clean_items, failed
from scraper.sources import Item
from scraper.sources.items import Spot, cleaner_died, reader_died

_MOST: Final = 1 << 20
"""Bytes that are sent back through the pipe; more are written to a file, since copying them would cost what a second core gains."""
_PIECE: Final = 1 << 16
"""Bytes that are written at once: few enough to stay in the processor's cache."""


class ResultRow(msgspec.Struct, array_like=True, frozen=True):
    """A result whose lines and spans are replaced by their lengths in bytes."""

    lines: int
    spans: int
    cleaned: ItemResult


_decoder: Final = msgspec.json.Decoder(ResultRow)
_encoder: Final = msgspec.json.Encoder()


def encode_result(cleaned: ItemResult) -> bytes:
    """Return a result as a line of JSON, a :class:`ResultRow`."""
    bare = msgspec.structs.replace(cleaned, lines=b"", spans=b"")
    return _encoder.encode(ResultRow(len(cleaned.lines), len(cleaned.spans), bare)) + b"\n"


def decode_results(lines: BinaryIO, spans: BinaryIO, listed: BinaryIO) -> Iterator[ItemResult]:
    """Yield what became of each item, from a file of :func:`encode_result` and those of the lines and spans."""
    for line in listed:
        row = _decoder.decode(line)
        cleaned = row.cleaned
        cleaned.lines = lines.read(row.lines)
        if row.spans:
            cleaned.spans = spans.read(row.spans)
        yield cleaned


class Task(NamedTuple):
    """A chunk to be done."""

    number: int
    chunk: Chunk
    is_local: bool = False
    """Whether the main process does it itself."""
    skip: int = 0
    """The number of its items that are done already."""
    is_stepwise: bool = False
    """Whether the worker answers at each :class:`Step`, because one has died over the chunk."""

    @property
    def is_metered(self) -> bool:
        """Whether each of its reads counts towards the progress of the run; otherwise its size does, when it is done."""
        return self.is_local and isinstance(self.chunk, FileChunk)


class Step(NamedTuple):
    """What a worker is about to do, and what it has done since the step before."""

    results: Sequence[ItemResult]
    item: int
    """The place in the chunk of the item that it reads or cleans."""
    is_reading: bool
    """Whether it reads the item."""
    failure: ItemResult
    """What became of the item, if the worker dies."""
    first: int | None = UNKNOWN
    """The first of :attr:`ChunkReader.ends`."""


class Death(NamedTuple):
    """The end of a worker, in place of its answer."""

    spot: Spot | None
    """What it was reading, if that is known."""


class ChunkResult(NamedTuple):
    """The results of a chunk."""

    contents: Sequence[bytes | None]
    """Lines, spans, and a :class:`ResultRow` for each item; None for what is in a file."""
    ends: tuple[int | None, int | None]
    """Those of :attr:`ChunkReader.ends`."""
    files: Sequence[BinaryIO] = ()
    """The files of the contents that are in one."""

    @classmethod
    def of(cls, results: Sequence[ItemResult], ends: tuple[int | None, int | None]) -> Self:
        """Return the results of a chunk as a worker returns them."""
        lines, spans = b"".join(each.lines for each in results), b"".join(each.spans for each in results)
        return cls((lines, spans, b"".join(map(encode_result, results))), ends)

    def results(self) -> Iterator[ItemResult]:
        """Yield what became of each item, and then close the files."""
        files = iter(self.files)
        with ExitStack() as opened:
            yield from decode_results(
                *(opened.enter_context(next(files) if data is None else io.BytesIO(data)) for data in self.contents)
            )


Answer = Step | ChunkResult | str
"""What a worker sends. A message says why a result cannot be stored."""


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


def do_task(job: Job, task: Task, progress: SharedProgress) -> Iterator[tuple[Answer, Sequence[BinaryIO]]]:
    """Do a task, and yield its steps, if they are asked for, and then its results with the files that belong to them.

    If the results cannot be stored, a message is yielded in their place.

    Args:
        job: what is done with each item.
        task: the task.
        progress: what is noted meanwhile.
    """
    if task.is_stepwise:
        yield from ((answer, ()) for answer in _steps(job, task, progress))
        return
    reader = ChunkReader(task.chunk, job.options, progress.advance)
    try:
        spools = [SpooledTemporaryFile(_MOST, buffering=_PIECE) for _ in range(3)]  # noqa: SIM115 - they are closed where they have been sent
        lines, spans, listed = spools
        for cleaned in clean_items(job, _advancing(reader, progress)):
            lines.write(cleaned.lines)
            if cleaned.spans:
                spans.write(cleaned.spans)
            listed.write(encode_result(cleaned))
        contents: list[bytes | None] = []
        files: list[BinaryIO] = []
        for spool in spools:
            is_file = spool.tell() > _MOST
            spool.flush()
            spool.seek(0)
            contents.append(None if is_file else spool.read())
            if is_file:
                files.append(cast("BinaryIO", spool))
        yield ChunkResult(contents, reader.ends), files
    except OSError as error:  # errors of inputs are failures already
        message = (
            f"{gettempdir()}: cannot be written ({error.strerror or error}); free some space, or set TMPDIR to another directory"
        )
        yield message, ()


def _advancing(reader: ChunkReader, progress: SharedProgress) -> Iterator[Item]:
    for item in reader:
        progress.advance(0)
        yield item


def _steps(job: Job, task: Task, progress: SharedProgress) -> Iterator[Step | ChunkResult]:
    """Do a task step by step. No results are held back for longer than an item, so that a death loses none."""
    reader = ChunkReader(task.chunk, job.options, progress.advance, progress.begin)
    items = _advancing(reader, progress)
    error = reader_died(f", and the rest of {extent_of(task.chunk)} was not read", "try again")
    unread = failed(task.chunk.place.failed(error), error)
    skipped = deque(enumerate(islice(items, task.skip), 1), maxlen=1)
    last_number, last = skipped[0] if skipped else (0, None)
    # The last item of an input that cannot be read as far as before says why, unless it was done before.
    again = list(clean_items(job, [last])) if last is not None and last.error is not None else []
    if last_number < task.skip:
        yield ChunkResult.of([*again, unread], reader.ends)
        return
    results: list[ItemResult] = []
    for number in count(task.skip):
        progress.begin(None)
        yield Step(results, number, True, unread, reader.ends[0])
        item = next(items, None)
        if item is None:
            break
        yield Step((), number, False, worker_died(item))
        results = list(clean_items(job, [item]))
        again = []
    yield ChunkResult.of(again, reader.ends)


def worker_died(item: Item) -> ItemResult:
    """Return the failure of an item that killed its workers."""
    return failed(item, cleaner_died())
