"""The command ``fetch``."""

import re
from pathlib import Path
from typing import Annotated, Final

import typer

from scraper.cli.options import (
    NETWORK,
    OUTPUT,
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

_UNITS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def _seconds(text: str | float) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", str(text).strip())
    if found is None:
        raise typer.BadParameter(f"{text!r} is not a duration; write 90, 90s, 15m, 1h or 2d.")
    return float(found[1]) * _UNITS[found[2]]


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
    save: Annotated[
        Path | None, option(OUTPUT, metavar="RAW.warc.gz", help="Append all requests and responses to this file.")
    ] = None,
    ticker_only: Annotated[
        bool, option(OUTPUT, "--ticker-only", help="Write headlines instead of pages; with --state, only new ones.")
    ] = False,
    keys: Keys = None,
    failures: Failures = None,
    summary: Summary = None,
    spans: Spans = None,
    delay: Annotated[
        float,
        option(
            NETWORK,
            metavar="SECONDS",
            min=0,
            max=86400,
            envvar="SCRAPER_DELAY",
            help="Wait between two requests to a host; longer if its robots.txt asks for it.",
        ),
    ] = 1.0,
    concurrency: Annotated[
        int, option(NETWORK, metavar="N", min=1, max=256, help="Request pages of at most N hosts at the same time.")
    ] = 8,
    timeout: Annotated[
        float, option(NETWORK, metavar="SECONDS", min=0.01, max=86400, help="Give up a request that takes longer.")
    ] = 60.0,
    user_agent: Annotated[
        str | None,
        option(
            NETWORK,
            metavar="TEXT",
            envvar="SCRAPER_USER_AGENT",
            help="Send this user agent; its first word selects the rules in robots.txt.",
        ),
    ] = None,
    contact: Annotated[
        str | None,
        option(
            NETWORK,
            metavar="TEXT",
            envvar="SCRAPER_CONTACT",
            help="Add to the user agent how the owners of a site can reach you: an e-mail address or a URL.",
        ),
    ] = None,
    header: Annotated[
        list[str] | None,
        option(NETWORK, metavar="'NAME: VALUE'", help="Send this header with each request. Can be repeated."),
    ] = None,
    ignore_robots: Annotated[
        bool, option(NETWORK, "--ignore-robots", help="Fetch what robots.txt forbids, on your own responsibility.")
    ] = False,
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
            parser=_seconds,
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
    from scraper.cli.fetch_run import FetchOptions, run
    from scraper.cli.headers import check_headers

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
    run(options, web)
