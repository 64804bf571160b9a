"""Parquet tables with a page in a column of each row."""

from collections.abc import Collection, Container, Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple

from scraper.errors import BadRecord, DamagedInput, PageError, TooLarge, UnreadableInput, not_installed, worker_died
from scraper.sources.fields import listing_of, named_fields, page_of, wanted_fields
from scraper.sources.files import open_input
from scraper.sources.items import ArchiveGuard, Guard, Item, Place, ReadOptions
from scraper.sources.sniffing import own_description, own_output_item

if TYPE_CHECKING:
    from pyarrow import RecordBatch, Schema, StructType
    from pyarrow.parquet import ParquetFile

_ROWS: Final = 64
"""Rows that are decoded at once."""
_BUFFER: Final = 4 << 20
"""Bytes of a column that are read at once. Without a limit, pyarrow reads all of a row group, which is mostly the whole table."""


def group_sizes(path: str, options: ReadOptions) -> Sequence[int]:
    """Return the compressed size of each row group of a table, in bytes; no sizes if the table has no pages.

    Raises:
        Exception: any that pyarrow raises for a damaged file; ImportError without pyarrow.
    """
    import pyarrow.parquet as pq

    with open_input(path) as file, pq.ParquetFile(file, pre_buffer=False) as table:
        names = table.schema_arrow.names
        if own_description(names) is not None or not _page_columns(options) & set(names):
            return []
        groups = [table.metadata.row_group(group) for group in range(table.metadata.num_row_groups)]
        return [sum(group.column(number).total_compressed_size for number in range(group.num_columns)) for group in groups]


class _Rows(NamedTuple):
    """Rows of a table that are decoded, but not yet converted."""

    first: int
    """The number of the first one in the file, from 1."""
    batch: "RecordBatch"


class PackedRows(NamedTuple):
    """Rows of a table that are decoded, but not yet converted, for another process."""

    first: int
    """The number of the first one in the file, from 1."""
    data: bytes
    """The rows as an Arrow IPC stream."""


def read_parquet(
    file: BinaryIO, place: Place, options: ReadOptions, guard: Guard, groups: Container[int] | None = None
) -> Iterator[Item]:
    """Read the pages of a table, one row group after the other. A row is named by its number in the file, from 1.

    Args:
        file: the table, which must be seekable.
        place: where it comes from.
        options: the options of all inputs.
        guard: is asked before each row. pyarrow decodes the rows of a group one after the other, and cannot pass over one.
        groups: the row groups to read; None for all.
    """
    rows_guard = guard.open_archive()
    for found in _decoded(file, place, options, rows_guard, groups):
        if isinstance(found, Item):
            yield found
        else:
            yield from _items(found.batch, place, found.first, options, rows_guard)


def pack_rows(file: BinaryIO, place: Place, options: ReadOptions, size: int) -> Iterator[PackedRows | Item]:
    """Decode the rows of a table in portions of about ``size`` bytes, for :func:`read_packed_rows`; errors are items."""
    portion: list[_Rows] = []
    decoded = _decoded(file, place, options, Guard().open_archive(), None)
    pieces: Iterator[_Rows | Item] = chain.from_iterable(_cut(found, size) for found in decoded)
    for piece in pieces:
        if not isinstance(piece, Item):
            portion.append(piece)
        if portion and (isinstance(piece, Item) or sum(rows.batch.nbytes for rows in portion) >= size):
            yield _packed(portion)
            portion.clear()
        if isinstance(piece, Item):
            yield piece
    if portion:
        yield _packed(portion)


def read_packed_rows(rows: PackedRows, place: Place, options: ReadOptions, guard: Guard) -> Iterator[Item]:
    """Read the pages of rows that another process has decoded.

    Args:
        rows: the rows.
        place: the table that they come from.
        options: the options of all inputs.
        guard: is asked before each row.
    """
    import pyarrow as pa

    rows_guard = guard.open_archive()
    number = rows.first
    with pa.ipc.open_stream(rows.data) as stream:
        for batch in stream:
            size = 1 if rows_guard.is_noting else batch.num_rows
            for start in range(0, batch.num_rows, size):
                yield from _items(batch.slice(start, size), place, number + start, options, rows_guard)
            number += batch.num_rows


def _cut(found: _Rows | Item, size: int) -> Iterator[_Rows | Item]:
    """Cut rows into pieces of at most about ``size`` bytes, each of at least one row; yield an error as it is."""
    if isinstance(found, Item):
        yield found
        return
    first, batch = found
    step = max(batch.num_rows * size // max(batch.nbytes, 1), 1)
    for start in range(0, batch.num_rows, step):
        yield _Rows(first + start, batch.slice(start, step))


def _packed(portion: Sequence[_Rows]) -> PackedRows:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, portion[0].batch.schema) as stream:
        for rows in portion:
            stream.write_batch(rows.batch)
    return PackedRows(portion[0].first, sink.getvalue().to_pybytes())


def _decoded(
    file: BinaryIO, place: Place, options: ReadOptions, guard: ArchiveGuard, groups: Container[int] | None
) -> Iterator[_Rows | Item]:
    """Yield the rows of a table, and the errors of those that cannot be decoded; for the arguments see :func:`read_parquet`."""
    try:
        table = _opened(file)
    except PageError as error:
        yield place.failed(error)
        return
    names = table.schema_arrow.names
    if (what := own_description(names)) is not None:
        yield own_output_item(place, what)
        return
    columns = [name for name in wanted_fields(options) if name in names]
    if not _page_columns(options) & set(columns):
        yield place.failed(
            BadRecord(
                f"no column holds the page: {listing_of(_paths(table.schema_arrow))}; name one by --text-field or --html-field"
            )
        )
        return
    if groups is None or 0 in groups:
        yield from _missing(table.schema_arrow, place, options)
    first = 1
    for group in range(table.metadata.num_row_groups):
        rows = table.metadata.row_group(group).num_rows
        number = first
        first += rows
        if not rows or (groups is not None and group not in groups):
            continue
        try:
            _check_size(table, group, columns, options)
            _enter(guard, number, first)
            for batch in _batches(table, group, columns, 1 if guard.is_noting else _ROWS):
                yield _Rows(number, batch)
                number += batch.num_rows
                if number < first:
                    _enter(guard, number, first)
        except PageError as error:
            yield place.failed(error, number)
        except _errors() as error:
            yield place.failed(DamagedInput(f"rows {number} to {first - 1} cannot be read ({_first_line(error)})"), number)


def read_rows(file: BinaryIO, columns: Collection[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table, each with those of the named columns that the table has.

    Raises:
        PageError: if it cannot be read.
    """
    table = _opened(file)
    import pyarrow as pa

    try:
        for batch in table.iter_batches(_ROWS, columns=[name for name in table.schema_arrow.names if name in columns]):
            yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise DamagedInput(f"the Parquet file is damaged ({_first_line(error)}); get it again") from None


def _opened(file: BinaryIO) -> "ParquetFile":
    """Return a table.

    Raises:
        UnreadableInput: if pyarrow is missing.
        DamagedInput: if the table is broken.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise UnreadableInput(not_installed("reading Parquet needs pyarrow, which", "parquet")) from None
    try:
        return pq.ParquetFile(file, pre_buffer=False, buffer_size=_BUFFER, page_checksum_verification=True)
    except (pa.ArrowException, OSError) as error:
        raise DamagedInput(f"the Parquet file is damaged or truncated ({_first_line(error)}); get it again") from None


def _page_columns(options: ReadOptions) -> set[str]:
    """Return the names of columns in which a page may be."""
    return set(wanted_fields(options._replace(url_field=options.text_field, date_field=None)))


def _missing(schema: "Schema", place: Place, options: ReadOptions) -> Iterator[Item]:
    """Yield an error for each named column that the table does not have."""
    names = _paths(schema)
    for option, name in named_fields(options).items():
        if name not in names:
            yield place.failed(BadRecord(f"there is no column {name!r} for {option}: {listing_of(names)}"))


def _paths(fields: "Schema | StructType", prefix: str = "") -> list[str]:
    """Return the names of columns; those within a column as dotted paths, too."""
    import pyarrow as pa

    paths: list[str] = []
    for field in fields:
        paths += _paths(field.type, f"{prefix}{field.name}.") if pa.types.is_struct(field.type) else [prefix + field.name]
    return paths


def _enter(guard: ArchiveGuard, number: int, end: int) -> None:
    """Note that a row is decoded next.

    Raises:
        WorkerDied: if it is given up, with all rows after it in its group, which ends before ``end``.
    """
    guard.note(number)
    if guard.gives_up(number):
        raise worker_died("read", f", and the rows up to {end - 1} were not read" if number + 1 < end else "")


def _batches(table: "ParquetFile", group: int, columns: list[str], size: int) -> Iterator["RecordBatch"]:
    """Yield the rows of a group, ``size`` at once; after an error one at a time, so that all rows before the broken one are read."""
    done = 0
    try:
        for batch in table.iter_batches(size, [group], columns, use_threads=False):
            yield batch
            done += batch.num_rows
    except _errors():
        if size == 1:
            raise
        yield from islice(table.iter_batches(1, [group], columns, use_threads=False), done, None)


def _items(batch: "RecordBatch", place: Place, first: int, options: ReadOptions, guard: ArchiveGuard) -> Iterator[Item]:
    try:
        guard.check(first)
        rows = batch.to_pylist()
    except PageError as error:
        yield place.failed(error, first)
        return
    except _errors() as error:
        if batch.num_rows == 1:
            yield place.failed(DamagedInput(f"the row cannot be read ({_first_line(error)})"), first)
        else:
            for number in range(batch.num_rows):
                yield from _items(batch.slice(number, 1), place, first + number, options, guard)
        return
    for number, row in enumerate(rows, first):
        yield _item(row, place, number, options)


def _item(row: dict[str, Any], place: Place, number: int, options: ReadOptions) -> Item:
    name = place.at(number)
    try:
        return page_of(row, name, options)
    except PageError as error:
        return place.failed(error, number)


def _check_size(table: "ParquetFile", group: int, columns: list[str], options: ReadOptions) -> None:
    """Check that the average page of a row group is not too large: reading one row may need the memory for all.

    Raises:
        TooLarge: if it is.
    """
    meta = table.metadata.row_group(group)
    for number in range(meta.num_columns):
        column = meta.column(number)
        if column.path_in_schema in columns and column.total_uncompressed_size > options.max_bytes * max(meta.num_rows, 1):
            raise TooLarge(
                f"{meta.num_rows} rows hold {column.total_uncompressed_size} bytes in column {column.path_in_schema!r}, more than"
                f" {options.max_bytes} each; raise --max-bytes to read them"
            )


def _errors() -> tuple[type[Exception], ...]:
    """Return the exceptions with which pyarrow rejects data."""
    import pyarrow as pa

    return pa.ArrowException, OSError, ValueError, OverflowError, LookupError  # the last for an unknown time zone


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0]
