"""The command ``stats``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scraper.cli.options import OUTPUT, MaxBytesOption, QuietOption, option
from scraper.defaults import MAX_BYTES

if TYPE_CHECKING:
    from scraper.engine.counts import Counts
    from scraper.stats import Statistics

_STDOUT = Path("-")
_MOST_REPORTED = 20
"""Failures reported one by one; a file of a million other lines must not scroll everything away."""

RecordsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="RECORDS", help="Output of `clean`: files, directories, or - for stdin."),
]
HtmlOption = Annotated[
    Path | None,
    option(
        OUTPUT, metavar="FILE", readable=False, allow_dash=True, help="Write the report to this file, as an HTML page with charts."
    ),
]
JsonOption = Annotated[bool, option(OUTPUT, "--json", help="Print all counts as JSON.")]
TopOption = Annotated[int, option(OUTPUT, metavar="N", min=1, help="Show the N largest newspapers, languages and sites.")]


def stats(
    records: RecordsArgument = None,
    json: JsonOption = False,
    html: HtmlOption = None,
    top: TopOption = 20,
    max_bytes: MaxBytesOption = MAX_BYTES,
    quiet: QuietOption = False,
) -> None:
    """Summarize page records: newspapers, days, kinds, languages, lengths, warnings, what was removed.

    Examples:
        scraper stats pages.jsonl
        scraper stats pages.jsonl --html report.html
        scraper clean saved/ | scraper stats
    """
    from scraper.cli.checks import check_overwrite, check_stdin
    from scraper.cli.console import finishing
    from scraper.engine.counts import Counts
    from scraper.output.files import Output, inodes_of
    from scraper.remote import Uploads
    from scraper.stats import to_json

    if json and html is not None:
        raise typer.BadParameter("it cannot be combined with --json; choose one of them.", param_hint="--html")
    inputs = records or [check_stdin()]
    if html is not None:
        check_overwrite(inputs, html, "--html")
    stdout, counts, uploads = Output(None), Counts(), Uploads()
    html = uploads.local(html)
    # Opened only when there is something to write; until then an existing file is unchanged.
    paths = [html] if html is not None and html != _STDOUT else []
    files = list(map(Output, paths))
    with finishing([uploads, stdout], counts, quiet=True, unopened=files):
        if html is not None:
            _require_charts()
        skip = stdout.inodes() | inodes_of(paths)
        statistics = _count(inputs, max_bytes, skip, counts, quiet=quiet)
        report = to_json(statistics) if json else _page(statistics, inputs, top) if html is not None else _text(statistics, top)
        for file in files:
            with file:
                file.write(report)
        if not files:
            stdout.write(report)


def _count(inputs: list[str], max_bytes: int, skip: set[tuple[int, int]], counts: "Counts", *, quiet: bool) -> "Statistics":
    from scraper.cli.console import say, showing_progress
    from scraper.sources import Failed
    from scraper.sources.page_records import read_records
    from scraper.stats import RecordSummary, Statistics

    statistics = Statistics()
    with showing_progress(inputs, counts, quiet=quiet) as meter:
        for record in read_records(inputs, RecordSummary, max_bytes, skip=skip, meter=meter):
            if isinstance(record, RecordSummary):
                statistics.add(record)
                counts.kinds[record.kind] += 1
            elif isinstance(record, Failed):
                counts.failures[record.error.code] += 1
                if counts.failures.total() <= _MOST_REPORTED:
                    say(f"{record.input}: {record.error.code}: {record.error}")
    if (more := counts.failures.total() - _MOST_REPORTED) > 0:
        say(f"and {more:,} more failures like these")
    statistics.failures = counts.failures.total()
    return statistics


def _text(statistics: "Statistics", top: int) -> bytes:
    from scraper.cli.console import stdout_is_terminal
    from scraper.cli.terminal import draw_tables
    from scraper.stats import NOTHING, overview, tables_of

    if not statistics.pages:
        return f"{NOTHING}\n".encode()
    return draw_tables([overview(statistics), *tables_of(statistics, top)], is_terminal=stdout_is_terminal()).encode()


def _page(statistics: "Statistics", inputs: list[str], top: int) -> bytes:
    from scraper.stats.page import to_html

    return to_html(statistics, inputs, top).encode()


def _require_charts() -> None:
    """End the run if charts cannot be drawn."""
    from importlib.util import find_spec

    from scraper.errors import OutputError, not_installed

    if find_spec("vl_convert") is None:
        raise OutputError(not_installed("--html: charts need vl-convert, which", "stats"))
