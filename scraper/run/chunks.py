"""The work of a run cut into chunks that can be done on their own, in the order of the input."""

import io
import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from typing import Final, NamedTuple, Self

from scraper.errors import PageError, UnreadableInput
from scraper.sources import Item, ReadOptions
from scraper.sources.compression import Decompressor
from scraper.sources.files import InputEntry, Meter, find_entries, read_entry
from scraper.sources.items import Place
from scraper.sources.jsonl import read_jsonl
from scraper.sources.sniffing import tell
from scraper.sources.streams import PIECE, Stream

BATCH: Final = 25
"""Files in a chunk: one at a time costs a third of the gain, more gives nothing."""
LARGE: Final = 1 << 20
"""Files from this size on, in bytes, are looked into, whether they can be split."""
STRETCH: Final = 4 << 20
"""Bytes of a large file in a chunk: a tenth of a second of work, or several where pages are compressed."""

MANY: Final = 64
"""Pages from which on a pool pays for its start. A stretch of a large file counts as so many."""


class FileChunk(NamedTuple):
    """Files to be read one after the other."""

    entries: list[InputEntry | Item]
    weight: int
    size: int
    is_local: bool = False
    """Whether it must be done where it was planned: a pipe cannot be handed on."""

    @property
    def place(self) -> Place:
        """Where its last file lies."""
        last = self.entries[-1]
        return Place(last.input, True) if isinstance(last, Item) else last.place


class LineChunk(NamedTuple):
    """A stretch of a dump, or of what was unpacked from one."""

    path: str
    start: int
    end: int
    first: int
    place: Place
    weight: int = MANY

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self.end - self.start


class MemberChunk(NamedTuple):
    """The records of an archive, compressed or not, that begin in a stretch of it."""

    path: str
    start: int
    end: int
    compression: str | None
    place: Place
    is_exact: bool = False
    """Whether a record is known to begin at ``start``."""
    weight: int = MANY

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self.end - self.start

    def beginning_at(self, start: int | None) -> Self | None:
        """Return the chunk from where its first record is known to begin, or None if none begins in it."""
        return None if start is None or start >= self.end else self._replace(start=start, is_exact=True)


Chunk = FileChunk | LineChunk | MemberChunk


def plan(inputs: Iterable[str], request: ReadOptions, skip: Collection[tuple[int, int]]) -> Iterator[Chunk]:
    """Yield the chunks of a run, in order, looking only as far ahead as it is asked."""
    batch: list[InputEntry | Item] = []
    total = 0
    for entry in find_entries(inputs, skip):
        size = _size(entry)
        is_single = size is None or size >= LARGE
        if batch and (is_single or len(batch) >= BATCH or total >= STRETCH):
            yield FileChunk(batch, len(batch), total)
            batch, total = [], 0
        if is_single and not isinstance(entry, Item):
            yield from _split(entry, request) if size is not None else (FileChunk([entry], 1, 0, True),)
        else:
            batch.append(entry)
            total += size or 0
    if batch:
        yield FileChunk(batch, len(batch), total)


def _size(entry: InputEntry | Item) -> int | None:
    """Return the size of what an entry names; None if it can be read but once, and here."""
    if isinstance(entry, Item) or entry.pieces:
        return 0
    if entry.name == "-":
        return None
    try:
        return os.path.getsize(entry.name) if os.path.isfile(entry.name) else (0 if not os.path.exists(entry.name) else None)
    except OSError:
        return 0


def _split(entry: InputEntry, request: ReadOptions) -> Iterator[Chunk]:
    size = os.path.getsize(entry.name)
    place = entry.place
    kind, is_archive = None, False
    with suppress(OSError, PageError), open(entry.name, "rb", buffering=0) as file:  # whoever reads it will say what is wrong
        stream = Stream(file)
        kind = tell(stream, request)
        is_compressed = kind in ("gzip", "zstd")
        is_archive = kind == "warc" or (
            is_compressed and Decompressor(io.BytesIO(stream.look()), kind).read(PIECE).startswith(b"WARC/")
        )
    if kind == "jsonl" and request.url is None:
        try:
            yield from _lines(entry.name, place)
        except OSError as error:
            yield FileChunk([_unreadable(place, error)], 0, 0)
    elif is_archive and request.url is None:
        for start in range(0, size, STRETCH):
            yield MemberChunk(
                entry.name, start, min(start + STRETCH, size), None if kind == "warc" else str(kind), place, start == 0
            )
    else:
        yield FileChunk([entry], MANY if kind != "page" else 1, size)


def _unreadable(place: Place, error: OSError) -> Item:
    return place.failed(UnreadableInput(f"it cannot be read ({error.strerror or error}); check its permissions"))


def _lines(path: str, place: Place) -> Iterator[LineChunk]:
    """Cut a dump behind line ends, and count the lines."""
    start = end = 0
    first = number = 1
    with open(path, "rb", buffering=0) as file:
        while piece := file.read(PIECE):
            cut = piece.rfind(b"\n") + 1
            if end + cut - start >= STRETCH and cut:
                number += piece.count(b"\n")
                yield LineChunk(path, start, end + cut, first, place)
                start, first = end + cut, number
            else:
                number += piece.count(b"\n")
            end += len(piece)
    if end > start:
        yield LineChunk(path, start, end, first, place)


class ChunkReader:
    """The pages of a chunk.

    Args:
        chunk: the chunk.
        request: what the user said of all inputs.
        meter: is told how many bytes are read.
    """

    def __init__(self, chunk: Chunk, request: ReadOptions, meter: Meter | None = None) -> None:
        self._unit = chunk
        self._request = request
        self._meter = meter
        self.ends: tuple[int | None, int | None] = (None, None)
        """Of the members of an archive: where the first that was found begins, and the first behind the stretch."""

    def __iter__(self) -> Iterator[Item]:
        chunk, request = self._unit, self._request
        if isinstance(chunk, FileChunk):
            for entry in chunk.entries:
                yield from read_entry(entry, request, self._meter)
            return
        try:
            with open(chunk.path, "rb", buffering=0) as file:
                file.seek(chunk.start)
                if isinstance(chunk, LineChunk):
                    yield from read_jsonl(Stream(_Bounded(file, chunk.size)), chunk.place, request, chunk.first)
                else:
                    from scraper.sources.warc import Stretch

                    span = {"start": chunk.start, "end": chunk.end}
                    stretch = Stretch(file, chunk.compression, chunk.place, request, **span, is_exact=chunk.is_exact)
                    yield from stretch
                    self.ends = stretch.first, stretch.next
        except OSError as error:
            yield _unreadable(chunk.place, error)


class _Bounded:
    """So many bytes of a file."""

    def __init__(self, file: io.FileIO, left: int) -> None:
        self._file = file
        self._left = left

    def read(self, size: int, /) -> bytes:
        piece = self._file.read(min(size, self._left)) or b""
        self._left -= len(piece)
        return piece
