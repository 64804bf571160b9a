"""The tasks of a pool: chunks that are done in worker processes, and the results that come back."""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile, gettempdir
from typing import BinaryIO, Final, NamedTuple, Self, cast

import msgspec

from scraper.engine.chunks import Chunk, ChunkReader, FileChunk, RecordBounds
from scraper.engine.jobs import ItemResult, Job, clean_items
from scraper.sources import Item

_MOST: Final = 1 << 20
"""Bytes that are sent back through the pipe; more are written to a file, since copying them would cost what a second core gains."""
_PIECE: Final = 1 << 16
"""Bytes that are written at once: few enough to stay in the processor's cache."""


class ResultRow(msgspec.Struct, array_like=True, frozen=True):
    """A result whose lines and spans are replaced by their lengths in bytes."""

    lines: int
    spans: int
    result: ItemResult


_decoder: Final = msgspec.json.Decoder(ResultRow)
_encoder: Final = msgspec.json.Encoder()


def encode_result(result: ItemResult) -> bytes:
    """Return a result as a line of JSON, a :class:`ResultRow`."""
    bare = msgspec.structs.replace(result, lines=b"", spans=b"")
    return _encoder.encode(ResultRow(len(result.lines), len(result.spans), bare)) + b"\n"


def decode_results(lines: BinaryIO, spans: BinaryIO, listed: BinaryIO) -> Iterator[ItemResult]:
    """Yield what became of each item, from a file of :func:`encode_result` and those of the lines and spans."""
    for line in listed:
        row = _decoder.decode(line)
        result = row.result
        result.lines = lines.read(row.lines)
        if row.spans:
            result.spans = spans.read(row.spans)
        yield result


class Task(NamedTuple):
    """A chunk to be done."""

    number: int
    chunk: Chunk
    is_local: bool = False
    """Whether the main process does it itself."""
    skip: int = 0
    """The number of its items that are done already."""
    is_stepwise: bool = False
    """Whether the worker answers at each step, because one has died while it did the chunk."""

    @property
    def is_metered(self) -> bool:
        """Whether each of its reads counts towards the progress of the run; otherwise its size does, when it is done."""
        return self.is_local and isinstance(self.chunk, FileChunk)


class ChunkResult(NamedTuple):
    """The results of a chunk."""

    contents: Sequence[bytes | None]
    """Lines, spans, and a :class:`ResultRow` for each item; None for what is in a file."""
    bounds: RecordBounds
    files: Sequence[BinaryIO] = ()
    """The files of the contents that are in one."""

    @classmethod
    def of(cls, results: Sequence[ItemResult], bounds: RecordBounds) -> Self:
        """Return the results of a chunk as a worker returns them."""
        lines, spans = b"".join(each.lines for each in results), b"".join(each.spans for each in results)
        return cls((lines, spans, b"".join(map(encode_result, results))), bounds)

    def results(self) -> Iterator[ItemResult]:
        """Yield what became of each item, and then close the files."""
        files = iter(self.files)
        with ExitStack() as opened:
            yield from decode_results(
                *(opened.enter_context(next(files) if data is None else io.BytesIO(data)) for data in self.contents)
            )


class StoreFailure(NamedTuple):
    """In place of results: why they cannot be stored until they are sent."""

    message: str


def do_task(job: Job, task: Task, advance: Callable[[int], object]) -> tuple[ChunkResult | StoreFailure, Sequence[BinaryIO]]:
    """Do a task, and return its results with the files that belong to them; or why they cannot be stored.

    Args:
        job: what is done with each item.
        task: the task.
        advance: called with the number of bytes of each read, and with 0 for each item.
    """
    reader = ChunkReader(task.chunk, job.options, advance)
    try:
        spools = [SpooledTemporaryFile(_MOST, buffering=_PIECE) for _ in range(3)]  # noqa: SIM115 - they are closed where they have been sent
        lines, spans, listed = spools
        for result in clean_items(job, advancing(reader, advance)):
            lines.write(result.lines)
            if result.spans:
                spans.write(result.spans)
            listed.write(encode_result(result))
        contents: list[bytes | None] = []
        files: list[BinaryIO] = []
        for spool in spools:
            is_file = spool.tell() > _MOST
            spool.flush()
            spool.seek(0)
            contents.append(None if is_file else spool.read())
            if is_file:
                files.append(cast("BinaryIO", spool))
    except OSError as error:  # errors of inputs are failures already
        where = f"{gettempdir()}: cannot be written ({error.strerror or error})"
        return StoreFailure(f"{where}; free some space, or set TMPDIR to another directory"), ()
    return ChunkResult(contents, reader.bounds), files


def advancing(items: Iterable[Item], advance: Callable[[int], object]) -> Iterator[Item]:
    """Yield the items, and call ``advance`` with 0 for each."""
    for item in items:
        advance(0)
        yield item
