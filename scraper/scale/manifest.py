"""The list of the parts of a run, and what an earlier run of the same command has done of it."""

from typing import Any, Final

import msgspec

from scraper import __version__
from scraper.engine.counts import Counts
from scraper.errors import OutputError, ResumeError
from scraper.scale.parts import WORK, ManifestEntry
from scraper.scale.place import PartStore

MANIFEST: Final = "manifest.json"


class Manifest(msgspec.Struct):
    """What the file holds."""

    version: str
    run: str
    pages: int
    parts: list[ManifestEntry]
    """In the order of the input."""


_manifest: Final = msgspec.json.Decoder(Manifest)
_entry: Final = msgspec.json.Decoder(ManifestEntry)


class PartProgress:
    """The parts that are there already.

    Args:
        place: the directory of the parts.
        run: a digest of the options of the run.

    Raises:
        ResumeError: if there are parts of other options, or files of other programs.
        OutputError: if the directory cannot be read.
    """

    def __init__(self, place: PartStore, run: str) -> None:
        self._place = place
        self._run = run
        self._names = place.names()
        self._done: dict[int, ManifestEntry] = {}
        if MANIFEST in self._names:
            self._done = {entry.part: entry for entry in self._decode(_manifest, MANIFEST).parts}
        elif self._names and not any(name.startswith(f"{WORK}/") for name in self._names):
            raise ResumeError(f"{place.name}: it holds other files; name a new directory")
        self._first: dict[int, ManifestEntry] = {}
        for name in sorted(self._names):
            if name.startswith(f"{WORK}/") and name.endswith(".json"):
                entry = self._decode(_entry, name)
                (self._first if name.endswith(".listed.json") else self._done)[entry.part] = entry
        if any(entry.run != run for entries in (self._done, self._first) for entry in entries.values()):
            raise ResumeError(f"{place.name}: it holds parts of a run with other options; delete it, or name another directory")

    def _decode(self, decoder: msgspec.json.Decoder[Any], name: str) -> Any:
        try:
            return decoder.decode(self._place.read(name))
        except msgspec.MsgspecError as error:
            raise OutputError(f"{self._place.name}/{name}: it cannot be read ({error}); delete the directory") from None

    def done(self, number: int, chunk: str) -> ManifestEntry | None:
        """Return the entry of a part that is there, made of the same chunk."""
        entry = self._done.get(number)
        if entry is None or entry.chunk != chunk or not all(file.name in self._names for file in entry.files):
            return None
        return entry

    def listed(self, number: int, chunk: str) -> ManifestEntry | None:
        """Return the entry of a part of which the first pass is done, on the same chunk."""
        entry = self._first.get(number)
        return entry if entry is not None and entry.chunk == chunk else None

    def finish(self, entries: list[ManifestEntry], counts: Counts) -> None:
        """Write the manifest, and then remove what it replaces and the files of parts that are none any more."""
        manifest = Manifest(__version__, self._run, counts.kinds.total(), entries)
        self._place.write(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n", MANIFEST)
        wanted = {file.name for entry in entries for file in entry.files}
        stale = {file.name for entry in self._done.values() for file in entry.files} - wanted
        for name in sorted(self._place.names()):
            if name in stale or name.startswith(f"{WORK}/"):
                self._place.remove(name)
        self._place.remove_scratch()
