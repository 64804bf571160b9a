"""The command line: it parses, wires and prints, and leaves the work to the rooms it wires."""

from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Final

import typer

from scraper import __version__

COMMANDS: Final = ("clean", "headlines", "schema", "fetch", "explain", "layouts", "stats")
"""Each is a module here that holds a function, or a group of them, of the same name. In the order of the help."""


def make_app(arguments: Sequence[str]) -> typer.Typer:
    """Return the command line, with the command that the arguments name, or all if they name none.

    Each command costs two milliseconds of every start, a hundredth of it.
    """
    app = typer.Typer(name="scraper", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(scraper)
    for name in arguments[:1] if arguments and arguments[0] in COMMANDS else COMMANDS:
        command = getattr(import_module(f"scraper.cli.{name}"), name)
        if isinstance(command, typer.Typer):
            app.add_typer(command)
        else:
            app.command()(command)
    return app


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"scraper {__version__}")
        raise typer.Exit


def scraper(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Turn pages of Arab press aggregators into clean JSON Lines, and account for every character of them."""
