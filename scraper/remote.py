"""Files at addresses such as ``s3://bucket/key``, read and written through fsspec.

Outputs are written to local files first, and put in their places, each at once, when the run has finished.
"""

import io
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

from scraper.errors import MissingInput, OutputError, PageError, UnreadableInput, not_installed
from scraper.urls import is_absolute

_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*)://")
_JOINED: Final = re.compile(r"([a-z][a-z0-9+.-]+):/(?=[^/])")
"""The beginning of an address as pathlib rewrites it. Names of drives have a single letter."""
_FILE_ENDINGS: Final = tuple(".warc .wet .jsonl .ndjson .json .csv .tsv .parquet .zip .gz .zst .bz2 .xz".split())
"""Endings of dumps and archives on web servers. Other addresses there are pages, which `fetch` requests politely."""
_BLOCK: Final = 4 << 20
"""Bytes of a request. The default of s3fs is 50 MB, held for each open file."""


def is_remote(name: str) -> bool:
    """Return True if a name is the address of a file that fsspec reads, and not a local file or a web page."""
    match = _SCHEME.match(name)
    if match is None or match[1] == "file":
        return False
    return urlsplit(name).path.lower().endswith(_FILE_ENDINGS) if is_absolute(name) else True


def local_name(name: str) -> str:
    """Return a name without ``file://``."""
    return name.removeprefix("file://")


def address_of(path: Path) -> str | None:
    """Return the address in an option that was read as a path, which has one slash where there were two; None if it is a local file."""
    match = _JOINED.match(str(path))
    return None if match is None else f"{match[1]}://{'/' if match[1] == 'file' else ''}{str(path)[match.end() :]}"


class RemoteFile(io.RawIOBase):
    """A remote file that is open for reading.

    Args:
        name: the address.

    Raises:
        OSError: if it cannot be read, from all methods.
        UnreadableInput: if the library for the address is not installed.
    """

    meter: Callable[[int], object] | None = None
    """Is called with the number of bytes of each read."""

    def __init__(self, name: str) -> None:
        super().__init__()
        with _mapped_errors(name):
            system, path = _system(name)
            self._file = system.open(path, "rb", block_size=_BLOCK)

    def read(self, size: int | None = -1, /) -> bytes:
        """Return at most ``size`` bytes, and none at the end."""
        with _mapped_errors(self._file.path):
            piece: bytes = self._file.read(-1 if size is None else size)
        if self.meter is not None:
            self.meter(len(piece))
        return piece

    def readinto(self, buffer: Any, /) -> int:
        """Read into a buffer, and return the number of bytes."""
        piece = self.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True if the server sends parts of the file."""
        return self._file.size is not None

    def seek(self, position: int, whence: int = 0, /) -> int:
        """Move to a position, and return it."""
        with _mapped_errors(self._file.path):
            return int(self._file.seek(position, whence))

    def tell(self) -> int:
        """Return the position."""
        return int(self._file.tell())

    def close(self) -> None:
        """Close the file."""
        if not self.closed and hasattr(self, "_file"):
            self._file.close()
        super().close()


def find_files(name: str) -> list[str] | None:
    """Return the addresses of the files below a directory, sorted; None if ``name`` is a file.

    Raises:
        MissingInput: if there is neither.
        OSError: if that cannot be known.
        UnreadableInput: if the library for the address is not installed.
    """
    with _mapped_errors(name):
        system, path = _system(name)
        system.invalidate_cache()
        if not name.endswith("/") and system.isfile(path):
            return None
        found = sorted(system.unstrip_protocol(file) for file in system.find(path))
    if not found:
        raise MissingInput("there is no such file or directory; check the address")
    return found


def size_of(name: str) -> int:
    """Return the size of a file in bytes; 0 if the server does not tell.

    Raises:
        OSError: if there is no such file, or it cannot be read.
        UnreadableInput: if the library for the address is not installed.
    """
    return int(_info(name).get("size") or 0)


def version_of(name: str) -> str:
    """Return the size, entity tag and modification time of a file, as far as the server gives them. Raises as :func:`size_of`."""
    info = _info(name)
    return " ".join(
        str(info.get(key)) for key in ("size", "ETag", "etag", "LastModified", "last_modified", "mtime") if info.get(key)
    )


def exists(name: str) -> bool:
    """Return True if there is such a file. The errors are those of :func:`size_of`."""
    with _mapped_errors(name):
        system, path = _system(name)
        return bool(system.exists(path))


def read_range(name: str, start: int, length: int) -> bytes:
    """Return bytes of a file, with one request. The errors are those of :func:`size_of`."""
    with _mapped_errors(name):
        system, path = _system(name)
        data: bytes = system.cat_file(path, start=start, end=start + length)
    return data if len(data) <= length else data[start : start + length]  # some web servers send the whole file


def read_bytes(name: str) -> bytes:
    """Return a whole file. The errors are those of :func:`size_of`."""
    with _mapped_errors(name):
        system, path = _system(name)
        data: bytes = system.cat_file(path)
    return data


def remove(name: str) -> None:
    """Remove a file. The errors are those of :func:`size_of`."""
    with _mapped_errors(name):
        system, path = _system(name)
        system.rm_file(path)


def check_writable(name: str) -> None:
    """Raise an OSError if nothing can be written to an address of this kind."""
    if is_absolute(name):
        raise OSError(None, "web servers cannot be written to; name a file, or an address such as s3://bucket/key")


def put(file: Path, name: str) -> None:
    """Write a local file to an address, where it appears when all of it has arrived.

    Raises:
        OSError: if it cannot be written.
        UnreadableInput: if the library for the address is not installed.
    """
    with _mapped_errors(name):
        system, path = _system(name)
        system.put_file(str(file), path)


class Uploads:
    """Local files that stand in for remote outputs. A context manager around the outputs.

    If the block succeeds, the files are uploaded and removed. If it raises, nothing is uploaded, and what was written stays.

    Raises:
        OutputError: if an address cannot be written to.
    """

    def __init__(self) -> None:
        self._name = f"scraper-{os.urandom(6).hex()}"
        self._files: dict[Path, str] = {}
        self._placeholders: dict[Path, int] = {}
        self.part: Path | None = None

    @property
    def are_needed(self) -> bool:
        """Whether an output is remote."""
        return bool(self._files)

    @property
    def _root(self) -> Path:
        import tempfile  # few runs need it

        return Path(tempfile.gettempdir()) / self._name

    def local(self, path: Path | None) -> Path | None:
        """Return the local file that stands in for an output: the output itself if it is local."""
        address = address_of(path) if path is not None else None
        if address is None or not is_remote(address):
            return path if address is None else Path(local_name(address))
        scheme, _, name = address.partition("://")
        file = self._root / scheme / name
        self._files[file] = address
        return file

    def __enter__(self) -> Self:
        are_there = {}
        for file, address in self._files.items():
            with _as_output_errors(address):
                check_writable(address)
                are_there[file] = exists(address)
        if are_there:
            self._root.mkdir(mode=0o700)
        for file, is_there in are_there.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            if is_there:  # an output without records does not replace it
                file.touch()
                self._placeholders[file] = file.stat().st_ino
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if not self._files:
            return
        for file, inode in self._placeholders.items():
            with suppress(OSError):
                if file.stat().st_ino == inode:
                    file.unlink()
        import shutil

        if error is None:
            for file in self._written():
                scheme, *names = file.relative_to(self._root).parts
                address = f"{scheme}://{'/'.join(names)}"
                with _as_output_errors(address, f"; it is kept as {file}"):
                    put(file, address)
            shutil.rmtree(self._root, ignore_errors=True)
        elif not any(True for _ in self._written()):
            shutil.rmtree(self._root, ignore_errors=True)

    def _written(self) -> Iterator[Path]:
        for directory, _, names in os.walk(self._root):
            yield from (Path(directory, name) for name in sorted(names))


def _info(name: str) -> dict[str, Any]:
    with _mapped_errors(name):
        system, path = _system(name)
        info: dict[str, Any] = system.info(path)
    return info


def _system(name: str) -> tuple[Any, str]:
    """Return the file system of an address, and the path in it."""
    scheme = name.partition("://")[0]
    try:
        from fsspec.core import url_to_fs

        system, path = url_to_fs(name)
    except ImportError:
        raise UnreadableInput(not_installed(f"the library for {scheme}://", "remote")) from None
    except ValueError as error:  # fsspec's for a scheme that it does not know
        raise UnreadableInput(f"{scheme}:// addresses cannot be read ({error}); save the file and name that") from None
    return system, path


@contextmanager
def _mapped_errors(name: str) -> Iterator[None]:
    """Raise what the libraries raise in the block as OSError."""
    try:
        yield
    except (OSError, UnreadableInput, MissingInput) as error:
        if isinstance(error, OSError) and not error.strerror:
            raise type(error)(error.errno, _sentence(error, name)) from None
        raise
    except Exception as error:  # noqa: BLE001 - botocore, aiohttp and others have no common base
        raise OSError(None, _sentence(error, name)) from None


def _sentence(error: Exception, name: str) -> str:
    """Return the first line of a message, or the name of the error, without the address, which the user has named."""
    lines = str(error).replace(name, "").strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


@contextmanager
def _as_output_errors(address: str, kept: str = "") -> Iterator[None]:
    try:
        yield
    except PageError as error:
        raise OutputError(f"{address}: {error}{kept}") from None
    except OSError as error:
        raise OutputError(f"{address}: the output cannot be written ({error.strerror or error}){kept}") from None
