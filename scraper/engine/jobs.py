"""What a run does with each item, in whichever process: clean it, filter it, and make lines of its record."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol

import msgspec

from scraper.defaults import PAGE_TIMEOUT
from scraper.engine.counts import PageCount
from scraper.engine.time_limit import TimeLimit
from scraper.errors import EmptyInput, NoHeadlines, NotText, PageError, UnknownLayout, map_unexpected_errors
from scraper.extract.cleaning import Outcome, clean
from scraper.extract.links import Links
from scraper.extract.record_builder import headline_records
from scraper.layouts import Layout, choose_layouts
from scraper.models import Decoding, Document, Page
from scraper.output.dedup import headline_key, page_digests
from scraper.records import FailureRecord, Keys, PageRecord, to_json_line
from scraper.sources import Failed, Item, ReadOptions, Skipped

if TYPE_CHECKING:
    from scraper.output.partitions import Pattern

Lines = Callable[[Outcome], Iterable[bytes]]
Unknown = Literal["keep", "skip", "fail"]
"""What is done with a page of no known layout."""

FEED: Final = "feed"
"""The reason for which feeds and sitemaps are left out of the output of a crawl: they are not pages."""

time_limit_of: Final = cache(TimeLimit)
"""Returns the time limit for a number of seconds; each process has one."""
layouts_of: Final = cache(choose_layouts)
"""The built-in layouts and those of a directory, loaded once in each process."""


class Filters(NamedTuple):
    """What a record must be to be written. Empty or None: anything."""

    kinds: frozenset[str] = frozenset()
    langs: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    newspapers: frozenset[str] = frozenset()
    """Slugs of newspapers."""
    since: str | None = None
    """The first day, ``YYYY-MM-DD``."""
    until: str | None = None
    """The last day."""

    @property
    def refuses_unknown(self) -> bool:
        """Whether the filters refuse all pages of unknown layout, which have no language, newspaper or date."""
        is_known_kind = bool(self.kinds) and "unknown" not in self.kinds
        return is_known_kind or bool(self.langs or self.newspapers or self.since or self.until)

    def treatment_of_unknown(self, unknown: Unknown) -> Unknown:
        """Return what is done with pages of no known layout: they are skipped if the filters refuse all of them."""
        return "skip" if unknown == "keep" and self.refuses_unknown else unknown

    def skip_reason(self, record: PageRecord) -> str | None:
        """Return why a record is left out, as a word for the summary; None if it is written."""
        for name, value, wanted in (
            ("kind", record.kind, self.kinds),
            ("lang", record.lang, self.langs),
            ("site", record.site, self.sites),
            ("newspaper", record.newspaper_slug, self.newspapers),
        ):
            if wanted and value not in wanted:
                return f"no-{name}" if value is None else f"other-{name}"
        if self.since is None and self.until is None:
            return None
        if record.date is None:
            return "no-date"
        is_before = self.since is not None and record.date < self.since
        is_after = self.until is not None and record.date > self.until
        return "other-date" if is_before or is_after else None


class Job(NamedTuple):
    """What a run does with each item. It can be sent to another process."""

    options: ReadOptions
    unknown: Unknown
    lines: Lines
    """Makes the lines of a page: a function of a module, or a partial of one."""
    skip: Collection[tuple[int, int]] = ()
    """Files that are not inputs, as device and inode. The run may add more."""
    layouts: Path | None = None
    """The directory of layouts that the user named."""
    writes_spans: bool = False
    """Whether to write the label of every piece of a page."""
    filters: Filters = Filters()
    needs_digests: bool = False
    """Whether the sink needs the digests of a page, for dedup."""
    flush: Callable[[], bytes] = bytes
    """Returns the lines that ``lines`` has held back."""
    target: Callable[[PageRecord], str] | None = None
    """Names the output of a page, where a pattern gives many."""
    keys: Callable[[Outcome], Sequence[str]] | None = None
    """Makes a key for each line, by which a later run recognises it."""
    links: Callable[[Outcome], Links] | None = None
    """Finds the links of a page, for a crawl."""
    page_timeout: float | None = None
    """Seconds that cleaning a page may take."""
    counts_characters: bool = True
    """Whether to count what is kept and removed of the pages."""


class RunOptions(NamedTuple):
    """What a user chooses for the pages of a run, on a command line or in a Python program."""

    reading: ReadOptions = ReadOptions()
    filters: Filters = Filters()
    unknown: Unknown = "keep"
    keys: Keys = ()
    """The keys of a line, each with the attribute of the record; all, if empty."""
    layouts: Path | None = None
    """A directory of layout files to use as well."""
    dedup: bool = False
    """Whether to leave out pages that repeat an earlier one."""
    page_timeout: float | None = PAGE_TIMEOUT
    """Seconds that cleaning a page may take."""

    def job(
        self,
        lines: Callable[..., Iterable[bytes]],
        *,
        pattern: "Pattern | None" = None,
        writes_spans: bool = False,
        counts_characters: bool = True,
    ) -> Job:
        """Return the job of the run.

        Args:
            lines: makes the lines of an outcome, with the argument ``keys``: a function of a module.
            pattern: the pattern of the records, if they have one.
            writes_spans: whether to write the label of every piece of a page.
            counts_characters: whether to count what is kept and removed of the pages.
        """
        return Job(
            self.reading,
            self.filters.treatment_of_unknown(self.unknown),
            partial(lines, keys=self.keys),
            layouts=self.layouts,
            writes_spans=writes_spans,
            filters=self.filters,
            needs_digests=self.dedup,
            target=pattern.of if pattern is not None else None,
            page_timeout=self.page_timeout,
            counts_characters=counts_characters,
        )


class PageResult(msgspec.Struct, array_like=True, frozen=True):
    """What the sink needs to know of a page besides its lines."""

    count: PageCount
    url: bytes | None = None
    """The digest of its address, if it has one and digests are needed."""
    text: bytes | None = None
    """The digest of its title and text."""
    target: str | None = None
    """Its output, where a pattern gives many."""


class ItemResult(msgspec.Struct, array_like=True):
    """What became of an item: lines and a result, a reason why it was left out, or a failure; or lines that were held back."""

    lines: bytes = b""
    spans: bytes = b""
    page: PageResult | None = None
    left_out: str | None = None
    failure: FailureRecord | None = None
    is_skipped: bool = False
    """Whether the item was left out before it was read."""
    keys: Sequence[str] = ()
    """One for each line, if the job makes keys."""
    links: Links = {}
    """Links to follow, if the job finds them."""


class Sink(Protocol):
    """Where results go, in the order of the input."""

    def take(self, result: ItemResult, /) -> None:
        """Take what became of an item, and count it."""

    def end_task(self) -> None:
        """Note that all results of a task were taken."""


def page_lines(outcome: Outcome, keys: Keys = ()) -> list[bytes]:
    """Return the page record as a line."""
    return [to_json_line(outcome.record, keys)]


def headline_lines(outcome: Outcome, keys: Keys = ()) -> list[bytes]:
    """Return a line for each headline."""
    return [to_json_line(record, keys) for record in headline_records(outcome.record, outcome.layout)]


def ticker_lines(outcome: Outcome, keys: Keys = ()) -> list[bytes]:
    """Return a line for each headline.

    Raises:
        NoHeadlines: if there is none.
    """
    record = outcome.record
    if not record.headlines:
        lost = "the separators of its headlines are missing" if "ticker-not-split" in record.warnings else "there is no ticker"
        raise NoHeadlines(f"no headline can be read from the page: {lost}; look at it without --ticker-only")
    return headline_lines(outcome, keys)


def ticker_keys(outcome: Outcome) -> list[str]:
    """Return for each headline what makes it the same as one of another page."""
    return [headline_key(row.site, row.url, row.headline) for row in headline_records(outcome.record, outcome.layout)]


def clean_item(job: Job, item: Item) -> ItemResult:
    """Clean an item, filter its record, and make its lines. Whatever goes wrong is in what is returned."""
    if isinstance(item, Skipped):
        return _skipped(item)
    links: Links = {}
    try:
        with map_unexpected_errors("page"), time_limit_of(job.page_timeout):
            if job.links is not None and (feed := _read_feed(item)) is not None:
                return ItemResult(left_out=FEED, links=feed)
            outcome = _clean(item, layouts_of(job.layouts), known_only=job.unknown != "keep")
            links = job.links(outcome) if job.links is not None else {}
            skip_reason = job.filters.skip_reason(outcome.record)
            result = ItemResult(left_out=skip_reason) if skip_reason is not None else _cleaned(job, outcome)
    except PageError as error:
        result = _without_record(item, error, job.unknown)
    result.links = links
    return result


def _read_feed(item: Item) -> Links | None:
    """Return the links of a feed or sitemap; None if the item is a page."""
    from scraper.fetch.feeds import is_feed, read_feed  # the package of the live web, which only a crawl needs

    if not isinstance(item, Page) or not is_feed(item.octets):
        return None
    feed = read_feed(item.octets, item.url or "")
    return {"story": feed.pages, "sitemap": feed.sitemaps}


def _cleaned(job: Job, outcome: Outcome) -> ItemResult:
    spans = b""
    if job.writes_spans:
        from scraper.explain import pieces_of, to_line  # few runs need it

        spans = b"".join(map(to_line, pieces_of(outcome, keyed=True)))
    digests = page_digests(outcome.record) if job.needs_digests else (None, None)
    target = job.target(outcome.record) if job.target is not None else None
    page = PageResult(page_count(outcome, counts_characters=job.counts_characters), *digests, target)
    return ItemResult(b"".join(job.lines(outcome)), spans, page, keys=job.keys(outcome) if job.keys is not None else ())


def clean_items(job: Job, items: Iterable[Item]) -> Iterator[ItemResult]:
    """Clean items one after the other, and yield what became of each, and then the lines that were held back."""
    for item in items:
        yield clean_item(job, item)
    if lines := job.flush():
        yield ItemResult(lines)


def failed(item: Item, error: PageError) -> ItemResult:
    """Return what became of an item that failed."""
    url = item.url if isinstance(item, Page) else None
    return ItemResult(failure=FailureRecord(input=item.input, url=url, code=error.code, message=str(error)))


def page_count(outcome: Outcome, *, counts_characters: bool = False) -> PageCount:
    """Return what is counted of a page."""
    digest = outcome.layout.digest if outcome.layout is not None else None
    return PageCount.of(outcome.record, digest, counts_characters=counts_characters)


def outcome_of(item: Item, layouts: Sequence[Layout]) -> Outcome | ItemResult:
    """Clean an item. Return what became of it, if it is left out or fails."""
    if isinstance(item, Skipped):
        return _skipped(item)
    try:
        with map_unexpected_errors("page"):
            return _clean(item, layouts, known_only=False)
    except PageError as error:
        return _without_record(item, error, "keep")


def _clean(item: Page | PageRecord | Failed, layouts: Sequence[Layout], *, known_only: bool) -> Outcome:
    if isinstance(item, Page):
        return clean(item, layouts, known_only=known_only)
    if isinstance(item, Failed):
        raise item.error
    return _outcome_of_record(item, layouts)


def _outcome_of_record(record: PageRecord, layouts: Sequence[Layout]) -> Outcome:
    """Return an outcome for a page that only its record describes."""
    layout = next((layout for layout in layouts if layout.name == record.layout), None)
    document = Document(form="text", text="", blocks=())
    return Outcome(record=record, document=document, claimed=(), decoding=Decoding("utf-8", "strict"), layout=layout, evidence=())


def _skipped(item: Skipped) -> ItemResult:
    return ItemResult(left_out=item.reason, is_skipped=True)


def _without_record(item: Item, error: PageError, unknown: Unknown) -> ItemResult:
    return ItemResult(left_out=error.code) if _is_left_out(error, item, unknown) else failed(item, error)


def _is_left_out(error: PageError, item: Item, unknown: Unknown) -> bool:
    """Return True if an item without a record is left out, not reported as a failure: the user did not name it, or does not want it."""
    if isinstance(error, UnknownLayout):
        return unknown == "skip"
    return isinstance(error, EmptyInput | NotText) and not (isinstance(item, Page | Failed) and item.is_named)
