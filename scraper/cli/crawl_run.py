"""Runs of ``crawl``."""

import re
from typing import Final, NamedTuple

import typer

from scraper.cli.checks import check_filters
from scraper.cli.console import say
from scraper.cli.fetch_run import FetchContext, run
from scraper.cli.options import Options, WebOptions
from scraper.engine.archive import ArchivePlan, ArchiveQueue
from scraper.engine.crawling import Budget, CrawlPlan, CrawlQueue, network_of
from scraper.engine.fetching import AddressSource
from scraper.errors import BadAddress
from scraper.extract.links import find_links
from scraper.fetch import prepare
from scraper.output.fetch_state import State
from scraper.output.frontier import Scope
from scraper.urls import origin_of, path_of

_SLOW: Final = 0.1
"""Seconds between two requests in which a page is cleaned and its links are stored."""
_AT_ONCE: Final = 2
_FAST_AT_ONCE: Final = 64
"""Addresses of a host that are handed out, so that no request has to wait for the next one to be found."""
_SLUG: Final = re.compile(r"[^\s/?#]+")


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


def run_crawl(options: Options, web: WebOptions, crawl: CrawlOptions) -> None:
    """Fetch what can be found from the starts, write the records of the pages, and exit."""
    starts = [_start(address) for address in options.inputs or ()]
    if crawl.archive is not None:
        _check_archive(starts, options, web, crawl, crawl.archive)
    elif crawl.first is not None or crawl.last is not None:
        option = "--from" if crawl.first is not None else "--to"
        raise typer.BadParameter("it is a number of --archive; name the newspaper_slug there.", param_hint=option)

    def make_source(context: FetchContext) -> AddressSource:
        assert context.state is not None  # noqa: S101 - the option is required
        budget = Budget(crawl.max_pages, crawl.max_time)
        if crawl.archive is not None:
            plan = _archive_plan(starts[0], options, web, crawl, crawl.archive)
            return ArchiveQueue(starts[0], plan, context.state, context.records, budget, context.counts, say)
        return _crawl(context, context.state, starts, crawl, budget)

    run(options, web, make_source, links=find_links, max_time=crawl.max_time)


def _crawl(context: FetchContext, state: State, starts: list[str], crawl: CrawlOptions, budget: Budget) -> CrawlQueue:
    filters = check_filters(context.options)
    scope = Scope(network_of(starts, context.layouts), crawl.depth, filters.newspapers, filters.langs, filters.sites)
    plan = CrawlPlan(scope, context.web.refresh, crawl.refresh_articles, crawl.most_alike)
    sitemaps = context.fetcher.sitemaps
    at_once = _AT_ONCE if context.web.delay >= _SLOW else _FAST_AT_ONCE
    return CrawlQueue(starts, state, context.layouts, context.records, plan, budget, context.counts, sitemaps, at_once)


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


def _check_archive(starts: list[str], options: Options, web: WebOptions, crawl: CrawlOptions, slug: str) -> None:
    if len(starts) > 1:
        raise typer.BadParameter("it takes the numbers of one site; name one START.", param_hint="--archive")
    if not _SLUG.fullmatch(slug):
        raise typer.BadParameter(
            f"{slug!r} is not a newspaper_slug; write it as in the addresses of articles.", param_hint="--archive"
        )
    for option, value in (("--refresh", web.refresh), ("--refresh-articles", crawl.refresh_articles)):
        if value is not None:
            raise typer.BadParameter("an archive fetches each number once; leave it out.", param_hint=option)
    if len(options.lang or ()) > 1:
        raise typer.BadParameter("with --archive, name the one language in which the articles are.", param_hint="--lang")
