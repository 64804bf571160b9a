"""Parquet tables: a page in a column of each row."""

from collections.abc import Container, Iterator, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from scraper.errors import BadRecord, DamagedInput, PageError, TooLarge, UnreadableInput
from scraper.sources.fields import page_of
from scraper.sources.items import Item, Place, ReadOptions

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

_ROWS: Final = 64
"""How many rows are decoded at once."""


def group_sizes(path: str) -> Sequence[int]:
    """Return the compressed size of each row group of a table, in bytes.

    Raises:
        Exception: any that pyarrow raises on a damaged file, or ImportError without it.
    """
    import pyarrow.parquet as pq

    with pq.ParquetFile(path, pre_buffer=False) as table:
        groups = [table.metadata.row_group(group) for group in range(table.metadata.num_row_groups)]
        return [sum(group.column(number).total_compressed_size for number in range(group.num_columns)) for group in groups]


def read_parquet(file: BinaryIO, place: Place, request: ReadOptions, groups: Container[int] | None = None) -> Iterator[Item]:
    """Read the pages of a table, row group by row group. A row's name is its number, counted from 1 through the whole file.

    Args:
        file: the table, which must be seekable.
        place: where it lies.
        request: what the user said of all inputs.
        groups: the row groups to read; None for all.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        sentence = "Parquet files are read with pyarrow, which is not installed; install it with: pip install 'scraper[parquet]'"
        yield place.failed(UnreadableInput(sentence))
        return
    try:
        table = pq.ParquetFile(file, pre_buffer=False)
        here = table.schema_arrow.names
    except (pa.ArrowException, OSError) as error:
        yield place.failed(DamagedInput(f"the Parquet file is broken or breaks off ({_first_line(error)}); get it once more"))
        return
    asked = (request.text_field, request.html_field, request.url_field, request.date_field)
    columns: list[str] = [name for name in dict.fromkeys(asked) if name is not None and name in here]
    if not {request.text_field, request.html_field} & set(columns):
        names = ", ".join(map(repr, here))
        yield place.failed(BadRecord(f"no column holds the page: there are {names}; name one by --text-field or --html-field"))
        return
    first = 1
    for group in range(table.metadata.num_row_groups):
        rows = table.metadata.row_group(group).num_rows
        number = first
        first += rows
        if groups is not None and group not in groups:
            continue
        try:
            _check_size(table, group, columns, request)
            for batch in table.iter_batches(_ROWS, [group], columns, use_threads=False):
                for row in batch.to_pylist():
                    yield _reading(row, place, number, request)
                    number += 1
        except PageError as error:
            yield place.failed(error, number)
        except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
            yield place.failed(DamagedInput(f"rows {number} to {first - 1} cannot be read ({_first_line(error)})"), number)


def _reading(row: dict[str, Any], place: Place, number: int, request: ReadOptions) -> Item:
    name = place.at(number)
    try:
        return Item(name, page_of(row, name, request), None, False)
    except PageError as error:
        return place.failed(error, number)


def _check_size(table: "ParquetFile", group: int, columns: list[str], request: ReadOptions) -> None:
    """Refuse a row group whose pages are, on the average, larger than one may be: reading a row would take all that memory."""
    meta = table.metadata.row_group(group)
    for number in range(meta.num_columns):
        column = meta.column(number)
        if column.path_in_schema in columns and column.total_uncompressed_size > request.max_bytes * max(meta.num_rows, 1):
            raise TooLarge(
                f"{meta.num_rows} rows hold {column.total_uncompressed_size} bytes in column {column.path_in_schema!r}, more than"
                f" {request.max_bytes} each; raise --max-bytes to read them"
            )


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0]
