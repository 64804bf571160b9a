"""Compare ``scraper fetch`` without delay with a bare httpx loop that gets the same pages and drops them.

Each run is a process of its own; they take turns against the test site, which is another process. The time that a process takes
for one page is its start, and is subtracted on both sides. The start of the cleaning processes of ``fetch`` is not: it is a
fiftieth of the time for 20,000 pages, and more for fewer. The pages are articles in the network's shape, of some 16 KB, sent as
4 KB of gzip; the site renders each only once, so it costs as little as a server can.

``fetch`` also cleans. The processor time of cleaning alone is printed, and with it the best possible result: a fetch as cheap as
the bare loop plus cleaning, shared without loss by all processors.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scraper import Page, clean
from tests.site.content import article

_PAGES = 400
"""The number of articles."""
_BARE = """
import sys, httpx
with httpx.Client() as client, open(sys.argv[1]) as addresses:
    for address in addresses:
        client.get(address.strip()).content
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    site = subprocess.Popen(
        [sys.executable, "-m", "tests.site", "--port", str(port)], stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent
    )
    assert site.stdout is not None
    try:
        site.stdout.readline()
        with tempfile.TemporaryDirectory() as name:
            _measure(port, Path(name), asked.pages, asked.rounds)
    finally:
        site.terminate()
        site.wait()
        site.stdout.close()


def _measure(port: int, folder: Path, pages: int, rounds: int) -> None:
    addresses = [f"http://127.0.0.1:{port}/difaf/{number % _PAGES}?{number}" for number in range(pages)]
    lists = {count: folder / f"list-{count}" for count in (1, _PAGES, pages)}
    for count, file in lists.items():
        file.write_text("".join(f"{address}\n" for address in addresses[:count]))
    kept = ["--state", str(folder / "state"), "--save", str(folder / "raw.warc.gz")]
    ways: dict[str, list[str] | None] = {"bare loop": None, "fetch": [], "fetch --state --save": kept}
    _time(folder, lists[_PAGES], None)  # let the site render them
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, options in ways.items():
            start = _time(folder, lists[1], options)
            times[way].append((_time(folder, lists[pages], options) - start) / (pages - 1))
            if options is not None:
                assert (folder / "out.jsonl").read_bytes().count(b"\n") == pages
    for way, each in times.items():
        share = statistics.median(bare / ours for bare, ours in zip(times["bare loop"], each, strict=True))
        print(f"{way}: {1000 * statistics.median(each):.2f} ms a page ({1000 * min(each):.2f}-{1000 * max(each):.2f})", end="")
        print(f", {share:.2f} of the bare loop's rate, round by round" if way != "bare loop" else "")
    bare, cleaning, cores = min(times["bare loop"]), _cleaning(), len(os.sched_getaffinity(0))
    print(
        f"cleaning alone: {1000 * cleaning:.2f} ms of a processor a page; on {cores}, {cores * bare / (bare + cleaning):.2f} is within reach"
    )


def _time(folder: Path, addresses: Path, options: list[str] | None) -> float:
    for old in folder.glob("[!l]*"):
        old.unlink()
    if options is None:
        command = [sys.executable, "-c", _BARE, str(addresses)]
    else:
        written = ["-o", str(folder / "out.jsonl"), *options]
        command = [sys.executable, "-m", "scraper", "fetch", "--from-list", str(addresses), "--delay", "0", "-q", *written]
    began = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - began


def _cleaning() -> float:
    pages = [Page(data=article(f"/difaf/{number}"), media_type="text/html", charset="utf-8") for number in range(_PAGES)]
    clean(pages[0])
    began = time.process_time()
    for page in pages:
        clean(page)
    return (time.process_time() - began) / len(pages)


if __name__ == "__main__":
    main()
