"""Statistics as an HTML page: charts, each with its numbers below.

Vega-Lite draws the charts as SVG. Their labels are text, which the browser shapes, so that Arabic is shown correctly. Their colours are
variables of the page's style sheet, so that they follow its dark mode. Vega-Lite is slow to start, so only runs that make such a page
import this module.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any, Final

import vl_convert

from scraper.markup import Markup, join, style_sheet, tag, to_page
from scraper.stats.counting import Newspaper, Statistics
from scraper.stats.tables import MONTHS, NOTHING, Grid, Table, name_of, number, overview, slug_of, tables_of, year_of
from scraper.text import shown

_INPUTS: Final = 3
"""Inputs named in the title."""
_KEYS: Final = {
    "squares": "The stronger the colour of a month, the more pages it has.",
    "strips": "A strip goes from a newspaper's first day to its last: blue where days have pages, the stronger the more of them do.",
}
"""How to read charts that need an explanation, by shape."""
_WIDTH: Final = 320
"""The width of a narrow phone; on wider screens the chart is scaled up."""
_ROW: Final = 34
_NAME_ROW: Final = 50
"""The height of a row with a line below its name."""
_MOST_ROWS: Final = 50
"""The maximum rows of a chart; the table below it has all rows."""
_LONGEST_NAME: Final = 60
"""Characters of a name passed to the chart, which shortens it further to fit."""
_NO_SLUG: Final = "no slug"
"""Shown below the name of a newspaper without a slug: with an empty line there, the bar seems to belong to the next row."""
_NAME: Final = 200
_COLUMN: Final = 180
_CELL: Final = 20
_BINS: Final = (1, 3, 12, 60, 240, 1200)
"""Months per bin of a strip: the smallest is used that gives no more than ``_MOST_BINS`` bins."""
_MOST_BINS: Final = 120
_LEVELS: Final = 4
_STEPS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)
"""Years between two labels of a time axis: the smallest is used that gives no more than ``_MOST_LABELS`` labels."""
_MOST_LABELS: Final = 6

_TEXT: Final = {"type": "text", "baseline": "bottom", "fontSize": 13, "fill": "var(--ink)", "aria": False}
_AXIS: Final = {"title": None, "grid": False, "ticks": False, "domain": False, "labelOverlap": "greedy", "labelSeparation": 10}
_CONFIG: Final = {
    "background": None,
    "view": {"stroke": None},
    "font": "sans-serif",  # for measuring text; the style sheet sets another
    "axis": {"labelColor": "var(--faint)", "labelFontSize": 12, "labelLimit": 0, "domainColor": "var(--line)"},
}


def to_html(statistics: Statistics, inputs: Sequence[str], top: int) -> str:
    """Return statistics as an HTML document.

    Args:
        statistics: the counts.
        inputs: the names of the inputs.
        top: the number of newspapers, languages and sites listed.
    """
    names = ", ".join(shown(name) for name in inputs[:_INPUTS])
    title = names if len(inputs) <= _INPUTS else f"{names} and {number(len(inputs) - _INPUTS)} more"
    head = tag(
        "header",
        tag("p", "scraper stats: what is in these page records", class_="brand"),
        tag("h1", title, dir="auto"),
        tag("dl", *(tag("div", tag("dt", row[1]), tag("dd", row[0])) for row in overview(statistics).rows), class_="tiles"),
    )
    cards = [_card(table, _picture(table, statistics, top)) for table in tables_of(statistics, top)] if statistics.pages else []
    return to_page(
        f"{title} \u00b7 scraper stats",
        style_sheet("stats"),
        tag("body", head, tag("main", *cards or [tag("p", NOTHING)], class_="charts")),
    )


def _picture(table: Table | Grid, statistics: Statistics, top: int) -> Markup | None:
    if not table.rows:
        return None
    if isinstance(table, Grid):
        return _squares(table)
    if table.shape == "strips":
        newspapers = [newspaper for newspaper in statistics.newspapers if len(newspaper.days)][:top]
        return _strips(newspapers, [slug_of(newspaper, statistics) for newspaper in newspapers])
    return {"rows": _rows, "columns": _columns}[table.shape](table) if table.shape is not None else None


def _card(table: Table | Grid, picture: Markup | None) -> Markup:
    numbers = _numbers(table) if table.rows else tag("p", "none", class_="none")
    if picture is not None:
        picture = join(picture, *([tag("p", _KEYS[table.shape], class_="note")] if table.shape in _KEYS else []))
        numbers = tag("details", tag("summary", "Numbers"), numbers)
    if table.shape in ("rows", "strips") and len(table.rows) > _MOST_ROWS:
        picture = join(
            picture or "", tag("p", f"the picture shows the first {_MOST_ROWS} of {number(len(table.rows))}", class_="note")
        )
    notes = [tag("p", note, class_="note") for note in table.notes]
    children = [tag("h2", table.title), *([picture] if picture is not None else []), *notes, numbers]
    return tag(
        "section", *children, class_="card" if picture is not None or not table.rows else "card wide", aria_label=table.title
    )


def _numbers(table: Table | Grid) -> Markup:
    """Return an HTML table whose first column is the name of each row."""
    if isinstance(table, Grid):
        titles = [("year", False), *((month, True) for month in MONTHS)]
        rows = [(year_of(year), *(number(count) if count else "\u00b7" for count in months)) for year, months in table.rows]
    else:
        name = max(place for place, column in enumerate(table.columns) if not column.spare)
        order = [name, *(place for place in range(len(table.columns)) if place != name)]
        titles = [(table.columns[place].title, table.columns[place].is_number) for place in order]
        rows = [tuple(cells[place] for place in order) for cells in table.rows]
    head = tag("tr", *(tag("th", title, scope="col", class_="number" if is_number else "word") for title, is_number in titles))
    body = [
        tag(
            "tr",
            tag("th", shown(cells[0]), scope="row", dir="auto"),
            *(
                tag("td", shown(cell), class_="number" if is_number else "word")
                for cell, (_, is_number) in zip(cells[1:], titles[1:], strict=True)
            ),
        )
        for cells in rows
    ]
    return tag(
        "div",
        tag("table", tag("thead", head), tag("tbody", *body)),
        class_="numbers",
        tabindex="0",
        role="region",
        aria_label=f"{table.title} in numbers",
    )


def _draw(spec: Mapping[str, Any]) -> Markup:
    """Return a Vega-Lite specification as SVG. The specification cannot load anything."""
    full_spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "config": _CONFIG,
        "padding": 0,
        "width": _WIDTH,
        **spec,
    }
    svg: str = vl_convert.vegalite_to_svg(full_spec, allowed_base_urls=[])
    return Markup(svg)


def _rows(table: Table) -> Markup:
    """Return a chart with a bar for each row of a table, below its name, number and slug, if there is one."""
    titles = [column.title for column in table.columns]
    name = max(place for place, column in enumerate(table.columns) if not column.spare)
    slug = titles.index("slug") if "slug" in titles else None
    lines = [
        {
            "row": at,
            "name": _cut(cells[name]),
            "label": f"{cells[0]}  ({cells[1]})",
            "pages": length,
            "slug": "" if slug is None else _cut(cells[slug] or _NO_SLUG),
        }
        for at, (cells, length) in enumerate(zip(table.rows[:_MOST_ROWS], table.bars or (), strict=False))
    ]
    x = {"field": "pages", "type": "quantitative", "axis": None, "scale": {"domainMin": 0, "nice": False}}
    tooltip = {"description": {"field": "name", "type": "nominal"}}
    return _draw(
        {
            **_row_axis(_ROW if slug is None else _NAME_ROW),
            "data": {"values": lines},
            "layer": [
                {
                    "mark": {
                        "type": "bar",
                        "height": 7,
                        "yOffset": 10 if slug is None else 15,
                        "color": "var(--body)",
                        "cornerRadius": 2,
                    },
                    "encoding": {"x": x, **tooltip},
                },
                *_captions(has_slug=slug is not None),
            ],
        }
    )


def _row_axis(height: int) -> dict[str, Any]:
    """Return the part of a specification that places rows of a height below each other."""
    y = {"field": "row", "type": "ordinal", "axis": None, "scale": {"paddingInner": 0, "paddingOuter": 0}}
    return {"height": {"step": height}, "encoding": {"y": y}}


def _captions(*, has_slug: bool) -> list[dict[str, Any]]:
    """Return the layers of text above the bar of each row: its name, its label at the right, and its slug below."""
    dy = -7 if has_slug else 2
    left, right = {**_TEXT, "align": "left", "x": 0}, {**_TEXT, "align": "right", "x": _WIDTH, "fill": "var(--faint)"}
    slug = {"mark": {**left, "dy": 9, "fontSize": 11, "fill": "var(--faint)"}, "encoding": {"text": {"field": "slug"}}}
    return [
        {"mark": {**left, "dy": dy, "limit": _NAME}, "encoding": {"text": {"field": "name"}}},
        {"mark": {**right, "dy": dy}, "encoding": {"text": {"field": "label"}}},
        *([slug] if has_slug else []),
    ]


def _columns(table: Table) -> Markup:
    """Return a chart with a column for each row of a table."""
    lines = [{"name": cells[-1], "pages": length} for cells, length in zip(table.rows, table.bars or (), strict=True)]
    return _draw(
        {
            "height": _COLUMN,
            "data": {"values": lines},
            "mark": {"type": "bar", "color": "var(--body)", "cornerRadiusEnd": 2},
            "encoding": {
                "x": {"field": "name", "type": "ordinal", "sort": None, "axis": {**_AXIS, "labelAngle": 0, "labelPadding": 6}},
                "y": {
                    "field": "pages",
                    "type": "quantitative",
                    "axis": {**_AXIS, "tickCount": 4, "format": ",.0f", "tickMinStep": 1, "grid": True, "gridColor": "var(--line)"},
                },
            },
        }
    )


def _squares(grid: Grid) -> Markup:
    """Return a chart with a square for each month; darker squares have more pages."""
    cells = [
        {"year": year_of(year), "month": month, "pages": count}
        for year, months in grid.rows
        for month, count in enumerate(months, 1)
    ]
    return _draw(
        {
            "height": {"step": _CELL},
            "data": {"values": cells},
            "mark": {"type": "rect", "color": "var(--body)", "stroke": "var(--line)"},
            "encoding": {
                "x": {
                    "field": "month",
                    "type": "ordinal",
                    "axis": {
                        **_AXIS,
                        "orient": "top",
                        "labelAngle": 0,
                        "labelExpr": "slice('JFMAMJJASOND', datum.value - 1, datum.value)",
                    },
                },
                "y": {"field": "year", "type": "ordinal", "axis": {**_AXIS, "labelSeparation": 0}},
                "fillOpacity": {
                    "field": "pages",
                    "type": "quantitative",
                    "scale": {"type": "sqrt", "domainMin": 0, "range": [0, 1]},
                    "legend": None,
                },
            },
        }
    )


def _strips(newspapers: Sequence[Newspaper], slugs: Sequence[str]) -> Markup:
    """Return a chart with a strip for each newspaper from its first day to its last; darker parts have more days with pages."""
    charted = newspapers[:_MOST_ROWS]
    ends = [(_month(paper.days.first), _month(paper.days.last) + 1) for paper in charted]
    first, last = min(start for start, _ in ends), max(end for _, end in ends)
    step = next((step for step in _BINS if (last - first) // step < _MOST_BINS), _BINS[-1])
    names, spans, stretches = [], [], []
    for row, (paper, slug, (start, end)) in enumerate(zip(charted, slugs[:_MOST_ROWS], ends, strict=True)):
        days = paper.days
        names.append(
            {
                "row": row,
                "name": _cut(name_of(paper)),
                "slug": _cut(slug or _NO_SLUG),
                "label": f"{number(len(days))} of {number(days.span)} day{'s' * (days.span > 1)}",
            }
        )
        spans.append({"row": row, "from": start / 12, "to": end / 12})
        stretches += [
            {"row": row, "from": begin / 12, "to": stop / 12, "level": level} for begin, stop, level in _levels(paper, step)
        ]
    x = {
        "field": "from",
        "type": "quantitative",
        "scale": {"domain": [first / 12, last / 12], "nice": False, "zero": False},
        "axis": {**_AXIS, "values": _labels(first, last), "labelExpr": _LABEL, "labelFlush": True},
    }
    bar = {"type": "bar", "height": 9, "yOffset": 16, "aria": False}
    return _draw(
        {
            **_row_axis(_NAME_ROW),
            "layer": [
                {
                    "data": {"values": spans},
                    "mark": {**bar, "color": "var(--removed-wash)", "stroke": "var(--removed)", "strokeWidth": 0.5},
                    "encoding": {"x": x, "x2": {"field": "to"}},
                },
                {
                    "data": {"values": stretches},
                    "mark": {**bar, "color": "var(--body)"},
                    "encoding": {
                        "x": x,
                        "x2": {"field": "to"},
                        "fillOpacity": {
                            "field": "level",
                            "type": "quantitative",
                            "scale": {"domain": [0, _LEVELS], "range": [0, 1]},
                            "legend": None,
                        },
                    },
                },
                *({"data": {"values": names}, **layer} for layer in _captions(has_slug=True)),
            ],
        }
    )


_LABEL: Final = "format(floor(datum.value), '04') + (datum.value % 1 ? '-' + format(round(datum.value % 1 * 12) + 1, '02') : '')"
"""The label of a place on the time axis, which counts in years: a year, or a month within a year."""


def _labels(first: int, last: int) -> list[float]:
    """Return the labelled places between two months: years at equal distances, or the first month if no year begins there."""
    for step in _STEPS:
        years = range(-(-first // (12 * step)) * step, last // 12 + 1, step)
        if len(years) <= _MOST_LABELS:
            return list(years) or [first / 12]
    return [first / 12]


def _levels(newspaper: Newspaper, step: int) -> Iterator[tuple[int, int, int]]:
    """Yield ranges of months with the share of their days that have pages, in quarters from 1 to 4. Equal neighbours are merged."""
    last = _month(newspaper.days.last) + 1
    bins: list[tuple[int, int]] = []
    for begin, days in groupby(newspaper.days, key=lambda day: _month(day) // step * step):
        covered = sum(1 for _ in days)
        all_days = _start(begin + step).toordinal() - _start(begin).toordinal()
        bins.append((begin, min(-(-covered * _LEVELS // all_days), _LEVELS)))
    for _, equal in groupby(enumerate(bins), key=lambda item: (item[1][0] - item[0] * step, item[1][1])):
        merged = [pair for _, pair in equal]
        begin, level = merged[0]
        yield begin, min(merged[-1][0] + step, last), level


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _start(month: int) -> date:
    return date(min(max(month // 12, 1), 9999), month % 12 + 1, 1)


def _cut(name: str) -> str:
    name = shown(name)
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}\u2026"
