"""A crawl: fetch what is in the frontier, and add to it what the pages, feeds and sitemaps link to."""

import re
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from scraper.engine.fetch_queue import Budget
from scraper.engine.jobs import ItemResult
from scraper.engine.web_run import FetchContext
from scraper.errors import BadAddress
from scraper.extract.links import Links, Role
from scraper.fetch import Fetched, FetchJob, PreviousFetch, fold, host_of, prepare, without_session
from scraper.layouts import Layout, layout_of_site
from scraper.output.fetch_state import OK
from scraper.output.frontier import DONE, QUEUED, UNDER_WAY, Frontier, FrontierEntry, Scope, Visit, key_of, left

MOST_BARREN: Final = 10
"""Pages of a list in a row with nothing new on them after which a crawl turns no more pages: the list may page without an end."""
_MOST_RECENT: Final = 100_000
"""Addresses that are held in memory: a page links to some eighty addresses, and the next page mostly to the same ones."""
_SLOW: Final = 0.1
"""Seconds between two requests in which a page is cleaned and its links are stored."""
_AT_ONCE: Final = 2
_FAST_AT_ONCE: Final = 64
"""Addresses of a host that are handed out, so that no request has to wait for the next one to be found."""
_DIGITS: Final = re.compile(r"\d+")


class Crawl(msgspec.Struct, frozen=True):
    """A crawl from some addresses, for :func:`~scraper.engine.web_run.fetch_pages`."""

    starts: Sequence[str]
    """Addresses from which the crawl begins."""
    depth: int = 10
    """The most links to follow in a row; further pages of a list do not count."""
    max_alike: int = 10_000
    """Addresses to fetch that differ only in numbers or in a query; articles do not count."""
    refresh: float | None = None
    """Seconds after which lists, feeds and sitemaps are fetched again."""
    refresh_articles: float | None = None
    """Seconds after which articles are fetched again."""
    max_pages: int | None = None
    """The most pages to request."""

    def __call__(self, context: FetchContext) -> "CrawlQueue":
        """Return the addresses to fetch.

        Raises:
            BadAddress: if a start is not an http or https address.
        """
        return CrawlQueue(self, context)


class CrawlQueue:
    """The addresses of a crawl that are due, from the frontier, hosts in turn and each breadth first.

    Args:
        crawl: what is fetched, and how often.
        context: the run. Its state has the frontier; its layouts recognise articles and newspapers by their addresses.
    """

    is_ordered: Final = False

    def __init__(self, crawl: Crawl, context: FetchContext) -> None:
        assert context.state is not None  # noqa: S101 - a crawl always has one
        starts = [prepare(start) for start in crawl.starts]
        filters = context.filters
        hosts = network_of(starts, context.layouts)
        self._scope = Scope(hosts, crawl.depth, crawl.max_alike, filters.newspapers, filters.langs, filters.sites)
        self._crawl, self._state, self._layouts, self._records = crawl, context.state, context.layouts, context.records
        self._counts, self._sitemaps, self._report = context.counts, context.sitemaps, context.report
        self._budget = Budget(crawl.max_pages, context.max_time)
        self._at_once = _AT_ONCE if context.delay >= _SLOW else _FAST_AT_ONCE
        self._frontier = Frontier(self._state, self._scope, self._records)
        self._began = time.time()
        self._recent: dict[str, int] = {}
        """Addresses of links with the least depth at which they were found."""
        self._changed = threading.Condition()
        self._under_way: dict[str, Visit] = {}
        self._finished_by_redirect: set[int] = set()
        """Numbers of addresses under way to which another one was redirected meanwhile."""
        self._nearer: dict[int, int] = {}
        """Depths of addresses under way to which a nearer page was found to link meanwhile, by their numbers."""
        self._active: dict[str, int] = {}
        self._ready: dict[str, deque[Visit]] = {}
        self._drained: set[str] = set()
        """Hosts without queued addresses."""
        self._with_sitemaps: set[str] = set()
        self._last = self._frontier.last()
        self._begin(starts)
        self._state.commit()
        self._hosts = deque(self._frontier.hosts())
        self._waiting = self._frontier.counts()[QUEUED]

    def _begin(self, starts: Sequence[str]) -> None:
        frontier, crawl = self._frontier, self._crawl
        frontier.begin()
        entries = {key_of(fold(address)): self._entry(address, "start", 0, 0) for address in map(prepare, starts)}
        found = frontier.find(entries)
        for key in found:
            frontier.name(key)
        frontier.add(entries)
        frontier.requeue_failed()
        if self._records == "page":
            frontier.requeue_unwritten()
        # Headline runs always fetch again.
        refresh = 0.0 if crawl.refresh is None and self._records == "headline" else crawl.refresh
        for seconds, articles in ((refresh, False), (crawl.refresh_articles, True)):
            if seconds is not None:
                frontier.requeue(self._began - seconds, articles=articles)
        for start in found.values():
            if start.depth > 0:
                frontier.read_again(start.number)

    @property
    def waiting(self) -> int:
        """The number of addresses that are queued and not handed out."""
        return self._waiting

    def __iter__(self) -> Iterator[FetchJob]:
        """Yield what is due, and wait while nothing is, as long as the pages under way may bring more."""
        while True:
            with self._changed:
                while self._budget.allows() and (job := self._next()) is None and self._under_way:
                    self._changed.wait(self._budget.seconds)
                if self._budget.spent_on is not None or job is None:
                    return
                self._budget.spend()
            yield job

    def _next(self) -> FetchJob | None:
        """Return the next address of the next host that has one and is not busy."""
        for _ in range(len(self._hosts)):
            host = self._hosts[0]
            self._hosts.rotate(-1)
            if self._active.get(host, 0) >= self._at_once:
                continue
            ready = self._ready.setdefault(host, deque())
            if not ready and host not in self._drained:
                ready.extend(self._frontier.take(host, self._at_once))
                if not ready:
                    self._drained.add(host)
            if ready:
                return self._job(ready.popleft())
        return None

    def _job(self, visit: Visit) -> FetchJob:
        entry = visit.entry
        self._waiting -= 1
        self._under_way[entry.address] = visit
        self._active[entry.host] = self._active.get(entry.host, 0) + 1
        # Pages that only `fetch` has read are fetched in full, for their links.
        row = self._state.row(entry.address, self._records) if visit.was_read else None
        previous = PreviousFetch(row.final_url, row.etag, row.last_modified) if row is not None else PreviousFetch()
        return FetchJob(entry.address, previous, is_named=entry.role == "start")

    def skip_reason(self, fetched: Fetched) -> str | None:
        """Return why a page is not written although it was fetched; None if it is. Redirects may lead to one page several times."""
        if fetched.page is None:
            return None
        if self._is_elsewhere(fetched):
            return "other-site"
        visit = self._under_way[fetched.job.address]
        is_direct = fetched.url == visit.entry.address
        is_repeated = visit.was_written or visit.number in self._finished_by_redirect if is_direct else self._is_written(fetched)
        return "repeated" if is_repeated else None

    def _is_elsewhere(self, fetched: Fetched) -> bool:
        """Return True if a link was redirected away from the hosts of the crawl."""
        return not fetched.job.is_named and host_of(fetched.url) not in self._scope.hosts

    def _is_written(self, fetched: Fetched) -> bool:
        """Return True if the page to which an address was redirected is written."""
        key = key_of(fold(fetched.url))
        found = self._frontier.find([key]).get(key)
        if found is None or found.finished_at is None:
            # An address that only `fetch` or an archive has read is asked for in full, for its links.
            row = self._state.row(fetched.url, self._records)
            return row is not None and row.result == OK
        is_refreshed = fetched.job.previous.final_url == fetched.url and found.finished_at < self._began
        return found.status == DONE and not is_refreshed

    def done(self, fetched: Fetched, result: ItemResult | None) -> None:
        """Add the links of a page to the frontier, and mark its address as done."""
        with self._changed:
            visit = self._under_way.pop(fetched.job.address)
            entry = visit.entry._replace(depth=self._nearer.pop(visit.number, visit.entry.depth))
            if entry.host not in self._with_sitemaps:
                self._with_sitemaps.add(entry.host)
                self._add("sitemap", self._sitemaps(entry.address), entry.depth + 1)
            self._discover(entry, result.links if result is not None else {})
            is_read = fetched.error is None and (result is None or result.failure is None)
            now = time.time() if is_read else None
            is_article = result is not None and result.page is not None and result.page.count.kind == "article"
            self._finished_by_redirect.discard(visit.number)
            self._frontier.finish(visit.number, now, is_article=is_article)
            # What is on another site was not written, and a crawl of that site will want it.
            if fetched.url != entry.address and fetched.page is not None and not self._is_elsewhere(fetched):
                self._finish_target(fetched.url, entry, now, is_article=is_article)
            self._active[entry.host] -= 1
            self._hand_out(entry.host)

    def _finish_target(self, url: str, entry: FrontierEntry, now: float | None, *, is_article: bool) -> None:
        """Mark the address as done to which another was redirected."""
        key = key_of(fold(url))
        found = self._frontier.find([key]).get(key)
        if found is None:
            number = self._frontier.add_done(key, self._entry(url, entry.role, entry.depth, entry.barren))
        else:
            number = found.number
            if found.status == QUEUED:
                self._waiting -= 1
            elif found.status == UNDER_WAY:
                ready = self._ready[found.host]
                kept = [visit for visit in ready if visit.number != number]
                self._waiting -= len(ready) - len(kept)
                if len(kept) == len(ready):
                    self._finished_by_redirect.add(number)
                self._ready[found.host] = deque(kept)
        self._frontier.finish(number, now, is_article=is_article)

    def _discover(self, entry: FrontierEntry, links: Links) -> None:
        new = sum([self._add(role, urls, entry.depth + 1) for role, urls in links.items() if role != "paging"])
        barren = 0 if new else entry.barren + 1
        paging = links.get("paging", ())
        if paging and barren > MOST_BARREN:
            self._counts.left_out["endless-paging"] += len(paging)
        elif paging:
            # Where a list has something new, even if another page has shown it before, its next page may have, too.
            again = self._crawl.refresh is not None and self._has_new_story(links)
            self._add("paging", paging, entry.depth, barren, again=again)

    def _has_new_story(self, links: Links) -> bool:
        """Return True if an entry of a list was found in this run."""
        found = self._frontier.find(key_of(fold(url)) for url in links.get("story", ()))
        return any(row.number > self._last and row.alike <= self._scope.max_alike for row in found.values())

    def _add(self, role: Role, urls: Sequence[str], depth: int, barren: int = 0, *, again: bool = False) -> int:
        """Add links to the frontier, and return how many are new."""
        fresh = urls if again else [url for url in urls if self._recent.get(url, depth + 1) > depth]
        if not fresh:
            return 0
        if len(self._recent) >= _MOST_RECENT:
            self._recent.clear()
        self._recent.update(dict.fromkeys(fresh, depth))
        by_key = {key_of(fold(url)): url for url in fresh}
        found = self._frontier.find(by_key)
        for row in found.values():
            is_due = again and row.status == DONE and (row.finished_at or 0.0) < self._began
            if is_due:
                self._frontier.queue(row.number)
            is_nearer = depth < row.depth
            if is_nearer and row.status == UNDER_WAY:
                self._nearer[row.number] = depth
            if is_due or (is_nearer and self._frontier.lower_depth(row.number, depth)):
                self._wake([row.host], 1)
        entries = [self._new_entry(url, role, depth, barren) for key, url in by_key.items() if key not in found]
        # Keys of the cleaned addresses: a session id in an unusual place changes the key of the link.
        new = {key_of(fold(entry.address)): entry for entry in entries if entry is not None}
        if not new:
            return 0
        queued, added = self._frontier.add(new)
        self._wake({entry.host for entry in new.values()}, queued)
        return added

    def _new_entry(self, url: str, role: Role, depth: int, barren: int) -> FrontierEntry | None:
        """Return the entry of a link that is not in the frontier; None if it leads away, or there are too many alike to keep it."""
        try:
            entry = self._entry(prepare(without_session(url)), role, depth, barren)
        except BadAddress:
            return None
        if entry.host not in self._scope.hosts:
            return None
        pattern = _pattern(entry)
        if pattern is None:
            return entry
        alike = self._frontier.count_alike(pattern)
        if alike is None or alike > self._scope.max_alike:
            self._counts.left_out["too-many-alike"] += 1
        return entry._replace(alike=alike) if alike is not None else None

    def _wake(self, hosts: Iterable[str], queued: int) -> None:
        """Note that addresses of hosts were queued."""
        self._waiting += queued
        for host in hosts:
            self._drained.discard(host)
            if host not in self._hosts:
                self._hosts.append(host)
            self._hand_out(host)

    def _hand_out(self, host: str) -> None:
        """Wake the thread that hands out addresses if half of those of a host are done: waking it for each is expensive."""
        if self._active.get(host, 0) <= self._at_once // 2:
            self._changed.notify()

    def _entry(self, address: str, role: str, depth: int, barren: int) -> FrontierEntry:
        host = host_of(address)
        layout = layout_of_site(self._layouts, host)
        rule, names = layout.match_address(address) if role != "sitemap" else (None, {})
        lang = names.get("lang", layout.file.lang if rule is not None else None)
        is_article = rule is not None and rule.evidence == "strong"
        return FrontierEntry(address, host, names.get("newspaper_slug"), lang, role, is_article, depth, barren)

    def finish(self) -> None:
        """Count what is left at the end of the run, and report newspapers that a finished crawl has not found."""
        counts = self._frontier.counts()
        self._counts.remaining.update(dict(left(counts)))
        self._counts.ended = self._budget.ended
        if not counts[QUEUED] and not counts[UNDER_WAY]:
            for slug in self._frontier.newspapers_not_found():
                self._report(
                    f"no address of {slug!r} was found; name a newspaper by its newspaper_slug, as in the addresses of articles"
                )


def network_of(starts: Sequence[str], layouts: Sequence[Layout]) -> frozenset[str]:
    """Return the hosts on which a crawl stays: those of its starts, and of the layouts that have one of these."""
    own = {host_of(start) for start in starts}
    return frozenset(own.union(*(layout.hosts for layout in layouts if any(layout.is_host(host) for host in own))))


def _pattern(entry: FrontierEntry) -> str | None:
    """Return what is common to addresses that differ only in numbers and values; None for an article, which has its own number."""
    parts = urlsplit(entry.address)
    if entry.is_article and not parts.query:
        return None
    keys = "&".join(sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}))
    return f"{entry.host}{_DIGITS.sub('#', unquote(parts.path))}?{keys}"
