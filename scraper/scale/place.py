"""A directory, local or remote, in which files appear only when they are whole."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from scraper import remote
from scraper.errors import MissingInput
from scraper.output.files import mapped_os_errors
from scraper.remote import is_remote

_SCRATCH = ".scratch-"


class PartStore:
    """The directory of a run's parts. It can be sent to other machines that see the same directory.

    Args:
        name: an absolute path, or an address.

    Raises:
        OutputError: from all methods, if the directory cannot be read or written.
    """

    def __init__(self, name: str) -> None:
        self.name = name.rstrip("/")
        self._is_remote = is_remote(name)

    def _at(self, name: str) -> str:
        return f"{self.name}/{name}"

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Make an empty local directory for the block, on the file system of the place if that is local."""
        with mapped_os_errors(self.name):
            if not self._is_remote:
                os.makedirs(self.name, exist_ok=True)
            directory = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=None if self._is_remote else self.name))
        try:
            yield directory
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def put(self, file: Path, name: str) -> None:
        """Give a local file its place. Whatever was there before is replaced at once."""
        with mapped_os_errors(self._at(name)):
            if self._is_remote:
                remote.put(file, self._at(name))
                return
            with file.open("rb") as opened:
                os.fsync(opened.fileno())
            target = self._at(name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            os.replace(file, target)

    def write(self, data: bytes, name: str) -> None:
        """Write a small file."""
        with self.scratch() as scratch:
            file = scratch / "file"
            file.write_bytes(data)
            self.put(file, name)

    def read(self, name: str) -> bytes:
        """Return a small file."""
        with mapped_os_errors(self._at(name)):
            return remote.read_bytes(self._at(name)) if self._is_remote else Path(self._at(name)).read_bytes()

    def fetch(self, name: str, scratch: Path) -> Path:
        """Return a local copy of a file, in a scratch directory if the place is remote."""
        if not self._is_remote:
            return Path(self._at(name))
        file = scratch / name.replace("/", "_")
        with mapped_os_errors(self._at(name)), remote.RemoteFile(self._at(name)) as source, file.open("wb") as target:
            shutil.copyfileobj(source, target)
        return file

    def names(self) -> set[str]:
        """Return the names of all files below, without scratch files."""
        if self._is_remote:
            with mapped_os_errors(self.name):
                try:
                    found = remote.find_files(f"{self.name}/") or []
                except MissingInput:
                    return set()
            return {name.removeprefix(f"{self.name}/") for name in found}
        names: set[str] = set()
        for directory, directories, files in os.walk(self.name):
            directories[:] = [name for name in directories if not name.startswith(_SCRATCH)]
            names.update(os.path.relpath(os.path.join(directory, name), self.name) for name in files)
        return names

    def remove(self, name: str) -> None:
        """Remove a file, and the directory of it if that is empty then."""
        with mapped_os_errors(self._at(name)):
            if self._is_remote:
                remote.remove(self._at(name))
                return
            with suppress(FileNotFoundError):
                os.unlink(self._at(name))
            with suppress(OSError):
                os.rmdir(os.path.dirname(self._at(name)))

    def remove_scratch(self) -> None:
        """Remove what workers that were killed have left."""
        if not self._is_remote:
            for directory in Path(self.name).glob(f"{_SCRATCH}*"):
                shutil.rmtree(directory, ignore_errors=True)
