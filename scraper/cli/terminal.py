"""Reports of ``explain``, and tables of ``stats`` and ``state``, as text that fits into the width of the terminal.

Text of pages and records is passed to rich as ``Text``, in which it reads no markup, and through ``shown``, which escapes control
characters.
"""

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, Literal

from rich.bar import Bar
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from scraper.stats import Grid, Table
from scraper.stats.tables import MONTHS, number, year_of
from scraper.text import shown

if TYPE_CHECKING:
    from scraper.explain import Group, Piece, Report, Section
    from scraper.extract.spans import Fate

_PLAIN_WIDTH: Final = 100
"""Columns, if the output is not a terminal."""


def draw_report(report: "Report") -> str:
    """Return a report on a page, for the terminal. ``NO_COLOR``, ``TERM`` and ``COLUMNS`` are respected."""
    console = _console(is_terminal=True)
    with console.capture() as capture:
        for group in report.groups:
            for line in _group(group, console):
                console.print(line)
            console.print()
        for section in report.sections:
            console.print(Text(section.title, "bold"))
            for line in _section(section, console):
                console.print(line)
            console.print()
    return capture.get().removesuffix("\n")


def draw_tables(tables: Sequence[Table | Grid], *, is_terminal: bool) -> str:
    """Return tables as text.

    Args:
        tables: the tables, in order.
        is_terminal: whether the text is for the terminal, where ``NO_COLOR``, ``TERM`` and ``COLUMNS`` are respected. Otherwise it
            has a fixed width, no colours and no control characters.
    """
    console = _console(is_terminal=is_terminal)
    with console.capture() as capture:
        for table in tables:
            console.print(Text(table.title, "bold"))
            if not table.rows:
                console.print(Text("  none"))
            else:
                for part in [_grid(table, console.width)] if isinstance(table, Grid) else _table(table, console.width):
                    console.print(part)
            for note in table.notes:
                console.print(Text(note, "dim"))
            console.print()
    return "".join(f"{line.rstrip()}\n" for line in capture.get().removesuffix("\n").splitlines())


def _console(*, is_terminal: bool) -> Console:
    """Return a console whose output is captured; the file keeps rich from asking what stdout is."""
    return Console(
        file=io.StringIO(),
        force_terminal=is_terminal,
        width=None if is_terminal else _PLAIN_WIDTH,
        color_system="auto" if is_terminal else None,
        markup=False,
        highlight=False,
        emoji=False,
    )


_COLOURS: Final[dict["Fate", str]] = {"field": "green", "body": "cyan", "removed": "red", "blank": ""}

_BARS: Final[dict["Fate", str]] = {"field": "\u2503", "body": "\u2502", "removed": "\u254e", "blank": " "}
"""Bars that differ without colours, too."""


def _group(group: "Group", console: Console) -> Iterator[Text]:
    first = group.pieces[0]
    title = Text()
    title.append(first.fate, f"bold {_COLOURS[first.fate]}")
    title.append(f"  {first.label}", "bold")
    title.append(f"  {group.rule}", "dim")
    if len(group.pieces) > 1:
        title.append(f"  {len(group.pieces)} pieces", "dim")
    yield title
    pieces, folded, more = group.fold()
    for piece in pieces:
        yield from _lines(piece, first, console)
    if folded:
        yield Text(f"{_BARS[first.fate]} \u2026 {more}", f"italic {_COLOURS[first.fate]}")


_INDENT: Final = "  "
"""Indents the second and later lines of a piece, so that the start of each piece is visible."""


def _lines(piece: "Piece", first: "Piece", console: Console) -> Iterator[Text]:
    """Yield the lines of a piece after the bar of its fate, and its label if that is not the label of the first piece."""
    text = Text(shown(piece.text), "" if piece.fate == "body" else _COLOURS[piece.fate])
    if piece.label != first.label:
        text = Text.assemble((f"{piece.fate} {piece.label}: ", "dim"), text)
    bar = f"{_BARS[piece.fate]} "
    for line in text.wrap(console, max(console.width - len(bar) - len(_INDENT), 1), overflow="fold"):
        line.rstrip()
        yield Text.assemble((bar, _COLOURS[piece.fate]), line)
        bar = f"{_BARS[piece.fate]} {_INDENT}"


_VALUE_COLUMNS: Final = 24
"""Minimum columns for values beside names; in narrower terminals, values are printed below names."""


def _section(section: "Section", console: Console) -> Iterator[Text]:
    """Yield names with values beside them, or below them in a narrow terminal."""
    longest = max((len(row.name) for row in section.rows), default=0)
    is_wide = console.width - longest >= _VALUE_COLUMNS
    indent = " " * (2 + longest + 2 if is_wide else 4)
    for row in section.rows:
        name = Text(f"  {row.name}", "dim")
        lines = Text(shown(row.value)).wrap(console, max(console.width - len(indent), 1), overflow="fold")
        if is_wide:
            name.pad_right(len(indent) - len(name))
        else:
            yield from name.wrap(console, console.width, overflow="fold")
        for n, line in enumerate(lines):
            line.rstrip()
            yield Text.assemble(name if is_wide and n == 0 else indent, line)
    if not section.rows:
        yield Text("  none")


_BAR: Final = 30
_SHORT_BAR: Final = 8
_NAME: Final = 20
"""Columns that a longer name is cut to, except in the last column, which takes what is left."""
_GAP: Final = 2


def _table(table: Table, width: int) -> Iterator[RenderableType]:
    """Yield a table that fits into a width, and a line with the titles of the columns that do not."""
    cells = [[Text(shown(cell)) for cell in row] for row in table.rows]
    natural = [
        max(cell_len(column.title), *(text.cell_len for text in texts))
        for column, texts in zip(table.columns, zip(*cells, strict=True), strict=True)
    ]
    kept = list(range(len(table.columns)))
    while _least_width(table, natural, kept) > width and (spare := [n for n in kept if table.columns[n].spare]):
        kept.remove(max(spare, key=lambda n: (table.columns[n].spare, n)))
    sizes, bar_size = _fitted(table, natural, kept, width)
    drawn = _empty(_GAP)
    bar_place = next(place for place, n in enumerate(kept) if not table.columns[n].is_number)
    for place, n in enumerate(kept):
        column = table.columns[n]
        if table.bars is not None and place == bar_place:
            drawn.add_column("", width=bar_size)
        justify: Literal["left", "right"] = "right" if column.is_number else "left"
        drawn.add_column(column.title, justify=justify, width=sizes[n], no_wrap=True, overflow="ellipsis")
    longest = max(table.bars, default=0) if table.bars is not None else 0
    for row, texts in enumerate(cells):
        line: list[RenderableType] = [texts[n] for n in kept]
        if table.bars is not None:
            line.insert(bar_place, Bar(longest, 0, table.bars[row], color="cyan"))
        drawn.add_row(*line)
    yield drawn
    if dropped := [column.title for n, column in enumerate(table.columns) if n not in kept]:
        yield Text(f"no room for: {', '.join(dropped)}", "dim")


def _fitted(table: Table, natural: Sequence[int], kept: Sequence[int], width: int) -> tuple[dict[int, int], int]:
    """Return the widths of the columns, and that of the bars, which get the room that the last column does not need."""
    sizes = _least_sizes(table, natural, kept)
    last = kept[-1]
    bar_size = 0
    room = width - _least_width(table, natural, kept)
    if table.bars is not None:
        bar_size = _SHORT_BAR + max(room, -_SHORT_BAR // 2) if room < 0 else _SHORT_BAR
        room += _SHORT_BAR - bar_size
    more = max(min(natural[last] - sizes[last], room), 1 - sizes[last])
    sizes[last] += more
    return sizes, min(bar_size + max(room - more, 0), _BAR)


def _least_sizes(table: Table, natural: Sequence[int], kept: Sequence[int]) -> dict[int, int]:
    """Return the least widths of columns: names can be cut, numbers and spare columns cannot."""
    can_shrink = {n for n in kept if not table.columns[n].is_number and not table.columns[n].spare}
    return {n: min(natural[n], _NAME) if n in can_shrink else natural[n] for n in kept}


def _least_width(table: Table, natural: Sequence[int], kept: Sequence[int]) -> int:
    """Return the least width of a table, with a short bar if it has bars."""
    sizes = [*_least_sizes(table, natural, kept).values(), *([_SHORT_BAR] if table.bars is not None else [])]
    return sum(sizes) + _GAP * (len(sizes) - 1)


_SHADES: Final = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"
_NONE: Final = "\u00b7"


def _grid(grid: Grid, width: int) -> RichTable:
    """Return pages by year and month: as numbers, as rounded numbers if there is little room, or as shades if there is less."""
    totals = [number(sum(months)) for _, months in grid.rows]
    free = width - len("year") - 1 - max(map(len, ("pages", *totals)))
    most = max(max(months) for _, months in grid.rows)
    for formatted in (number, _rounded):
        rows = [[formatted(count) if count else _NONE for count in months] for _, months in grid.rows]
        size = max(len(MONTHS[0]), *(len(cell) for row in rows for cell in row))
        if 12 * (size + 1) <= free:
            drawn = _empty(min((free - 12 * size) // 12, _GAP))
            break
    else:
        rows = [["".join(_shade(count, most) for count in months)] for _, months in grid.rows]
        drawn = _empty(_GAP)
    for title in ("year", "pages"):
        drawn.add_column(title, justify="right", no_wrap=True)
    for title in MONTHS if len(rows[0]) > 1 else ("Jan to Dec",):
        drawn.add_column(title, justify="right", no_wrap=True)
    for (year, _), total, row in zip(grid.rows, totals, rows, strict=True):
        drawn.add_row(year_of(year), total, *(Text(cell, "dim" if cell == _NONE else "") for cell in row))
    return drawn


def _rounded(count: int) -> str:
    """Return a number in at most four characters, if it is below ten billion."""
    value, unit = next(
        (count / factor, unit) for factor, unit in ((1, ""), (10**3, "k"), (10**6, "M")) if count < 999.5 * factor or unit == "M"
    )
    short = f"{value:.1f}"
    return f"{short if unit and len(short) <= len('9.9') else round(value)}{unit}"


def _shade(count: int, most: int) -> str:
    return _SHADES[(count * len(_SHADES) - 1) // most] if count else _NONE


def _empty(gap: int) -> RichTable:
    return RichTable(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="dim", show_edge=False, collapse_padding=False)
