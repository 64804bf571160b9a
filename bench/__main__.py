"""Measure speed as ratios to floors that are measured in the same run.

``scripts/bench`` takes some fifty minutes of an idle machine. With ``--small`` it takes one, proves that the bench works, and measures
nothing worth quoting.
"""

import argparse
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench import dumps, pages
from bench.measuring import Ratio
from bench.optimisations import measure, optimisations


class BenchRow(NamedTuple):
    """A line of the table: the figure, its unit, and its bound and aim."""

    name: str
    unit: str
    bound: str
    measure: Callable[[], Ratio]


def rows(folder: Path, *, small: bool) -> Iterator[BenchRow]:
    """Yield the figures to measure, on corpora that are written into ``folder``."""
    rounds = 5
    many, more = (300, 1000) if small else (20_000, 200_000)
    some = 40 if small else 400
    floor = "lxml's parse of the same bytes"
    yield BenchRow("HTML pages of one site to JSON lines", floor, "at most 2.8, aim 2.2", lambda: pages.html(some, rounds))
    yield BenchRow("HTML pages of many sites and days", floor, "at most 2.8, aim 2.2", lambda: pages.html(some, rounds, mixed=True))
    yield BenchRow("text document to JSON line", "typed JSON pass", "at most 6, aim 3", lambda: dumps.text(folder, many, rounds))
    yield BenchRow(
        "foreign document, --unknown skip", "typed JSON pass", "at most 2, aim 1.4", lambda: dumps.foreign(folder, many, rounds)
    )
    yield BenchRow(
        "WARC.gz", "FastWARC iteration + the HTML figure", "at most 1.3, aim 1.1", lambda: pages.warc(folder, some, rounds)
    )
    limit = "2 where two processors are free: the limit of the rows below"
    yield BenchRow(
        "two runs at once over one, JSON Lines", "runs a second", limit, lambda: dumps.runs_at_once(folder, many, rounds)
    )
    yield BenchRow(
        "-j2 over -j1, JSON Lines", "pages a second", "at least 1.8, aim 1.95", lambda: dumps.jobs(folder, many * 4, rounds)
    )
    yield BenchRow("-j2 over -j1, WARC.gz", "pages a second", "at least 1.8, aim 1.95", lambda: pages.jobs(folder, some, rounds))
    for form in dumps.FORMS:
        yield BenchRow(
            f"-j2 over -j1, {form}",
            "pages a second",
            "at least 1.7",
            lambda form=form: dumps.packed_jobs(folder, form, many * 4, 3),  # type: ignore[misc]  # so that the start matters less
        )
    for one in optimisations(some):
        yield BenchRow(f"without: {one.name}", "with it", "at least 1.03", lambda one=one: measure(one, rounds))  # type: ignore[misc]
    yield BenchRow(f"memory at {more} documents", f"at {many}", "at most 1.15, aim 1.0", lambda: dumps.memory(folder, many, more))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="prove that the bench works, on corpora too small to be quoted")
    small: bool = parser.parse_args().small
    print(
        f"Python {platform.python_version()}, {platform.machine()}; ratios of medians of five rounds, each with its least and most\n"
    )
    print("| figure | unit | must be | ratio | least and most | ours | unit's |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="scraper-bench-") as folder:
        for row in rows(Path(folder), small=small):
            ratio = row.measure()
            least, most = min(ratio.each), max(ratio.each)
            print(
                f"| {row.name} | {row.unit} | {row.bound} | **{median(ratio.each):.2f}** | {least:.2f}-{most:.2f} "
                f"| {ratio.ours} | {ratio.floor} |"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
