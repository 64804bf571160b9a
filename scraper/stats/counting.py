"""Counts of page records, in one pass, and their JSON. Memory grows with newspapers, months and lengths, not with pages."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple, get_args

from msgspec import Struct, json

from scraper.extract.audit import CharacterCounts, kept_in
from scraper.records import Headline, Lang, PageKind, Removed, Teaser, Warning_

Measure = Literal["characters", "words", "paragraphs"]
_MEASURES: Final[tuple[Measure, ...]] = get_args(Measure)

_BLOCK: Final = 512
"""Days per bit set: few integers, and no long integer because of a single distant day."""


class Gap(NamedTuple):
    """Consecutive missing days."""

    first: dt.date
    days: int


class Days:
    """A set of days, in a few bytes per year."""

    def __init__(self) -> None:
        self._blocks: dict[int, int] = {}

    def add(self, day: dt.date) -> None:
        """Add a day."""
        block, bit = divmod(day.toordinal(), _BLOCK)
        self._blocks[block] = self._blocks.get(block, 0) | 1 << bit

    def __len__(self) -> int:
        return sum(bits.bit_count() for bits in self._blocks.values())

    def __iter__(self) -> Iterator[dt.date]:
        """Yield the days in order."""
        for block, bits in sorted(self._blocks.items()):
            remaining = bits
            while remaining:
                lowest = remaining & -remaining
                yield dt.date.fromordinal(block * _BLOCK + lowest.bit_length() - 1)
                remaining ^= lowest

    @property
    def first(self) -> dt.date:
        """The first day. There must be one."""
        return next(iter(self))

    @property
    def last(self) -> dt.date:
        """The last day. There must be one."""
        block, bits = max(self._blocks.items())
        return dt.date.fromordinal(block * _BLOCK + bits.bit_length() - 1)

    @property
    def span(self) -> int:
        """The number of days from the first to the last, inclusive."""
        return self.last.toordinal() - self.first.toordinal() + 1 if self._blocks else 0

    def gaps(self) -> Iterator[Gap]:
        """Yield the gaps between the first day and the last."""
        previous: int | None = None
        for day in self:
            ordinal = day.toordinal()
            if previous is not None and ordinal > previous + 1:
                yield Gap(dt.date.fromordinal(previous + 1), ordinal - previous - 1)
            previous = ordinal


class RecordSummary(Struct, gc=False, rename={"schema_version": "schema"}):
    """The fields of a page record that are counted. ``kind`` and ``text`` are required; the others may be missing."""

    kind: PageKind
    text: str
    schema_version: Literal[1] = 1
    site: str | None = None
    lang: Lang | None = None
    title: str | None = None
    newspaper: str | None = None
    newspaper_slug: str | None = None
    date: dt.date | None = None
    headlines: list[Headline] = []
    teasers: list[Teaser] = []
    removed: list[Removed] | None = None
    warnings: list[Warning_] = []


class Newspaper:
    """The pages and days of a newspaper."""

    def __init__(self, site: str | None, slug: str | None) -> None:
        self.site = site
        self.slug = slug
        self.name: str | None = None
        """The printed name on the first page that has one."""
        self.pages = 0
        self.days = Days()
        """The days with at least one page."""


_MOST_NAME: Final = 200
"""Characters of a name that are kept."""


class Statistics(CharacterCounts):
    """The counts of page records."""

    def __init__(self) -> None:
        super().__init__()
        self.pages = 0
        self.failures = 0
        """Lines that are not page records, and files that could not be read."""
        self.kinds: Counter[str] = Counter()
        self.languages: Counter[str | None] = Counter()
        self.sites: Counter[str | None] = Counter()
        self.warnings: Counter[str] = Counter()
        self.warned = 0
        """Pages with at least one warning."""
        self.months: Counter[tuple[int, int]] = Counter()
        """Pages by year and month of publication."""
        self.nameless = 0
        """Pages without a newspaper."""
        self.textless = 0
        """Pages without text."""
        self.without_removed = 0
        """Pages whose records do not list the removed text, because the user chose their keys."""
        # The number of distinct lengths is bounded in practice: a million distinct lengths need 500 GB of text.
        self.lengths: dict[tuple[PageKind, Measure], Counter[int]] = {}
        """Pages by the length of their text, without empty ones."""
        self._newspapers: dict[tuple[str | None, str | None, str | None], Newspaper] = {}

    def add(self, record: RecordSummary) -> None:
        """Count a page."""
        self.pages += 1
        self.kinds[record.kind] += 1
        self.languages[record.lang] += 1
        self.sites[record.site] += 1
        if record.warnings:
            self.warned += 1
            self.warnings.update(record.warnings)
        if record.date is not None:
            self.months[record.date.year, record.date.month] += 1
        self.add_characters(kept_in(record), record.removed or ())
        self.without_removed += record.removed is None
        self._add_newspaper(record)
        self._add_text(record.kind, record.text)

    def _add_newspaper(self, record: RecordSummary) -> None:
        slug, name = record.newspaper_slug, record.newspaper
        if not slug and not name:
            self.nameless += 1
            return
        # The slug identifies a newspaper; its printed name changes over the years.
        key = (record.site, slug, None if slug else name)
        newspaper = self._newspapers.get(key)
        if newspaper is None:
            newspaper = self._newspapers[key] = Newspaper(record.site, slug)
        newspaper.pages += 1
        if newspaper.name is None and name:
            newspaper.name = name[:_MOST_NAME]
        if record.date is not None:
            newspaper.days.add(record.date)

    def _add_text(self, kind: PageKind, text: str) -> None:
        if not text:
            self.textless += 1
            return
        # The text of a record has single spaces between words and an empty line between paragraphs.
        paragraphs = text.count("\n\n") + 1
        words = text.count(" ") + paragraphs
        if (kind, _MEASURES[0]) not in self.lengths:
            self.lengths |= {(kind, measure): Counter() for measure in _MEASURES}
        for measure, length in zip(_MEASURES, (len(text), words, paragraphs), strict=True):
            self.lengths[kind, measure][length] += 1

    @property
    def undated(self) -> int:
        """Pages without a date."""
        return self.pages - sum(self.months.values())

    @property
    def newspapers(self) -> list[Newspaper]:
        """The newspapers by number of pages, descending; equal ones in order of appearance."""
        return sorted(self._newspapers.values(), key=lambda newspaper: -newspaper.pages)

    @property
    def shown(self) -> int:
        """The visible characters of all pages."""
        return self.kept.total() + self.removed_characters.total()

    def total(self, measure: Measure) -> int:
        """Return the total length of all texts."""
        return sum(
            length * pages for (_, unit), lengths in self.lengths.items() if unit == measure for length, pages in lengths.items()
        )


def quantile(lengths: Counter[int], share: float) -> int:
    """Return the smallest length that at least this share of pages does not exceed. There must be a page."""
    wanted, count = share * lengths.total(), 0
    for length in sorted(lengths):
        count += lengths[length]
        if count >= wanted:
            return length
    return max(lengths)


def to_json(statistics: Statistics) -> bytes:
    """Return all counts as a JSON object with a line end."""
    summary = {
        "pages": statistics.pages,
        "failures": statistics.failures,
        "words": statistics.total("words"),
        "characters": statistics.total("characters"),
        "without": {
            "language": statistics.languages[None],
            "site": statistics.sites[None],
            "newspaper": statistics.nameless,
            "date": statistics.undated,
            "text": statistics.textless,
            "removed": statistics.without_removed,
        },
        "kinds": _sorted(statistics.kinds),
        "languages": _sorted(statistics.languages),
        "sites": _sorted(statistics.sites),
        "newspapers": list(map(_newspaper, statistics.newspapers)),
        "months": {f"{year:04}-{month:02}": count for (year, month), count in sorted(statistics.months.items())},
        "with_warnings": statistics.warned,
        "warnings": _sorted(statistics.warnings),
        "lengths": _lengths(statistics),
        "kept": statistics.kept_by_field,
        "removed": statistics.removed_by_rule,
    }
    return json.format(json.encode(summary), indent=2) + b"\n"


def _sorted(counts: Mapping[str, int] | Mapping[str | None, int]) -> dict[str, int]:
    return {name: count for name, count in Counter(counts).most_common() if name is not None}


def _newspaper(newspaper: Newspaper) -> dict[str, Any]:
    days = newspaper.days
    return {
        "site": newspaper.site,
        "slug": newspaper.slug,
        "name": newspaper.name,
        "pages": newspaper.pages,
        "days": len(days),
        "first_day": days.first if len(days) else None,
        "last_day": days.last if len(days) else None,
        "gaps": [{"first": gap.first, "days": gap.days} for gap in days.gaps()],
    }


_QUANTILES: Final = {"p05": 0.05, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95}


def _lengths(statistics: Statistics) -> list[dict[str, Any]]:
    return [
        {
            "kind": kind,
            "of": measure,
            "pages": lengths.total(),
            "shortest": min(lengths),
            **{name: quantile(lengths, part) for name, part in _QUANTILES.items()},
            "longest": max(lengths),
        }
        for kind in get_args(PageKind)
        for measure in get_args(Measure)
        if (lengths := statistics.lengths.get((kind, measure)))
    ]
