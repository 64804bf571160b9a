"""The tasks of a run on many machines: each cleans a chunk, and writes its results as a part of the output.

A task may run twice, or be killed at any moment: its files appear whole, and its entry, which makes them valid, is written last.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import msgspec

from scraper import __version__
from scraper.engine.chunks import Chunk, ChunkReader, FileChunk, ItemChunk, chunk_fingerprint
from scraper.engine.counts import Counts
from scraper.engine.jobs import ItemResult, Job, Sink, clean_items, layouts_of
from scraper.engine.resumable import file_version, fingerprint_of
from scraper.engine.sinks import FileSink
from scraper.engine.tasks import ResultRow, decode_results, encode_result
from scraper.errors import OutputError
from scraper.output.dedup import Repeat
from scraper.output.files import Output
from scraper.output.formats import OutputTable, table_of
from scraper.output.partitions import Partitions, Pattern
from scraper.records import Columns, FailureRecord
from scraper.scale.part_store import WORK, ManifestEntry, PartFile, PartStore

KEPT: Final = ("lines", "spans", "listed")
"""The files that the first pass of ``--dedup`` keeps for a part."""

_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(ResultRow)
_failure: Final = msgspec.json.Decoder(FailureRecord)
_repeats: Final = msgspec.json.Decoder(list[Repeat | None])


class PartJob(NamedTuple):
    """The settings that all tasks of a run share."""

    job: Job
    store: PartStore
    run: str
    layouts: tuple[tuple[str, str], ...]
    """The layouts of the run, with their digests; workers must have the same."""
    ending: str
    """The ending of the names of parts."""
    columns: Columns
    pattern: str | None = None
    """The pattern of outputs, below the store."""
    spans: PartStore | None = None
    version: str = __version__


def entry_name(number: int, *, is_first: bool = False) -> str:
    """Return the name of an entry: that of the first of two passes, or of the last or only pass."""
    return f"{WORK}/{number:08d}{'.listed' if is_first else ''}.json"


def listed_name(number: int) -> str:
    """Return the name of the file with the digests of all pages of a part, in the first pass."""
    return f"{WORK}/{number:08d}.listed"


def repeats_name(number: int) -> str:
    """Return the name of the file that lists the repeated pages of a part."""
    return f"{WORK}/{number:08d}.repeats"


def make_part(shared: PartJob, number: int, chunk: Chunk, digest: str) -> ManifestEntry:
    """Clean a chunk, put the files of the part in place, and return its entry.

    Raises:
        OutputError: if the files cannot be written, or the worker has another version or other layouts.
    """
    _check_worker(shared)
    _check_files(chunk, digest)
    return _write(shared, number, digest, chunk.place.input, lambda sink: _clean(shared.job, chunk, sink))


def list_part(shared: PartJob, number: int, chunk: Chunk, digest: str) -> ManifestEntry:
    """Clean a chunk, and keep its lines and the digests of its pages for :func:`make_listed_part`. Raises as :func:`make_part`."""
    _check_worker(shared)
    _check_files(chunk, digest)
    with shared.store.scratch() as scratch:
        with _PageLog(scratch) as log:
            _clean(shared.job, chunk, log)
        for kind in KEPT:
            shared.store.put(scratch / kind, f"{WORK}/{number:08d}.{kind}")
    entry = ManifestEntry(number, shared.run, digest, chunk.place.input, [], None, counts_of(log.counts), log.failures)
    shared.store.write(_encoder.encode(entry), entry_name(number, is_first=True))
    return entry


def make_listed_part(shared: PartJob, first: ManifestEntry) -> ManifestEntry:
    """Make a part from the results of the first pass, without repeated pages. Raises as :func:`make_part`."""
    _check_worker(shared)
    number, store = first.part, shared.store
    repeats = _Decided(iter(_repeats.decode(store.read(repeats_name(number)))))

    def fill(sink: FileSink) -> None:
        sink.counts.merge(first.counts)
        with store.scratch() as scratch:
            kept = [store.fetch(f"{WORK}/{number:08d}.{kind}", scratch) for kind in KEPT]
            with kept[0].open("rb") as lines, kept[1].open("rb") as spans, kept[2].open("rb") as pages:
                for result in decode_results(lines, spans, pages):
                    sink.take(result)

    return _write(shared, number, first.chunk, first.input, fill, repeats, first.failures)


def digests_of(data: bytes) -> Iterator[tuple[bytes | None, bytes | None]]:
    """Yield the digests of the address and the text of each page in a file of :func:`listed_name`."""
    for line in data.splitlines():
        page = _decoder.decode(line).result.page
        yield (page.url, page.text) if page is not None else (None, None)


def chunk_digest(chunk: Chunk) -> str:
    """Return a digest that identifies the input of a chunk, including the sizes and times of its files."""
    assert not isinstance(chunk, ItemChunk)  # noqa: S101 - items that this process has read are not sent
    files = list(map(fingerprint_of, chunk.entries)) if isinstance(chunk, FileChunk) else file_version(chunk.path)
    return hashlib.sha256(repr((chunk_fingerprint(chunk), files)).encode()).hexdigest()


def counts_of(counts: Counts) -> dict[str, Any]:
    """Return counts as JSON values, which :meth:`Counts.merge` adds to others."""
    return {name: dict(value) if isinstance(value, Mapping) else value for name, value in vars(counts).items() if value}


def _clean(job: Job, chunk: Chunk, sink: Sink) -> None:
    for result in clean_items(job, ChunkReader(chunk, job.options)):
        sink.take(result)


def _check_worker(shared: PartJob) -> None:
    if shared.version != __version__:
        raise OutputError(f"a worker has version {__version__}, and this is {shared.version}; install the same version everywhere")
    if tuple((layout.name, layout.digest) for layout in layouts_of(shared.job.layouts)) != shared.layouts:
        raise OutputError("a worker has other layouts; give all machines the same files, and name them with --layouts")


def _check_files(chunk: Chunk, digest: str) -> None:
    if chunk_digest(chunk) != digest:
        raise OutputError(
            f"{chunk.place.input}: a worker sees other files than this machine, or none; name inputs by absolute paths that are the same everywhere"
        )


class _Decided:
    """Returns the repeats found by the first pass, page by page."""

    def __init__(self, repeats: Iterator[Repeat | None]) -> None:
        self._repeats = repeats

    def repeat(self, _url: bytes | None, _text: bytes | None) -> Repeat | None:
        return next(self._repeats)


def _write(
    shared: PartJob,
    number: int,
    digest: str,
    input: str,
    fill: Callable[[FileSink], None],
    repeats: _Decided | None = None,
    failures: Sequence[FailureRecord] = (),
) -> ManifestEntry:
    """Write the files of a part, put them in place, and then its entry."""
    counts, log = Counts(), _FailureLog(failures)
    with shared.store.scratch() as scratch:
        table = table_of(Path(f"part{shared.ending}"), shared.columns)
        with ExitStack() as opened:
            output = partitions = spans = None
            if shared.pattern is None:
                output = opened.enter_context(Output(scratch / f"records{shared.ending}", table=table))
            else:
                partitions = opened.enter_context(_ScratchPartitions(scratch / "out", shared.pattern, table))
            if shared.spans is not None:
                spans = opened.enter_context(Output(scratch / "spans.jsonl"))
            sink = FileSink(counts, _ignore, output=output, partitions=partitions, spans=spans, failures=log, repeats=repeats)
            fill(sink)
        name = f"part-{number:08d}"
        if shared.pattern is None:
            files = [_put(scratch / f"records{shared.ending}", shared.store, f"{name}{shared.ending}")]
        else:
            found = sorted(path for path in (scratch / "out").rglob("*") if path.is_file())
            names = [os.path.relpath(path, scratch / "out") for path in found]
            files = [_put(path, shared.store, f"{below}/{name}{shared.ending}") for path, below in zip(found, names, strict=True)]
        written = _put(scratch / "spans.jsonl", shared.spans, f"{name}.jsonl") if shared.spans is not None else None
    entry = ManifestEntry(number, shared.run, digest, input, files, written, counts_of(counts), log.failures)
    shared.store.write(_encoder.encode(entry), entry_name(number))
    return entry


def _put(path: Path, store: PartStore, name: str) -> PartFile:
    with path.open("rb") as file:
        found = PartFile(name, os.path.getsize(path), hashlib.file_digest(file, "sha256").hexdigest())
    store.put(path, name)
    return found


def _ignore(_message: str) -> None:
    """Report nothing: the main process reports the failures of an entry."""


class _FailureLog:
    """Collects failures."""

    def __init__(self, failures: Sequence[FailureRecord] = ()) -> None:
        self.failures = list(failures)

    def write(self, line: bytes, /) -> None:
        self.failures.append(_failure.decode(line))


class _ScratchPartitions(Partitions):
    """The files of a pattern, in a directory of their own."""

    def __init__(self, directory: Path, pattern: str, table: OutputTable | None) -> None:
        escaped = str(directory).replace("{", "{{").replace("}", "}}")
        super().__init__(Pattern.parse(f"{escaped}/{pattern}"), table=table)
        self._directory = directory

    def write(self, target: str, lines: bytes) -> None:
        super().write(os.path.join(self._directory, target), lines)


class _PageLog:
    """A sink that keeps the lines and digests of each page in files of a directory. A context manager."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.counts = Counts()
        self.failures: list[FailureRecord] = []

    def __enter__(self) -> Self:
        self._opened = ExitStack()
        self._lines, self._spans, self._listed = (self._opened.enter_context((self._directory / kind).open("wb")) for kind in KEPT)
        return self

    def __exit__(self, *error: object) -> None:
        self._opened.close()

    def take(self, result: ItemResult, /) -> None:
        if result.failure is not None:
            self.counts.failures[result.failure.code] += 1
            self.failures.append(result.failure)
        elif result.left_out is not None:
            self.counts.left_out[result.left_out] += 1
        else:
            self._lines.write(result.lines)
            self._spans.write(result.spans)
            self._listed.write(encode_result(result))

    def end_task(self) -> None:
        """Do nothing: the files are closed at the end."""
