"""A stream of bytes to the pages in it, whatever it is. What only containers need is loaded when there is one."""

import io
from collections.abc import Iterator
from typing import BinaryIO, Final

from scraper.errors import DamagedInput, NotText, PageError, UnreadableInput
from scraper.models import Page
from scraper.sources.concatenated import split_pages
from scraper.sources.items import Item, Place, ReadOptions
from scraper.sources.sniffing import Kind, tell
from scraper.sources.streams import Stream

DEEPEST: Final = 3
"""How often something may be packed into something else: compressed twice in a zip archive is believable, more is an attack."""

_MANY: Final[dict[Kind, str]] = {
    "zip": "a zip archive",
    "parquet": "a Parquet table",
    "warc": "a web archive",
    "jsonl": "a dump of lines",
}


def read_stream(stream: Stream, place: Place, request: ReadOptions, file: BinaryIO | None = None) -> Iterator[Item]:
    """Read a page, or all pages of a container.

    Args:
        stream: the bytes.
        place: where they lie.
        request: what the user said of all inputs.
        file: the same bytes as a seekable file, where they are one.
    """
    try:
        yield from _read(stream, place, request, file)
    except PageError as error:
        yield place.failed(error)


def _read(stream: Stream, place: Place, request: ReadOptions, file: BinaryIO | None) -> Iterator[Item]:
    kind = tell(stream, request)
    if kind in _MANY and request.url is not None:
        raise UnreadableInput(f"--url is the address of one page, and this is {_MANY[kind]}; leave it out")
    if kind == "page":
        for n, data in enumerate(split_pages(stream.read_page(request.max_bytes)), 1):
            name = place.input if n == 1 else place.at(n)
            yield Item(name, Page(data=data, input=name, url=request.url if n == 1 else None), None, place.is_named)
    elif kind == "jsonl":
        from scraper.sources.jsonl import read_jsonl

        yield from read_jsonl(stream, place, request)
    elif kind == "warc":
        yield from _read_warc(stream, None, place, request)
    elif kind == "tar":
        raise NotText("it is a tar archive; unpack it and name the directory")
    elif kind in ("zip", "parquet"):
        yield from _read_seekable(kind, place, request, file)
    elif _begin(stream.look(), kind).startswith(b"WARC/"):
        yield from _read_warc(stream, kind, place, request)
    elif place.depth >= DEEPEST:
        raise DamagedInput(f"it is packed more than {DEEPEST} times; unpack it first")
    else:
        from scraper.sources.compression import Decompressor

        inner = Place(place.input, place.is_named, place.depth + 1)
        yield from read_stream(Stream(Decompressor(stream, kind)), inner, request)


def _read_warc(stream: Stream, compression: str | None, place: Place, request: ReadOptions) -> Iterator[Item]:
    from scraper.sources.warc import read_warc

    return read_warc(stream, compression, place, request)


def _read_seekable(kind: Kind, place: Place, request: ReadOptions, file: BinaryIO | None) -> Iterator[Item]:
    if file is None:
        raise UnreadableInput(f"it is {_MANY[kind]}, which cannot be read from a pipe or out of another file; save it and name it")
    if kind == "zip":
        from scraper.sources.zip_archive import read_zip

        return read_zip(file, place, request, read_stream)
    from scraper.sources.parquet import read_parquet

    return read_parquet(file, place, request)


def _begin(head: bytes, compression: str) -> bytes:
    """Return the first bytes of what ``head`` begins to hold, if that can be had."""
    from scraper.sources.compression import Decompressor

    try:
        return Decompressor(io.BytesIO(head), compression).read(16)
    except DamagedInput:
        return b""
