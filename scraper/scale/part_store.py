"""The directory of a run's parts, local or remote. Files appear in it only when they are whole; its manifest lists them."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from scraper import __version__, remote
from scraper.engine.counts import Counts
from scraper.errors import MissingInput, OutputError, ResumeError
from scraper.output.committed_file import mapped_os_errors
from scraper.records import FailureRecord
from scraper.remote import is_remote

_SCRATCH = ".scratch-"
WORK: Final = ".parts"
"""The directory of entries and of the results of the first pass of ``--dedup``, below that of the parts."""

MANIFEST: Final = "manifest.json"


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
        """Make an empty local directory for the block, on the file system of the parts if they are local."""
        with mapped_os_errors(self.name):
            if not self._is_remote:
                os.makedirs(self.name, exist_ok=True)
            directory = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=None if self._is_remote else self.name))
        try:
            yield directory
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def put(self, file: Path, name: str) -> None:
        """Move a local file to its place, atomically replacing any file there."""
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
        """Return a local copy of a file, in a scratch directory if the parts are remote."""
        if not self._is_remote:
            return Path(self._at(name))
        file = scratch / name.replace("/", "_")
        with mapped_os_errors(self._at(name)), remote.RemoteFile(self._at(name)) as source, file.open("wb") as target:
            shutil.copyfileobj(source, target)
        return file

    def names(self) -> set[str]:
        """Return the names of all files in the directory and below, without scratch files."""
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
        """Remove a file, and its directory if that is then empty."""
        with mapped_os_errors(self._at(name)):
            if self._is_remote:
                remote.remove(self._at(name))
                return
            with suppress(FileNotFoundError):
                os.unlink(self._at(name))
            with suppress(OSError):
                os.rmdir(os.path.dirname(self._at(name)))

    def remove_scratch(self) -> None:
        """Remove the scratch directories that killed workers have left."""
        if not self._is_remote:
            for directory in Path(self.name).glob(f"{_SCRATCH}*"):
                shutil.rmtree(directory, ignore_errors=True)


class PartFile(msgspec.Struct, frozen=True):
    """A file of a part."""

    name: str
    bytes: int
    sha256: str


class ManifestEntry(msgspec.Struct):
    """A finished part: its input, files, counts and failures."""

    part: int
    run: str
    """A digest of the options of the run."""
    chunk: str
    """A digest that identifies the input, including the sizes and times of its files."""
    input: str
    """The last file that was read."""
    files: list[PartFile]
    spans: PartFile | None
    counts: dict[str, Any]
    failures: list[FailureRecord]


class Manifest(msgspec.Struct):
    """The content of the manifest file."""

    version: str
    run: str
    pages: int
    parts: list[ManifestEntry]
    """In the order of the input."""


_manifest: Final = msgspec.json.Decoder(Manifest)
_entry: Final = msgspec.json.Decoder(ManifestEntry)


class PartProgress:
    """The parts that earlier runs have made.

    Args:
        store: the directory of the parts.
        run: a digest of the options of the run.

    Raises:
        ResumeError: if there are parts of other options, or files of other programs.
        OutputError: if the directory cannot be read.
    """

    def __init__(self, store: PartStore, run: str) -> None:
        self._store = store
        self._run = run
        self._names = store.names()
        self._done: dict[int, ManifestEntry] = {}
        if MANIFEST in self._names:
            self._done = {entry.part: entry for entry in self._decode(_manifest, MANIFEST).parts}
        elif self._names and not any(name.startswith(f"{WORK}/") for name in self._names):
            raise ResumeError(f"{store.name}: it holds other files; name a new directory")
        self._first: dict[int, ManifestEntry] = {}
        for name in sorted(self._names):
            if name.startswith(f"{WORK}/") and name.endswith(".json"):
                entry = self._decode(_entry, name)
                (self._first if name.endswith(".listed.json") else self._done)[entry.part] = entry
        if any(entry.run != run for entries in (self._done, self._first) for entry in entries.values()):
            raise ResumeError(f"{store.name}: it holds parts of a run with other options; delete it, or name another directory")

    def _decode(self, decoder: msgspec.json.Decoder[Any], name: str) -> Any:
        try:
            return decoder.decode(self._store.read(name))
        except msgspec.MsgspecError as error:
            raise OutputError(f"{self._store.name}/{name}: it cannot be read ({error}); delete the directory") from None

    def done(self, number: int, chunk: str) -> ManifestEntry | None:
        """Return the entry of an existing part, made from the same chunk."""
        entry = self._done.get(number)
        if entry is None or entry.chunk != chunk or not all(file.name in self._names for file in entry.files):
            return None
        return entry

    def listed(self, number: int, chunk: str) -> ManifestEntry | None:
        """Return the entry of the first pass over a part, made from the same chunk."""
        entry = self._first.get(number)
        return entry if entry is not None and entry.chunk == chunk else None

    def finish(self, entries: list[ManifestEntry], counts: Counts) -> None:
        """Write the manifest, and then remove the files that are no longer part of the output."""
        manifest = Manifest(__version__, self._run, counts.kinds.total(), entries)
        self._store.write(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n", MANIFEST)
        wanted = {file.name for entry in entries for file in entry.files}
        stale = {file.name for entry in self._done.values() for file in entry.files} - wanted
        for name in sorted(self._store.names()):
            if name in stale or name.startswith(f"{WORK}/"):
                self._store.remove(name)
        self._store.remove_scratch()
