"""The command ``fetch``."""

from pathlib import Path
from typing import Annotated

import typer

from scraper.cli.options import OF_FILES, OF_ONE_COMMAND, RUNS, Options, WebOptions, option, seconds, sharing


@sharing(Options, WebOptions, without=OF_FILES | OF_ONE_COMMAND)
def fetch(
    options: Options,
    web: WebOptions,
    urls: Annotated[list[str] | None, typer.Argument(metavar="URL", help="Addresses of pages.")] = None,
    state: Annotated[
        Path | None,
        option(
            RUNS,
            metavar="DB",
            help="Remember fetched pages in this file, continue where the last run ended, and append to OUT.",
        ),
    ] = None,
    refresh: Annotated[
        float | None,
        option(
            RUNS,
            metavar="TIME",
            parser=seconds,
            help="Fetch pages again that were fetched longer ago than this, such as 12h or 7d.",
        ),
    ] = None,
) -> None:
    """Fetch pages politely and turn them into JSON Lines, one record per page.

    Examples:
        scraper fetch https://www.maghress.com/ -o pages.jsonl
        scraper fetch --from-list urls.txt --save raw.warc.gz
        scraper fetch --from-list urls.txt --state db -o out.jsonl
    """
    from scraper.cli.web_runs import run_fetch

    run_fetch(options._replace(inputs=urls), web._replace(state=state, refresh=refresh))
