"""What becomes of the items of a run when its workers die, in the order of the input, whatever they were doing.

The workers are done in this process: each task by the code of a worker, which an exception ends wherever a process could have died.
"""

import gzip
import io
import json
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, count
from pathlib import Path
from random import Random
from typing import Any, BinaryIO, Self

import fastwarc.warc
import pyarrow.parquet
import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scraper.engine import planning, workers
from scraper.engine.counts import Counts
from scraper.engine.deaths import Death, SharedProgress
from scraper.engine.jobs import ItemResult, Job, page_lines
from scraper.engine.loop import Pool
from scraper.engine.planning import plan
from scraper.engine.sinks import MOST_FAILURES, FileSink
from scraper.engine.tasks import Task
from scraper.engine.workers import Answer, answers
from scraper.errors import TooManyFailures
from scraper.parse.encoding import decode
from scraper.sources import ReadOptions, json_objects, warc
from scraper.sources import parquet as parquet_tables
from scraper.sources.compression import Decompressor
from scraper.sources.fields import FieldReader
from scraper.sources.files import InputEntry
from scraper.sources.recovery import Window
from scraper.sources.streams import Stream
from tests.containers import delimited, json_array, parquet, response, zipped

PACK: dict[str, Callable[[bytes], bytes]] = {
    "jsonl": bytes,
    "jsonl.gz": bytes,
    "warc": bytes,
    "warc.gz": gzip.compress,
    "warc.zst": zstandard.compress,
}
TABLE: dict[str, Callable[[Sequence[tuple[str, bytes]]], bytes]] = {
    "csv": delimited,
    "json": json_array,
    "parquet": parquet,
    "zip": lambda rows: zipped([("rows.csv", delimited(rows))]),
}
RUN = {"run.warc.gz": 3, "run.warc.zst": 3}
"""How many records are compressed into one member; one where it is not said."""
OPTIONS = ReadOptions()
PAGES = 40


class Died(BaseException):
    """The end of a process."""


class Deaths:
    """Which items end the process that reads or cleans them, and how often; None for always."""

    def __init__(self) -> None:
        self.left: dict[object, int | None] = {}
        self.is_worker = False

    def __call__(self, key: object) -> None:
        """End the process if it is to die here."""
        left = self.left.get(key, 0)
        if left != 0 and self.is_worker:
            self.left[key] = left and left - 1
            raise Died


class DyingWorkers:
    """Workers in this process that die as configured; each task is done when its answers are received, in any order."""

    random = Random(0)
    deaths = Deaths()

    def __init__(self, job: Job, _: int) -> None:
        self._job, self._tasks = job, deque[Task]()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def put(self, task: Task, *, first: bool = False) -> None:
        """Add a task."""
        (self._tasks.appendleft if first else self._tasks.append)(task)

    def receive(self) -> Iterator[tuple[Task, Answer | Death, Sequence[BinaryIO]]]:
        """Do a task."""
        self._tasks.rotate(self.random.randrange(len(self._tasks)))
        task = self._tasks.popleft()
        progress = SharedProgress()
        self.deaths.is_worker = True
        try:
            for answer, _ in answers(self._job, task, progress):
                yield task, answer, ()
        except Died:
            yield task, progress.death, ()
        finally:
            self.deaths.is_worker = False


@pytest.fixture(scope="module")
def deaths() -> Iterator[Deaths]:
    deaths = DyingWorkers.deaths

    def dying(function: Callable[..., Any], key: Callable[..., object]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            deaths(key(*args))
            return function(*args, **options)

        return call

    iterate = fastwarc.warc.ArchiveIterator

    def records(*args: Any, **options: Any) -> Iterator[Any]:
        for record in iterate(*args, **options):
            deaths(("header", record.stream_pos))
            yield record

    def member(decompressor: Any, _: int) -> object:
        return ("decompress", decompressor.start if decompressor._engine is not None else None)

    def record(reader: FieldReader, number: int, *_: object) -> object:
        return ("read", reader._place.at(number))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "Workers", DyingWorkers)
        patch.setattr("scraper.engine.tasks.SpooledTemporaryFile", lambda *_, **__: io.BytesIO())  # who dies closes no file
        patch.setattr(planning, "UNPACKED", 3000)
        patch.setattr(planning, "PIECE", 500)
        patch.setattr(fastwarc.warc, "ArchiveIterator", records)
        patch.setattr(Decompressor, "read_member", dying(Decompressor.read_member, member))
        patch.setattr(warc, "_page", dying(warc._page, lambda *args: ("read", args[1])))
        patch.setattr(parquet_tables, "_item", dying(parquet_tables._item, lambda *args: ("read", args[1].at(args[2]))))
        patch.setattr(FieldReader, "items", dying(FieldReader.items, record))
        patch.setattr("scraper.extract.cleaning.decode", dying(decode, lambda page: ("clean", page.input)))
        yield deaths


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dying")


def results_of(path: Path, *pieces: str) -> Iterator[ItemResult]:
    """Yield what becomes of each page of a file, or of some pieces, as a run gets it."""
    with Pool(Job(OPTIONS, "keep", page_lines), 2) as pool:
        tasks = (Task(number, chunk) for number, chunk in enumerate(plan([InputEntry(str(path), pieces=pieces)], OPTIONS)))
        for _, results in pool.do(tasks, lambda: True):
            yield from results


def inputs_of(path: Path, *pieces: str) -> list[tuple[str, str | None]]:
    """Return the name of each page of a file, or of some pieces, with the code of its failure, if it failed, as a run gives them."""
    found: list[tuple[str, str | None]] = []
    for result in results_of(path, *pieces):
        if result.failure is not None:
            found.append((result.failure.input, result.failure.code))
        elif result.lines:
            found.append((json.loads(result.lines)["input"], None))
    return found


@pytest.mark.parametrize(
    ("form", "where"),
    [
        *((form, where) for form in PACK for where in ("read", "clean")),
        *((form, where) for form in (*RUN, "parquet") for where in ("read", "clean")),
        ("csv", "read"),
        ("json", "read"),
        ("zip", "read"),
        ("warc", "header"),
        ("warc.gz", "decompress"),
        ("warc.zst", "decompress"),
    ],
)
@settings(max_examples=20, deadline=None)
@given(
    deadly=st.sets(st.sampled_from((*range(2, 24), 20, 20, 20)), max_size=22),
    flaky=st.sets(st.integers(2, PAGES - 1), max_size=4),
    stretch=st.sampled_from((2000, 5000, 1 << 20)),
    is_cut=st.booleans(),
    seed=st.integers(0, 99),
)
@example(deadly=set(range(2, 24)), flaky=set(), stretch=1 << 20, is_cut=False, seed=0)
def test_workers_that_die_cost_the_pages_over_which_they_die(
    form: str, where: str, deadly: set[int], flaky: set[int], stretch: int, is_cut: bool, seed: int, deaths: Deaths, place: Path
) -> None:
    """A page at which every worker dies fails under its name; one at which one dies is cleaned; all others are as without deaths."""
    random = DyingWorkers.random = Random(seed)
    path = place / f"in.{form}"
    inner: set[int] = {5, 20} if "warc" in form else set()
    starts: list[int | str] = []
    pages = [b"<p>number %d " % number + random.randbytes(random.choice((20, 300))).hex().encode() for number in range(PAGES)]
    if form.startswith("jsonl"):
        pieces = [json.dumps({"text": page.decode()}).encode() + b"\n" * random.choice((1, 1, 2)) for page in pages]
        starts = [b"".join(pieces[:number]).count(b"\n") + 1 for number in range(PAGES)]
    elif form in TABLE:
        rows = [("a.txt", page) for page in pages]
        pieces = [TABLE[form](rows)]
        starts = list(range(1, PAGES + 1))
    else:
        inside = response(response(b"an archive in an archive") * 9, ("Content-Type", "application/warc"))
        records = [inside if number in inner else response(page) for number, page in enumerate(pages)]
        size = RUN.get(form, 1)
        runs = [records[number : number + size] for number in range(0, PAGES, size)]
        pieces = [PACK[form.removeprefix("run.")](b"".join(run)) for run in runs]
        for run, start in zip(runs, accumulate(map(len, pieces), initial=0), strict=False):
            offsets = accumulate(map(len, run[:-1]), initial=0)
            starts += [f"{start}+{offset}" if offset else start for offset in offsets]
    whole = b"".join(pieces)
    path.write_bytes(gzip.compress(whole) if form == "jsonl.gz" else whole)
    names = [f"{path}{'#rows.csv' * (form == 'zip')}#{start}" for start in starts]
    keys = starts if where in ("header", "decompress") else names
    if where in ("header", "clean"):
        deadly -= inner  # without its header, nothing tells that records are inside another one; and it is no page
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planning, "STRETCH", stretch)
        patch.setattr(planning, "LARGE", 1000 if is_cut and form in (*PACK, "parquet") else 1 << 20)
        deaths.left = {}
        assert inputs_of(path) == [(name, None) for number, name in enumerate(names) if number not in inner]
        deaths.left = {(where, keys[number]): 1 for number in flaky} | {(where, keys[number]): None for number in deadly}
        codes = ["worker-died" if number in deadly else None for number in range(PAGES)]
        expected = zip(names, codes, strict=True)
        assert inputs_of(path) == [pair for number, pair in enumerate(expected) if number in deadly or number not in inner]


def test_rows_of_several_tables_have_equal_numbers(deaths: Deaths, place: Path) -> None:
    """If a row kills, the rows with its number in other tables of the archive are read; so is what is left if only pieces are."""
    path = place / "tables.zip"
    rows = delimited([("a.txt", b"<p>one"), ("b.txt", b"<p>two"), ("c.txt", b"<p>three")])
    path.write_bytes(zipped([("a.csv", rows), ("b.csv", rows)]))
    names = [f"{path}#{table}.csv#{number}" for table in "ab" for number in (1, 2, 3)]
    deaths.left = {("read", names[1]): None}
    expected = [(name, "worker-died" if name == names[1] else None) for name in names]
    assert inputs_of(path) == expected
    assert inputs_of(path, *names[1:]) == expected[1:]
    assert inputs_of(path, names[4]) == expected[4:5]


def test_rows_behind_one_that_cannot_be_decoded_are_lost(deaths: Deaths, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If workers die while a row of a Parquet table is decoded, the rest of its row group fails under the name of the row."""
    path = place / "decoded.parquet"
    path.write_bytes(parquet([("a.txt", b"<p>%d" % number) for number in range(30)], 10))
    true = pyarrow.parquet.ParquetFile.iter_batches

    def iter_batches(table: Any, size: int, groups: list[int], *args: Any, **options: Any) -> Iterator[Any]:
        first = groups[0] * 10 + 1
        for batch in true(table, size, groups, *args, **options):
            for number in range(first, first + batch.num_rows):
                deaths(("decode", number))
            first += batch.num_rows
            yield batch

    monkeypatch.setattr(pyarrow.parquet.ParquetFile, "iter_batches", iter_batches)
    deaths.left = {("decode", 15): None}
    rows = [(f"{path}#{number}", None) for number in range(1, 31)]
    assert inputs_of(path) == [*rows[:14], (f"{path}#15", "worker-died"), *rows[20:]]


@pytest.mark.parametrize("large", [1000, 1 << 20])
def test_damage_before_a_member_that_kills_is_named_too(
    deaths: Deaths, place: Path, monkeypatch: pytest.MonkeyPatch, large: int
) -> None:
    """A damaged record directly before a member over whose decompression workers die is a failure of its own."""
    path = place / "damaged.warc.gz"
    records = [response(b"<p>%d" % number) for number in range(9)]
    length = re.search(rb"Content-Length: (\d+)", records[3])
    assert length is not None
    records[3] = records[3].replace(length[0], b"Content-Length: %d" % (int(length[1]) + 500), 1)
    members = list(map(gzip.compress, records))
    path.write_bytes(b"".join(members))
    starts = [0, *accumulate(map(len, members))]
    monkeypatch.setattr(planning, "LARGE", large)
    deaths.left = {("decompress", starts[4]): None}
    codes = {3: "damaged", 4: "worker-died"}
    assert inputs_of(path) == [(f"{path}#{starts[number]}", codes.get(number)) for number in range(9)]


def test_equal_failures_behind_a_death_are_all_named(deaths: Deaths, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a worker has died once in a chunk, two failures with the same name and message there are both given."""
    path = place / "equal.zip"
    broken = ("bad.gz", gzip.compress(b"<p>" * 100)[:-20])
    with pytest.warns(UserWarning, match="Duplicate name"):
        path.write_bytes(
            zipped(
                [("big.txt", Random(1).randbytes(4000).hex().encode()), ("kill.txt", b"<p>"), broken, broken, ("good.txt", b"<p>1")]
            )
        )
    monkeypatch.setattr(planning, "LARGE", 1000)
    monkeypatch.setattr(planning, "UNPACKED", 1 << 20)
    without = inputs_of(path)
    assert [name for name, code in without if code] == [f"{path}#bad.gz"] * 2
    deaths.left = {("clean", f"{path}#kill.txt"): 1}
    assert inputs_of(path) == without


def die_before_lines(deaths: Deaths, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes die before the line of a dump with a number is split off, when nothing of it is known."""
    true = json_objects.split_lines

    def split_lines(stream: Stream, max_bytes: int) -> Iterator[bytes | None]:
        for number, line in enumerate(true(stream, max_bytes), 1):
            deaths(number)
            yield line

    monkeypatch.setattr(json_objects, "split_lines", split_lines)


def test_a_death_between_two_records_costs_the_rest_of_its_member(
    deaths: Deaths, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If workers die after a line of a dump in a zip archive, what is left of the dump fails by its name; other members are read."""
    path = place / "between.zip"
    lines = b"".join(json.dumps({"text": f"<p>{number}"}).encode() + b"\n" for number in range(9))
    path.write_bytes(zipped([("a.jsonl", lines), ("b.txt", b"<p>b"), ("c.jsonl", lines.splitlines(keepends=True)[0])]))
    die_before_lines(deaths, monkeypatch)
    deaths.left = {4: None}
    pages = [(f"{path}#a.jsonl#{number}", None) for number in (1, 2, 3)]
    assert inputs_of(path) == [*pages, (f"{path}#a.jsonl", "worker-died"), (f"{path}#b.txt", None), (f"{path}#c.jsonl#1", None)]


def test_a_header_that_continues_in_the_next_member_is_named_where_it_begins(deaths: Deaths, place: Path) -> None:
    """If a header that two members share kills, its record fails, and the archive is read on at the next record that is found."""
    path = place / "shared.warc.gz"
    records = [response(b"<p>%d" % number) for number in range(6)]
    run = b"".join(records[:4])
    cut = len(run) - len(records[3])
    members = [gzip.compress(run[: cut + 40]), gzip.compress(run[cut + 40 :]), *map(gzip.compress, records[4:])]
    path.write_bytes(b"".join(members))
    starts = [*(f"0+{len(b''.join(records[:number]))}" if number else "0" for number in range(4))]
    starts += [str(len(b"".join(members[:number]))) for number in (2, 3)]
    deaths.left = {("header", cut): None}
    assert inputs_of(path) == [(f"{path}#{start}", "worker-died" if number == 3 else None) for number, start in enumerate(starts)]


def test_a_chunk_in_which_no_record_begins_has_no_failure(deaths: Deaths, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If workers die searching a chunk that is inside a record of the one before, nothing is lost, and no record inside is a page."""
    path = place / "inside.warc"
    archive = response(response(b"an archive in an archive") * 20, ("Content-Type", "application/warc"))
    path.write_bytes(response(b"<p>1") + archive + response(b"<p>2"))
    monkeypatch.setattr(planning, "STRETCH", 2000)
    monkeypatch.setattr(planning, "LARGE", 1000)
    without = inputs_of(path)
    true = Window.find

    def find(window: Window, wanted: bytes, start: int) -> int | None:
        deaths(("find", start))
        return true(window, wanted, start)

    monkeypatch.setattr(Window, "find", find)
    deaths.left = {("find", 2000): None, ("find", 4000): None}
    assert inputs_of(path) == without
    assert len(without) == 2


def numbered_lines(path: Path, last: int) -> Path:
    """Write a dump of pages with the numbers from 1 to ``last``."""
    path.write_bytes(b"".join(json.dumps({"text": f"<p>{number}"}).encode() + b"\n" for number in range(1, last + 1)))
    return path


def test_a_retry_ends_if_workers_die_between_pieces(deaths: Deaths, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If workers die before the next piece of a dump is found, what is left of the file fails under its name."""
    path = place / "pieces.jsonl"
    path.write_bytes(b"".join(json.dumps({"text": f"<p>{number}"}).encode() + b"\n" for number in range(9)))
    die_before_lines(deaths, monkeypatch)
    deaths.left = {6: 50}
    assert inputs_of(path, f"{path}#3", f"{path}#7") == [(f"{path}#3", None), (str(path), "worker-died")]
    assert deaths.left[6], "so often that it seems to be endless"


def test_a_run_in_which_every_page_kills_stops_as_early_as_any_other(deaths: Deaths, place: Path) -> None:
    """If workers die over all pages of a chunk, the run stops after 20 of them, and does not first try the others."""
    path = numbered_lines(place / "all.jsonl", 100)
    names = [f"{path}#{number}" for number in range(1, 101)]
    deaths.left = {("read", name): 100 for name in names}
    sink = FileSink(Counts(), lambda _: None, keeps_going=False)
    with pytest.raises(TooManyFailures):
        deque(map(sink.take, results_of(path)), 0)
    tried = [name for name in names if deaths.left["read", name] != 100]
    assert tried == names[: len(tried)]
    assert MOST_FAILURES <= len(tried) <= MOST_FAILURES + 1


@pytest.mark.parametrize("is_before", [True, False])
def test_a_retry_ends_though_no_two_deaths_are_alike(
    deaths: Deaths, place: Path, monkeypatch: pytest.MonkeyPatch, is_before: bool
) -> None:
    """If workers go on dying before they reach what is left, or in turn while they read and clean a page, the rest of the file fails."""
    path = numbered_lines(place / "turns.jsonl", 9)
    true = FieldReader.items
    deaths.left = {"first": None, "read": None, ("clean", f"{path}#5"): None}
    tries = count()

    def items(reader: FieldReader, number: int, *args: Any) -> Any:
        if number == 5 and (is_before or next(tries) % 2):
            deaths("read")
        elif number == 1 and is_before and next(tries) > 1:  # once it was read again, and the next four, step by step
            deaths("first")
        return true(reader, number, *args)

    monkeypatch.setattr(FieldReader, "items", items)
    assert inputs_of(path) == [*((f"{path}#{number}", None) for number in range(1, 5)), (str(path), "worker-died")]
