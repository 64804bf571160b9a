"""The formats and compressions of outputs, chosen by their names: JSON Lines, or a table that is made from them when a run ends.

Until then the part file of a table contains compressed JSON Lines, so that a killed run leaves readable records, and many tables
can be written at the same time. The same records give the same bytes.
"""

import csv
import io
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple, Protocol

import msgspec
from msgspec import inspect

from scraper.defaults import GZIP_WBITS
from scraper.errors import OutputError, not_installed
from scraper.records import Columns

if TYPE_CHECKING:
    from pyarrow import DataType, Schema

_decoder: Final = msgspec.json.Decoder()

_ROW_GROUP: Final = 16 << 20
"""Bytes of JSON Lines in a row group, which is held in memory while it is written."""


class Compressor(Protocol):
    """A compressor of a stream."""

    def compress(self, data: bytes, /) -> bytes:
        """Compress ``data``, and return the output that is ready."""

    def flush(self) -> bytes:
        """Return the remaining output and end the stream."""


class _Plain:
    def compress(self, data: bytes, /) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""


def table_compressor() -> Compressor:
    """Return a compressor for the part file of a table."""
    return compressor_for(Path("part.zst"))


def compressor_for(path: Path | None) -> Compressor:
    """Return a compressor for a file of this name: gzip for ``.gz``, Zstandard for ``.zst``, none for other names."""
    suffix = "" if path is None else path.suffix.lower()
    if suffix == ".gz":
        import zlib

        return zlib.compressobj(wbits=GZIP_WBITS)
    if suffix == ".zst":
        import zstandard

        return zstandard.ZstdCompressor(write_checksum=True).compressobj()
    return _Plain()


def is_compressed(path: Path) -> bool:
    """Return True if a file of this name is compressed."""
    return path.suffix.lower() in _COMPRESSION_ENDINGS


def write_csv(lines: BinaryIO, target: BinaryIO, columns: Columns) -> None:
    """Write JSON Lines as comma-separated values (RFC 4180), after a header. Lists and objects are JSON in their cells."""
    _write_rows(lines, target, columns, ",")


def write_tsv(lines: BinaryIO, target: BinaryIO, columns: Columns) -> None:
    """Write JSON Lines as tab-separated values, otherwise like CSV: cells are quoted, since texts have several lines."""
    _write_rows(lines, target, columns, "\t")


def _write_rows(lines: Iterable[bytes], target: BinaryIO, columns: Columns, delimiter: str) -> None:
    text = io.TextIOWrapper(target, encoding="utf-8", newline="")
    rows = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    rows.writerow(columns)
    rows.writerows(map(_cell, _decoder.decode(line).values()) for line in lines)
    text.detach()  # flushes; closing the target is the caller's task


def _cell(value: Any) -> str | int | None:
    return msgspec.json.encode(value).decode() if isinstance(value, list | dict) else value


def write_parquet(lines: BinaryIO, target: BinaryIO, columns: Columns) -> None:
    """Write JSON Lines as a Parquet table, one row group after the other, with a typed column for each key, lists and structs included.

    The columns come from the record's type and not from the data, so that all files of a kind of record have the same columns, even
    if some have only null or empty values.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyarrow.json import ParseOptions, ReadOptions, read_json

    schema: Schema = pa.schema([(name, _arrow_type(column)) for name, column in columns.items()])
    parse = ParseOptions(explicit_schema=schema, unexpected_field_behavior="error")
    with pq.ParquetWriter(target, schema, compression="zstd", write_page_checksum=True) as writer:
        while block := lines.read(_ROW_GROUP):
            block += lines.readline()
            # The reader would split blocks, and a record that is longer than one fails.
            options = ReadOptions(block_size=len(block) + 1, use_threads=False)
            writer.write_table(read_json(pa.BufferReader(block), options, parse))


def _arrow_type(column: inspect.Type) -> "DataType":
    """Return the Arrow type of a column. All columns are nullable: readers treat columns that are not in different ways."""
    import pyarrow as pa

    match column:
        case inspect.Metadata(type=described):
            return _arrow_type(described)
        case inspect.UnionType(types=types):
            (only,) = (one for one in types if not isinstance(one, inspect.NoneType))
            return _arrow_type(only)
        case inspect.LiteralType(values=(str(), *_)) | inspect.StrType():
            return pa.string()
        case inspect.LiteralType(values=(int(), *_)) | inspect.IntType():
            return pa.int64()
        case inspect.ListType(item_type=item):
            return pa.list_(_arrow_type(item))
        case inspect.StructType(fields=fields):
            return pa.struct([(field.encode_name, _arrow_type(field.type)) for field in fields])
    raise TypeError(f"no Arrow type is known for {column}")


class Format(NamedTuple):
    """A format of tables."""

    name: str
    write: Callable[[BinaryIO, BinaryIO, Columns], None]
    """Writes JSON Lines, its first argument, to a file. It must not hold all of them in memory."""
    library: str | None = None
    """The module that it needs."""
    extra: str | None = None
    """The extra that installs the module."""
    can_be_compressed: bool = True
    """Whether ``.gz`` or ``.zst`` may follow in a name."""


FORMATS: Final[dict[str, Format]] = {
    ".csv": Format("CSV", write_csv),
    ".tsv": Format("TSV", write_tsv),
    ".parquet": Format("Parquet", write_parquet, library="pyarrow", extra="parquet", can_be_compressed=False),
}
"""The formats by the ending of an output's name."""

_COMPRESSION_ENDINGS: Final = (".gz", ".zst")
_OTHERS: Final = frozenset(
    """
    .7z .arrow .avro .br .bson .bz2 .db .docx .dta .duckdb .epub .feather .h5 .hdf5 .htm .html .ipc .lance .lz4 .md .mdb .mhtml .msgpack
    .npy .npz .ods .odt .orc .parq .pb .pdf .pickle .pkl .pq .rar .rda .rdata .rds .sas7bdat .sav .sql .sqlite .sqlite3 .tar .tfrecord
    .toml .warc .xls .xlsx .xml .xz .yaml .yml .zip
    """.split()
)
"""Endings of formats that are not supported. JSON Lines in a file with such a name would mislead people and programs."""


class OutputTable(NamedTuple):
    """A table that an output becomes."""

    format: Format
    columns: Columns
    compressed_name: Path
    """A name with the ending of the output's compression."""

    def make(self, part: BinaryIO, target: BinaryIO) -> None:
        """Write the records of a part file as a table."""
        import zstandard

        lines = zstandard.ZstdDecompressor().stream_reader(part, read_across_frames=True)
        compressed = _CompressedFile(target, self.compressed_name)
        self.format.write(io.BufferedReader(lines), compressed, self.columns)  # type: ignore[arg-type]  # they have all that is used
        compressed.finish()


def table_of(name: Path | None, columns: Columns | None) -> OutputTable | None:
    """Return the table that an output of this name becomes; None for JSON Lines.

    Args:
        name: the output; None for stdout.
        columns: the columns of the records; None if only JSON Lines can be written.

    Raises:
        OutputError: if the name is of a format that is not written here, or the library for it is missing.
    """
    endings = [ending.lower() for ending in name.suffixes[-2:]] if name is not None else []
    compression = endings.pop() if endings and endings[-1] in _COMPRESSION_ENDINGS else ""
    ending = endings[-1] if endings else ""
    found = FORMATS.get(ending)
    if found is None and ending not in _OTHERS:
        return None
    if columns is None:
        raise OutputError(f"it is written as JSON Lines, not as {ending}; use a name that ends in .jsonl, .jsonl.gz or .jsonl.zst")
    if found is None:
        raise OutputError(f"{ending} is not a format of outputs; choose .jsonl, {', '.join(FORMATS)}, or .jsonl.gz and the like")
    if compression and not found.can_be_compressed:
        raise OutputError(f"{found.name} is compressed inside; leave {compression} out")
    if found.library is not None and find_spec(found.library) is None:
        raise OutputError(not_installed(f"writing {found.name} needs {found.library}, which", str(found.extra)))
    return OutputTable(found, columns, Path(f"table{compression}"))


class _CompressedFile(io.RawIOBase):
    """A file that is written with the compression of its name."""

    def __init__(self, target: BinaryIO, name: Path) -> None:
        self._target = target
        self._compressor = compressor_for(name)

    def writable(self) -> bool:
        return True

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        self._target.write(self._compressor.compress(data))
        return len(data)

    def finish(self) -> None:
        """Write the remaining output of the compressor."""
        self._target.write(self._compressor.flush())
