"""The names of many outputs, made of what records hold: ``out/{site}/{lang}.jsonl``."""

import glob
import hashlib
import os
from contextlib import suppress
from itertools import chain
from pathlib import Path, PurePath
from string import Formatter
from typing import Final, NamedTuple, Self

from scraper.output.files import PART
from scraper.records import PageRecord

FIELDS: Final = ("site", "lang", "newspaper_slug", "date", "year", "month", "kind")

_NULL: Final = "unknown"
_LONGEST: Final = 255 - len(PART)
"""Bytes of a name in any file system that is in use, while there is ``.part`` behind it."""
_SHORTEST: Final = 40
"""Bytes that a value is left with: as many as show a digest, and what it is a digest of."""
_DIGITS: Final = 16
_SAFE: Final = frozenset("-_.")
_VALUE: Final = "\0"
"""Stands for a value: no path has it."""


class _Piece(NamedTuple):
    literal: str
    field: str
    """What follows the literal; nothing at the end."""
    room: int = 0
    """How many bytes it may have."""


class Pattern(NamedTuple):
    """A path with names of fields in it. It can be sent to another process.

    No value can leave the directory in which it stands, and no two values give the same name: what is neither a letter nor a
    digit nor one of ``-_.`` is percent-encoded, and so is a dot at the beginning; what is too long is cut and ends with ``~``
    and a digest.
    """

    pieces: tuple[_Piece, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the pattern that the user wrote; ``{{`` and ``}}`` are braces.

        Raises:
            ValueError: if it is none; the message says why.
        """
        pieces: list[_Piece] = []
        for literal, field, form, conversion in Formatter().parse(text):
            if field is not None and (field not in FIELDS or form or conversion):
                raise ValueError(f"{{{field}}} is no name for a value; there are {', '.join(f'{{{name}}}' for name in FIELDS)}")
            pieces.append(_Piece(literal, field or ""))
        whole = "".join(f"{piece.literal}{_VALUE if piece.field else ''}" for piece in pieces)
        first = whole.count("/", 0, whole.find(_VALUE)) if _VALUE in whole else 0
        if ".." in whole.split("/")[first:]:
            raise ValueError("'..' stands behind a name for a value; write the path that is meant")
        rooms = iter([_room(part) for part in whole.split("/") for _ in range(part.count(_VALUE))])
        return cls(tuple(piece._replace(room=next(rooms)) if piece.field else piece for piece in pieces))

    @property
    def has_fields(self) -> bool:
        """Whether there is a name of a field in it."""
        return any(piece.field for piece in self.pieces)

    @property
    def root(self) -> Path:
        """The directory below which all outputs lie."""
        return Path(f"{self.pieces[0].literal}x").parent

    @property
    def base(self) -> Path:
        """The file that says that all outputs are whole; by its part file, a run has the directory for itself."""
        return self.root / ".partitions"

    @property
    def ending(self) -> Path:
        """What all names end with."""
        return Path("x" + (self.pieces[-1].literal if not self.pieces[-1].field else ""))

    def of(self, record: PageRecord) -> str:
        """Return the name of the output for a page."""
        date = record.date
        values: dict[str, str | None] = {
            "site": record.site,
            "lang": record.lang,
            "newspaper_slug": record.newspaper_slug,
            "date": date,
            "year": date and date[:4],
            "month": date and date[5:7],
            "kind": record.kind,
        }
        return self.filled(values)

    def filled(self, values: dict[str, str | None]) -> str:
        """Return the pattern with values in the place of names."""
        parts = ((literal, _name(values[field], field, room) if field else "") for literal, field, room in self.pieces)
        name = "".join(chain.from_iterable(parts))
        return f"{name.removesuffix(PART)}%2E{PART[1:]}" if name.endswith(PART) else name  # no output is another one's part file

    def identities(self) -> set[tuple[int, int]]:
        """Return device and inode of the files that bear a name that an output, or its part file, may have."""
        found = set()
        for name in chain(glob.iglob(self._glob), glob.iglob(self._glob + PART)):
            with suppress(OSError):
                status = os.stat(name)
                found.add((status.st_dev, status.st_ino))
        return found

    def may_be(self, path: Path) -> bool:
        """Tell whether an output, or its part file, may bear this name."""
        name = os.path.abspath(self._glob)
        return any(PurePath(os.path.abspath(path)).match(pattern) for pattern in (name, name + PART))

    @property
    def literal(self) -> str:
        """The path, where no names of fields are in it."""
        return "".join(piece.literal for piece in self.pieces)

    @property
    def _glob(self) -> str:
        return "".join(glob.escape(piece.literal) + ("*" if piece.field else "") for piece in self.pieces)


def _room(part: str) -> int:
    """Return how many bytes each value in a component of the path may have."""
    count = part.count(_VALUE)
    room = (_LONGEST - len(os.fsencode(part)) + count) // count
    if room < _SHORTEST:
        raise ValueError(f"{part.replace(_VALUE, '…')!r} is too long for a name; give values directories of their own")
    return room


def _name(value: str | None, field: str, room: int) -> str:
    """Return a value as it may stand in a name."""
    if value is None:
        return _NULL
    if not value:
        return "%"
    name = "".join(char if char.isalnum() or char in _SAFE else _encoded(char) for char in value)
    if name[0] == "." or (name == _NULL and field != "kind"):
        name = _encoded(name[0]) + name[1:]
    if len(name.encode()) <= room:
        return name
    digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
    return f"{name.encode()[: room - _DIGITS - 1].decode('utf-8', 'ignore')}~{digest}"


def _encoded(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogatepass"))
