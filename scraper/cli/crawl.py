"""The command ``crawl``."""

from pathlib import Path
from typing import Annotated, Final

import typer

from scraper.cli.options import CHOOSING, OF_FILES, OF_ONE_COMMAND, RUNS, Options, WebOptions, option, out_option, seconds, sharing

_LARGEST: Final = 10**18 - 1
"""The largest number of an article that a link is searched for."""


@sharing(Options, WebOptions, without=OF_FILES | OF_ONE_COMMAND | {"from_list", "out"})
def crawl(
    options: Options,
    web: WebOptions,
    context: typer.Context,
    starts: Annotated[list[str], typer.Argument(metavar="START", help="Addresses from which the crawl begins.")],
    state: Annotated[
        Path,
        option(RUNS, metavar="DB", help="Keep all addresses in this file, continue where the last run ended, and append to OUT."),
    ],
    out: Annotated[
        Path | None,
        out_option("Append to this file, as JSON Lines, instead of writing to stdout."),
    ] = None,
    depth: Annotated[
        int, option(CHOOSING, metavar="N", min=0, help="Follow at most N links in a row; further pages of a list do not count.")
    ] = 10,
    archive: Annotated[
        str | None,
        option(CHOOSING, metavar="SLUG", help="Fetch the articles of this newspaper by number, and follow no links."),
    ] = None,
    first: Annotated[
        int | None,
        option(
            CHOOSING,
            "--from",
            metavar="A",
            min=1,
            max=_LARGEST,
            help="With --archive, begin with this number; by default the newest that START shows.",
        ),
    ] = None,
    last: Annotated[
        int | None,
        option(
            CHOOSING,
            "--to",
            metavar="B",
            min=1,
            max=_LARGEST,
            help="With --archive, end with this number, smaller or larger; by default 1.",
        ),
    ] = None,
    max_misses: Annotated[
        int, option(CHOOSING, metavar="N", min=1, help="With --archive, stop after N numbers in a row without an article.")
    ] = 1000,
    max_alike: Annotated[
        int,
        option(
            CHOOSING,
            metavar="N",
            min=1,
            help="Fetch at most N addresses that differ only in numbers or in a query; articles do not count.",
        ),
    ] = 10_000,
    refresh: Annotated[
        float | None,
        option(
            RUNS,
            metavar="TIME",
            parser=seconds,
            help="Fetch lists and feeds again that were fetched longer ago than this, such as 1h.",
        ),
    ] = None,
    refresh_articles: Annotated[
        float | None, option(RUNS, metavar="TIME", parser=seconds, help="The same for articles, which are otherwise fetched once.")
    ] = None,
    max_pages: Annotated[int | None, option(RUNS, metavar="N", min=1, help="Stop after N pages; the next run goes on.")] = None,
    max_time: Annotated[
        float | None, option(RUNS, metavar="TIME", parser=seconds, help="Stop after this time, such as 50m; the next run goes on.")
    ] = None,
) -> None:
    """Find the pages of a site or a newspaper, fetch them politely, and turn them into JSON Lines.

    Headlines, teasers, links to newspapers, further pages of lists, feeds and sitemaps are followed, on the hosts of START's network.

    Examples:
        scraper crawl www.maghress.com --state a.db -o a.jsonl
        scraper crawl www.maghress.com --state b.db --max-time 50m
    """
    from scraper.cli.web_runs import CrawlOptions, run_crawl

    crawl_options = CrawlOptions(
        depth=depth,
        max_alike=max_alike,
        refresh_articles=refresh_articles,
        max_pages=max_pages,
        max_time=max_time,
        archive=archive,
        first=first,
        last=last,
        max_misses=max_misses,
    )
    given = {name for name in context.params if (source := context.get_parameter_source(name)) and source.name != "DEFAULT"}
    run_crawl(options._replace(inputs=starts, out=out), web._replace(state=state, refresh=refresh), crawl_options, given)
