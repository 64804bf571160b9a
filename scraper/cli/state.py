"""The command ``state``."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scraper.cli.options import OUTPUT, RUNS, LayoutsOption, option

if TYPE_CHECKING:
    from scraper.stats.state_report import StateReport


def state(
    database: Annotated[Path, typer.Argument(metavar="DB", exists=True, dir_okay=False, help="The file of --state.")],
    failed: Annotated[
        bool, option(OUTPUT, "--failed", help="Print the addresses that failed, one per line, for --from-list.")
    ] = False,
    retry: Annotated[
        list[str] | None,
        option(RUNS, metavar="CODE", help="Let the next run fetch again what failed with this error code. Can be repeated."),
    ] = None,
    layouts: LayoutsOption = None,
) -> None:
    """Show what a crawl or a fetch has done: what is queued and done, failures by code, hosts, newspapers.

    Examples:
        scraper state news.db
        scraper state news.db --failed
    """
    from scraper.cli.checks import check_layouts
    from scraper.cli.console import finishing, stdout_is_terminal
    from scraper.engine.counts import Counts
    from scraper.output.fetch_state import State, reading
    from scraper.output.files import Output
    from scraper.stats.state_report import StateReport

    if failed and retry:
        raise typer.BadParameter("it prints what failed; use --retry without it.", param_hint="--failed")
    chosen = check_layouts(layouts)
    stdout = Output(None)
    with finishing([stdout], Counts(), quiet=True), State(database) if retry else reading(database) as opened:
        report = StateReport(opened, chosen)
        if failed:
            for address in report.failed():
                stdout.write(f"{address}\n".encode())
        elif retry:
            _retry(report, retry)
        else:
            from scraper.cli.terminal import draw_tables

            stdout.write(draw_tables(report.tables(), is_terminal=stdout_is_terminal()).encode())


def _retry(report: "StateReport", codes: Sequence[str]) -> None:
    from scraper.cli.console import say

    for code in codes:
        number = report.retry(code)
        say(f"{number:,} {'address' if number == 1 else 'addresses'} with {code} will be fetched again")
