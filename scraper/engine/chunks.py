"""Chunks of the work of a run: what any process can do on its own."""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, Final, Literal, NamedTuple, Self, cast

from scraper.sources import Item, ReadOptions, Unread
from scraper.sources.containers import read_dump, read_stream
from scraper.sources.files import InputEntry, InputFile, Meter, read_entry, with_file
from scraper.sources.items import Guard, Place, Spot
from scraper.sources.json_objects import read_jsonl
from scraper.sources.sniffing import Kind
from scraper.sources.streams import ByteSource, Stream

if TYPE_CHECKING:
    from scraper.sources.warc import WarcSlice

MANY: Final = 64
"""Pages from which a pool is worth its start. A chunk of a large file counts as this many."""


class FileChunk(NamedTuple):
    """Files to be read one after the other."""

    entries: list[InputEntry | Unread]
    weight: int
    size: int
    is_local: bool = False
    """Whether only the main process can read it, such as a pipe."""
    losses: Mapping[Spot, bool] = {}
    """The spots that are given up, if it is the only file; see :class:`~scraper.sources.items.Guard`."""

    @property
    def place(self) -> Place:
        """The last file."""
        last = self.entries[-1]
        return last.place if isinstance(last, InputEntry) else Place(last.input, True)


class LineChunk(NamedTuple):
    """Lines of a dump, as a range of its bytes."""

    path: str
    start: int
    end: int
    first: int
    """The number of the first line, from 1."""
    place: Place
    weight: int = MANY
    losses: Mapping[Spot, bool] = {}
    """The spots that are given up; see :class:`~scraper.sources.items.Guard`."""

    @property
    def size(self) -> int:
        """Bytes."""
        return self.end - self.start


class UnpackedChunk(NamedTuple):
    """Lines of a dump, or rows of a table, that the main process reads, since they cannot be read from any place in the file."""

    path: str
    data: bytes
    """Lines; or rows as :func:`~scraper.sources.parquet.pack_rows` packs them."""
    first: int
    """The number of the first line or row, from 1."""
    size: int
    """Bytes of the file, for the progress display."""
    place: Place
    kind: Literal["jsonl", "parquet"] = "jsonl"
    weight: int = MANY
    losses: Mapping[Spot, bool] = {}
    """The spots that are given up; see :class:`~scraper.sources.items.Guard`."""


class ItemChunk(NamedTuple):
    """Items that the main process reads: of a file that only one process can read, or of the live web."""

    items: Iterable[Item]
    place: Place
    size: int = 0
    """Bytes of the file, for the progress display."""
    weight: int = MANY


class MemberChunk(NamedTuple):
    """The records of a web archive, compressed or not, that begin in a range of its bytes."""

    path: str
    start: int
    end: int
    compression: str | None
    place: Place
    is_exact: bool = False
    """Whether a record is known to begin at ``start``."""
    weight: int = MANY
    losses: Mapping[Spot, bool] = {}
    """The spots that are given up; see :class:`~scraper.sources.items.Guard`."""

    @property
    def size(self) -> int:
        """Bytes."""
        return self.end - self.start

    def beginning_at(self, start: int | None) -> Self | None:
        """Return the chunk from where its first record is known to begin; None if none begins in it."""
        return None if start is None or start >= self.end else self._replace(start=start, is_exact=True)


class PartChunk(NamedTuple):
    """Some of the row groups of a Parquet table, or of the members of a zip archive."""

    path: str
    kind: Kind
    first: int
    last: int
    size: int
    """Compressed bytes, for the progress display."""
    place: Place
    weight: int = MANY
    losses: Mapping[Spot, bool] = {}
    """The spots that are given up; see :class:`~scraper.sources.items.Guard`."""


UNKNOWN: Final = -1
"""In place of the offset of a record that is not known yet: the reader of the next chunk searches for it."""


class RecordBounds(NamedTuple):
    """Where the records of a :class:`MemberChunk` begin: an offset, None if there is no such record, or :data:`UNKNOWN`."""

    first: int | None = UNKNOWN
    """The first record in the chunk."""
    following: int | None = UNKNOWN
    """The first record after the chunk."""


Chunk = FileChunk | ItemChunk | LineChunk | UnpackedChunk | MemberChunk | PartChunk


def chunk_fingerprint(chunk: Chunk) -> object:
    """Return a value that differs if the inputs were split differently."""
    if isinstance(chunk, FileChunk):
        return len(chunk.entries), chunk.size
    if isinstance(chunk, ItemChunk):
        return len(list(chunk.items)), chunk.size, chunk.place
    if isinstance(chunk, UnpackedChunk):  # packed rows may have another length with another release of pyarrow
        return chunk._replace(data=b"%d" % len(chunk.data) if chunk.kind == "jsonl" else b"")
    return chunk


def parts_of(chunk: Chunk) -> list[Chunk]:
    """Return chunks that give the items of a chunk, in their order: one for each file, row group, member or item.

    Lines and records of an archive stay together: only their reader knows where the next one begins, or how many have their fields.
    """
    if isinstance(chunk, FileChunk):
        return [chunk._replace(entries=[entry]) for entry in chunk.entries]
    if isinstance(chunk, ItemChunk):
        return [ItemChunk([item], chunk.place) for item in chunk.items]
    if isinstance(chunk, PartChunk):
        return [chunk._replace(first=number, last=number + 1) for number in range(chunk.first, chunk.last)]
    return [chunk]


def giving_up(part: Chunk, spot: Spot | None) -> Chunk | None:
    """Return the part with the record at ``spot`` given up, so that the rest can be read.

    A record of a web archive is not decoded then, but its end is found by its header; if that kills, too, the next one is searched for.
    A row of a table is decoded, but not converted; if that kills, too, the rest of its row group is given up.

    Args:
        part: one of :func:`parts_of` a chunk.
        spot: where workers died; None if that is not known.

    Returns:
        The chunk; None if what comes after the spot cannot be read.
    """
    if spot is None or isinstance(part, ItemChunk):
        return None
    was_lost = spot in part.losses
    if was_lost and (part.losses[spot] or not spot.archive):
        return None
    return part._replace(losses={**part.losses, spot: was_lost})


def extent_of(part: Chunk) -> str:  # noqa: PLR0911 - one for each kind of chunk
    """Return a description of the part of its file that a chunk covers, for messages; ``part`` is one of :func:`parts_of` a chunk."""
    if isinstance(part, FileChunk) and isinstance(part.entries[0], InputEntry):
        if part.entries[0].span is not None:
            return f"the range at byte {part.entries[0].span[0]:,}"
        if part.entries[0].pieces:
            return f"the pieces {', '.join(part.entries[0].pieces)}"
    if isinstance(part, LineChunk | MemberChunk):
        return f"its bytes {part.start:,} to {part.end - 1:,}"
    if isinstance(part, UnpackedChunk):
        if part.kind == "parquet":
            return f"the few megabytes of rows from number {part.first:,}"
        last = part.first + part.data.rstrip(b"\n").count(b"\n")
        return f"its lines {part.first:,} to {last:,}"
    if isinstance(part, PartChunk):
        return f"its {'row group' if part.kind == 'parquet' else 'member'} number {part.last:,}"
    return "it"


class ChunkReader:
    """The items of a chunk.

    Args:
        chunk: the chunk.
        options: the options of all inputs.
        meter: is called with the number of bytes of each read of a file.
        begin: called with each spot before it is read, if the chunk is one of :func:`parts_of` another.
    """

    def __init__(
        self, chunk: Chunk, options: ReadOptions, meter: Meter | None = None, begin: Callable[[Spot], object] | None = None
    ) -> None:
        self._chunk = chunk
        self._options = options
        self._meter = meter
        self._guard = Guard(chunk.losses if not isinstance(chunk, ItemChunk) else {}, begin)
        self._records: WarcSlice | None = None
        self._is_read = False

    @property
    def bounds(self) -> RecordBounds:
        """The bounds of the records read so far; unknown for other chunks than a :class:`MemberChunk`."""
        records = self._records
        if records is None:
            return RecordBounds()
        if self._is_read:
            return RecordBounds(records.first, records.next)
        return RecordBounds(UNKNOWN if records.first is None else records.first)

    def __iter__(self) -> Iterator[Item]:
        chunk, options = self._chunk, self._options
        if isinstance(chunk, FileChunk):
            for entry in chunk.entries:
                yield from read_entry(entry, options, self._meter, self._guard)
            return
        if isinstance(chunk, ItemChunk):
            yield from chunk.items
            return
        yield from with_file(chunk.path, chunk.place, partial(self._read, chunk), self._meter)

    def _read(self, chunk: LineChunk | UnpackedChunk | MemberChunk | PartChunk, file: InputFile) -> Iterator[Item]:
        options = self._options
        if isinstance(chunk, UnpackedChunk) and chunk.kind == "parquet":
            from scraper.sources.parquet import PackedRows, read_packed_rows

            yield from read_packed_rows(PackedRows(chunk.first, chunk.data), chunk.place, options, self._guard)
        elif isinstance(chunk, UnpackedChunk):
            yield from self._read_lines(chunk, io.BytesIO(chunk.data))
        elif isinstance(chunk, PartChunk):
            yield from self._read_part(chunk, cast("BinaryIO", file))
        elif isinstance(chunk, LineChunk):
            file.seek(chunk.start)
            yield from self._read_lines(chunk, _Bounded(file, chunk.size))
        else:
            from scraper.sources.warc import WarcSlice

            file.seek(chunk.start)
            self._records = WarcSlice(
                file,
                chunk.compression,
                chunk.place,
                options,
                start=chunk.start,
                end=chunk.end,
                is_exact=chunk.is_exact,
                guard=self._guard,
            )
            yield from self._records
            self._is_read = True

    def _read_lines(self, chunk: LineChunk | UnpackedChunk, source: ByteSource) -> Iterator[Item]:
        return read_jsonl(Stream(source), chunk.place, self._options, self._guard, chunk.first)

    def _read_part(self, chunk: PartChunk, file: BinaryIO) -> Iterator[Item]:
        part = range(chunk.first, chunk.last)
        if chunk.kind == "parquet":
            from scraper.sources.parquet import read_parquet

            return read_parquet(file, chunk.place, self._options, self._guard, part)
        from scraper.sources.zip_archive import read_part

        read = partial(read_stream, reader=read_dump, guard=self._guard)
        return read_part(chunk.path, chunk.place, self._options, read, self._guard, part)


class _Bounded:
    """The next bytes of a file, up to a number."""

    def __init__(self, file: InputFile, left: int) -> None:
        self._file = file
        self._left = left

    def read(self, size: int, /) -> bytes:
        piece = self._file.read(min(size, self._left)) or b""
        self._left -= len(piece)
        return piece
