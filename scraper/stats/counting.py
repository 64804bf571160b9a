"""Counts of page records, in one pass. They take memory for each newspaper, month and length, and none for each page."""

import datetime as dt
from collections import Counter
from typing import Final, Literal, get_args

from msgspec import Struct

from scraper.records import Kind, Lang, Warning_
from scraper.stats.days import Days

Measure = Literal["characters", "words", "paragraphs"]
_MEASURES: Final[tuple[Measure, ...]] = get_args(Measure)


class RecordSummary(Struct, gc=False, rename={"schema_version": "schema"}):
    """What is counted of a page record. A record must say what kind of page it is and have its text; the rest may be missing."""

    kind: Kind
    text: str
    schema_version: Literal[1] = 1
    site: str | None = None
    lang: Lang | None = None
    newspaper: str | None = None
    newspaper_slug: str | None = None
    date: dt.date | None = None
    warnings: list[Warning_] = []


class Newspaper:
    """What there is of a newspaper."""

    def __init__(self, site: str | None, slug: str | None) -> None:
        self.site = site
        self.slug = slug
        self.name: str | None = None
        """As the first page prints it that does."""
        self.pages = 0
        self.days = Days()
        """The days of which there is a page."""


_MOST_NAME: Final = 200
"""Characters of a name that are kept."""


class Statistics:
    """What is in many page records."""

    def __init__(self) -> None:
        self.pages = 0
        self.failures = 0
        """Lines that are no page records, and files that could not be read."""
        self.kinds: Counter[str] = Counter()
        self.languages: Counter[str | None] = Counter()
        self.sites: Counter[str | None] = Counter()
        self.warnings: Counter[str] = Counter()
        self.warned = 0
        """Pages that have a warning."""
        self.months: Counter[tuple[int, int]] = Counter()
        """Pages by year and month of publication."""
        self.nameless = 0
        """Pages of no newspaper."""
        self.textless = 0
        """Pages without text."""
        # Texts of so many different lengths would have to be long together: a million lengths need 500 GB.
        self.lengths: dict[tuple[Kind, Measure], Counter[int]] = {}
        """Pages with text by its length."""
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
        self._add_newspaper(record)
        self._add_text(record.kind, record.text)

    def _add_newspaper(self, record: RecordSummary) -> None:
        slug, name = record.newspaper_slug, record.newspaper
        if not slug and not name:
            self.nameless += 1
            return
        # The slug is the newspaper's own; how its name is printed changes over the years.
        key = (record.site, slug, None if slug else name)
        newspaper = self._newspapers.get(key)
        if newspaper is None:
            newspaper = self._newspapers[key] = Newspaper(record.site, slug)
        newspaper.pages += 1
        if newspaper.name is None and name:
            newspaper.name = name[:_MOST_NAME]
        if record.date is not None:
            newspaper.days.add(record.date)

    def _add_text(self, kind: Kind, text: str) -> None:
        if not text:
            self.textless += 1
            return
        # White space in the text of a record is a single space, or an empty line between paragraphs.
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
        """The newspapers, those with the most pages first; of two with as many, the one that was met first."""
        return sorted(self._newspapers.values(), key=lambda newspaper: -newspaper.pages)

    def total(self, measure: Measure) -> int:
        """Return how long all texts are together."""
        return sum(
            length * pages for (_, what), lengths in self.lengths.items() if what == measure for length, pages in lengths.items()
        )


def quantile(lengths: Counter[int], share: float) -> int:
    """Return the smallest length of which this share of pages is no longer. There must be a page."""
    wanted, seen = share * lengths.total(), 0
    for length in sorted(lengths):
        seen += lengths[length]
        if seen >= wanted:
            return length
    return max(lengths)
