"""The tasks of a pool: chunks that are done in worker processes, and the results that come back."""

import io
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from tempfile import SpooledTemporaryFile, gettempdir
from typing import BinaryIO, Final, NamedTuple, Self, cast

import msgspec

from scraper.engine.chunks import Chunk, ChunkReader
from scraper.engine.jobs import Cleaned, Job, clean_item, clean_items, failed
from scraper.errors import WorkerDied

DIED: Final = "the process that cleaned it was killed or crashed; try it alone, with more memory"
"""The message of a page over which workers died."""
_MOST: Final = 1 << 20
"""Bytes that are sent back through the pipe; more are written to a file, since copying them would cost what a second core gains."""
_PIECE: Final = 1 << 16
"""Bytes that are written at once: few enough to stay in the processor's cache."""


class Listed(msgspec.Struct, array_like=True, frozen=True):
    """What became of an item, without its lines and spans, of which there are the numbers of bytes."""

    lines: int
    spans: int
    cleaned: Cleaned


_decoder: Final = msgspec.json.Decoder(Listed)
_encoder: Final = msgspec.json.Encoder()


def to_listed(cleaned: Cleaned) -> bytes:
    """Return a line for what became of an item, as a :class:`Listed` in JSON."""
    bare = msgspec.structs.replace(cleaned, lines=b"", spans=b"")
    return _encoder.encode(Listed(len(cleaned.lines), len(cleaned.spans), bare)) + b"\n"


def read_listed(lines: BinaryIO, spans: BinaryIO, listed: BinaryIO) -> Iterator[Cleaned]:
    """Yield what became of each item, from a file of :func:`to_listed` and those of the lines and spans."""
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
    """The number of its items that an earlier run has done, of a local one."""
    place: int | None = None
    """The place of its only item in the chunk, if that is tried alone because a worker died over the chunk."""
    is_again: bool = False
    """Whether a worker has died over this item alone."""
    mark: str | None = None
    """A file that notes each page before it is read and cleaned, because a worker died over the chunk."""
    deadly: Collection[int] = ()
    """Pages over which workers died, by their place in the chunk."""
    suspect: tuple[int, bool] | None = None
    """Where the last worker died: the page, and whether it was being read."""
    last: int | None = None
    """The page whose reading kills workers; nothing behind it can be read."""


class Done(NamedTuple):
    """The results of a chunk."""

    contents: Sequence[bytes | None]
    """Lines, spans, and a :class:`Listed` for each item; None for what is in a file."""
    ends: tuple[int | None, int | None]
    """Those of :attr:`ChunkReader.ends`."""
    files: Sequence[BinaryIO] = ()
    """The files of the contents that are in one."""

    @classmethod
    def of(cls, failure: Cleaned) -> Self:
        """Return the results of a chunk whose only item has failed."""
        return cls((b"", b"", to_listed(failure)), (None, None))

    def results(self) -> Iterator[Cleaned]:
        """Yield what became of each item, and then close the files."""
        files = iter(self.files)
        with ExitStack() as opened:
            yield from read_listed(
                *(opened.enter_context(next(files) if data is None else io.BytesIO(data)) for data in self.contents)
            )


def do_task(job: Job, task: Task) -> tuple[Done | str, Sequence[BinaryIO]]:
    """Do a task, and return its results with the files that belong to them; a message if they cannot be stored."""
    reader = ChunkReader(task.chunk, job.options)
    try:
        spools = [SpooledTemporaryFile(_MOST, buffering=_PIECE) for _ in range(3)]  # noqa: SIM115 - they are closed where they have been sent
        lines, spans, listed = spools
        for cleaned in _watched(task, Path(task.mark), reader, job) if task.mark is not None else clean_items(job, reader):
            lines.write(cleaned.lines)
            if cleaned.spans:
                spans.write(cleaned.spans)
            listed.write(to_listed(cleaned))
        contents: list[bytes | None] = []
        files: list[BinaryIO] = []
        for spool in spools:
            is_file = spool.tell() > _MOST
            spool.flush()
            spool.seek(0)
            contents.append(None if is_file else spool.read())
            if is_file:
                files.append(cast("BinaryIO", spool))
        return Done(contents, reader.ends), files
    except OSError as error:  # errors of inputs are failures already
        return (
            f"{gettempdir()}: cannot be written ({error.strerror or error}); free some space, or set TMPDIR to another directory",
            (),
        )


def _watched(task: Task, mark: Path, reader: ChunkReader, job: Job) -> Iterator[Cleaned]:
    """Clean the items of a chunk, and note each before it is read and before it is cleaned. Those over which workers died fail."""
    items = iter(reader)
    for number in count():
        mark.write_bytes(b"%d read" % number)
        if number == task.last:
            error = WorkerDied(
                "the process that read it was killed or crashed, and the rest of it was not read; try it with more memory"
            )
            yield failed(task.chunk.place.failed(error), error)
            break
        item = next(items, None)
        if item is None:
            break
        if number in task.deadly:
            yield failed(item, WorkerDied(DIED))
            continue
        mark.write_bytes(b"%d clean" % number)
        yield clean_item(job, item)
    yield from clean_items(job, ())  # the lines that were held back


def last_step(mark: str) -> tuple[int, bool]:
    """Return at which page a worker died over a task, and whether it was reading it (or cleaning it)."""
    try:
        number, step = Path(mark).read_bytes().split()
    except (OSError, ValueError):  # it died before the first page
        return 0, True
    return int(number), step == b"read"
