"""CSV and TSV: a header, then a row for each record. Lists and objects are JSON in their cells."""

import csv
import io
from collections.abc import Iterable
from typing import Any, BinaryIO, Final

import msgspec

from scraper.records import Columns

_decoder: Final = msgspec.json.Decoder()


def write_csv(lines: BinaryIO, target: BinaryIO, columns: Columns) -> None:
    """Write JSON Lines as comma-separated values (RFC 4180)."""
    _write(lines, target, columns, ",")


def write_tsv(lines: BinaryIO, target: BinaryIO, columns: Columns) -> None:
    """Write JSON Lines as tab-separated values, quoted as in CSV, since texts have several lines."""
    _write(lines, target, columns, "\t")


def _write(lines: Iterable[bytes], target: BinaryIO, columns: Columns, delimiter: str) -> None:
    text = io.TextIOWrapper(target, encoding="utf-8", newline="")
    rows = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    rows.writerow(columns)
    rows.writerows(map(_cell, _decoder.decode(line).values()) for line in lines)
    text.detach()  # flushes; closing the target is the caller's task


def _cell(value: Any) -> str | int | None:
    return msgspec.json.encode(value).decode() if isinstance(value, list | dict) else value
