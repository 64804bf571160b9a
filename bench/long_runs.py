"""The cost of remembering a long run: ``--dedup`` and ``headlines --unique`` compared with the same runs without them.

``python -m bench.long_runs`` writes dumps of text pages, runs the command on each with two processes, and prints the time per page,
the writing process's time, and the peaks of memory. The pages have two paragraphs and a full ticker of 58 headlines, of which every
other page has a new one and lost the oldest, as when a page is fetched every few minutes; in ``shuffled`` the same pages have a
random order, so that no page shares its headlines with its neighbours. One page in ten repeats a random earlier one. It takes an
hour, and 2.5 GB in TMPDIR; the dumps are removed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final

from bench.corpus import stories
from tests.pages.options import PageOptions
from tests.pages.stories import TickerSlot
from tests.pages.text import render_text
from tests.pages.words import phrase

_SLOTS: Final = 58
_PHRASES: Final = 997
_PARAGRAPHS: Final = 2
_REPEATS: Final = 10
_DAYS: Final = 28
_TICKER, _TITLE = "XTICKERX", "XTITLEX"

# Runs the command as a process, then prints its own resources and those of its largest child.
_MEASURED: Final = """
import resource, sys
from scraper.__main__ import main
try:
    main()
finally:
    own = resource.getrusage(resource.RUSAGE_SELF)
    print(own.ru_maxrss, own.ru_utime + own.ru_stime, file=sys.stderr)
"""
_RUNS: Final = {
    "clean": ("pages", ["clean"]),
    "clean --dedup": ("pages", ["clean", "--dedup"]),
    "headlines": ("pages", ["headlines"]),
    "headlines --unique": ("pages", ["headlines", "--unique"]),
    "headlines --unique, shuffled": ("shuffled", ["headlines", "--unique"]),
}


def lines(count: int, numbers: Sequence[int]) -> Iterator[bytes]:
    """Yield pages as lines of a dump; a number is a page and its place in time."""
    rng = Random(count)
    phrases = [phrase(rng, "ar") for _ in range(_PHRASES)]
    story = next(stories(1))
    story = replace(story, title=_TITLE, blocks=story.blocks[:_PARAGRAPHS], ticker=(TickerSlot(_TICKER, "/x"),) * 2)
    frame = render_text(story, PageOptions(), rng)
    separator, rest = frame.split(_TICKER)[1:]
    for number in numbers:
        first = number // 2
        shown = (f"{phrases[n % _PHRASES]} {phrases[n // _PHRASES % _PHRASES]}" for n in range(first, first + _SLOTS))
        text = separator.join(shown) + rest.replace(_TITLE, f"{phrases[number % _PHRASES]} {number}")
        seen = f"2024-{number * 12 // count + 1:02}-{number % _DAYS + 1:02}T00:00:00Z"
        page = {"text": text, "url": f"https://www.maghress.com/difaf/{number}", "seen": seen}
        yield json.dumps(page, ensure_ascii=False).encode() + b"\n"


def write_dumps(folder: Path, count: int) -> None:
    """Write the pages in the order of time, with repeats, and in random order."""
    rng = Random(count)
    numbers = [rng.randrange(n) if n and rng.random() * _REPEATS < 1 else n for n in range(count)]
    for name in ("pages", "shuffled"):
        with (folder / f"{name}.jsonl").open("wb") as file:
            file.writelines(lines(count, numbers))
        rng.shuffle(numbers)


def measure(folder: Path, name: str, count: int) -> str:
    """Run the command once, and return its measurements."""
    dump, arguments = _RUNS[name]
    out = folder / "out.jsonl"
    command = [
        sys.executable,
        "-c",
        _MEASURED,
        *arguments,
        str(folder / f"{dump}.jsonl"),
        "--date-field",
        "seen",
        "-j2",
        "-o",
        str(out),
    ]
    start = time.perf_counter()
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=True)
    seconds = time.perf_counter() - start
    summary, used = done.stderr.strip().splitlines()
    peak, own = used.split()
    size = out.stat().st_size
    with out.open("rb") as file:
        written = sum(1 for _ in file)
    out.unlink()
    return (
        f"{name:<30} {count:>7} pages  {seconds / count * 1e3:.3f} ms a page, of which the writing process {float(own) / count * 1e3:.3f} ms  "
        f"peak {int(peak) / 1024:.1f} MB  {written} lines, {size / 1e6:.0f} MB  [{summary.removeprefix('scraper: ').partition('; layout')[0]}]"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=int, nargs="+", default=[50_000, 500_000], help="how many pages")
    parser.add_argument("--only", choices=_RUNS, nargs="+", default=list(_RUNS), help="only these runs")
    asked = parser.parse_args()
    for count in asked.counts:
        with tempfile.TemporaryDirectory() as folder:
            write_dumps(Path(folder), count)
            print(f"a page has {os.path.getsize(f'{folder}/pages.jsonl') // count} bytes")
            for name in asked.only:
                print(measure(Path(folder), name, count), flush=True)


if __name__ == "__main__":
    main()
