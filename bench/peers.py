"""Compare general extractors and scraper on the same pages: their times, and what they leak or lose. Prints two tables in Markdown.

``scripts/peers`` installs the extractors and runs this. Each has a process of its own, one after the other, so that an extractor
that is missing, fails, dies or hangs affects only its own row. In each process the parser, scraper and the extractor take turns,
round by round; a ratio is the median of the rounds' ratios, so that other load on the machine affects both sides. Each round has new
pages, so that no extractor gains from having read a page before.
"""

import argparse
import logging
import os
import platform
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context
from multiprocessing.connection import Connection
from statistics import median
from time import process_time
from typing import Final

from lxml import etree

from bench.corpus import html_pages
from bench.extractors import OTHERS, SCRAPER, Extractor
from bench.leaks import COLUMNS, Samples, leaks, make_samples
from scraper import __version__

_LIMIT: Final = 900.0
"""Seconds that an extractor may take for all its pages before it is killed."""

Rounds = Sequence[Sequence[bytes]]
"""Pages in HTML, by round."""


@dataclass(frozen=True)
class PeerRow:
    """The measurements of one extractor, or the reason why there are none."""

    version: str = "?"
    seconds: float = 0.0
    """Per page."""
    parses: float = 0.0
    """Its time in units of lxml's parse of the same bytes."""
    scrapers: float = 0.0
    """The same in units of scraper's time."""
    parse: float = 0.0
    """Seconds that lxml takes to parse a page."""
    cells: tuple[str, ...] = ()
    failure: str = ""
    """Why there are no measurements."""


def compare(extractor: Extractor, samples: Samples, rounds: Rounds) -> PeerRow:
    """Measure an extractor in a process of its own.

    Args:
        extractor: any; it may crash, hang or print.
        samples: the pages on which it is judged.
        rounds: the pages on which it is timed.
    """
    here, there = get_context("spawn").Pipe(duplex=False)
    child = get_context("spawn").Process(target=_work, args=(there, extractor, samples, rounds))
    child.start()
    there.close()
    try:
        row: PeerRow = here.recv() if here.poll(_LIMIT) else PeerRow(failure=f"it did not finish within {_LIMIT:.0f} s")
    except EOFError:
        child.join()
        row = PeerRow(failure=f"its process died, with status {child.exitcode}")
    finally:
        child.kill()
        child.join()
        here.close()
    return row


def _work(answers: Connection, extractor: Extractor, samples: Samples, rounds: Rounds) -> None:
    os.dup2(2, 1)  # stdout is for the tables
    logging.disable()
    warnings.simplefilter("ignore")
    try:
        row = measure(extractor, samples, rounds)
    except ModuleNotFoundError as error:
        row = PeerRow(failure=f"not installed: there is no {error.name}")
    except Exception as error:  # noqa: BLE001 - whatever happens in an extractor is what its row says
        row = PeerRow(failure=f"{type(error).__name__}: {' '.join(str(error).split())[:80]}".replace("|", r"\|"))
    answers.send(row)


def measure(extractor: Extractor, samples: Samples, rounds: Rounds) -> PeerRow:
    """Measure an extractor in this process."""
    tool, own = extractor.load(), SCRAPER.load()
    cells = tuple(leaks(tool, samples))  # before it is timed, so that everything is loaded
    for sample in samples.br:
        own.extract(sample.page)
    works = (_parse, own.extract, tool.extract) if extractor != SCRAPER else (_parse, own.extract)
    times = [[_seconds(work, pages) for work in works] for pages in rounds]
    return PeerRow(
        version=_version(extractor.distribution),
        seconds=median(taken for *_, taken in times),
        parses=median(taken / parse for parse, *_, taken in times),
        scrapers=median(one[-1] / one[1] for one in times),
        parse=median(parse for parse, *_ in times),
        cells=cells,
    )


def _parse(page: bytes) -> object:
    return etree.fromstring(page, etree.HTMLParser(encoding="utf-8"))


def _seconds(work: Callable[[bytes], object], pages: Sequence[bytes]) -> float:
    # Processor time: nothing here waits, and other load on the machine counts for less.
    start = process_time()
    for page in pages:
        work(page)
    return (process_time() - start) / len(pages)


def _version(distribution: str) -> str:
    try:
        return __version__ if distribution == SCRAPER.distribution else version(distribution)
    except PackageNotFoundError:
        return "?"


def tables(rows: Sequence[tuple[Extractor, PeerRow]]) -> Iterator[str]:
    """Yield the lines of both tables."""
    yield from _table_head("extractor", "version", "ms a page", "in parses by lxml", "in times of scraper", "what was timed")
    if parses := [row.parse for _, row in rows if row.parse]:
        yield f"| lxml's parse alone | {etree.__version__} | {1000 * median(parses):.2f} | 1.00 | | `etree.fromstring(page, HTMLParser())` |"
    for extractor, row in rows:
        cells = row.failure or f"{1000 * row.seconds:.2f} | {row.parses:.2f} | {row.scrapers:.2f}"
        yield f"| {extractor.name} | {row.version} | {cells} |{' | |' * bool(row.failure)} `{extractor.call}` |"
    yield ""
    yield from _table_head("extractor", *COLUMNS, "a short piece of news", "the page as plain text")
    for extractor, row in rows:
        yield f"| {extractor.name} | {' | '.join(row.cells) or row.failure + ' |' * (len(COLUMNS) + 1)} |"


def _table_head(*names: str) -> Iterator[str]:
    yield f"| {' | '.join(names)} |"
    yield "|" + "---|" * len(names)


def _setting(rounds: Rounds) -> str:
    size = median(len(page) for pages in rounds for page in pages)
    cores = len(os.sched_getaffinity(0))
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}, on {cores} cores ({platform.machine()}), Python {platform.python_version()}, "
        f"lxml {etree.__version__} with libxml2 {'.'.join(map(str, etree.LIBXML_VERSION))}: processor time, medians of rounds; "
        f"pages of {size / 1000:.0f} kB, rounds: {len(rounds)}, new pages in each: {len(rounds[0])}."
    )


def main() -> None:
    """Measure all extractors and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description="Compare scraper with general extractors.")
    parser.add_argument("--pages", type=int, default=20, help="how many pages (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="how many rounds of so many pages (default: %(default)s)")
    options = parser.parse_args()
    if min(options.pages, options.rounds) < 1:
        parser.error("--pages and --rounds must be 1 or more")
    samples = make_samples(options.pages)
    pages = list(html_pages(options.pages * options.rounds))
    rounds = [pages[start : start + options.pages] for start in range(0, len(pages), options.pages)]
    rows = []
    for extractor in (SCRAPER, *OTHERS):
        print(f"{extractor.name} ...", file=sys.stderr)
        rows.append((extractor, compare(extractor, samples, rounds)))
    print(_setting(rounds), "", *tables(rows), sep="\n")


if __name__ == "__main__":
    main()
