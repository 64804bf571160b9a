"""Reports of ``explain`` in colours, for terminals."""

import io
from collections.abc import Iterator
from typing import Final

from rich.console import Console
from rich.text import Text

from scraper.explain import Group, Piece, Report, Section, number_of
from scraper.extract.spans import Fate
from scraper.text import shown

_COLOURS: Final[dict[Fate, str]] = {"field": "green", "body": "cyan", "removed": "red", "blank": ""}

_BARS: Final[dict[Fate, str]] = {"field": "\u2503", "body": "\u2502", "removed": "\u254e", "blank": " "}
"""Bars that differ without colours, too."""

_INDENT: Final = "  "
"""Indents the second and later lines of a piece, so that the start of each piece is visible."""

_VALUE_COLUMNS: Final = 24
"""Minimum columns for values beside names; in narrower terminals, values are printed below names."""


def to_terminal(report: Report) -> str:
    """Return a report for the terminal. ``NO_COLOR``, ``TERM`` and ``COLUMNS`` are respected."""
    # Text of the page is passed as Text, in which rich reads no markup, and through shown(), which escapes control characters.
    buffer = io.StringIO()
    console = Console(file=buffer, force_terminal=True, markup=False, highlight=False, emoji=False)
    for group in report.groups:
        for line in _group(group, console):
            console.print(line)
        console.print()
    for section in report.sections:
        console.print(Text(section.title, "bold"))
        for line in _rows(section, console):
            console.print(line)
        console.print()
    return buffer.getvalue().removesuffix("\n")


def _group(group: Group, console: Console) -> Iterator[Text]:
    first = group.pieces[0]
    title = Text()
    title.append(first.fate, f"bold {_COLOURS[first.fate]}")
    title.append(f"  {first.label}", "bold")
    title.append(f"  {group.rule}", "dim")
    if len(group.pieces) > 1:
        title.append(f"  {number_of(len(group.pieces), 'piece')}", "dim")
    yield title
    pieces, folded, more = group.fold()
    for piece in pieces:
        yield from _lines(piece, first, console)
    if folded:
        yield Text(f"{_BARS[first.fate]} \u2026 {more}", f"italic {_COLOURS[first.fate]}")


def _lines(piece: Piece, first: Piece, console: Console) -> Iterator[Text]:
    """Yield the lines of a piece after the bar of its fate, and its label if that is not the label of the first piece."""
    text = Text(shown(piece.text), "" if piece.fate == "body" else _COLOURS[piece.fate])
    if piece.label != first.label:
        text = Text.assemble((f"{piece.fate} {piece.label}: ", "dim"), text)
    bar = f"{_BARS[piece.fate]} "
    for line in text.wrap(console, max(console.width - len(bar) - len(_INDENT), 1), overflow="fold"):
        line.rstrip()
        yield Text.assemble((bar, _COLOURS[piece.fate]), line)
        bar = f"{_BARS[piece.fate]} {_INDENT}"


def _rows(section: Section, console: Console) -> Iterator[Text]:
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
