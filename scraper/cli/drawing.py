"""Tables with bars, within the width of a terminal; plain where there is none."""

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from rich.bar import Bar
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.table import Table as Drawn
from rich.text import Text

from scraper.render import shown
from scraper.stats import Grid, Table
from scraper.stats.tables import number, year_of

_PLAIN: Final = 100
"""Columns of what is not printed to a terminal."""
_BAR: Final = 30
_SHORT_BAR: Final = 8
_NAME: Final = 20
"""Columns that a name is given at least, if it needs as many; where even that is too much, it gets what is left."""
_BETWEEN: Final = 2
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SHADES: Final = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"
_NONE: Final = "\u00b7"


def to_text(tables: Sequence[Table | Grid], *, is_terminal: bool) -> str:
    """Return tables as text: for the terminal of this program, or plain.

    On a terminal ``NO_COLOR``, ``TERM`` and ``COLUMNS`` are heeded; plain text has neither colours nor control characters, and a
    width of its own.
    """
    # What records hold reaches rich as Text alone, which reads no markup, and through shown(), which leaves nothing in it that acts.
    written = io.StringIO()
    console = Console(
        file=written,
        force_terminal=is_terminal,
        width=None if is_terminal else _PLAIN,
        color_system="auto" if is_terminal else None,
        markup=False,
        highlight=False,
        emoji=False,
    )
    for table in tables:
        console.print(Text(table.title, "bold"))
        if not table.rows:
            console.print(Text("  none"))
        else:
            for drawn in [_grid(table, console.width)] if isinstance(table, Grid) else _table(table, console.width):
                console.print(drawn)
        for note in table.notes:
            console.print(Text(note, "dim"))
        console.print()
    return "".join(f"{line.rstrip()}\n" for line in written.getvalue().removesuffix("\n").splitlines())


def _table(table: Table, width: int) -> Iterator[RenderableType]:
    cells = [[Text(shown(cell)) for cell in row] for row in table.rows]
    natural = [
        max(cell_len(column.title), *(text.cell_len for text in texts))
        for column, texts in zip(table.columns, zip(*cells, strict=True), strict=True)
    ]
    kept = list(range(len(table.columns)))
    while _least(table, natural, kept) > width and (spare := [place for place in kept if table.columns[place].spare]):
        kept.remove(max(spare, key=lambda place: (table.columns[place].spare, place)))
    sizes = _sizes(table, natural, kept)
    last = kept[-1]
    bar = 0
    room = width - _least(table, natural, kept)
    if table.bars is not None:
        bar = _SHORT_BAR + max(room, -_SHORT_BAR // 2) if room < 0 else _SHORT_BAR
        room += _SHORT_BAR - bar
    more = max(min(natural[last] - sizes[last], room), 1 - sizes[last])
    sizes[last] += more
    bar = min(bar + max(room - more, 0), _BAR)
    drawn = _empty(_BETWEEN)
    at = next(n for n, place in enumerate(kept) if not table.columns[place].is_number)
    for n, place in enumerate(kept):
        column = table.columns[place]
        if table.bars is not None and n == at:
            drawn.add_column("", width=bar)
        justify: Literal["left", "right"] = "right" if column.is_number else "left"
        drawn.add_column(column.title, justify=justify, width=sizes[place], no_wrap=True, overflow="ellipsis")
    most = max(table.bars, default=0) if table.bars is not None else 0
    for row, texts in enumerate(cells):
        line: list[RenderableType] = [texts[place] for place in kept]
        if table.bars is not None:
            line.insert(at, Bar(most, 0, table.bars[row], color="cyan"))
        drawn.add_row(*line)
    yield drawn
    if dropped := [column.title for place, column in enumerate(table.columns) if place not in kept]:
        yield Text(f"left out for want of room: {', '.join(dropped)}", "dim")


def _sizes(table: Table, natural: Sequence[int], kept: Sequence[int]) -> dict[int, int]:
    """Return the least widths of columns: names may be cut short, numbers and what is spare may not."""
    may_shrink = {place for place in kept if not table.columns[place].is_number and not table.columns[place].spare}
    return {place: min(natural[place], _NAME) if place in may_shrink else natural[place] for place in kept}


def _least(table: Table, natural: Sequence[int], kept: Sequence[int]) -> int:
    return _total(table, _sizes(table, natural, kept))


def _total(table: Table, sizes: Mapping[int, int]) -> int:
    """Return how wide a table is, with a short bar where it has any."""
    widths = [*sizes.values(), *([_SHORT_BAR] if table.bars is not None else [])]
    return sum(widths) + _BETWEEN * (len(widths) - 1)


def _grid(grid: Grid, width: int) -> Drawn:
    """Return pages by year and month: as numbers, as rounded ones where there is little room, or as shades where there is none."""
    totals = [number(sum(months)) for _, months in grid.rows]
    free = width - len("year") - 1 - max(map(len, ("pages", *totals)))
    most = max(max(months) for _, months in grid.rows)
    for written in (number, _rounded):
        rows = [[written(count) if count else _NONE for count in months] for _, months in grid.rows]
        size = max(len(_MONTHS[0]), *(len(cell) for row in rows for cell in row))
        if 12 * (size + 1) <= free:
            drawn = _empty(min((free - 12 * size) // 12, _BETWEEN))
            break
    else:
        rows = [["".join(_shade(count, most) for count in months)] for _, months in grid.rows]
        drawn = _empty(_BETWEEN)
    for title in ("year", "pages"):
        drawn.add_column(title, justify="right", no_wrap=True)
    for title in _MONTHS if len(rows[0]) > 1 else ("Jan to Dec",):
        drawn.add_column(title, justify="right", no_wrap=True)
    for (year, _), total, row in zip(grid.rows, totals, rows, strict=True):
        drawn.add_row(year_of(year), total, *(Text(cell, "dim" if cell == _NONE else "") for cell in row))
    return drawn


def _rounded(count: int) -> str:
    """Return a number in four characters at most, as long as it is below ten thousand millions."""
    value, unit = next(
        (count / factor, unit) for factor, unit in ((1, ""), (10**3, "k"), (10**6, "M")) if count < 999.5 * factor or unit == "M"
    )
    short = f"{value:.1f}"
    return f"{short if unit and len(short) <= len('9.9') else round(value)}{unit}"


def _shade(count: int, most: int) -> str:
    return _SHADES[(count * len(_SHADES) - 1) // most] if count else _NONE


def _empty(between: int) -> Drawn:
    return Drawn(box=None, pad_edge=False, padding=(0, between, 0, 0), header_style="dim", show_edge=False, collapse_padding=False)
