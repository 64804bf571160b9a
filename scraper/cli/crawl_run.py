"""Runs of ``crawl``."""

from collections.abc import Collection
from typing import Final, NamedTuple

import typer

from scraper.cli.checks import check_slug
from scraper.cli.console import say
from scraper.cli.fetch_run import run
from scraper.cli.options import Options, WebOptions
from scraper.engine.archive import NewspaperArchive
from scraper.engine.crawling import Crawl
from scraper.engine.web_run import MakeSource
from scraper.errors import BadAddress
from scraper.extract.links import find_links
from scraper.fetch import prepare

_OF_ARCHIVES: Final = {"first": "--from", "last": "--to", "max_misses": "--max-misses"}
"""Options that only an archive heeds, by their parameters."""
_OF_LINKS: Final = {"depth": "--depth", "max_alike": "--max-alike"}
"""Options of a crawl that follows links."""
_OF_REFRESHES: Final = {"refresh": "--refresh", "refresh_articles": "--refresh-articles"}


class CrawlOptions(NamedTuple):
    """The options that only ``crawl`` has."""

    depth: int
    most_alike: int
    refresh_articles: float | None
    max_pages: int | None
    max_time: float | None
    archive: str | None
    first: int | None
    last: int | None
    most_misses: int


def run_crawl(options: Options, web: WebOptions, crawl: CrawlOptions, given: Collection[str]) -> None:
    """Fetch what can be found from the starts, write the records of the pages, and exit.

    Args:
        options: the options that the commands share.
        web: those of the commands that fetch.
        crawl: those of this command.
        given: the parameters that do not have their defaults.
    """
    starts = [_start(address) for address in options.inputs or ()]
    if crawl.archive is not None:
        _check_archive(starts, options, crawl.archive, given)
        source: MakeSource = NewspaperArchive(
            starts[0],
            crawl.archive,
            next((lang for lang in options.lang or () if lang != "ar"), "ar"),
            crawl.first,
            crawl.last or 1,
            crawl.most_misses,
            crawl.max_pages,
            None if options.quiet else say,
        )
    else:
        for name, option in _OF_ARCHIVES.items():
            if name in given:
                raise typer.BadParameter("it is a number of --archive; name the newspaper_slug there.", param_hint=option)
        source = Crawl(starts, crawl.depth, crawl.most_alike, web.refresh, crawl.refresh_articles, crawl.max_pages)
    run(options, web, source, links=find_links, max_time=crawl.max_time)


def _start(address: str) -> str:
    try:
        return prepare(address)
    except BadAddress as error:
        raise typer.BadParameter(f"{error}.", param_hint="START") from None


def _check_archive(starts: list[str], options: Options, slug: str, given: Collection[str]) -> None:
    if len(starts) > 1:
        raise typer.BadParameter("it takes the numbers of one site; name one START.", param_hint="--archive")
    check_slug(slug, "--archive")
    for group, why in ((_OF_REFRESHES, "fetches each number once"), (_OF_LINKS, "follows no links")):
        for name, option in group.items():
            if name in given:
                raise typer.BadParameter(f"an archive {why}; leave it out.", param_hint=option)
    if len(options.lang or ()) > 1:
        raise typer.BadParameter("with --archive, name the one language in which the articles are.", param_hint="--lang")
