"""The command ``fetch``."""

import re
from pathlib import Path
from typing import Annotated, Final

import typer

from scraper.cli.options import (
    Dedup,
    Failures,
    FromList,
    Jobs,
    Keys,
    Lang,
    Layouts,
    MaxBytes,
    Newspaper,
    Only,
    Options,
    Out,
    PageTimeout,
    Quiet,
    Since,
    Site,
    Spans,
    Summary,
    Unknown,
    Until,
)
from scraper.defaults import MAX_BYTES, PAGE_TIMEOUT

_UNITS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def _seconds(text: str | float) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", str(text).strip())
    if found is None:
        raise typer.BadParameter(f"{text!r} is not a duration; write 90, 90s, 15m, 1h or 2d.")
    return float(found[1]) * _UNITS[found[2]]


def fetch(
    urls: Annotated[list[str] | None, typer.Argument(metavar="URL", help="Addresses of pages.", show_default=False)] = None,
    from_list: FromList = None,
    out: Out = None,
    save: Annotated[
        Path | None,
        typer.Option(metavar="RAW.warc.gz", help="Append all requests and responses to this file.", show_default=False),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(
            metavar="DB",
            help="Remember fetched pages in this file, continue where the last run ended, and append to OUT.",
            show_default=False,
        ),
    ] = None,
    refresh: Annotated[
        float | None,
        typer.Option(
            metavar="TIME",
            parser=_seconds,
            help="Fetch pages again that were fetched longer ago than this, such as 12h or 7d.",
            show_default=False,
        ),
    ] = None,
    ticker_only: Annotated[
        bool, typer.Option("--ticker-only", help="Write headlines instead of pages; with --state, only new ones.")
    ] = False,
    delay: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            min=0,
            max=86400,
            help="Pause between two requests to a host; longer if its robots.txt asks for it.",
        ),
    ] = 1.0,
    concurrency: Annotated[
        int, typer.Option(metavar="N", min=1, max=256, help="Maximum number of hosts requested at the same time.")
    ] = 8,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", min=0.01, max=86400, help="Time limit for one request.")] = 60.0,
    max_bytes: MaxBytes = MAX_BYTES,
    page_timeout: PageTimeout = PAGE_TIMEOUT,
    unknown: Unknown = "keep",
    only: Only = None,
    lang: Lang = None,
    site: Site = None,
    newspaper: Newspaper = None,
    since: Since = None,
    until: Until = None,
    keys: Keys = None,
    dedup: Dedup = False,
    spans: Spans = None,
    layouts: Layouts = None,
    user_agent: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", help="User agent sent to servers; its first word selects the rules in robots.txt.", show_default=False
        ),
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option(metavar="'NAME: VALUE'", help="Header to send with each request; can be repeated.", show_default=False),
    ] = None,
    ignore_robots: Annotated[
        bool, typer.Option("--ignore-robots", help="Fetch what robots.txt forbids, on your own responsibility.")
    ] = False,
    failures: Failures = None,
    summary: Summary = None,
    jobs: Jobs = None,
    quiet: Quiet = False,
) -> None:
    """Fetch pages politely and turn them into JSON Lines, one record per page.

    Example: scraper fetch --from-list addresses.txt --state news.db --save raw.warc.gz -o pages.jsonl
    """
    from scraper.cli.fetch_run import FetchOptions, check_headers, run

    options = Options(
        inputs=urls,
        out=out,
        from_list=from_list,
        failures=failures,
        summary=summary,
        unknown=unknown,
        only=only,
        lang=lang,
        site=site,
        newspaper=newspaper,
        since=since,
        until=until,
        keys=keys,
        layouts=layouts,
        max_bytes=max_bytes,
        page_timeout=page_timeout,
        jobs=jobs,
        quiet=quiet,
    )
    web = FetchOptions(
        save=save,
        state=state,
        refresh=refresh,
        ticker_only=ticker_only,
        delay=delay,
        concurrency=concurrency,
        timeout=timeout,
        headers=check_headers(user_agent, header),
        ignores_robots=ignore_robots,
        spans=spans,
        dedup=dedup,
    )
    run(options, web)
