"""Page records that an earlier run has written, read from JSON Lines and Parquet."""

from collections.abc import Collection, Iterable, Iterator
from functools import partial
from typing import BinaryIO, Final, TypeVar

import msgspec

from scraper.defaults import MAX_BYTES
from scraper.errors import BadRecord, DamagedInput, MissingInput, NotText, PageError
from scraper.sources.containers import DEEPEST
from scraper.sources.files import FileId, InputEntry, Meter, with_stream
from scraper.sources.inputs import find_entries
from scraper.sources.items import Place, ReadOptions, Unread
from scraper.sources.json_objects import BLANK, decode_slowly, split_lines
from scraper.sources.sniffing import COMPRESSIONS, FAILURE_KEYS, HEADLINE_KEYS, kind_of
from scraper.sources.streams import Stream, too_large

R = TypeVar("R", bound=msgspec.Struct)

_OTHER_KINDS: Final = {
    "zip": "a zip archive",
    "tar": "a tar archive",
    "parquet": "a Parquet table in a pipe",
    "csv": "a CSV table",
    "warc": "a web archive",
}
_REMEDY: Final = "name the JSON Lines or the Parquet file that `scraper clean` wrote"

_MISTAKEN: Final = {
    HEADLINE_KEYS: "a headline, as `scraper headlines` writes it",
    FAILURE_KEYS: "a failure, as --failures writes it",
}
"""Other records of this program, which users may confuse with page records."""


def read_records(
    inputs: Iterable[str], record: type[R], max_bytes: int = MAX_BYTES, *, skip: Collection[FileId] = (), meter: Meter | None = None
) -> Iterator[R | Unread]:
    """Read page records, in order, with a failed item for each line that is not a page record.

    Args:
        inputs: paths of files and directories, or ``-`` for stdin.
        record: a type with some of the fields of :class:`~scraper.records.PageRecord`; other fields are skipped.
        max_bytes: the most bytes of a line.
        skip: files to skip in directories.
        meter: called with the number of bytes of each read.
    """
    for entry in find_entries(inputs, ReadOptions(), skip):
        if not isinstance(entry, InputEntry):
            yield entry
        elif entry.pieces:
            yield entry.place.failed(MissingInput("there is no such file, and single lines are not read; name the file before #"))
        else:
            read = partial(_read, place=entry.place, record=record, max_bytes=max_bytes)
            yield from with_stream(entry, read, meter)


def _read(stream: Stream, file: BinaryIO | None, *, place: Place, record: type[R], max_bytes: int) -> Iterator[R | Unread]:
    if file is not None and kind_of(stream, ReadOptions()) == "parquet":
        return _read_table(file, place, record)
    return read_lines(stream, place, record, max_bytes)


def _read_table(file: BinaryIO, place: Place, record: type[R]) -> Iterator[R | Unread]:
    from scraper.sources.parquet import read_rows

    names = [field.encode_name for field in msgspec.structs.fields(record)]
    number = 0
    try:
        for number, row in enumerate(read_rows(file, names), 1):
            try:
                yield msgspec.convert(row, record)
            except msgspec.ValidationError as error:
                yield place.failed(_no_page_record(error), number)
    except PageError as error:
        yield place.failed(error, number + 1 if number else None)


def read_lines(stream: Stream, place: Place, record: type[R], max_bytes: int) -> Iterator[R | Unread]:
    """Read page records from JSON Lines, compressed or not.

    Args:
        stream: the lines.
        place: where they come from.
        record: a type with some of the fields of :class:`~scraper.records.PageRecord`.
        max_bytes: the most bytes of a line.
    """
    decoder = msgspec.json.Decoder(record)
    number = 0
    try:
        for number, line in enumerate(split_lines(_unpacked(stream, max_bytes), max_bytes), 1):
            if line is None:
                yield place.failed(too_large("line", max_bytes), number)
                continue
            try:
                yield decoder.decode(line)
            except (ValueError, RecursionError):
                if line.strip(BLANK):
                    try:
                        yield _decoded(line, decoder)
                    except PageError as error:
                        yield place.failed(error, number)
    except DamagedInput as error:
        yield place.failed(DamagedInput(f"after line {number}, {error}" if number else str(error)))
    except PageError as error:
        yield place.failed(error)


def _unpacked(stream: Stream, max_bytes: int) -> Stream:
    """Return the decompressed stream.

    Raises:
        DamagedInput: if it is compressed too often.
        NotText: if it does not consist of lines.
    """
    options = ReadOptions(max_bytes=max_bytes)
    for _ in range(DEEPEST):
        kind = kind_of(stream, options)
        if kind not in COMPRESSIONS:
            break
        from scraper.sources.compression import Decompressor

        stream = Stream(Decompressor(stream, kind))
    kind = kind_of(stream, options)
    if kind in COMPRESSIONS:
        raise DamagedInput(f"it is packed more than {DEEPEST} times; unpack it first")
    if kind in _OTHER_KINDS:
        raise NotText(f"it is {_OTHER_KINDS[kind]}; {_REMEDY}")
    if b"\0" in stream.peek():
        raise NotText(f"it is not text; {_REMEDY}")
    return stream


def _decoded(line: bytes, decoder: msgspec.json.Decoder[R]) -> R:
    """Decode a line that is not strict JSON.

    Raises:
        BadRecord: if it is not a page record.
    """
    fields = decode_slowly(line)
    for keys, description in _MISTAKEN.items():
        if fields.keys() >= set(keys):
            raise BadRecord(f"it is not a page record but {description}; name the output of `scraper clean`")
    try:
        record: R = msgspec.convert(fields, decoder.type)
    except (msgspec.ValidationError, RecursionError) as error:
        raise _no_page_record(error) from None
    return record


def _no_page_record(error: Exception) -> BadRecord:
    return BadRecord(f"it is not a page record ({error}); `scraper schema` says what one holds")
