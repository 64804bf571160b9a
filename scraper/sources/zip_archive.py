"""Zip archives of pages. Members are read one after the other; nothing is written to disk."""

import lzma
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import IO, BinaryIO, Final, NamedTuple, Self, TypeVar, cast

from scraper.errors import DamagedInput, EmptyInput, PageError, UnreadableInput, worker_died
from scraper.remote import is_remote
from scraper.sources.files import open_input
from scraper.sources.inputs import companion_folders, is_chosen, is_in_companion
from scraper.sources.items import Guard, Item, Place, ReadOptions
from scraper.sources.streams import Stream

_ENCRYPTED: Final = 0x1
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError, OverflowError, struct.error)


class _ZipArchive(NamedTuple):
    """An archive that is open."""

    file: zipfile.ZipFile
    members: Sequence[zipfile.ZipInfo]
    """Without directories."""
    folders: set[str]
    """Names of folders that a browser has saved beside a page."""

    @classmethod
    def of(cls, file: zipfile.ZipFile) -> Self:
        members = [member for member in file.infolist() if not member.is_dir()]
        return cls(file, members, companion_folders(member.filename for member in members))


T = TypeVar("T")

ReadStream = Callable[[Stream, Place, ReadOptions], Iterator[T]]


def member_sizes(path: str) -> Sequence[int]:
    """Return the compressed size of each member of an archive, without directories, in bytes.

    Raises:
        Exception: any that zipfile raises for a damaged archive.
    """
    with open_input(path) as file, zipfile.ZipFile(cast("BinaryIO", file)) as archive:
        return [member.compress_size for member in archive.infolist() if not member.is_dir()]


@lru_cache(maxsize=1)
def _opened(path: str, _changed: tuple[int, int] | None) -> _ZipArchive:
    """Open an archive, and keep it open: each part needs the directory, which is slow to read for a large archive."""
    return _ZipArchive.of(zipfile.ZipFile(cast("BinaryIO", open_input(path)) if is_remote(path) else path))


def read_part(
    path: str, place: Place, options: ReadOptions, read_stream: ReadStream[T], guard: Guard, part: range
) -> Iterator[Item | T]:
    """Read some members of an archive whose directory :func:`member_sizes` has read.

    Args:
        path: the archive.
        place: where it comes from.
        options: the options of all inputs.
        read_stream: reads the pages of a member.
        guard: is asked before each member is read.
        part: the members, by their index without directories.
    """
    status = os.stat(path) if not is_remote(path) else None
    try:
        archive = _opened(path, (status.st_size, status.st_mtime_ns) if status is not None else None)
    except (*_BROKEN, NotImplementedError) as error:
        yield _broken(place, error)
        return
    yield from _read(archive, place, options, read_stream, guard, part)


def read_zip(file: BinaryIO, place: Place, options: ReadOptions, read_stream: ReadStream[T], guard: Guard) -> Iterator[Item | T]:
    """Read the members of an archive, in the order of its directory. Their names are only labels, never used as paths.

    Args:
        file: the archive, which must be seekable.
        place: where it comes from.
        options: the options of all inputs.
        read_stream: reads the pages of a member.
        guard: is asked before each member is read.
    """
    try:
        archive = _ZipArchive.of(zipfile.ZipFile(file))
    except (*_BROKEN, NotImplementedError) as error:
        yield _broken(place, error)
        return
    if not archive.members:
        yield place.failed(EmptyInput("the zip archive has no files"))
    yield from _read(archive, place, options, read_stream, guard, range(len(archive.members)))


def _broken(place: Place, error: Exception) -> Item:
    return place.failed(DamagedInput(f"the zip archive is damaged or truncated ({error}); get it again"))


def _read(
    archive: _ZipArchive, place: Place, options: ReadOptions, read_stream: ReadStream[T], guard: Guard, part: range
) -> Iterator[Item | T]:
    members = guard.open_archive()
    for index, member in enumerate(archive.members[part.start : part.stop], part.start):
        if is_in_companion(member.filename, archive.folders):
            yield place.skipped("saved-beside-a-page", member.filename)
        elif not is_chosen(member.filename, options):
            yield place.skipped("excluded", member.filename)
        elif stat.S_ISLNK(member.external_attr >> 16):
            yield place.skipped("link", member.filename)
        elif member.flag_bits & _ENCRYPTED:
            yield place.failed(UnreadableInput("it is encrypted; unpack it with its password first"), member.filename)
        else:
            member_place = Place(place.at(member.filename), False, place.depth + 1)
            try:
                members.check(index)
                with archive.file.open(member) as opened:
                    for count, item in enumerate(read_stream(Stream(_Member(opened)), member_place, options), 1):
                        yield item
                        members.note(index, count)
                        if members.gives_up(index, count):
                            raise worker_died("read", ", and what follows in this member was not read")
            except PageError as error:
                yield member_place.failed(error)
            except NotImplementedError:
                yield member_place.failed(
                    UnreadableInput(f"it is compressed by method {member.compress_type}, which is not supported; unpack it first")
                )
            except (*_BROKEN, RuntimeError) as error:
                yield member_place.failed(DamagedInput(f"this member of the archive is damaged ({error})"))


class _Member:
    """The bytes of a member; zipfile's errors are mapped to ours."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int, /) -> bytes:
        try:
            return self._file.read(size)
        except (*_BROKEN, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # of the disk; bz2 raises one without a number for broken data
            raise DamagedInput(f"this member of the archive is damaged ({error})") from None
