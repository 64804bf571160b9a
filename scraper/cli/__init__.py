"""The command line: it parses, wires and prints, and leaves the work to the rooms it wires."""

from typing import Annotated

import typer

from scraper import __version__
from scraper.cli.clean import clean
from scraper.cli.fetch import fetch
from scraper.cli.headlines import headlines
from scraper.cli.schema import schema

app = typer.Typer(name="scraper", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.command()(clean)
app.command()(headlines)
app.command()(schema)
app.command()(fetch)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"scraper {__version__}")
        raise typer.Exit


@app.callback()
def scraper(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Turn pages of Arab press aggregators into clean JSON Lines, and account for every character of them."""
