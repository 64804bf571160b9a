"""The commands ``layouts list``, ``layouts show`` and ``layouts check``."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scraper.cli.command import Command, CommandGroup
from scraper.cli.options import LayoutsOption, MaxBytesOption
from scraper.defaults import MAX_BYTES

if TYPE_CHECKING:
    from scraper.layouts import Layout

layouts = typer.Typer(
    name="layouts", cls=CommandGroup, no_args_is_help=True, help="List and show the layouts in use, or check a layout file."
)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The name of a layout.")]
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A layout file.")]
SamplesArgument = Annotated[list[str] | None, typer.Argument(metavar="INPUT", help="Pages on which to try its rules.")]


@layouts.command("list", cls=Command)
def list_layouts(layouts: LayoutsOption = None) -> None:
    """List the layouts, with digest, number of hosts and rules, and file.

    Examples:
        scraper layouts list
        scraper layouts list --layouts my-layouts
    """
    from scraper.cli.checks import check_layouts
    from scraper.engine.counts import DIGITS

    rows = [
        (layout.name, layout.digest[:DIGITS], str(len(layout.hosts)), str(len(layout.file.rules)), layout.source)
        for layout in check_layouts(layouts)
    ]
    _print(_table(("name", "digest", "hosts", "rules", "from"), rows, right=(2, 3)))


@layouts.command("show", cls=Command)
def show_layout(name: NameArgument, layouts: LayoutsOption = None) -> None:
    """Print a layout as one file, with its extensions.

    Examples:
        scraper layouts show arabress
        scraper layouts show plaza --layouts my-layouts
    """
    from scraper.cli.checks import check_layouts
    from scraper.cli.console import stdout_is_terminal
    from scraper.layouts.loading import as_toml
    from scraper.layouts.validation import near
    from scraper.text import printable

    available = {layout.name: layout for layout in check_layouts(layouts)}
    if name not in available:
        raise typer.BadParameter(
            f"there is no layout {name!r}{near(name, available)}; `scraper layouts list` lists them.", param_hint="NAME"
        )
    text = as_toml(available[name])
    if stdout_is_terminal():
        text = "".join(char if char in "\n\t" else printable(char) for char in text)
    _print([text.removesuffix("\n")])


@layouts.command("check", cls=Command)
def check_layout(
    file: FileArgument, inputs: SamplesArgument = None, layouts: LayoutsOption = None, max_bytes: MaxBytesOption = MAX_BYTES
) -> None:
    """Check a layout file, and show what its rules find in sample pages.

    Examples:
        scraper layouts check my-layouts/plaza.toml
        scraper layouts check my-layouts/plaza.toml saved/
    """
    from scraper.cli.console import finishing
    from scraper.cli.runs import outcomes
    from scraper.engine.counts import DIGITS, Counts
    from scraper.explain.report import RuleCounter, evidence_for
    from scraper.output.files import Output
    from scraper.sources import ReadOptions, read_inputs

    chosen, layout = _load(file, layouts)
    output, counts, counter, rows = Output(None), Counts(), RuleCounter(layout), []
    with finishing([output], counts, quiet=not inputs):
        if not inputs:
            output.write(f"{layout.name} {layout.digest[:DIGITS]}: {len(layout.file.rules)} rules, no faults\n".encode())
            return
        items = read_inputs(inputs, ReadOptions(max_bytes=max_bytes))
        for outcome in outcomes(items, chosen, counts):
            counter.add(outcome)
            name = outcome.layout.name if outcome.layout is not None else "unknown"
            rows.append((name, outcome.record.input, evidence_for(layout, outcome)))
        matches = [(str(count.pages), str(count.pieces), count.rule) for count in counter.counts()]
        for line in (
            *_table(("layout", "page", "evidence"), rows),
            "",
            *_table(("pages", "pieces", "rule"), matches, right=(0, 1)),
        ):
            output.write(f"{line}\n".encode())


def _load(file: Path, directory: Path | None) -> tuple[Sequence["Layout"], "Layout"]:
    """Return all layouts with those of ``file``, and the layout that it defines or extends; or end with status 2."""
    from scraper.cli.console import say
    from scraper.errors import LayoutError
    from scraper.layouts.loading import assemble, builtin_sources, read_source, user_sources

    try:
        source = read_source(file)
        others = [other for path, other in user_sources(directory).items() if path != file.resolve()]
        chosen = assemble([*builtin_sources(), *others, source])
    except LayoutError as error:
        for fault in error.faults:
            say(f"{error.place}: {fault}")
        raise typer.Exit(error.exit_status) from None
    return chosen, next(layout for layout in chosen if source in layout.sources)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Iterable[int] = ()) -> Iterator[str]:
    """Yield the lines of a table, with control characters escaped."""
    from scraper.text import printable

    rows = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for row in (header, *rows):
        cells = [
            cell.rjust(width) if n in right else cell.ljust(width) for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _print(lines: Iterable[str]) -> None:
    from scraper.cli.console import finishing
    from scraper.engine.counts import Counts
    from scraper.output.files import Output

    output = Output(None)
    with finishing([output], Counts(), quiet=True):
        output.write("".join(f"{line}\n" for line in lines).encode())
