"""Name patterns of partitioned outputs, filled in from records: ``out/{site}/{lang}.jsonl``."""

import glob
import hashlib
import os
from itertools import chain
from pathlib import Path, PurePath
from string import Formatter
from typing import Final, NamedTuple, Self

from scraper.output.files import NEW, PART, file_ids
from scraper.records import PageRecord

FIELDS: Final = ("site", "lang", "newspaper", "newspaper_slug", "date", "year", "month", "kind")

_NULL: Final = "unknown"
_LONGEST: Final = 255 - len(PART + NEW)
"""Bytes of a file name, without ``.part.new``. All common file systems allow 255."""
_SHORTEST: Final = 40
"""Minimum bytes for a value: enough for a digest and a readable start."""
_DIGITS: Final = 16
_SAFE: Final = frozenset("-_.")
_NEWSPAPER: Final = {" ": "_", "_": "%5F"}
"""What characters of a newspaper's name become, which would be hard to read with each space as ``%20``."""
_VALUE: Final = "\0"
"""Placeholder for a value; no path can contain it."""


class _PatternPart(NamedTuple):
    literal: str
    field: str
    """The field after the literal; empty at the end."""
    limit: int = 0
    """Maximum bytes of the field's value."""


class Pattern(NamedTuple):
    """A path with fields in braces. It can be pickled.

    A value cannot leave its directory, and two values never give the same name: characters other than letters, digits and ``-_.``
    are percent-encoded, and so is a leading dot. In the name of a newspaper, a space becomes ``_``, and ``_`` is encoded. A value
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

    def identities(self) -> set[tuple[int, int]]:
        """Return device and inode of the existing files whose names an output, or its part file, may have."""
        return file_ids(chain.from_iterable(glob.iglob(self._glob + ending) for ending in ("", PART, PART + NEW)))

    def matches(self, path: Path) -> bool:
        """Return True if an output, or its part file, may have this name."""
        name = os.path.abspath(self._glob)
        return any(PurePath(os.path.abspath(path)).match(pattern) for pattern in (name, name + PART))

    @property
    def literal(self) -> str:
        """The path of a pattern without fields."""
        return "".join(piece.literal for piece in self.pieces)

    @property
    def _glob(self) -> str:
        return "".join(glob.escape(piece.literal) + ("*" if piece.field else "") for piece in self.pieces)


def _value_limit(part: str) -> int:
    """Return the maximum bytes of each value in one component of the path."""
    count = part.count(_VALUE)
    limit = (_LONGEST - len(os.fsencode(part)) + count) // count
    if limit < _SHORTEST:
        raise ValueError(f"{part.replace(_VALUE, '…')!r} is too long for a file name; put fields in directories of their own")
    return limit


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
