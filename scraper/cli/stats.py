"""``scraper stats``."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scraper.cli.options import MaxBytes, Quiet
from scraper.defaults import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from scraper.engine.counts import Counts
    from scraper.stats import Statistics

_STDOUT = Path("-")
_NAMED = 20
"""How many failures are named one by one; a file of a million other lines is not to scroll everything away."""

Records = Annotated[
    list[str] | None,
    typer.Argument(metavar="RECORDS", help="What `clean` wrote: files, directories, or - for stdin.", show_default=False),
]
Html = Annotated[
    Path | None,
    typer.Option(metavar="FILE", readable=False, allow_dash=True, help="Write a page with pictures instead.", show_default=False),
]
Top = Annotated[int, typer.Option(metavar="N", min=1, help="How many newspapers, languages and sites to show.")]


def stats(
    records: Records = None,
    html: Html = None,
    top: Top = 20,
    max_bytes: MaxBytes = MAX_BYTES,
    quiet: Quiet = False,
) -> None:
    """Show what is in page records: newspapers, days, kinds, languages, lengths, warnings.

    Example: scraper stats pages.jsonl
    """
    from scraper.cli.checks import check_overwrite, check_stdin
    from scraper.cli.runs import finishing
    from scraper.engine.counts import Counts
    from scraper.output.files import Output
    from scraper.sources.files import file_id

    inputs = records or [check_stdin()]
    if html is not None:
        check_overwrite(inputs, html, "--html")
    stdout, tally = Output(None), Counts()
    # The file is opened once there is something to write: until then an older one stays as it is.
    beside = [Output(html)] if html not in (None, _STDOUT) else []
    with finishing(stdout, tally, quiet=True, later=beside):
        if html is not None:
            _check_drawing()
        skip = stdout.identities() | {found for file in beside if (found := file_id(str(html))) is not None}
        statistics = _counted(inputs, max_bytes, skip, tally, quiet=quiet)
        written = _page(statistics, inputs, top) if html is not None else _text(statistics, top)
        for file in beside:
            with file:
                file.write(written)
        if not beside:
            stdout.write(written)


def _counted(inputs: list[str], max_bytes: int, skip: set[tuple[int, int]], tally: "Counts", *, quiet: bool) -> "Statistics":
    from scraper.cli.talk import say
    from scraper.sources import Item
    from scraper.sources.own_records import read_records
    from scraper.stats import RecordSummary, Statistics

    statistics = Statistics()
    with _progress(inputs, tally, quiet=quiet) as meter:
        for record in read_records(inputs, RecordSummary, max_bytes, skip=skip, meter=meter):
            if not isinstance(record, Item):
                statistics.add(record)
                tally.kinds[record.kind] += 1
            elif record.error is not None:
                tally.failures[record.error.code] += 1
                if tally.failures.total() <= _NAMED:
                    say(f"{record.input}: {record.error.code}: {record.error}")
    if (more := tally.failures.total() - _NAMED) > 0:
        say(f"and {more:,} more failures like these")
    statistics.failures = tally.failures.total()
    return statistics


@contextmanager
def _progress(inputs: list[str], tally: "Counts", *, quiet: bool) -> "Iterator[Callable[[int], object] | None]":
    from scraper.cli.talk import is_watched

    if quiet or not is_watched():
        yield None
        return
    from scraper.cli.progress import displaying, size_of

    with displaying(tally, size_of(inputs)) as display:
        yield display.read


def _text(statistics: "Statistics", top: int) -> bytes:
    from scraper.cli.drawing import to_text
    from scraper.stats import NOTHING, overview, tables_of

    if not statistics.pages:
        return f"{NOTHING}\n".encode()
    return to_text(
        [overview(statistics), *tables_of(statistics, top)], is_terminal=sys.stdout is not None and sys.stdout.isatty()
    ).encode()


def _page(statistics: "Statistics", inputs: list[str], top: int) -> bytes:
    from scraper.stats.page import to_html

    return to_html(statistics, inputs, top).encode()


def _check_drawing() -> None:
    from importlib.util import find_spec

    from scraper.errors import OutputError

    if find_spec("vl_convert") is None:
        raise OutputError(
            "--html: its pictures are drawn with vl-convert, which is not installed; install it with: pip install 'scraper[stats]'"
        )
