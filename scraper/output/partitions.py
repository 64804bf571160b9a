"""Split records over many files, such as ``out/{site}/{lang}.jsonl``, which get their final names at the end of the run."""

import glob
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path, PurePath
from string import Formatter
from types import TracebackType
from typing import Final, NamedTuple, Self

from scraper.errors import OutputError
from scraper.output.committed_file import CommittedFile, mapped_os_errors, open_part, open_unlocked
from scraper.output.files import (
    NEW,
    PART,
    files_of,
    inodes_of,
    part_of,
    remove_old_checkpoint,
    rename_part,
)
from scraper.output.formats import OutputTable, compressor_for, table_compressor
from scraper.records import PageRecord

FIELDS: Final = ("site", "lang", "newspaper", "newspaper_slug", "date", "year", "month", "kind")

_LONGEST: Final = 255 - len(PART + NEW)
"""Bytes of a file name, without ``.part.new``. All common file systems allow 255."""
_SHORTEST: Final = 40
"""Minimum bytes for a value: enough for a digest and a readable start."""
_VALUE: Final = "\0"
"""Placeholder for a value; no path can contain it."""

_BUFFER: Final = 32 << 20
"""Bytes buffered for all files together: 10 kB for each of 3,000 newspapers, enough for gzip and Zstandard to compress well, since
each write is a gzip member or Zstandard frame of its own."""


class _PatternPart(NamedTuple):
    literal: str
    field: str
    """The field after the literal; empty at the end."""
    limit: int = 0
    """Maximum bytes of the field's value."""


class Pattern(NamedTuple):
    """A path with fields in braces. It can be pickled.

    A value cannot leave its directory, and two values never give the same name: characters other than letters, digits and ``-_.``,
    and a leading dot, are percent-encoded. In the name of a newspaper, a space becomes ``_``, and ``_`` is encoded. A value
    that is too long is cut, and ends with ``~`` and a digest.
    """

    pieces: tuple[_PatternPart, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a pattern; ``{{`` and ``}}`` are literal braces.

        Raises:
            ValueError: if it is not a valid pattern; the message says why.
        """
        pieces: list[_PatternPart] = []
        for literal, field, form, conversion in Formatter().parse(text):
            if field is not None and (field not in FIELDS or form or conversion):
                written = field + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
                raise ValueError(f"{{{written}}} is not a field; choose from {', '.join(f'{{{name}}}' for name in FIELDS)}")
            pieces.append(_PatternPart(literal, field or ""))
        path = "".join(f"{piece.literal}{_VALUE if piece.field else ''}" for piece in pieces)
        first = path.count("/", 0, path.find(_VALUE)) if _VALUE in path else 0
        if ".." in path.split("/")[first:]:
            raise ValueError("'..' follows a field; write the path without '..'")
        limits = iter([_value_limit(part) for part in path.split("/") for _ in range(part.count(_VALUE))])
        return cls(tuple(piece._replace(limit=next(limits)) if piece.field else piece for piece in pieces))

    @property
    def has_fields(self) -> bool:
        """Whether the pattern has any field."""
        return any(piece.field for piece in self.pieces)

    @property
    def root(self) -> Path:
        """The directory that contains all outputs."""
        return Path(f"{self.pieces[0].literal}x").parent

    @property
    def base(self) -> Path:
        """The file that marks all outputs as complete. Its part file is the run's lock on the directory."""
        return self.root / ".partitions"

    @property
    def ending(self) -> Path:
        """A path with the suffix of all names."""
        return Path("x" + (self.pieces[-1].literal if not self.pieces[-1].field else ""))

    def of(self, record: PageRecord) -> str:
        """Return the path of the output for a page."""
        date = record.date
        values: dict[str, str | None] = {
            "site": record.site,
            "lang": record.lang,
            "newspaper": record.newspaper,
            "newspaper_slug": record.newspaper_slug,
            "date": date,
            "year": date and date[:4],
            "month": date and date[5:7],
            "kind": record.kind,
        }
        return self.filled(values)

    def filled(self, values: dict[str, str | None]) -> str:
        """Return the pattern with its fields replaced by values."""
        parts = ((literal, _name(values[field], field, limit) if field else "") for literal, field, limit in self.pieces)
        name = "".join(chain.from_iterable(parts))
        return f"{name.removesuffix(PART)}%2E{PART[1:]}" if name.endswith(PART) else name  # no output is the part file of another

    def inodes(self) -> set[tuple[int, int]]:
        """Return device and inode of the existing files that writing the outputs may replace or remove."""
        outputs = chain.from_iterable(glob.iglob(self._glob + ending) for ending in ("", PART, PART + NEW))
        return inodes_of(chain(outputs, files_of(self.base)))

    def matches(self, path: Path) -> bool:
        """Return True if an output, or its part file, may have this name."""
        name = os.path.abspath(self._glob)
        return any(PurePath(os.path.abspath(path)).match(pattern) for pattern in (name, name + PART, name + PART + NEW))

    def conflicts(self, name: str, inputs: Iterable[str], others: Mapping[str, Path | None]) -> Iterator[tuple[str, str]]:
        """Yield each output that cannot be written, by its name, with a clause that says why.

        Args:
            name: what the user calls the outputs of the pattern.
            inputs: the names of the inputs.
            others: the other outputs, by what the user calls them.
        """
        taken = self.inodes()
        for path in filter(os.path.isfile, inputs):
            if not taken.isdisjoint(inodes_of([Path(path)])):
                yield name, f"{path!r} is an input and could be lost; name another directory"
        for other, file in others.items():
            if file is not None and self.matches(file):
                yield other, f"{str(file)!r} could also be a file of {name}; name another file"

    @property
    def literal(self) -> str:
        """The path of a pattern without fields."""
        return "".join(piece.literal for piece in self.pieces)

    @property
    def _glob(self) -> str:
        return "".join(glob.escape(piece.literal) + ("*" if piece.field else "") for piece in self.pieces)


def parse_output(output: Path) -> tuple[Path, Pattern | None]:
    """Return the path of an output, and the pattern if it has fields; a literal brace is written twice.

    Raises:
        ValueError: if the pattern is not valid; the message says why.
    """
    if not {"{", "}"} & set(str(output)):
        return output, None
    try:
        pattern = Pattern.parse(str(output))
    except ValueError as error:
        raise ValueError(f"{error}; a literal brace is written twice") from None
    return (output, pattern) if pattern.has_fields else (Path(pattern.literal), None)


class Partitions:
    """Many files whose names come from a pattern. A context manager.

    Lines are buffered and then written file by file, so that only one file is open at a time.
    As with :class:`~scraper.output.files.Output`, part files stay if the block raises, and existing files are unchanged.

    Args:
        pattern: the pattern of the names.
        is_kept: keep the part files of a killed run; :meth:`restore` truncates them.
        table: the table that the lines of each file become at the end; None for JSON Lines.

    Raises:
        OutputError: if a file cannot be opened, written or renamed, or another run writes below the same directory.
    """

    def __init__(self, pattern: Pattern, *, is_kept: bool = False, table: OutputTable | None = None) -> None:
        self._pattern = pattern
        self._table = table
        self._is_kept = is_kept
        self._base = pattern.base
        self._buffers: dict[str, bytearray] = {}
        self._buffered = 0
        self._lengths: dict[str, int] = {}
        """The lengths of this run's part files, by target."""
        self._changed: set[str] = set()
        """The targets written since the last commit."""
        self._inodes: set[tuple[int, int]] = set()
        self.part: Path | None = None
        """A glob pattern of the part files, while there are any."""

    def __enter__(self) -> Self:
        root = self._pattern.root
        with mapped_os_errors(str(root)):
            root.mkdir(parents=True, exist_ok=True)
            self._lock = open_part(part_of(self._base))
            if not self._is_kept:
                remove_old_checkpoint(self._base)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._lock:
            if not isinstance(error, OutputError):
                self._write_buffers()
            if error is None:
                for target in self._lengths:
                    with mapped_os_errors(target):
                        rename_part(Path(target), self._table)
                self.part = None
            if self.part is None:
                part_of(self._base).unlink(missing_ok=True)

    def write(self, target: str, lines: bytes) -> None:
        """Write complete lines to a file of the pattern."""
        buffer = self._buffers.get(target)
        if buffer is None:
            buffer = self._buffers[target] = bytearray()
        buffer += lines
        self._buffered += len(lines)
        if self._buffered > _BUFFER:
            self._write_buffers()

    def inodes(self) -> set[tuple[int, int]]:
        """Return device and inode of the files that are or may become outputs. The set grows during the run; it need not be open."""
        self._inodes.update(self._pattern.inodes())
        return self._inodes

    def restore(self, lengths: Mapping[str, int]) -> bool:
        """Truncate the part files of a killed run to their committed lengths; return False if one is shorter or missing."""
        self._lengths.clear()
        for target, length in lengths.items():
            if self._pattern.matches(Path(target)):
                part = part_of(Path(target))
                try:
                    if os.path.getsize(part) < length:
                        return False
                    os.truncate(part, length)
                except OSError:
                    return False
                self._lengths[target] = length
                self.part = self._parts
        return True

    def commit(self) -> dict[str, int]:
        """Write all buffers, and return the lengths of the files that have grown, by target.

        The files are not synced: syncing thousands of files takes longer than cleaning the pages again.
        """
        self._write_buffers()
        changed = {target: self._lengths[target] for target in self._changed}
        self._changed.clear()
        return changed

    @property
    def _parts(self) -> Path:
        return self._pattern.root / "**" / "*.part"

    def _write_buffers(self) -> None:
        for target, lines in self._buffers.items():
            with mapped_os_errors(target):
                self._append(target, bytes(lines))
        self._buffers.clear()
        self._buffered = 0

    def _append(self, target: str, lines: bytes) -> None:
        path = Path(target)
        length = self._lengths.get(target)
        if length is None:
            if path.is_dir():
                raise IsADirectoryError(None, "it is a directory")
            path.parent.mkdir(parents=True, exist_ok=True)
        with open_unlocked(part_of(path)) as part:
            if length is None:
                if not stat.S_ISREG(os.fstat(part.fileno()).st_mode):
                    raise OSError(None, "its part file is not a regular file")
                self._inodes.update(inodes_of([part.fileno()]))
                self.part = self._parts
            compressor = compressor_for(self._pattern.ending) if self._table is None else table_compressor()
            file = CommittedFile(part, target, length or 0)  # what a killed run has written is truncated
            file.write(compressor.compress(lines) + compressor.flush())
            self._lengths[target] = file.length
        self._changed.add(target)


def _value_limit(part: str) -> int:
    """Return the maximum bytes of each value in one component of the path."""
    count = part.count(_VALUE)
    limit = (_LONGEST - len(os.fsencode(part)) + count) // count
    if limit < _SHORTEST:
        raise ValueError(f"{part.replace(_VALUE, '…')!r} is too long for a file name; put fields in directories of their own")
    return limit


_NULL: Final = "unknown"
_DIGITS: Final = 16
_SAFE: Final = frozenset("-_.")
_NEWSPAPER: Final = {" ": "_", "_": "%5F"}
"""Replacements in a newspaper's name, which would be hard to read with ``%20`` for each space."""


def _name(value: str | None, field: str, limit: int) -> str:
    """Return a value, encoded for use in a file name."""
    if value is None:
        return _NULL
    if not value:
        return "%"
    special = _NEWSPAPER if field == "newspaper" else {}
    name = "".join(special.get(char) or (char if char.isalnum() or char in _SAFE else _encoded(char)) for char in value)
    if name[0] == "." or (name == _NULL and field != "kind"):
        name = _encoded(name[0]) + name[1:]
    if len(name.encode()) <= limit:
        return name
    digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
    return f"{name.encode()[: limit - _DIGITS - 1].decode('utf-8', 'ignore')}~{digest}"


def _encoded(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogatepass"))
