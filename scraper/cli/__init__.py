"""The command line: options, validation, console output and exit status."""

from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Final

import typer

from scraper import __version__

COMMANDS: Final = ("clean", "headlines", "schema", "fetch", "explain", "layouts", "stats")
"""The commands in the order of the help; each is a module with a function, or a group of functions, of the same name."""


def make_app(arguments: Sequence[str]) -> typer.Typer:
    """Return the command line with the command that the arguments name, or with all commands if they name none.

    Commands that are not needed are not imported, which makes the start faster.
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


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"scraper {__version__}")
        raise typer.Exit


def scraper(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Turn pages of Arab press aggregators into clean JSON Lines, and account for every character of them."""
