"""Read the pages in a stream of bytes, whatever container they are in.

Modules and libraries for a container are imported only when an input needs them.
"""

import io
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import BinaryIO, Final, TypeVar

from scraper.errors import DamagedInput, NotText, PageError, UnreadableInput
from scraper.models import Page
from scraper.records import PageRecord
from scraper.sources.items import Guard, Item, Place, ReadOptions
from scraper.sources.sniffing import BOM, SEQUENTIAL, Kind, check_format, kind_of, own_description_of_line, own_output_item
from scraper.sources.streams import Stream, Utf16Source

DEEPEST: Final = 3
"""The deepest nesting of containers: a file compressed twice in a zip archive is plausible, more is an attack."""

_CONTAINERS: Final[dict[Kind, str]] = {
    "zip": "a zip archive",
    "parquet": "a Parquet table",
    "warc": "a web archive",
    "jsonl": "a dump of lines",
    "json": "a dump in JSON",
    "csv": "a table",
    "records": "a file of records",
}

_NEXT_PAGE: Final = re.compile(rb"</html\s*>\s*(?=(?:<\?xml[^>]*>\s*)?<(?:!doctype\s|html[\s>]))", re.IGNORECASE)
_PAGE_ENDS: Final = (b"</html", b"</HTML")

T = TypeVar("T")

DumpReader = Callable[[Kind, Stream, Place, ReadOptions, Guard], Iterator[T]]
"""A function that reads a dump or a web archive, such as :func:`read_dump`."""


def read_dump(kind: Kind, stream: Stream, place: Place, options: ReadOptions, guard: Guard) -> Iterator[Item]:
    """Read the pages of a dump or a web archive.

    Args:
        kind: ``jsonl``, ``json``, ``csv`` or ``warc``; or how a web archive is compressed.
        stream: the dump or archive.
        place: where it comes from.
        options: the options of all inputs.
        guard: is asked before each record is decoded.
    """
    if kind == "jsonl":
        from scraper.sources.json_objects import read_jsonl

        return read_jsonl(stream, place, options, guard)
    if kind == "json":
        from scraper.sources.json_objects import read_json

        return read_json(stream, place, options, guard)
    if kind == "csv":
        from scraper.sources.delimited import read_delimited

        return read_delimited(stream, place, options, guard)
    from scraper.sources.warc import read_warc

    return read_warc(stream, None if kind == "warc" else kind, place, options, guard)


def read_stream(
    stream: Stream,
    place: Place,
    options: ReadOptions,
    reader: DumpReader[T],
    guard: Guard,
    file: BinaryIO | None = None,
) -> Iterator[Item | T]:
    """Read a page, or all pages of a container.

    Args:
        stream: the bytes.
        place: where they come from.
        options: the options of all inputs.
        reader: reads each dump or web archive, of which there may be several in a zip archive.
        guard: is asked before each record, row or member.
        file: the same bytes as a seekable file, if there is one.
    """
    try:
        yield from _read(stream, place, options, reader, guard, file)
    except PageError as error:
        yield place.failed(error)


def _read(
    stream: Stream, place: Place, options: ReadOptions, reader: DumpReader[T], guard: Guard, file: BinaryIO | None
) -> Iterator[Item | T]:
    kind = kind_of(stream, options)
    check_format(stream.peek())
    if kind in _CONTAINERS and options.url is not None:
        raise UnreadableInput(f"--url is the address of one page, and this is {_CONTAINERS[kind]}; leave it out")
    if kind == "page":
        for n, data in enumerate(split_pages(stream.read_page(options.max_bytes)), 1):
            name = place.input if n == 1 else place.at(n)
            yield Page(data=data, input=name, url=options.url if n == 1 else None, is_named=place.is_named)
    elif kind == "mhtml":
        from scraper.sources.mhtml import page_of_mhtml

        yield page_of_mhtml(stream.read_page(options.max_bytes), place, options)
    elif kind == "records":
        yield from _read_records(stream, place, options)
    elif kind in SEQUENTIAL:
        yield from reader(kind, stream, place, options, guard)
    elif kind == "tar":
        raise NotText("it is a tar archive; unpack it and name the directory")
    elif kind in ("zip", "parquet"):
        yield from _read_seekable(kind, place, options, reader, guard, file)
    elif kind != "utf-16" and _first_bytes(stream.peek(), kind).startswith(b"WARC/"):
        yield from reader(kind, stream, place, options, guard)
    elif place.depth >= DEEPEST:
        raise DamagedInput(f"it is packed more than {DEEPEST} times; unpack it first")
    else:
        inner = Place(place.input, place.is_named, place.depth + 1)
        yield from read_stream(_unpacked(stream, kind), inner, options, reader, guard)


def _unpacked(stream: Stream, kind: Kind) -> Stream:
    if kind == "utf-16":
        return Stream(Utf16Source(stream))
    from scraper.sources.compression import Decompressor

    return Stream(Decompressor(stream, kind))


def _read_records(stream: Stream, place: Place, options: ReadOptions) -> Iterator[Item]:
    if not options.reads_records:
        yield own_output_item(place, own_description_of_line(stream.peek().removeprefix(BOM).lstrip().partition(b"\n")[0]) or "")
        return
    from scraper.sources.page_records import read_lines

    yield from read_lines(stream, place, PageRecord, options.max_bytes)


def _read_seekable(
    kind: Kind, place: Place, options: ReadOptions, reader: DumpReader[T], guard: Guard, file: BinaryIO | None
) -> Iterator[Item | T]:
    if file is None:
        raise UnreadableInput(
            f"it is {_CONTAINERS[kind]}, which cannot be read from a pipe or out of another file; save it and name it"
        )
    if kind == "zip":
        from scraper.sources.zip_archive import read_zip

        return read_zip(file, place, options, partial(read_stream, reader=reader, guard=guard), guard)
    from scraper.sources.parquet import read_parquet

    return read_parquet(file, place, options, guard)


def _first_bytes(head: bytes, compression: str) -> bytes:
    """Return the first decompressed bytes of ``head``; none if it is damaged."""
    from scraper.sources.compression import Decompressor

    try:
        return Decompressor(io.BytesIO(head), compression).read(16)
    except DamagedInput:
        return b""


def split_pages(data: bytes) -> Iterator[bytes]:
    """Yield the pages of a stream. A page ends where ``</html>`` is followed by the beginning of another document."""
    ends = [position for end in _PAGE_ENDS if (position := data.find(end)) >= 0]
    start = 0
    for match in _NEXT_PAGE.finditer(data, min(ends)) if ends else ():
        yield data[start : match.end()]
        start = match.end()
    yield data[start:] if start else data
