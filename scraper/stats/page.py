"""Statistics as an HTML page: charts, each with its numbers below."""

from collections.abc import Sequence

from scraper.markup import Markup, join, style_sheet, tag, to_page
from scraper.stats import charts
from scraper.stats.counting import Statistics
from scraper.stats.tables import MONTHS, NOTHING, Grid, Table, number, overview, slug_of, tables_of, year_of
from scraper.text import shown

_INPUTS = 3
"""Inputs named in the title."""
_KEYS = {
    "squares": "The stronger the colour of a month, the more pages it has.",
    "strips": "A strip goes from a newspaper's first day to its last: blue where days have pages, the stronger the more of them do.",
}
"""How to read charts that need an explanation, by shape."""


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
        return charts.squares(table)
    if table.shape == "strips":
        newspapers = [newspaper for newspaper in statistics.newspapers if len(newspaper.days)][:top]
        return charts.strips(newspapers, [slug_of(newspaper, statistics) for newspaper in newspapers])
    return {"rows": charts.rows, "columns": charts.columns}[table.shape](table) if table.shape is not None else None


def _card(table: Table | Grid, picture: Markup | None) -> Markup:
    numbers = _numbers(table) if table.rows else tag("p", "none", class_="none")
    if picture is not None:
        picture = join(picture, *([tag("p", _KEYS[table.shape], class_="note")] if table.shape in _KEYS else []))
        numbers = tag("details", tag("summary", "Numbers"), numbers)
    if table.shape in ("rows", "strips") and len(table.rows) > charts.MOST_ROWS:
        picture = join(
            picture or "", tag("p", f"the picture shows the first {charts.MOST_ROWS} of {number(len(table.rows))}", class_="note")
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
