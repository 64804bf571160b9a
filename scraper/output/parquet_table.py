"""Parquet: a typed column for each key, lists and structs included.

The columns come from the record's type and not from the data, so that all files of a kind of record have the same columns, whatever
is null or empty in them.
"""

from typing import TYPE_CHECKING, BinaryIO, Final

from msgspec import inspect

from scraper.records import Columns

if TYPE_CHECKING:
    from pyarrow import DataType, Schema

_ROW_GROUP: Final = 16 << 20
"""Bytes of JSON Lines in a row group, which is held in memory while it is written."""


def write_parquet(lines: BinaryIO, target: BinaryIO, columns: Columns) -> None:
    """Write JSON Lines as a Parquet table, one row group after the other."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyarrow.json import ParseOptions, ReadOptions, read_json

    schema: Schema = pa.schema([(name, _arrow_type(column)) for name, column in columns.items()])
    parse = ParseOptions(explicit_schema=schema, unexpected_field_behavior="error")
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        while block := lines.read(_ROW_GROUP):
            block += lines.readline()
            # The reader would split blocks, and a record that is longer than one fails.
            options = ReadOptions(block_size=len(block) + 1, use_threads=False)
            writer.write_table(read_json(pa.BufferReader(block), options, parse))


def _arrow_type(column: inspect.Type) -> "DataType":
    """Return the Arrow type of a column. Everything may be null there: readers differ in what they make of columns that may not."""
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
