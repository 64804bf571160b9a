"""The command ``fetch``."""

from pathlib import Path
from typing import Annotated

import typer

from scraper.cli.network_options import (
    Concurrency,
    Contact,
    Delay,
    HeaderLines,
    IgnoreRobots,
    Save,
    TickerOnly,
    Timeout,
    UserAgent,
    seconds,
)
from scraper.cli.options import (
    RUNS,
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
    option,
)
from scraper.defaults import MAX_BYTES, PAGE_TIMEOUT


def fetch(
    urls: Annotated[list[str] | None, typer.Argument(metavar="URL", help="Addresses of pages.")] = None,
    from_list: FromList = None,
    max_bytes: MaxBytes = MAX_BYTES,
    layouts: Layouts = None,
    only: Only = None,
    lang: Lang = None,
    site: Site = None,
    newspaper: Newspaper = None,
    since: Since = None,
    until: Until = None,
    unknown: Unknown = "keep",
    dedup: Dedup = False,
    out: Out = None,
    save: Save = None,
    ticker_only: TickerOnly = False,
    keys: Keys = None,
    failures: Failures = None,
    summary: Summary = None,
    spans: Spans = None,
    delay: Delay = 1.0,
    concurrency: Concurrency = 8,
    timeout: Timeout = 60.0,
    user_agent: UserAgent = None,
    contact: Contact = None,
    header: HeaderLines = None,
    ignore_robots: IgnoreRobots = False,
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
    jobs: Jobs = None,
    page_timeout: PageTimeout = PAGE_TIMEOUT,
    quiet: Quiet = False,
) -> None:
    """Fetch pages politely and turn them into JSON Lines, one record per page.

    Examples:
        scraper fetch https://www.maghress.com/ -o pages.jsonl
        scraper fetch --from-list urls.txt --save raw.warc.gz
        scraper fetch --from-list urls.txt --state db -o out.jsonl
    """
    from scraper.cli.checks import check_headers
    from scraper.cli.fetch_run import FetchOptions, run_fetch

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
        headers=check_headers(user_agent, contact, header),
        ignores_robots=ignore_robots,
        spans=spans,
        dedup=dedup,
    )
    run_fetch(options, web)
