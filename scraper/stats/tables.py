"""Statistics as tables, independent of their presentation.

Rows that are left out are counted in a note. The column that may contain Arabic comes last, because terminals with bidirectional
text also reorder the text after it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from heapq import nlargest
from typing import Final, Literal, NamedTuple, get_args

from scraper.records import KINDS_MEAN, WARNINGS_MEAN, PageKind
from scraper.stats.counting import Measure, Newspaper, Statistics, quantile
from scraper.text import plural

NOTHING: Final = "There are no page records."
"""Shown instead of tables if there are no records."""

_YEARS: Final = 40
"""The maximum rows of years; hostile records could have nine thousand."""
_SLUG: Final = 40
"""The maximum characters of a slug."""
_GAPS: Final = 3
"""The number of gaps listed per newspaper."""
_QUANTILES: Final = (("5%", 0.05, 2), ("25%", 0.25, 1), ("median", 0.5, 0), ("75%", 0.75, 1), ("95%", 0.95, 2))
"""Title, share and ``spare`` of each quantile."""


class Column(NamedTuple):
    """A column of a table."""

    title: str
    is_number: bool = False
    spare: int = 0
    """The order in which columns are dropped on narrow terminals: highest first; 0 is never dropped."""


class Table(NamedTuple):
    """A table of text cells."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    bars: Sequence[int] | None = None
    """The length of each row's bar, if the table has a chart with bars."""
    notes: Sequence[str] = ()
    shape: Literal["rows", "columns", "strips"] | None = None
    """The kind of chart: horizontal bars, columns, or strips on a time axis."""


MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""The titles of the columns of a grid."""


class Grid(NamedTuple):
    """Pages by year and month."""

    title: str
    rows: Sequence[tuple[int, Sequence[int]]]
    """Each year with the counts of its twelve months."""
    notes: Sequence[str] = ()
    shape: Literal["squares"] = "squares"


def tables_of(statistics: Statistics, top: int) -> list[Table | Grid]:
    """Return all tables below the overview.

    Args:
        statistics: the counts.
        top: the number of newspapers, languages and sites listed; the others are counted together.
    """
    pages = statistics.pages
    return [
        _counted("Kinds", "kind", pages, statistics.kinds.most_common(), meanings=KINDS_MEAN.items()),
        _counted("Languages", "language", pages, statistics.languages.most_common(), top, without="without a language"),
        _counted("Sites", "site", pages, statistics.sites.most_common(), top, without="whose address is not known"),
        _newspapers(statistics, top),
        _years(statistics),
        _months(statistics),
        _days(statistics, top),
        _article_lengths(statistics.lengths.get(("article", "characters"), Counter())),
        _counted("Warnings", "warning", pages, statistics.warnings.most_common(), meanings=WARNINGS_MEAN.items()),
        _kept(statistics),
        _removed(statistics, top),
        _lengths(statistics),
    ]


def number(count: int) -> str:
    """Return a number with thousands separators."""
    return f"{count:,}"


def share(part: int, whole: int) -> str:
    """Return a share in percent; smaller shares than 0.1 % are ``<0.1%``."""
    return f"{part / whole:.1%}" if part * 1000 >= whole or not part else "<0.1%"


def name_of(newspaper: Newspaper) -> str:
    """Return the printed name of a newspaper, or else its slug."""
    return newspaper.name or newspaper.slug or ""


def slug_of(newspaper: Newspaper, statistics: Statistics) -> str:
    """Return the slug of a newspaper; with several sites, the site comes first, because slugs are unique only per site."""
    site = f"{newspaper.site}/" if newspaper.site is not None and len(statistics.sites) > 1 else ""
    slug = f"{site}{newspaper.slug or ''}"
    return slug if len(slug) <= _SLUG else f"{slug[: _SLUG - 1]}\u2026"


def drawn_years(statistics: Statistics) -> tuple[list[int], list[int]]:
    """Return the years that get a row, consecutive if they are few, and the earlier years with pages that do not."""
    years = sorted({year for year, _ in statistics.months})
    if years and years[-1] - years[0] < _YEARS:
        return list(range(years[0], years[-1] + 1)), []
    return years[-_YEARS:], years[:-_YEARS]


def overview(statistics: Statistics) -> Table:
    """Return the table of totals."""
    rows = [
        (number(statistics.pages), "pages"),
        (number(len(statistics.newspapers)), "newspapers"),
        (number(statistics.nameless), "pages of no newspaper"),
        (number(statistics.undated), "pages without a date"),
        (number(statistics.textless), "pages without text"),
        (number(statistics.warned), "pages with a warning"),
        (number(statistics.total("words")), "words"),
        (number(statistics.total("characters")), "characters of text"),
        (number(statistics.kept.total()), "visible characters kept"),
        (number(statistics.removed_characters.total()), "visible characters removed"),
    ]
    if statistics.failures:
        rows.append((number(statistics.failures), "failures: lines that are no page records, and files that cannot be read"))
    return Table("Records", (Column("number", is_number=True), Column("of what")), rows)


def _counted(
    title: str,
    noun: str,
    pages: int,
    counts: Sequence[tuple[str | None, int]],
    top: int | None = None,
    *,
    meanings: Iterable[tuple[str, str]] = (),
    without: str = "",
) -> Table:
    """Return the table of pages by a property. Pages without it are counted in a note."""
    named = [(name, count) for name, count in counts if name is not None]
    shown = named[:top]
    unnamed = sum(count for name, count in counts if name is None)
    by_name: dict[str, str] = dict(meanings)
    meaning = [Column("meaning", spare=1)] if by_name else []
    return Table(
        title,
        (Column("pages", is_number=True), Column("share", is_number=True), Column(noun), *meaning),
        [(number(count), share(count, pages), name, *([by_name[name]] if by_name else [])) for name, count in shown],
        [count for _, count in shown],
        [*_more(named[len(shown) :], noun, pages), *_without(without, unnamed, pages)],
        "rows",
    )


def _more(left_out: Sequence[tuple[object, int]], noun: str, pages: int) -> list[str]:
    count = sum(count for _, count in left_out)
    if not left_out:
        return []
    return [f"and {number(len(left_out))} more {plural(len(left_out), noun)} with {_pages(count)} ({share(count, pages)})"]


def _newspapers(statistics: Statistics, top: int) -> Table:
    newspapers, pages = statistics.newspapers, statistics.pages
    shown = newspapers[:top]
    rows = [(number(paper.pages), share(paper.pages, pages), slug_of(paper, statistics), name_of(paper)) for paper in shown]
    bars = [paper.pages for paper in shown]
    columns = (Column("pages", is_number=True), Column("share", is_number=True), Column("slug", spare=1), Column("newspaper"))
    more = _more([(paper, paper.pages) for paper in newspapers[top:]], "newspaper", pages)
    return Table("Newspapers", columns, rows, bars, [*more, *_without("of no newspaper", statistics.nameless, pages)], "rows")


def _years(statistics: Statistics) -> Table:
    drawn, older = drawn_years(statistics)
    counts: Counter[int] = Counter()
    for (year, _), count in statistics.months.items():
        counts[year] += count
    rows = [(year_of(year), counts[year]) for year in drawn]
    return Table(
        "Years",
        (Column("pages", is_number=True), Column("share", is_number=True), Column("year")),
        [(number(count), share(count, statistics.pages), name) for name, count in rows],
        [count for _, count in rows],
        [*_older(older, sum(counts[year] for year in older)), *_without("without a date", statistics.undated, statistics.pages)],
        "columns",
    )


def year_of(year: int) -> str:
    """Return a year with four digits."""
    return f"{year:04}"


def _older(years: Sequence[int], pages: int) -> list[str]:
    if not years:
        return []
    span = f"{year_of(years[0])} to {year_of(years[-1])}"
    return [f"and {number(len(years))} earlier {plural(len(years), 'year')}, {span}, with {_pages(pages)}"]


def _months(statistics: Statistics) -> Grid:
    drawn, older = drawn_years(statistics)
    rows = [(year, [statistics.months[year, month] for month in range(1, 13)]) for year in drawn]
    left_out = sum(count for (year, _), count in statistics.months.items() if year in set(older))
    return Grid("Months", rows, [*_older(older, left_out), *_without("without a date", statistics.undated, statistics.pages)])


def _without(what: str, count: int, pages: int) -> list[str]:
    return [f"and {_pages(count)} {what} ({share(count, pages)})"] if count else []


def _days(statistics: Statistics, top: int) -> Table:
    dated = [newspaper for newspaper in statistics.newspapers if len(newspaper.days)]
    undated = len(statistics.newspapers) - len(dated)
    notes = ["a gap is a stretch of days between a newspaper's first and last day of which there is no page"] if dated else []
    if len(dated) > top:
        notes.append(f"and {number(len(dated) - top)} more {plural(len(dated) - top, 'newspaper')}")
    if undated:
        notes.append(f"and {number(undated)} {plural(undated, 'newspaper')} without a date")
    columns = (
        Column("days", is_number=True),
        Column("covered", is_number=True),
        Column("gaps", is_number=True, spare=1),
        Column("longest", is_number=True),
        Column("from", spare=2),
        Column("first day", spare=3),
        Column("last day", spare=3),
        Column("next longest", spare=5),
        Column("slug", spare=4),
        Column("newspaper"),
    )
    rows = [(*_day_cells(paper), slug_of(paper, statistics), name_of(paper)) for paper in dated[:top]]
    return Table("Days with pages, and gaps", columns, rows, notes=notes, shape="strips")


def _day_cells(newspaper: Newspaper) -> tuple[str, ...]:
    days = newspaper.days
    gaps = list(days.gaps())
    longest = nlargest(_GAPS, gaps, key=lambda gap: gap.days)
    return (
        number(len(days)),
        share(len(days), days.span),
        number(len(gaps)),
        *((number(longest[0].days), _day(longest[0].first)) if longest else ("", "")),
        _day(days.first),
        _day(days.last),
        ", ".join(f"{number(gap.days)} from {_day(gap.first)}" for gap in longest[1:]),
    )


def _day(day: date) -> str:
    return day.isoformat()


def _article_lengths(lengths: Counter[int]) -> Table:
    bins: Counter[int] = Counter()
    for length, pages in lengths.items():
        bins[_step(length)] += pages
    first, last = (min(bins), max(bins)) if bins else (0, -1)
    steps = [number for number in _steps(last) if number >= first]
    columns = (Column("articles", is_number=True), Column("share", is_number=True), Column("characters"))
    rows = [
        (number(bins[step]), share(bins[step], lengths.total()), f"{number(step)} to {number(_next(step) - 1)}") for step in steps
    ]
    return Table("Lengths of articles", columns, rows, [bins[step] for step in steps], shape="rows")


def _step(length: int) -> int:
    """Return the largest of 1, 2, 5, 10, 20, 50, ... that is at most ``length``."""
    power: int = 10 ** (len(str(length)) - 1)
    return power * max(first for first in (1, 2, 5) if first * power <= length)


def _next(step: int) -> int:
    return step * 5 // 2 if str(step)[0] == "2" else step * 2


def _steps(last: int) -> Iterator[int]:
    step = 1
    while step <= last:
        yield step
        step = _next(step)


def _lengths(statistics: Statistics) -> Table:
    columns = (
        Column("pages", is_number=True, spare=3),
        Column("shortest", is_number=True, spare=1),
        *(Column(title, is_number=True, spare=spare) for title, _, spare in _QUANTILES),
        Column("longest", is_number=True),
        Column("of"),
    )
    rows = []
    for kind in get_args(PageKind):
        for measure in get_args(Measure):
            lengths = statistics.lengths.get((kind, measure))
            if lengths:
                values = [min(lengths), *(quantile(lengths, part) for _, part, _ in _QUANTILES), max(lengths)]
                rows.append((number(lengths.total()), *map(number, values), f"{measure}, {kind}"))
    return Table("Lengths of texts", columns, rows, notes=_without("without text", statistics.textless, statistics.pages))


def _kept(statistics: Statistics) -> Table:
    kept = statistics.kept_by_field.items()
    columns = (Column("characters", is_number=True), Column("share", is_number=True), Column("kept in"))
    rows = [(number(count), share(count, statistics.shown), field) for field, count in kept]
    return Table("Kept", columns, rows, [count for _, count in kept], shape="rows")


def _removed(statistics: Statistics, top: int) -> Table:
    removed, shown = statistics.removed_by_rule, statistics.shown
    rows = [
        (number(rule.characters), share(rule.characters, shown), number(rule.pages), number(rule.pieces), rule.rule)
        for rule in removed[:top]
    ]
    columns = (
        Column("characters", is_number=True),
        Column("share", is_number=True),
        Column("pages", is_number=True, spare=1),
        Column("pieces", is_number=True, spare=2),
        Column("rule"),
    )
    notes = []
    if left_out := removed[top:]:
        count = sum(rule.characters for rule in left_out)
        notes.append(
            f"and {number(len(left_out))} more {plural(len(left_out), 'rule')} with {number(count)} characters ({share(count, shown)})"
        )
    if removed:
        notes.append("shares are of all visible characters of the pages; kept and removed add up to them")
    notes += _without("whose records do not have the key removed", statistics.without_removed, statistics.pages)
    return Table("Removed", columns, rows, [rule.characters for rule in removed[:top]], notes, "rows")


def _pages(count: int) -> str:
    return f"{number(count)} {plural(count, 'page')}"
