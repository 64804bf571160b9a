"""Runs of ``fetch`` and ``crawl``, and their progress on a terminal."""

import time
from collections import Counter, deque
from collections.abc import Callable, Collection
from contextlib import ExitStack
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import typer

from scraper.cli.checks import (
    check_appendable,
    check_fetched_slugs,
    check_keys,
    check_layouts,
    check_outputs,
    check_pattern,
    check_politeness,
    check_slug,
    check_table,
)
from scraper.cli.console import can_show_progress, drawing, finishing, say
from scraper.cli.options import Options, WebOptions
from scraper.cli.runs import cores, reporting_list_errors, run_options, write_summary
from scraper.engine.archive import NewspaperArchive
from scraper.engine.counts import Counts
from scraper.engine.crawling import Crawl
from scraper.engine.fetch_queue import AddressSource, FetchQueue
from scraper.engine.sinks import OutputPaths
from scraper.engine.web_run import FetchContext, MakeSource, WebRun
from scraper.errors import BadAddress
from scraper.extract.cleaning import Outcome
from scraper.extract.links import Links, find_links
from scraper.fetch import Fetched, Scheduler, host_of, prepare
from scraper.output.fetch_state import Records
from scraper.output.formats import OutputTable, is_compressed
from scraper.output.partitions import Pattern
from scraper.records import RECORDS, Keys, columns_of
from scraper.sources import read_list
from scraper.text import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

_RECENT: Final = 30.0
"""Seconds over which the rate of a host is measured."""
_MOST_HOSTS: Final = 8
_OF_ARCHIVES: Final = {"first": "--from", "last": "--to", "max_misses": "--max-misses"}
"""Options that need --archive, by their parameters."""
_OF_LINKS: Final = {"depth": "--depth", "max_alike": "--max-alike"}
"""Options of a crawl that follows links."""
_OF_REFRESHES: Final = {"refresh": "--refresh", "refresh_articles": "--refresh-articles"}


def run_fetch(options: Options, web: WebOptions) -> None:
    """Fetch the addresses that the user named, write the records of their pages, and exit."""
    if not options.inputs and options.from_list is None:
        raise typer.BadParameter("name an address, or a list of them with --from-list.", param_hint="URL")
    if web.refresh is not None and web.state is None:
        raise typer.BadParameter("it needs --state, which remembers when a page was fetched.", param_hint="--refresh")

    def make_source(context: FetchContext) -> FetchQueue:
        listed = read_list(options.from_list, context.counts.left_out) if options.from_list is not None else ()
        addresses = reporting_list_errors(chain(options.inputs or [], listed), options, context.counts)
        return FetchQueue(addresses, context.records, context.state, web.refresh, context.counts)

    run_on_web(options, web, make_source)


def run_on_web(
    options: Options,
    web: WebOptions,
    make_source: Callable[[FetchContext], AddressSource],
    *,
    links: Callable[[Outcome], Links] | None = None,
    max_time: float | None = None,
) -> None:
    """Fetch the addresses of a source, write the records of their pages, and exit.

    Args:
        options: the options that the commands share.
        web: those of the commands that fetch.
        make_source: makes the source.
        links: finds the links of a page, for a source that follows them; feeds and sitemaps are then read, too.
        max_time: seconds after which no more requests are made.
    """
    if web.ticker_only and web.dedup:
        raise typer.BadParameter("--ticker-only writes each headline once with --state; leave --dedup out.", param_hint="--dedup")
    check_fetched_slugs(options.newspaper or ())
    options, pattern = check_pattern(options)
    records: Records = "headline" if web.ticker_only else "page"
    keys, table = _check_outputs(options, web, records, pattern)
    chosen = run_options(options, keys, dedup=web.dedup)
    politeness = check_politeness(web)
    if web.ignore_robots:
        say("robots.txt is ignored, on your own responsibility")
    check_layouts(options.layouts)
    counts = Counts()
    web_run = WebRun(
        chosen,
        records,
        OutputPaths(options.out, web.spans, options.failures, options.summary, web.save, web.state),
        politeness,
        counts,
        say,
        pattern=pattern,
        table=table,
        links=links,
    )
    with finishing([web_run], counts, quiet=options.quiet, unopened=web_run.files, table=table):
        web_run.do(
            make_source,
            processes=options.jobs or cores(),
            max_time=max_time,
            make_progress=lambda scheduler, source: Progress(counts, scheduler, source, quiet=options.quiet),
        )
        write_summary(options.summary, counts)


def _check_outputs(options: Options, web: WebOptions, records: Records, pattern: Pattern | None) -> tuple[Keys, OutputTable | None]:
    """Return the keys of a line and the table that the records become, or end with a usage error if an output is unusable."""
    if web.save is not None and web.save.suffix != ".gz":
        raise typer.BadParameter(f"{str(web.save)!r} must end in .gz; it is written as gzipped WARC.", param_hint="--save")
    outputs = {
        "-o": options.out,
        "--save": web.save,
        "--state": web.state,
        "--spans": web.spans,
        "--failures": options.failures,
        "--summary": options.summary,
    }
    check_outputs(outputs, [options.from_list] if options.from_list is not None else [], pattern)
    if pattern is not None and web.state is not None:
        raise typer.BadParameter("with --state, records are appended to a single file; name one without {}.", param_hint="-o")
    record = RECORDS[records]
    keys = check_keys(options.keys, record)
    table = check_table("-o", options.out if pattern is None else pattern.ending, columns_of(record, keys))
    check_table("--spans", web.spans)
    check_table("--failures", options.failures)
    if web.state is not None:
        check_appendable("--state", table)
        for option, file in (("-o", options.out), ("--spans", web.spans)):
            if file is not None and is_compressed(file):
                raise typer.BadParameter(
                    f"with --state, {str(file)!r} is appended to and cannot be compressed; use a name that ends in .jsonl.",
                    param_hint=option,
                )
    return keys, table


class Progress:
    """Shows the number of pages done and queued, the rate of each host, and failures by code. A context manager."""

    def __init__(self, counts: Counts, scheduler: Scheduler, source: AddressSource, *, quiet: bool) -> None:
        self._counts, self._scheduler, self._source = counts, scheduler, source
        self._is_shown = not quiet and can_show_progress()
        self._drawing = ExitStack()
        self._times: dict[str, deque[float]] = {}
        self._hosts: Counter[str] = Counter()
        self._done = 0
        self._started = time.monotonic()

    def __enter__(self) -> Self:
        if self._is_shown:
            self._drawing.enter_context(drawing(self._live))
        return self

    def __exit__(self, *error: object) -> None:
        self._drawing.__exit__(*error)  # type: ignore[arg-type]  # the same arguments

    def _live(self, console: "Console") -> "Live":
        from rich.live import Live

        return Live(get_renderable=self._render, console=console, refresh_per_second=4, transient=True, redirect_stdout=False)

    def note(self, fetched: Fetched) -> None:
        """Count a page."""
        if self._is_shown:
            host = host_of(fetched.url) if "://" in fetched.url else "?"
            self._hosts[host] += 1
            self._done += 1
            times = self._times.setdefault(host, deque())
            times.append(time.monotonic())
            while times and times[0] < time.monotonic() - _RECENT:
                times.popleft()

    def text(self) -> list[str]:
        """Return the lines to show."""
        now = time.monotonic()
        queued = self._scheduler.queued + self._source.waiting
        elapsed = now - self._started
        lines = [f"{self._done} done ({self._done / max(1.0, elapsed):.1f}/s), {queued} queued, {int(elapsed)} s"]
        for host, count in self._hosts.most_common(_MOST_HOSTS):
            times = [at for at in tuple(self._times[host]) if at >= now - _RECENT]
            rate = len(times) / max(1.0, min(_RECENT, now - self._started))
            lines.append(f"  {host}: {count} done, {rate:.1f}/s")
        if len(self._hosts) > _MOST_HOSTS:
            lines.append(f"  and {len(self._hosts) - _MOST_HOSTS} more hosts")
        if self._counts.failures:
            lines.append("  failed: " + ", ".join(f"{number} {code}" for code, number in self._counts.failures.most_common()))
        if self._counts.left_out:
            lines.append("  left out: " + ", ".join(f"{number} {reason}" for reason, number in self._counts.left_out.most_common()))
        return lines

    def _render(self) -> "Text":
        from rich.text import Text

        # Host names come from lists and redirects, and may contain control characters.
        return Text("\n".join(map(printable, self.text())), overflow="ellipsis")


class CrawlOptions(NamedTuple):
    """The options that only ``crawl`` has."""

    depth: int
    max_alike: int
    refresh_articles: float | None
    max_pages: int | None
    max_time: float | None
    archive: str | None
    first: int | None
    last: int | None
    max_misses: int


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
            crawl.max_misses,
            crawl.max_pages,
            None if options.quiet else say,
        )
    else:
        for name, option in _OF_ARCHIVES.items():
            if name in given:
                raise typer.BadParameter("it is a number of --archive; name the newspaper_slug there.", param_hint=option)
        source = Crawl(starts, crawl.depth, crawl.max_alike, web.refresh, crawl.refresh_articles, crawl.max_pages)
    run_on_web(options, web, source, links=find_links, max_time=crawl.max_time)


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
