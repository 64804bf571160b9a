"""Clean inputs on a Dask cluster: one task for each chunk, which writes one part of the output."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from scraper.engine.chunks import FileChunk
from scraper.engine.counts import Counts
from scraper.engine.planning import plan
from scraper.engine.sinks import MOST_FAILURES, too_many_failures
from scraper.engine.workers import starting
from scraper.errors import OutputError, ScraperError, not_installed
from scraper.output.database import Database
from scraper.output.dedup import DedupStore
from scraper.scale.part_store import ManifestEntry, PartProgress
from scraper.scale.parts import (
    PartJob,
    chunk_digest,
    digests_of,
    list_part,
    listed_name,
    make_listed_part,
    make_part,
    repeats_name,
)
from scraper.sources.inputs import find_entries

LOCAL: Final = "local"
"""The address for which a cluster is started on this machine."""

_SILENT: Final = 60
"""A level above all of logging."""


@contextmanager
def connected(address: str, workers: int) -> Iterator[Any]:
    """Connect to a scheduler for the block, or start one with workers of one thread, and yield the client.

    Raises:
        OutputError: if distributed is not installed, or the scheduler does not answer.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise OutputError(not_installed("--dask needs distributed, which", "dask")) from None
    if address == LOCAL:
        # Cleaning holds the interpreter's lock, so a second thread in a worker would only wait.
        options = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0", "silence_logs": _SILENT}
        with starting():
            cluster = LocalCluster(processes=True, **options)
        with cluster, Client(cluster) as client:
            yield client
        return
    try:
        client = Client(address, timeout=5)
    except (OSError, ValueError, TimeoutError) as error:
        raise OutputError(f"--dask {address}: no scheduler answers ({str(error) or 'timeout'}); check the address") from None
    with client:
        yield client


class DaskRun:
    """A run on a cluster.

    Args:
        client: the client of the cluster.
        shared: the settings of all tasks.
        counts: the counts of the run.
        report: called with the message of each failure.
        meter: called with the bytes of each finished chunk.
        keeps_going: whether to accept any number of failures, even before the first page.
    """

    def __init__(
        self,
        client: Any,
        shared: PartJob,
        counts: Counts,
        report: Callable[[str], object],
        *,
        meter: Callable[[int], object] | None = None,
        keeps_going: bool = True,
    ) -> None:
        self._client = client
        self._shared = shared
        self._counts = counts
        self._report = report
        self._meter = meter
        self._keeps_going = keeps_going
        self.missing = 0
        """Parts that could not be made."""

    def run(self, inputs: Iterable[str]) -> list[ManifestEntry]:
        """Make the missing parts, and write the manifest if all exist. Return the entries in the order of the input.

        Raises:
            OutputError: if the output cannot be written, or a worker has another version, other layouts or other files.
            ResumeError: if the directory has other parts.
            TooManyFailures: if the first results are all failures.
        """
        progress = PartProgress(self._shared.store, self._shared.run)
        chunks = []
        options = self._shared.job.options
        for number, chunk in enumerate(plan(find_entries(inputs, options), options, are_shipped=True)):
            if isinstance(chunk, FileChunk) and chunk.is_local:
                raise OutputError(f"{chunk.place.input}: a worker cannot read it; write it to a file, and name that")
            chunks.append((number, chunk, chunk_digest(chunk)))
        done = {number: entry for number, _, digest in chunks if (entry := progress.done(number, digest)) is not None}
        sizes = {number: chunk.size for number, chunk, _ in chunks}
        todo = [task for task in chunks if task[0] not in done]
        for number, entry in done.items():
            self._count(entry, sizes[number], is_new=False)
        if not self._shared.job.needs_digests:
            entries = self._do(make_part, todo, sizes)
        elif not todo:
            entries = {}
        else:
            first = {number: entry for number, _, digest in chunks if (entry := progress.listed(number, digest)) is not None}
            first |= self._do(list_part, [task for task in chunks if task[0] not in first], {})
            if self.missing:
                return []
            done = {}
            vars(self._counts).update(vars(Counts()))
            self._decide(len(chunks))
            entries = self._do(make_listed_part, [(first[number],) for number in sorted(first)], sizes)
        entries |= done
        ordered = [entries[number] for number in sorted(entries)]
        if not self.missing:
            progress.finish(ordered, self._counts)
        return ordered

    def _do(
        self, task: Callable[..., ManifestEntry], arguments: list[tuple[Any, ...]], sizes: dict[int, int]
    ) -> dict[int, ManifestEntry]:
        """Do tasks on the cluster, in any order, and return their entries by part."""
        from distributed import as_completed

        token = os.urandom(6).hex()
        futures = [
            self._client.submit(task, self._shared, *given, key=f"{task.__name__}-{token}-{number:08d}", pure=False)
            for number, given in enumerate(arguments)
        ]
        entries = {}
        for future in as_completed(futures):
            error = future.exception()
            if isinstance(error, ScraperError):
                raise error
            if error is not None:
                self.missing += 1
                self._report(f"a part is missing: {_sentence(error)}; run the same command again to make it")
                continue
            entry = future.result()
            entries[entry.part] = entry
            future.release()
            if sizes:
                self._count(entry, sizes[entry.part], is_new=True)
        return entries

    def _count(self, entry: ManifestEntry, size: int, *, is_new: bool) -> None:
        self._counts.merge(entry.counts)
        if self._meter is not None:
            self._meter(size)
        for failure in entry.failures if is_new else ():
            self._report(str(failure))
        if not self._keeps_going and not self._counts.kinds and self._counts.failures.total() >= MOST_FAILURES:
            raise too_many_failures(self._counts.failures.total())

    def _decide(self, parts: int) -> None:
        """Find the pages of each part that repeat an earlier page, in the order of the input, and write them to files."""
        files = self._shared.store
        with Database() as database:
            store = DedupStore(database)
            for number in range(parts):
                repeats = [store.repeat(*digests) for digests in digests_of(files.read(listed_name(number)))]
                files.write(msgspec.json.encode(repeats), repeats_name(number))


def _sentence(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
