"""Inputs, cut into the chunks of a run, in their order, and the tasks that do them."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, BinaryIO, Final

from scraper import remote
from scraper.defaults import GZIP_WBITS
from scraper.engine.chunks import MANY, Chunk, FileChunk, ItemChunk, LineChunk, MemberChunk, PartChunk, UnpackedChunk
from scraper.engine.jobs import Job
from scraper.engine.tasks import Task
from scraper.errors import DamagedInput, PageError, ResumeError
from scraper.models import Page
from scraper.remote import is_remote
from scraper.sources import Item, ReadOptions, Unread, read_inputs
from scraper.sources.compression import Decompressor
from scraper.sources.containers import read_dump
from scraper.sources.files import InputEntry, Meter, open_input, read_file, unreadable, with_stream
from scraper.sources.inputs import find_entries
from scraper.sources.items import Guard, Place
from scraper.sources.sniffing import BY_MEMBER, COMPRESSIONS, SEQUENTIAL, Kind, kind_of
from scraper.sources.streams import PIECE, Stream

if TYPE_CHECKING:
    from scraper.engine.resumable import ResumableRun

BATCH: Final = 25
"""Files in a chunk. With one file in each, a third of the gain is lost; with more, nothing is won."""
LARGE: Final = 1 << 20
"""Bytes from which a file is split, if its format allows it."""
STRETCH: Final = 4 << 20
"""Bytes of a large file in a chunk: a tenth of a second of work, or several seconds where pages are compressed."""
UNPACKED: Final = 2 << 20
"""Bytes in a chunk that the main process has unpacked or read. They are held in memory, three chunks for each process. A worker waits
for the main process each time that it gets one."""
_LARGEST_PART: Final = 1 / 16
"""The share of a table or archive that a row group or member may have. While one process cleans a larger one, others have nothing to do."""
_HEAD: Final = 1 << 16
"""Bytes in which the first record of an archive ends, which is about the program that wrote it."""
_NEXT_RECORD: Final = b"\r\n\r\nWARC/"
SHIPPED: Final = (1000, 64 << 20)
"""Files and bytes in a chunk for another machine: seconds of work, since each becomes a file of its own."""

_FEW: Final = 8
_SMALL: Final = 1 << 17
"""Bytes. Fewer and smaller files are read before a pool would have started."""


def plan(entries: Iterable[InputEntry | Unread], options: ReadOptions, *, are_shipped: bool = False) -> Iterator[Chunk]:
    """Yield the chunks of a run, in order, reading no further ahead than asked.

    Args:
        entries: the files to read.
        options: how they are read.
        are_shipped: whether they are for other machines: larger, without data, and independent; a web archive or a compressed dump is one.
    """
    files, stretch = SHIPPED if are_shipped else (BATCH, STRETCH)
    batch: list[InputEntry | Unread] = []
    total = 0
    for entry in entries:
        size = _size(entry)
        is_single = size is None or size >= LARGE
        if batch and (is_single or len(batch) >= files or total >= stretch):
            yield FileChunk(batch, len(batch), total)
            batch, total = [], 0
        if is_single and isinstance(entry, InputEntry):
            yield from (
                _split(entry, options, stretch, are_shipped=are_shipped) if size is not None else (FileChunk([entry], 1, 0, True),)
            )
        else:
            batch.append(entry)
            total += size or 0
    if batch:
        yield FileChunk(batch, len(batch), total)


def _size(entry: InputEntry | Unread) -> int | None:
    """Return the size of an input in bytes; None if it can be read only once, by the main process."""
    if not isinstance(entry, InputEntry) or entry.pieces:
        return 0
    if entry.span is not None:
        return min(entry.span[1], LARGE - 1)  # a range is read as a whole
    if entry.name == "-":
        return None
    try:
        if is_remote(entry.name):
            return remote.size_of(entry.name)
        return os.path.getsize(entry.name) if os.path.isfile(entry.name) else (0 if not os.path.exists(entry.name) else None)
    except (OSError, PageError):  # whoever reads it names the fault
        return 0


def _split(entry: InputEntry, options: ReadOptions, stretch: int, *, are_shipped: bool) -> Iterator[Chunk]:
    path, place, size = entry.name, entry.place, _size(entry) or 0
    kind, inner = _kinds(path, options)
    sizes = _part_sizes(path, kind, options) if kind in ("parquet", "zip") and options.url is None else ()
    if kind is not None and sizes and (are_shipped or max(sizes) < max(LARGE, sum(sizes) * _LARGEST_PART)):
        yield from _parts(path, kind, place, sizes, stretch)
    elif options.url is not None or kind is None:
        yield FileChunk([entry], 1 if kind in (None, "page") else MANY, size)
    elif kind == "jsonl" and not is_remote(path):
        try:
            yield from _lines(path, place, stretch)
        except OSError as error:
            yield FileChunk([place.failed(unreadable(error))], 0, 0)
    elif are_shipped:
        yield FileChunk([entry], MANY, size)
    elif _has_separate_records(path, kind, inner):
        for start in range(0, size, STRETCH):
            yield MemberChunk(path, start, min(start + STRETCH, size), None if kind == "warc" else kind, place, start == 0)
    elif sizes or SEQUENTIAL & {kind, inner}:
        yield from _read_here(entry, options, is_table=kind == "parquet")
    else:
        yield FileChunk([entry], MANY if kind not in ("page", "mhtml") else 1, size)


def _has_separate_records(path: str, kind: Kind | None, inner: Kind | None) -> bool:
    """Return True for a web archive that can be cut between records: it is not compressed, or not as a whole.

    It is compressed as a whole if a second record follows within the same gzip member or Zstandard frame. The first record is a short
    one.
    """
    if inner != "warc" or kind not in BY_MEMBER:
        return kind == "warc"
    with suppress(Exception), open_input(path) as file:  # whoever reads it names the fault
        head = file.read(_HEAD)
        if kind == "gzip":
            import zlib

            return _NEXT_RECORD not in zlib.decompressobj(GZIP_WBITS).decompress(head, _HEAD)
        import zstandard

        return _NEXT_RECORD not in zstandard.ZstdDecompressor().stream_reader(head).read(_HEAD)
    return True


def _kinds(path: str, options: ReadOptions) -> tuple[Kind | None, Kind | None]:
    """Return what a file is and, if it is compressed, what is in it; None where that cannot be determined."""
    kind = inner = None
    with suppress(OSError, PageError), open_input(path) as file:  # whoever reads it names the fault
        stream = Stream(file)
        kind = kind_of(stream, options)
        if kind in COMPRESSIONS:
            inner = kind_of(Stream(Decompressor(stream, kind)), options)
    return kind, inner


def _lines(path: str, place: Place, stretch: int) -> Iterator[LineChunk]:
    """Cut a dump at line ends, and count its lines."""
    start = end = 0
    first = number = 1
    with open_input(path) as file:
        while piece := file.read(PIECE):
            cut = piece.rfind(b"\n") + 1
            if end + cut - start >= stretch and cut:
                number += piece.count(b"\n")
                yield LineChunk(path, start, end + cut, first, place)
                start, first = end + cut, number
            else:
                number += piece.count(b"\n")
            end += len(piece)
    if end > start:
        yield LineChunk(path, start, end, first, place)


def _read_here(entry: InputEntry, options: ReadOptions, *, is_table: bool) -> Iterator[ItemChunk | UnpackedChunk]:
    """Read a file that only one process can read, or that cannot be cut into equal parts, and yield its pages, lines or rows."""
    items: list[Item] = []
    reads: list[int] = []
    size = 0
    pieces = (
        with_stream(entry, partial(_cut_table, entry, options), reads.append)
        if is_table
        else read_file(entry, options, partial(_cut_dump, entry.name), Guard(), reads.append)
    )
    for found in pieces:
        if isinstance(found, Item):
            items.append(found)
            size += len(found.input) + (len(found.data) if isinstance(found, Page) else 0)
            if size < UNPACKED:
                continue
        if items:
            yield ItemChunk(items, entry.place, sum(reads))
            items, size = [], 0
            reads.clear()
        if isinstance(found, UnpackedChunk):
            yield found._replace(size=sum(reads))
            reads.clear()
    if items:
        yield ItemChunk(items, entry.place, sum(reads))


def _cut_dump(
    path: str, kind: Kind, stream: Stream, place: Place, options: ReadOptions, guard: Guard
) -> Iterator[UnpackedChunk | Item]:
    """Cut a dump of lines at line ends, and read any other.

    Of a line longer than ``--max-bytes`` only so much is kept that its reader refuses it.
    """
    if kind != "jsonl":
        yield from read_dump(kind, stream, place, options, guard)
        return
    first = number = 1
    whole, tail = bytearray(), bytearray()
    try:
        for piece in stream.pieces():
            cut = piece.rfind(b"\n") + 1
            if cut:
                number += piece.count(b"\n")
                whole += tail
                whole += piece[:cut]
                tail.clear()
            tail += piece[cut:]
            del tail[options.max_bytes + 1 :]
            if len(whole) >= UNPACKED:
                yield UnpackedChunk(path, bytes(whole), first, 0, place)
                first = number
                whole.clear()
    except (PageError, OSError) as error:
        if whole:
            yield UnpackedChunk(path, bytes(whole), first, 0, place)
        if not isinstance(error, DamagedInput):
            raise
        yield place.failed(DamagedInput(f"after line {number - 1}, {error}"))
    else:
        if whole or tail:
            yield UnpackedChunk(path, bytes(whole + tail), first, 0, place)


def _cut_table(entry: InputEntry, options: ReadOptions, _: Stream, file: BinaryIO | None) -> Iterator[UnpackedChunk | Item]:
    """Cut a table into rows, which other processes convert."""
    from scraper.sources.parquet import pack_rows

    assert file is not None  # noqa: S101 - its size is known, so it is a file
    for found in pack_rows(file, entry.place, options, UNPACKED):
        yield found if isinstance(found, Item) else UnpackedChunk(entry.name, found.data, found.first, 0, entry.place, "parquet")


def _part_sizes(path: str, kind: Kind, options: ReadOptions) -> Sequence[int]:
    """Return the compressed size of each row group of a table, or member of a zip archive; none if it cannot be read."""
    with suppress(Exception):  # whoever reads a damaged file names the damage
        if kind == "parquet":
            from scraper.sources.parquet import group_sizes

            return group_sizes(path, options)
        from scraper.sources.zip_archive import member_sizes

        return member_sizes(path)
    return ()


def _parts(path: str, kind: Kind, place: Place, sizes: Sequence[int], stretch: int) -> Iterator[PartChunk]:
    """Cut a table or an archive into row groups or members of ``stretch`` bytes together."""
    first = total = 0
    for last, size in enumerate(sizes, 1):
        total += size
        if total >= stretch or last == len(sizes):
            yield PartChunk(path, kind, first, last, total, place)
            first, total = last, 0


def tasks_of(
    job: Job, inputs: Iterable[str], processes: int, meter: Meter | None, resumable: "ResumableRun | None"
) -> Iterable[Task]:
    """Return the tasks of a job over files, in order.

    Args:
        job: what is done with each item.
        inputs: paths, ``-`` for stdin, or pieces of containers such as ``dump.jsonl#42``.
        processes: the number of processes that there may be. For fewer than 64 pages, tasks are local.
        meter: is called with the number of bytes of each read of a task that is metered.
        resumable: tells where the run begins.

    Raises:
        ResumeError: if an input before the start has changed, or one cannot be read twice.
    """
    if resumable is not None:
        if job.options.is_part:
            raise ResumeError("a run with --limit or --sample cannot be resumed; leave them out, or --resume")
        return _tasks(resumable.chunks(inputs, job, meter), processes, skip=resumable.start.items, is_resumable=True)
    if processes == 1 or job.options.is_part or (isinstance(inputs, Sequence) and _is_little(inputs)):
        items = read_inputs(inputs, job.options, skip=job.skip, meter=meter)
        return [Task(0, ItemChunk(items, Place("", True)), is_local=True)]  # there is nothing to share out
    return _tasks(enumerate(plan(find_entries(inputs, job.options, job.skip), job.options)), processes)


def _is_little(inputs: Sequence[str]) -> bool:
    """Return True if there are only a few small files."""
    return len(inputs) < _FEW and all(os.path.isfile(name) and os.path.getsize(name) < _SMALL for name in inputs)


def _tasks(chunks: Iterator[tuple[int, Chunk]], processes: int, *, skip: int = 0, is_resumable: bool = False) -> Iterator[Task]:
    """Yield chunks as tasks: local ones, unless there are enough for worker processes.

    Args:
        chunks: the chunks, with their numbers.
        processes: the number of processes.
        skip: the number of items of the first chunk that are done.
        is_resumable: whether a checkpoint keeps how far the run has come.
    """
    first: list[tuple[int, Chunk]] = []
    weight = 0
    for numbered in chunks:
        first.append(numbered)
        weight += numbered[1].weight
        if weight >= MANY:
            break
    first += islice(chunks, 1)
    # A single file that cannot be cut keeps one process busy; here, its results are written as they come, and noted one by one.
    is_uncut = not first[1:] and (is_resumable or any(isinstance(chunk, FileChunk) for _, chunk in first))
    is_little = processes == 1 or weight < MANY or is_uncut
    for number, chunk in chain(first, chunks):
        is_local = is_little or skip > 0 or (isinstance(chunk, FileChunk) and chunk.is_local)
        yield Task(number, chunk, is_local, skip)
        skip = 0
