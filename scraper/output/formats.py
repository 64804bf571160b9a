"""The formats of outputs, chosen by their names: JSON Lines, or a table that is made of them when a run has finished.

Until then the part file of a table has compressed JSON Lines, so that a killed run leaves records that can be read, and many tables
can be written at the same time.
"""

import io
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from scraper.errors import OutputError
from scraper.output.compression import packer_for
from scraper.output.csv_table import write_csv, write_tsv
from scraper.output.parquet_table import write_parquet
from scraper.records import Columns


class Format(NamedTuple):
    """A format of tables."""

    name: str
    write: Callable[[BinaryIO, BinaryIO, Columns], None]
    """Writes JSON Lines, its first argument, to a file. It must not hold all of them in memory."""
    library: str | None = None
    """The module that it needs."""
    extra: str | None = None
    """The extra that installs the module."""
    can_be_packed: bool = True
    """Whether ``.gz`` or ``.zst`` may follow in a name."""


FORMATS: Final[dict[str, Format]] = {
    ".csv": Format("CSV", write_csv),
    ".tsv": Format("TSV", write_tsv),
    ".parquet": Format("Parquet", write_parquet, library="pyarrow", extra="parquet", can_be_packed=False),
}
"""The formats by the ending of an output's name."""

_PACKED: Final = (".gz", ".zst")
_OTHERS: Final = frozenset(
    """
    .7z .arrow .avro .br .bson .bz2 .db .docx .dta .duckdb .epub .feather .h5 .hdf5 .htm .html .ipc .lance .lz4 .md .mdb .mhtml .msgpack
    .npy .npz .ods .odt .orc .parq .pb .pdf .pickle .pkl .pq .rar .rda .rdata .rds .sas7bdat .sav .sql .sqlite .sqlite3 .tar .tfrecord
    .toml .warc .xls .xlsx .xml .xz .yaml .yml .zip
    """.split()
)
"""Endings of formats that are not written. A file with such a name and JSON Lines in it would mislead people and programs."""


class OutputTable(NamedTuple):
    """A table that an output becomes."""

    format: Format
    columns: Columns
    packed: Path
    """A name that ends as the output's does, if it is compressed."""

    def make(self, part: BinaryIO, target: BinaryIO) -> None:
        """Write the records of a part file as a table."""
        import zstandard

        lines = zstandard.ZstdDecompressor().stream_reader(part, read_across_frames=True)
        packed = _PackedFile(target, self.packed)
        self.format.write(io.BufferedReader(lines), packed, self.columns)  # type: ignore[arg-type]  # they have all that is used
        packed.finish()


def table_of(name: Path | None, columns: Columns | None) -> OutputTable | None:
    """Return the table that an output of this name becomes; None for JSON Lines.

    Args:
        name: the output; None for stdout.
        columns: the columns of the records; None if only JSON Lines can be written.

    Raises:
        OutputError: if the name is of a format that is not written here, or the library for it is missing.
    """
    endings = [ending.lower() for ending in name.suffixes[-2:]] if name is not None else []
    packed = endings.pop() if endings and endings[-1] in _PACKED else ""
    ending = endings[-1] if endings else ""
    found = FORMATS.get(ending)
    if found is None and ending not in _OTHERS:
        return None
    if columns is None:
        raise OutputError(f"it is written as JSON Lines, not as {ending}; use a name that ends in .jsonl, .jsonl.gz or .jsonl.zst")
    if found is None:
        raise OutputError(f"{ending} is not a format of outputs; choose .jsonl, {', '.join(FORMATS)}, or .jsonl.gz and the like")
    if packed and not found.can_be_packed:
        raise OutputError(f"{found.name} is compressed inside; leave {packed} out")
    if found.library is not None and find_spec(found.library) is None:
        raise OutputError(
            f"writing {found.name} needs {found.library}, which is not installed; install it with: pip install 'press-scraper[{found.extra}]'"
        )
    return OutputTable(found, columns, Path(f"table{packed}"))


class _PackedFile(io.RawIOBase):
    """A file that is compressed as its name says."""

    def __init__(self, target: BinaryIO, name: Path) -> None:
        self._target = target
        self._packer = packer_for(name)

    def writable(self) -> bool:
        return True

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        self._target.write(self._packer.compress(data))
        return len(data)

    def finish(self) -> None:
        """Write what the packer holds."""
        self._target.write(self._packer.flush())
