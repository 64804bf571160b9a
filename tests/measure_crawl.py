"""Measure the frontier of a crawl at several sizes, and ``scraper crawl`` without delay against ``scraper fetch`` of the same pages.

The frontier: the time to take the next address and mark it as done, the time to add a new one, and the memory of the process, with
as many addresses in it as named, of three hosts. Each size is a process of its own.

The crawl begins at the front pages of the network of the test site, which is a process of its own, and follows its links;
``fetch --state`` is then given the addresses that the crawl has requested, in the same order. They take turns.
"""

import argparse
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from scraper.output.fetch_state import State
from scraper.output.frontier import Frontier, FrontierEntry, Scope, key_of

_TAKEN = 2000
"""Addresses that are taken and added for a figure."""
_LINKS = 20
"""Addresses that are added at once for a figure, as a list of articles has them."""
_AT_ONCE = 10_000
_ROOT = Path(__file__).parent.parent


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="*", default=[1_000, 100_000, 2_000_000])
    parser.add_argument("--articles", type=int, default=3_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.size is not None:
        _measure_frontier(asked.size)
        return
    for size in asked.sizes:
        subprocess.run([sys.executable, "-m", "tests.measure_crawl", "--size", str(size)], check=True, cwd=_ROOT)
    if asked.articles:
        _measure_crawl(asked.articles, asked.rounds)


def _measure_frontier(size: int) -> None:
    with tempfile.TemporaryDirectory() as name, State(Path(name) / "state") as state:
        frontier = Frontier(state, Scope(frozenset({"a", "b", "c"}), 10), "page")
        for start in range(0, size, _AT_ONCE):
            _add(frontier, range(start, min(start + _AT_ONCE, size)))
            state.commit()
        frontier.begin()
        began = time.perf_counter()
        taken = 0
        while taken < min(_TAKEN, size // 2):
            for host in "abc":
                for visit in frontier.take(host, 16):
                    frontier.finish(visit.number, 0.0, is_article=True)
                    taken += 1
            state.commit()
        took = time.perf_counter() - began
        began = time.perf_counter()
        for start in range(size, size + _TAKEN, _LINKS):
            _add(frontier, range(start, start + _LINKS))
        state.commit()
        added = time.perf_counter() - began
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        disk = (Path(name) / "state").stat().st_size / size
        print(
            f"{size:>9,} addresses: take and finish {1e6 * took / taken:.0f} us, add {1e6 * added / _TAKEN:.0f} us,"
            f" {memory:.0f} MiB of memory, {disk:.0f} bytes of disk an address",
            flush=True,
        )


def _add(frontier: Frontier, numbers: Iterable[int]) -> None:
    entries = {}
    for number in numbers:
        address = f"https://www.maghress.com/newspaper{number % 97}/{number}"
        entry = FrontierEntry(address, "abc"[number % 3], f"newspaper{number % 97}", "ar", "story", True, number.bit_length() % 7)
        entries[key_of(address)] = entry
    frontier.add(entries)


def _measure_crawl(articles: int, rounds: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    site = subprocess.Popen(
        [sys.executable, "-m", "tests.site", "--port", str(port), "--articles", str(articles)], stdout=subprocess.PIPE, cwd=_ROOT
    )
    assert site.stdout is not None
    try:
        site.stdout.readline()
        with tempfile.TemporaryDirectory() as name:
            _compare([f"http://127.0.0.{host}:{port}/" for host in (1, 2, 3)], Path(name), rounds)
    finally:
        site.terminate()
        site.wait()
        site.stdout.close()


def _compare(starts: list[str], folder: Path, rounds: int) -> None:
    listed = folder / "list"
    _run(folder, "crawl", *starts)  # let the site render its pages
    with State(folder / "state") as state:
        addresses = [address for (address,) in state.rows("SELECT address FROM pages ORDER BY checked_at")]
    listed.write_text("".join(f"{address}\n" for address in addresses))
    ratios = []
    for _ in range(rounds):
        crawled = _run(folder, "crawl", *starts)
        fetched = _run(folder, "fetch", "--from-list", str(listed))
        ratios.append(fetched / crawled)
    each = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    print(
        f"crawl: {len(addresses):,} requests, {statistics.median(ratios):.2f} of the rate of fetch --state ({each}); load {os.getloadavg()[0]:.1f}"
    )


def _run(folder: Path, *command: str) -> float:
    """Return the seconds that a command takes."""
    for old in folder.glob("[!l]*"):
        old.unlink()
    began = time.perf_counter()
    options = ["--state", str(folder / "state"), "-o", str(folder / "out.jsonl"), "--delay", "0", "-q"]
    done = subprocess.run([sys.executable, "-m", "scraper", *command, *options], check=False, stderr=subprocess.PIPE)
    took = time.perf_counter() - began
    assert b"Traceback" not in done.stderr, done.stderr
    assert done.returncode <= 1  # some links lead nowhere: fetch reports them
    return took


if __name__ == "__main__":
    main()
