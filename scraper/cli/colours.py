"""A report on a terminal: in colours, within its width, long tickers folded."""

import io
from collections.abc import Iterator
from typing import Final

from rich.console import Console
from rich.text import Text

from scraper.explain import Group, Piece, Report, Section, number_of
from scraper.extract.spans import Fate
from scraper.render import shown

_COLOURS: Final[dict[Fate, str]] = {"field": "green", "body": "cyan", "removed": "red", "blank": ""}

_BARS: Final[dict[Fate, str]] = {"field": "\u2503", "body": "\u2502", "removed": "\u254e", "blank": " "}
"""Told apart without colours, too."""

_INDENT: Final = "  "
"""Before the second line of a piece and those after it, so that one sees where the next piece begins."""

_ROOM_FOR_VALUES: Final = 24
"""Columns that a terminal must have beside the longest name of a section, if values are to stand there."""


def to_terminal(report: Report) -> str:
    """Return a report as it is printed to the terminal of this program; ``NO_COLOR``, ``TERM`` and ``COLUMNS`` are heeded."""
    # Text of a page reaches rich as Text alone, which reads no markup, and through shown(), which leaves no escape sequence in it.
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, markup=False, highlight=False, emoji=False)
    for group in report.groups:
        for line in _neighbours(group, console):
            console.print(line)
        console.print()
    for section in report.sections:
        console.print(Text(section.title, "bold"))
        for line in _rows(section, console):
            console.print(line)
        console.print()
    return written.getvalue().removesuffix("\n")


def _neighbours(group: Group, console: Console) -> Iterator[Text]:
    first = group.pieces[0]
    head = Text()
    head.append(first.fate, f"bold {_COLOURS[first.fate]}")
    head.append(f"  {first.label}", "bold")
    head.append(f"  {group.rule}", "dim")
    if len(group.pieces) > 1:
        head.append(f"  {number_of(len(group.pieces), 'piece')}", "dim")
    yield head
    pieces, folded, more = group.fold()
    for piece in pieces:
        yield from _lines(piece, first, console)
    if folded:
        yield Text(f"{_BARS[first.fate]} \u2026 {more}", f"italic {_COLOURS[first.fate]}")


def _lines(piece: Piece, first: Piece, console: Console) -> Iterator[Text]:
    """Yield a piece on lines of its own, each behind the bar of its fate; of another kind than its neighbours, it says so."""
    text = Text(shown(piece.text), "" if piece.fate == "body" else _COLOURS[piece.fate])
    if piece.label != first.label:
        text = Text.assemble((f"{piece.fate} {piece.label}: ", "dim"), text)
    bar = f"{_BARS[piece.fate]} "
    for line in text.wrap(console, max(console.width - len(bar) - len(_INDENT), 1), overflow="fold"):
        line.rstrip()
        yield Text.assemble((bar, _COLOURS[piece.fate]), line)
        bar = f"{_BARS[piece.fate]} {_INDENT}"


def _rows(section: Section, console: Console) -> Iterator[Text]:
    """Yield names and values side by side; where that leaves no room for the values, one below the other."""
    longest = max((len(row.name) for row in section.rows), default=0)
    is_wide = console.width - longest >= _ROOM_FOR_VALUES
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
