"""The command ``explain``."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scraper.cli.options import (
    OUTPUT,
    DateFieldOption,
    HtmlFieldOption,
    LayoutsOption,
    MaxBytesOption,
    TextFieldOption,
    UrlFieldOption,
    UrlOption,
    option,
)
from scraper.defaults import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scraper.extract.cleaning import Outcome
    from scraper.layouts import Layout

_STDOUT = Path("-")


def explain(
    input: Annotated[
        str | None,
        typer.Argument(metavar="INPUT", help="A saved page: a file, a piece such as dump.jsonl#5, or - for stdin."),
    ] = None,
    json: Annotated[bool, option(OUTPUT, "--json", help="Print the pieces, with white space, as JSON Lines.")] = False,
    html: Annotated[
        Path | None,
        option(OUTPUT, metavar="FILE", readable=False, allow_dash=True, help="Write the report to this file, as an HTML page."),
    ] = None,
    url: UrlOption = None,
    layouts: LayoutsOption = None,
    text_field: TextFieldOption = "text",
    html_field: HtmlFieldOption = None,
    url_field: UrlFieldOption = "url",
    date_field: DateFieldOption = None,
    max_bytes: MaxBytesOption = MAX_BYTES,
) -> None:
    """Show how every piece of a page was labelled, and why.

    Examples:
        scraper explain page.html
        scraper explain page.html --html explained.html
        scraper explain dump.jsonl.gz#2 --json
    """
    from scraper.cli.checks import check_layouts, check_overwrite, check_stdin, check_url
    from scraper.cli.console import finishing
    from scraper.cli.runs import outcomes
    from scraper.engine.counts import Counts
    from scraper.output.files import Output
    from scraper.sources import ReadOptions, read_inputs

    if json and html is not None:
        raise typer.BadParameter("it cannot be combined with --json; choose one of them.", param_hint="--html")
    if input is not None and input != "-" and os.path.isdir(input):
        raise typer.BadParameter(f"{input!r} is a directory; name one page.", param_hint="INPUT")
    source = input if input is not None else check_stdin()
    check_url(url)
    if html is not None:
        check_overwrite([source], html, "--html")
    chosen, stdout, counts = check_layouts(layouts), Output(None), Counts()
    # Opened only when there is something to write, so that a page that fails leaves an existing file unchanged.
    files = [Output(html)] if html not in (None, _STDOUT) else []
    items = read_inputs([source], ReadOptions(max_bytes, url, text_field, html_field, url_field, date_field))
    with finishing([stdout], counts, quiet=True, unopened=files):
        for outcome in outcomes(items, chosen, counts):
            report = _json(outcome) if json else _html(outcome, chosen) if html is not None else _text(outcome, chosen)
            for file in files:
                with file:
                    file.write(report)
            if not files:
                stdout.write(report)


def _json(outcome: "Outcome") -> bytes:
    from scraper.explain import pieces_of, to_line

    return b"".join(map(to_line, pieces_of(outcome)))


def _html(outcome: "Outcome", layouts: "Sequence[Layout]") -> bytes:
    from scraper.explain import report_on, to_html

    return to_html(report_on(outcome, layouts)).encode()


def _text(outcome: "Outcome", layouts: "Sequence[Layout]") -> bytes:
    from scraper.cli.console import stdout_is_terminal
    from scraper.explain import report_on, to_lines

    report = report_on(outcome, layouts)
    if stdout_is_terminal():
        from scraper.cli.terminal import draw_report

        return draw_report(report).encode()
    return "".join(f"{line}\n" for line in to_lines(report)).encode()
