"""A run of ``fetch``: addresses in; records, raw exchanges and a state out."""

import os
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, metadata
from itertools import chain
from pathlib import Path
from typing import Final, Literal

import msgspec
import typer

from scraper import __version__
from scraper.cli.checks import check_layouts
from scraper.cli.fetch_progress import Progress
from scraper.cli.runs import cores, fail, finishing
from scraper.cli.stores import RobotsCache, Store
from scraper.cli.talk import say
from scraper.errors import BadAddress, FetchError, PageError, UnknownLayout
from scraper.fetch import Client, Fetched, Fetcher, FetchJob, Header, Known, Scheduler, Throttle, prepare
from scraper.output.fetch_state import OK, FetchedRow, State
from scraper.output.files import Output
from scraper.run.counts import DIGITS, Counts
from scraper.run.page_cleaner import Cleaned, PageCleaner, Records
from scraper.sources import read_list

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is to do; the options of the command, checked."""

    addresses: Callable[[], Iterable[str]]
    from_list: str | None
    out: Path | None
    save: Path | None
    state: Path | None
    refresh: float | None
    records: Records
    delay: float
    concurrency: int
    timeout: float
    max_bytes: int
    unknown: Literal["keep", "skip", "fail"]
    layouts: Path | None
    headers: list[Header]
    ignores_robots: bool
    failures: Path | None
    quiet: bool


def run(plan: Plan) -> None:
    """Fetch, save, clean and write, and end with the status for it."""
    if plan.save is not None and plan.save.suffix != ".gz":
        raise typer.BadParameter(f"{str(plan.save)!r} would hold gzipped WARC; let its name end in .warc.gz.", param_hint="--save")
    files = {"-o": plan.out, "--save": plan.save, "--state": plan.state, "--failures": plan.failures, "--from-list": plan.from_list}
    names = [os.path.realpath(file) for file in files.values() if file is not None and str(file) not in ("-", os.devnull)]
    if len(names) != len(set(names)):
        said = " and ".join(option for option, file in files.items() if file is not None)
        raise typer.BadParameter("each needs a file of its own; two of them name the same.", param_hint=said)
    if plan.refresh is not None and plan.state is None:
        raise typer.BadParameter("without --state nobody remembers when a page was fetched; name one.", param_hint="--refresh")
    if plan.ignores_robots:
        say("robots.txt is ignored, as asked; whether that is right is your own responsibility")
    digests = {layout.name: layout.digest for layout in check_layouts(plan.layouts)}
    store, tally = Store(out=plan.out, save=plan.save, state=plan.state), Counts()
    failures = Output(plan.failures) if plan.failures is not None else None
    with finishing(store, tally, quiet=plan.quiet, beside=[failures] if failures is not None else []):
        client = Client(headers=plan.headers, timeout=plan.timeout, max_bytes=plan.max_bytes)
        pacer = Throttle(delay=plan.delay, concurrency=plan.concurrency)
        fetcher = Fetcher(
            client.get,
            pacer,
            RobotsCache(store.state) if store.state is not None else {},
            user_agent=dict(plan.headers)[b"User-Agent"].decode(),
            max_bytes=plan.max_bytes,
            timeout=plan.timeout,
            ignores_robots=plan.ignores_robots,
            archive=store.keep,
            is_proxied=client.is_proxied,
        )
        todo = _Todo(plan, store.state, tally)
        crew = Scheduler(todo.jobs(), fetcher.fetch)
        try:
            cleaning = PageCleaner(plan.records, plan.layouts, processes=cores())
            with Progress(tally, crew, quiet=plan.quiet) as progress, cleaning as cleaners:
                for fetched, cleaned, is_followed in _cleaned(crew, cleaners):
                    progress.note(fetched)
                    _keep(fetched, cleaned, plan=plan, store=store, tally=tally, failures=failures, digests=digests)
                    todo.done(fetched.job)
                    store.commit(soon=is_followed)
        except PageError as error:  # the list of addresses itself
            fail(plan.from_list or "-", None, error, tally, None)
        finally:
            pacer.stop()
            crew.stop()


class _Todo:
    """Which addresses are to be fetched, and what is known of them."""

    def __init__(self, plan: Plan, state: State | None, tally: Counts) -> None:
        self._plan, self._state, self._tally = plan, state, tally
        self._began = time.time()
        self._under_way: set[str] = set()
        self._lock = threading.Lock()

    def jobs(self) -> Iterator[FetchJob]:
        """Yield what is new, due again, or failed in a way that may pass; without a state, everything."""
        # The news of an hour ago is of no use: whoever wants headlines wants today's.
        refresh = 0.0 if self._plan.refresh is None and self._plan.records == "headline" else self._plan.refresh
        for address in self._plan.addresses():
            if self._state is None:
                yield FetchJob(address)
                continue
            key = _key(address)
            with self._lock:
                row = self._state.row(key, self._plan.records)
                if key in self._under_way or (row is not None and row.checked_at >= self._began):
                    self._tally.left_out["named twice"] += 1
                    continue
                if row is not None and not row.is_due(refresh, self._began):
                    self._tally.left_out["fetched before" if row.result == OK else f"{row.result} before"] += 1
                    continue
                self._under_way.add(key)
            yield FetchJob(address, Known(row.final_url, row.etag, row.last_modified) if row is not None else Known())

    def done(self, job: FetchJob) -> None:
        """Note that an address has its row."""
        if self._state is None:
            return
        with self._lock:
            self._under_way.discard(_key(job.address))


def _cleaned(crew: Scheduler, cleaners: PageCleaner) -> Iterator[tuple[Fetched, Cleaned | None, bool]]:
    """Yield what was fetched with what cleaning made of it, in order; and whether another follows without waiting for the network."""
    under_way: deque[tuple[list[Fetched], Callable[[], list[Cleaned]]]] = deque()
    batch: list[Fetched] = []

    def submit() -> None:
        pages = [fetched.page for fetched in batch if fetched.page is not None]
        under_way.append((list(batch), cleaners.submit(pages)))
        batch.clear()

    def first() -> Iterator[tuple[Fetched, Cleaned | None, bool]]:
        done, results = under_way.popleft()
        cleaned = iter(results())
        for fetched in done:
            is_followed = fetched is not done[-1] or len(under_way) > 0 or crew.is_ready
            yield fetched, next(cleaned) if fetched.page is not None else None, is_followed

    for fetched in crew.results():
        batch.append(fetched)
        if len(batch) >= cleaners.batch or not crew.is_ready:
            submit()
        # What waits is handed on before anything that may take longer than cleaning does.
        while under_way and (not crew.is_ready or len(under_way) >= cleaners.at_once):
            yield from first()
    if batch:
        submit()
    while under_way:
        yield from first()


def _keep(
    fetched: Fetched,
    cleaned: Cleaned | None,
    *,
    plan: Plan,
    store: Store,
    tally: Counts,
    failures: Output | None,
    digests: Mapping[str, str],
) -> None:
    """Write what became of an address, count it, and note it in the state."""
    error = fetched.error or (cleaned.error if cleaned is not None else None)
    lines, keys = (cleaned.lines, cleaned.keys) if cleaned is not None else ([], [])
    if error is None and cleaned is not None and cleaned.kind == "unknown" and plan.unknown != "keep":
        lines, keys = [], []
        if plan.unknown == "fail":
            error = UnknownLayout("no layout fits the page; --unknown keep keeps it whole")
    written = store.add(lines, lambda: _row(fetched, error, plan.records, digests), keys)
    if error is not None:
        fail(fetched.job.address, fetched.url, error, tally, failures)
    elif cleaned is None:
        tally.left_out["unchanged"] += 1
    elif not lines:
        tally.left_out[UnknownLayout.code] += 1
    else:
        tally.kinds[cleaned.kind or "page"] += 1
        tally.warnings.update(cleaned.warnings)
        if cleaned.layout is not None:
            tally.layouts[cleaned.layout] += 1
            tally.digests[cleaned.layout] = digests[cleaned.layout]
        if plan.records == "headline":
            tally.headlines = (tally.headlines or 0) + written


def _row(fetched: Fetched, error: PageError | None, records: Records, digests: Mapping[str, str]) -> FetchedRow:
    return FetchedRow(
        address=_key(fetched.job.address),
        records=records,
        final_url=fetched.url,
        fetched_at=fetched.fetched_at,
        checked_at=time.time(),
        status=fetched.status,
        result=OK if error is None else error.code,
        is_passing=isinstance(error, FetchError) and error.is_transient,
        # Of a page that gave no record nothing is to be had by hearing that it has not changed.
        etag=fetched.etag if error is None else None,
        last_modified=fetched.last_modified if error is None else None,
        program=f"scraper/{__version__}",
        layouts=" ".join(f"{name}:{digest[:DIGITS]}" for name, digest in digests.items()),
    )


def _key(address: str) -> str:
    try:
        return prepare(address)
    except BadAddress:
        return address


def check_addresses(urls: list[str] | None, from_list: str | None) -> Callable[[], Iterable[str]]:
    """Return what yields the addresses, those of the command line first, or end with a usage error."""
    if not urls and from_list is None:
        raise typer.BadParameter("name an address, or a list of them with --from-list.", param_hint="URL")

    return lambda: chain(urls or [], read_list(from_list) if from_list is not None else ())


def check_headers(user_agent: str | None, given: list[str] | None) -> list[Header]:
    """Return the headers that go with each request, or end with a usage error."""
    headers: list[Header] = []
    for text in [f"User-Agent: {default_user_agent() if user_agent is None else user_agent}", *(given or [])]:
        name, colon, value = (part.strip() for part in text.partition(":"))
        is_ours = len(headers) > 0 and name.lower() == "user-agent"
        if not colon or not _TOKEN.fullmatch(name) or not value.isprintable() or is_ours:
            hint = "--user-agent" if not headers else "--header"
            said = "there is --user-agent for that." if is_ours else "write 'Name: value', on one line."
            raise typer.BadParameter(f"{text!r} is no header that can be sent; {said}", param_hint=hint)
        headers.append((name.encode("ascii"), value.encode("utf-8")))
    return headers


def default_user_agent() -> str:
    """Return what the program calls itself, and where to read about it: the project's page where it has one."""
    try:
        pages = [said.partition(", ")[2] for said in metadata("scraper").get_all("Project-URL") or []]
    except PackageNotFoundError:
        pages = []
    return f"scraper/{__version__} ({f'+{pages[0]}' if pages else 'archives press pages; see the README of the scraper project'})"
