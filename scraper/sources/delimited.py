"""CSV and TSV with a header: tables with a page in a column of each row."""

import csv
import re
from collections.abc import Iterator
from typing import Final

from scraper.errors import BadRecord, DamagedInput, PageError
from scraper.sources.fields import FieldReader
from scraper.sources.items import Guard, Item, Place, ReadOptions
from scraper.sources.sniffing import BOM, own_description, own_output_item
from scraper.sources.streams import Stream, too_large

_DELIMITERS: Final = (",", "\t", ";")
_NAME: Final = re.compile(r"[^\W\d][\w.:-]{0,60}")
"""The name of a column, in a table that has no column with the configured name."""
_LONGEST_HEADER: Final = 1 << 13
_SAMPLE: Final = 1 << 16
"""Bytes examined to tell tables from text."""
_MOST_CHARS: Final = (1 << 31) - 1
"""The limit of the csv module for a cell. Rows are bounded here, in bytes."""


def delimiter_of(stream: Stream, options: ReadOptions) -> str | None:
    """Return the delimiter of a table with a header; None for text.

    It is a table if its first line names the column of the text or of the HTML, besides others. It also is one if the first line
    consists of different names, and most rows below it have as many cells. A single column must have quotation marks.
    """
    while b"\n" not in stream.peek() and not stream.is_at_end and len(stream.peek()) < _LONGEST_HEADER:
        stream.peek(_SAMPLE)
    header, _, below = stream.peek()[: _LONGEST_HEADER + _SAMPLE].removeprefix(BOM).partition(b"\n")
    wanted = {options.text_field, options.html_field}
    for delimiter in _DELIMITERS if len(header) < _LONGEST_HEADER else ():
        names = _cells(header, delimiter)
        if len(names) < 2:  # noqa: PLR2004 - a table has two columns, or one with quotation marks
            if wanted & set(names) and below.startswith(b'"'):
                return delimiter
        elif wanted & set(names) or (_are_names(names) and _has_rows(stream, delimiter, len(names))):
            return delimiter
    return None


def _cells(line: bytes, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line.decode().rstrip("\r")], delimiter=delimiter, strict=True), [])
    except (UnicodeDecodeError, csv.Error):
        return []


def _are_names(cells: list[str]) -> bool:
    """Return True if these may be the names of columns; the first may be empty, as that of a pandas index is."""
    return all(map(_NAME.fullmatch, cells[not cells[0] :])) and len(set(cells)) == len(cells)


def _has_rows(stream: Stream, delimiter: str, columns: int) -> bool:
    """Return True if most rows at the beginning of a table have as many cells as there are columns."""
    while len(stream.peek()) < _SAMPLE and not stream.is_at_end:
        stream.peek(_SAMPLE)
    lines = stream.peek()[:_SAMPLE].decode("utf-8", "replace").split("\n")
    rows = [row for row in csv.reader((f"{line}\n" for line in lines), delimiter=delimiter) if row]
    is_cut = not stream.is_at_end or len(stream.peek()) > _SAMPLE
    below = rows[1:-1] if is_cut else rows[1:]
    return 2 * sum(len(row) == columns for row in below) >= len(below) > 0


def read_delimited(stream: Stream, place: Place, options: ReadOptions, guard: Guard) -> Iterator[Item]:
    """Read the pages of a table, one in each row. A row is named by its number below the header, from 1.

    Args:
        stream: the table.
        place: where it comes from.
        options: the names of the columns, and the most bytes of a row.
        guard: is asked before each row is made a page.
    """
    delimiter = delimiter_of(stream, options) or ","
    if stream.peek().startswith(BOM):
        stream.read(len(BOM))
    csv.field_size_limit(_MOST_CHARS)
    lines = _CsvLines(stream, options.max_bytes, delimiter)
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    names = next(rows)
    if (what := own_description(names)) is not None:
        yield own_output_item(place, what)
        return
    reader = FieldReader(place, options)
    number = 0
    try:
        while (row := _next(rows, lines)) is not None:
            if not row:
                continue
            number += 1
            try:
                guard.check()
                fields = _fields(row, names, lines, options)
            except PageError as error:
                yield place.failed(error, number)
                yield from reader.count(lines.size)
            else:
                yield from reader.items(number, fields, lines.size, lambda fields=fields: fields)  # type: ignore[misc]
    except DamagedInput as error:
        yield from reader.end()
        yield place.failed(DamagedInput(f"after row {number}, {error}"))
    yield from reader.end()


def _next(rows: Iterator[list[str]], lines: "_CsvLines") -> list[str] | csv.Error | None:
    """Return the next row, or its error; None at the end."""
    lines.begin_row()
    try:
        return next(rows, None)
    except csv.Error as error:
        if lines.is_at_end:
            raise DamagedInput("it is truncated: a quoted field has no end") from None
        return error


def _fields(row: list[str] | csv.Error, names: list[str], lines: "_CsvLines", options: ReadOptions) -> dict[str, str]:
    """Return the cells of a row by column.

    Raises:
        TooLarge: if it has too many bytes.
        BadRecord: if it has other cells than the header.
    """
    if lines.size > options.max_bytes:
        raise too_large("row", options.max_bytes)
    if isinstance(row, csv.Error):
        raise BadRecord(f"the row has other separators than the header ({row}); correct or remove it")
    if not lines.is_utf8:
        raise BadRecord("the row is not UTF-8; convert the file, such as with iconv")
    if len(row) != len(names):
        raise BadRecord(f"the row has {len(row)} cells, and the header {len(names)}; correct or remove it")
    return dict(zip(names, row, strict=True))


class _CsvLines:
    """The lines of a table, for the csv module, which makes rows of them.

    Bytes beyond ``max_bytes`` of a row are dropped, except those that the module needs to find the end of the row.
    """

    def __init__(self, stream: Stream, max_bytes: int, delimiter: str) -> None:
        self._lines = _split(stream, max_bytes)
        self._max_bytes = max_bytes
        self._delimiter = delimiter
        self.begin_row()
        self.is_at_end = False
        """Whether there are no more lines."""

    def begin_row(self) -> None:
        """Start counting the bytes of a row."""
        self.size = 0
        """The bytes of the row so far."""
        self.is_utf8 = True

    def __iter__(self) -> "_CsvLines":
        return self

    def __next__(self) -> str:
        line, size, quotes = next(self._lines, (None, 0, 0))
        if line is None:
            self.is_at_end = True
            raise StopIteration
        is_first = not self.size
        self.size += size
        if self.size > self._max_bytes:
            return f'{self._delimiter}"\n' if quotes % 2 else self._delimiter * is_first
        try:
            return line.decode()
        except UnicodeDecodeError:
            self.is_utf8 = False
            return line.decode("utf-8", "replace")


def _split(stream: Stream, max_bytes: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield each line with its end, its size and the number of its quotation marks. A line of more than ``max_bytes`` is cut."""
    parts: list[bytes] = []
    size = quotes = 0
    for piece in stream.pieces():
        start = 0
        while start < len(piece):
            end = piece.find(b"\n", start) + 1 or len(piece)
            part, start = piece[start:end], end
            size += len(part)
            quotes += part.count(b'"')
            if size <= max_bytes:
                parts.append(part)
            if part.endswith(b"\n"):
                yield b"".join(parts), size, quotes
                parts, size, quotes = [], 0, 0
    if size:
        yield b"".join(parts), size, quotes
