"""Runs of ``crawl``."""

from collections.abc import Collection
from typing import Final, NamedTuple

import typer

from scraper.cli.checks import check_filters, check_slug
from scraper.cli.console import say
from scraper.cli.fetch_run import run
from scraper.cli.options import Options, WebOptions
from scraper.engine.archive import ArchivePlan, ArchiveQueue
from scraper.engine.crawling import Budget, CrawlPlan, CrawlQueue, network_of
from scraper.engine.fetching import AddressSource
from scraper.engine.web_run import FetchContext
from scraper.errors import BadAddress
from scraper.extract.links import find_links
from scraper.fetch import prepare
from scraper.output.frontier import Scope
from scraper.urls import origin_of, path_of

_SLOW: Final = 0.1
"""Seconds between two requests in which a page is cleaned and its links are stored."""
_AT_ONCE: Final = 2
_FAST_AT_ONCE: Final = 64
"""Addresses of a host that are handed out, so that no request has to wait for the next one to be found."""
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
    else:
        for name, option in _OF_ARCHIVES.items():
            if name in given:
                raise typer.BadParameter("it is a number of --archive; name the newspaper_slug there.", param_hint=option)

    def make_source(context: FetchContext) -> AddressSource:
        assert context.state is not None  # noqa: S101 - the option is required
        budget = Budget(crawl.max_pages, crawl.max_time)
        if crawl.archive is not None:
            archive_plan = _archive_plan(starts[0], options, web, crawl, crawl.archive)
            announce = None if options.quiet else say
            return ArchiveQueue(starts[0], archive_plan, context.state, context.records, budget, context.counts, say, announce)
        filters = check_filters(options)
        hosts = network_of(starts, context.layouts)
        scope = Scope(hosts, crawl.depth, crawl.most_alike, filters.newspapers, filters.langs, filters.sites)
        plan = CrawlPlan(scope, web.refresh, crawl.refresh_articles)
        at_once = _AT_ONCE if web.delay >= _SLOW else _FAST_AT_ONCE
        return CrawlQueue(
            starts,
            context.state,
            context.layouts,
            context.records,
            plan,
            budget,
            context.counts,
            context.sitemaps,
            at_once,
            say,
        )

    run(options, web, make_source, links=find_links, max_time=crawl.max_time)


def _archive_plan(start: str, options: Options, web: WebOptions, crawl: CrawlOptions, slug: str) -> ArchivePlan:
    langs = [lang for lang in options.lang or () if lang != "ar"]
    prefix = f"/{langs[0]}/{slug}" if langs else f"/{slug}"
    address = prepare(f"{origin_of(start)}{prefix}")
    return ArchivePlan(origin_of(address), path_of(address), crawl.first, crawl.last or 1, crawl.most_misses, web.delay)


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
