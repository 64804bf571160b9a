"""The parts of fetching that need no network: encodings, throttling, order, memory, retries."""

import gzip
import multiprocessing
import os
import subprocess
import sys
import threading
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, cast

import brotli
import pytest
import zstandard
from hypothesis import assume, given
from hypothesis import strategies as st

from scraper.engine.chunks import ItemChunk
from scraper.engine.fetch_queue import FetchedPages
from scraper.engine.jobs import Job, page_lines
from scraper.engine.loop import run_tasks
from scraper.engine.planning import plan
from scraper.engine.tasks import Task
from scraper.errors import BadEncoding, EmptyInput, OutputError, TooLarge
from scraper.fetch import Fetched, FetchJob, Scheduler
from scraper.fetch.addresses import is_public, prepare
from scraper.fetch.exchange import Exchange
from scraper.fetch.fetcher import backoff
from scraper.fetch.scheduler import HELD_BYTES, LOOKAHEAD
from scraper.models import Page
from scraper.sources import Failed, ReadOptions
from scraper.sources.inputs import find_entries
from scraper.sources.items import Place
from tests.test_running import KeepingSink

PACKERS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
    "zstd, gzip": lambda data: gzip.compress(zstandard.compress(data)),
}


def content(body: bytes, coding: str, max_bytes: int) -> bytes:
    exchange = Exchange(
        url="https://oasis.example/",
        requested_at="2026-03-01T00:00:00Z",
        ip=None,
        request_head=b"",
        version=b"HTTP/1.1",
        status=200,
        reason=b"OK",
        headers=[(b"Content-Encoding", coding.encode())],
        body=body,
    )
    return exchange.content(max_bytes)


@given(st.sampled_from(sorted(PACKERS)), st.binary(max_size=3000), st.integers(1, 40))
def test_what_was_packed_comes_out_again(coding: str, data: bytes, times: int) -> None:
    """Every encoding, alone or combined, is undone to the same bytes, up to the limit."""
    whole = data * times
    assert content(PACKERS[coding](whole), coding, len(whole) + 100) == whole
    if len(whole) > 100:
        with pytest.raises(TooLarge):
            content(PACKERS[coding](whole), coding, len(whole) - 1)


@given(st.sampled_from(["gzip", "br", "zstd"]), st.binary(min_size=200, max_size=2000), st.floats(0.3, 0.65))
def test_what_is_cut_off_is_named(coding: str, data: bytes, part: float) -> None:
    """A truncated encoded body is an error, never a page."""
    packed = PACKERS[coding](data)
    left = packed[: int(len(packed) * part)]
    assume(len(left) > 4)
    with pytest.raises(BadEncoding):
        content(left, coding, 10_000)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_a_bomb_takes_no_more_memory_than_a_page_may(coding: str) -> None:
    """A hundred megabytes of zeros in a few kilobytes stop at the limit."""
    bomb = PACKERS[coding](bytes(100_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            content(bomb, coding, 1_000_000)
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("HTTP://WWW.Oasis.Example:80/a b", None),
        ("https://oasis.example", "https://oasis.example/"),
        ("https://oasis.example/خبر/1#top", "https://oasis.example/%D8%AE%D8%A8%D8%B1/1"),
        ("http://oasis.example:80/a?x=1&y=2", "http://oasis.example/a?x=1&y=2"),
        ("https://واحة.example/", "https://xn--mgbel0i.example/"),
    ],
)
def test_addresses_are_sent_in_one_form(address: str, sent: str | None) -> None:
    """Addresses are percent-encoded, with a lower-case host and no default port or fragment; a space is not allowed."""
    if sent is None:
        with pytest.raises(Exception, match="is not an http or https address"):
            prepare(address)
    else:
        assert prepare(address) == sent


@pytest.mark.parametrize(
    ("ip", "public"),
    [
        *((ip, True) for ip in ("8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1")),
        *((ip, False) for ip in ("127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1")),  # noqa: S104
        *((ip, False) for ip in ("192.88.99.1", "192.0.0.8", "240.0.0.1", "::1", "fe80::1%eth0", "fc00::1", "fec0::1", "ff0e::1")),
        *((ip, False) for ip in ("::ffff:127.0.0.1", "::127.0.0.1", "::ffff:0:7f00:1", "64:ff9b::7f00:1", "64:ff9b:1::808:808")),
        *((ip, False) for ip in ("2002:7f00:1::", "2002:c058:6301::", "2001:0:808:808::80ff:fffe", "2001:db8::1", "3fff::1", "x")),
    ],
)
def test_which_addresses_are_public(ip: str, public: bool) -> None:
    """Loopback, private, link-local, site-local, shared and multicast addresses are not public, nor IPv6 forms of them."""
    assert is_public(ip) is public


@given(st.integers(0, 10), st.floats(0, 30), st.integers())
def test_waits_grow_and_are_left_to_chance(tried: int, delay: float, seed: int) -> None:
    """A wait is between half and all of the doubled delay, and at most a minute."""
    wait = backoff(tried, delay, Random(seed))
    full = min(60.0, max(delay, 0.05) * 2**tried)
    assert full / 2 <= wait <= full


class _DeadlyToClean(Failed):
    """An item that ends the process that cleans it, as a crash in a library would."""

    @property
    def error(self) -> Any:
        os._exit(3)


class _DeadlyToReceive(_DeadlyToClean):
    """An item that ends the process that unpickles it, as a lack of memory would."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os._exit, (3,)


GOOD = Page(data="نص طويل قليلا.".encode(), input="a")
JOB = Job(ReadOptions(max_bytes=1000), "keep", page_lines)


@pytest.mark.parametrize("deadly", [kind("deadly", EmptyInput(), True) for kind in (_DeadlyToClean, _DeadlyToReceive)])
def test_a_page_that_ends_the_process_that_cleans_it_costs_only_itself(deadly: Any) -> None:
    """A page that crashes its process fails alone, and the other pages of its batch and the next one are cleaned, in order."""
    chunks = [ItemChunk(items, Place("", True)) for items in ([GOOD, deadly, GOOD], [GOOD])]
    sink = KeepingSink()
    run_tasks(JOB, [Task(number, chunk) for number, chunk in enumerate(chunks)], sink, processes=2)
    first, lost, last, other = sink.taken
    assert first.lines == last.lines == other.lines != b""
    assert lost.failure is not None
    assert (lost.failure.input, lost.failure.code) == ("deadly", "worker-died")


def _exit_in_worker() -> bytes:
    """End the process, if it is a worker, where it has cleaned the last page of a task."""
    if multiprocessing.parent_process() is not None:
        os._exit(3)
    return b""


def test_each_page_has_one_result_whenever_workers_die() -> None:
    """Where processes die after the last page of each task, every page of a batch has failed, and none has two results."""
    sink = KeepingSink()
    batches = [Task(number, ItemChunk([GOOD] * 3, Place("", True))) for number in range(2)]
    run_tasks(JOB._replace(flush=_exit_in_worker), batches, sink, processes=2)
    assert [cleaned.failure.code for cleaned in sink.taken if cleaned.failure is not None] == ["worker-died"] * 6
    assert len(sink.taken) == 6


def test_each_page_of_a_file_has_one_result_whenever_workers_die(tmp_path: Path) -> None:
    """Where processes die after each page of a file, every page has failed, and the run ends."""
    path = tmp_path / "dump.jsonl"
    path.write_text('{"text": "نص طويل قليلا."}\n' * 3, encoding="utf-8")
    (chunk,) = plan(find_entries([str(path)], JOB.options), JOB.options)
    sink = KeepingSink()
    run_tasks(JOB._replace(flush=_exit_in_worker), [Task(0, chunk)], sink, processes=1)
    failures = [cleaned.failure for cleaned in sink.taken]
    assert [(failure.input, failure.code) for failure in failures if failure is not None] == [
        (f"{path}#{number}", "worker-died") for number in (1, 2, 3)
    ]


def test_workers_are_started_when_this_process_is_too_busy() -> None:
    """Pages are handed over one by one to this process while it waits for the network, and in batches to workers when it does not."""
    page = Page(data=b"x")

    def tasks(wait: float, work: float, processes: int) -> list[Task]:
        """Return the tasks of pages that arrive at intervals, and take a time each."""

        def fetch(job: FetchJob) -> Fetched:
            time.sleep(wait)
            return Fetched(job=job, url=job.address, page=page)

        scheduler = Scheduler(jobs(100, 1), fetch)
        taken = []
        for task in FetchedPages(scheduler, processes).tasks():
            assert isinstance(task.chunk, ItemChunk)
            taken.append(task)
            time.sleep(work)
        assert sum(len(list(cast("ItemChunk", task.chunk).items)) for task in taken) == 100
        return taken

    idle, busy, alone = tasks(0.005, 0, 2), tasks(0, 0.005, 2), tasks(0, 0.005, 1)
    assert len(idle) == len(alone) == 100
    assert all(task.is_local for task in (*idle, *alone, *busy[:31]))
    assert not any(task.is_local for task in busy[31:])
    assert len(busy) < 50


def jobs(count: int, hosts: int = 3) -> Iterator[FetchJob]:
    return (FetchJob(f"http://h{n % hosts}.example/{n}") for n in range(count))


def test_results_keep_the_order_whatever_is_slow() -> None:
    """Results have the order of the addresses, however long each takes; one host's addresses are fetched one by one."""
    rng = Random(1)
    waits = [rng.random() * 0.01 for _ in range(300)]
    busy: dict[str, int] = {}

    def fetch(job: FetchJob) -> Fetched:
        host, number = job.address.split("/")[2], int(job.address.split("/")[3])
        busy[host] = busy.get(host, 0) + 1
        assert busy[host] == 1
        time.sleep(waits[number])
        busy[host] -= 1
        return Fetched(job=job, url=job.address)

    assert [found.url for found in Scheduler(jobs(300), fetch).results()] == [job.address for job in jobs(300)]


def test_a_slow_first_address_does_not_fill_the_memory() -> None:
    """While the first address is slow, only a limited number of others is started and a limited number of bytes held."""
    gate = threading.Event()
    begun: list[str] = []
    size = HELD_BYTES // 10

    def fetch(job: FetchJob) -> Fetched:
        begun.append(job.address)
        if job.address.endswith("/0"):
            gate.wait(10)
            return Fetched(job=job, url=job.address)
        return Fetched(job=job, url=job.address, page=Page(data=bytes(size if "big" in job.address else 0)))

    for word, most in (("small", LOOKAHEAD), ("big", 14)):
        gate.clear()
        begun.clear()
        crew = Scheduler((FetchJob(f"http://{word}{n % 3}.example/{n}") for n in range(3 * LOOKAHEAD)), fetch)
        found = crew.results()
        threading.Timer(0.5, gate.set).start()
        next(found)
        assert len(begun) <= most + 1
        assert sum(1 for _ in found) == 3 * LOOKAHEAD - 1


def test_what_cannot_be_kept_ends_the_run_at_once() -> None:
    """A full disk ends the run and is not a failure of a page."""

    def fetch(job: FetchJob) -> Fetched:
        raise OutputError(f"the disk is full at {job.address}")

    with pytest.raises(OutputError):
        list(Scheduler(jobs(5), fetch).results())


RACE = """
import threading, time
import msgspec._utils as utils
from scraper.layouts import builtin_layouts
from scraper.output.fetch_state import FetchedRow
from scraper.sources.block_pages import block_page_error

slow = utils._get_class_mro_and_typevar_mappings
def wait(*args):
    time.sleep(0.05)  # other threads run while msgspec prepares a type
    return slow(*args)
utils._get_class_mro_and_typevar_mappings = wait

def use():
    block_page_error(b"<title>x</title>")
    builtin_layouts()

threads = [threading.Thread(target=use) for _ in range(8)]
for thread in threads:
    thread.start()
    time.sleep(0.02)
for thread in threads:
    thread.join()
"""


def test_threads_can_be_the_first_to_use_a_type() -> None:
    """Types are prepared before threads use them, since msgspec crashes if two threads are the first to use one."""
    done = subprocess.run([sys.executable, "-c", RACE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
