"""Zip archives of pages: members are read one by one, and nothing is ever unpacked."""

import lzma
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import IO, BinaryIO, Final

from scraper.errors import DamagedInput, EmptyInput, UnreadableInput
from scraper.sources.items import Item, Place, ReadOptions
from scraper.sources.streams import Stream

_ENCRYPTED: Final = 0x1
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError)

ReadStream = Callable[[Stream, Place, ReadOptions], Iterator[Item]]


def member_sizes(path: str) -> Sequence[int]:
    """Return the compressed size of each member of an archive that is no directory, in bytes.

    Raises:
        Exception: any that zipfile raises on a damaged archive.
    """
    with zipfile.ZipFile(path) as archive:
        return [member.compress_size for member in archive.infolist() if not member.is_dir()]


def read_zip(
    file: BinaryIO, place: Place, request: ReadOptions, read_stream: ReadStream, part: range | None = None
) -> Iterator[Item]:
    """Read the members of an archive in the order of its directory. Their names are labels and lead nowhere.

    Args:
        file: the archive, which must be seekable.
        place: where it lies.
        request: what the user said of all inputs.
        read_stream: reads a member.
        part: which members to read, by their place among those that are no directories; None for all.
    """
    try:
        archive = zipfile.ZipFile(file)
        members = [member for member in archive.infolist() if not member.is_dir()]
    except (*_BROKEN, NotImplementedError) as error:
        yield place.failed(DamagedInput(f"the zip archive is broken or breaks off ({error}); get it once more"))
        return
    if not members:
        yield place.failed(EmptyInput("the zip archive holds no file"))
    for member in members if part is None else members[part.start : part.stop]:
        if stat.S_ISLNK(member.external_attr >> 16):
            yield place.passed_over("link", member.filename)
        elif member.flag_bits & _ENCRYPTED:
            yield place.failed(UnreadableInput("it is encrypted; unpack it with its password first"), member.filename)
        else:
            here = Place(place.at(member.filename), False, place.depth + 1)
            try:
                with archive.open(member) as opened:
                    yield from read_stream(Stream(_Member(opened)), here, request)
            except NotImplementedError:
                yield here.failed(
                    UnreadableInput(f"it is compressed by method {member.compress_type}, which is not supported; unpack it first")
                )
            except (*_BROKEN, RuntimeError) as error:
                yield here.failed(DamagedInput(f"this member of the archive is broken ({error})"))


class _Member:
    """A source that says in our words what is wrong with a member."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int, /) -> bytes:
        try:
            return self._file.read(size)
        except _BROKEN as error:
            raise DamagedInput(f"this member of the archive is broken ({error})") from None
