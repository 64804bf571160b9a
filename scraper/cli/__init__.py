"""The command line: options, validation, console output and exit status."""

from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any, Final

import typer

from scraper import __version__
from scraper.cli.command import Command, CommandGroup
from scraper.errors import READER_GONE, ConfigError

COMMANDS: Final = ("clean", "headlines", "schema", "fetch", "crawl", "state", "explain", "layouts", "stats")
"""The commands in the order of the help; each is a module with a function, or a group of functions, of the same name."""

_NUMBERS: Final = {"int_parsing": "a whole number", "int_from_float": "a whole number", "float_parsing": "a number"}
_BOUNDS: Final = {"greater_than_equal": ("ge", "at least"), "less_than_equal": ("le", "at most")}


def make_app(arguments: Sequence[str]) -> typer.Typer:
    """Return the command line with the command that the arguments name, or with all commands if they name none.

    Commands that are not needed are not imported, which makes the start faster.
    """
    is_named = bool(arguments) and arguments[0] in COMMANDS
    app = typer.Typer(
        name="scraper",
        cls=CommandGroup,
        no_args_is_help=True,
        add_completion=not is_named,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    app.callback()(scraper)
    for name in arguments[:1] if is_named else COMMANDS:
        command = getattr(import_module(f"scraper.cli.{name}"), name)
        if isinstance(command, typer.Typer):
            app.add_typer(command)
        else:
            app.command(cls=Command)(command)
    return app


def run_command(arguments: Sequence[str]) -> int | None:
    """Run the command that the arguments name, and return its exit status.

    Args:
        arguments: those of the command line, without the name of the program.
    """
    try:
        status: int | None = make_app(arguments)(args=list(arguments), prog_name="scraper", standalone_mode=False)
    except typer.TyperException as error:
        from scraper.cli.console import say

        if type(error).__name__ == "NoArgsIsHelpError":  # typer has no public name for it
            typer.echo(error.message, err=True)
        else:
            say(_usage_error(error))
        return error.exit_code
    except SystemExit as error:
        if isinstance(error.__context__, BrokenPipeError):  # typer ends with 1 if the reader of the help has gone
            return READER_GONE
        raise
    except ConfigError as error:
        from scraper.cli.console import say

        for fault in error.faults:
            say(f"{error.place}: {fault}")
        return error.exit_status
    return status


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"scraper {__version__}")
        raise typer.Exit


def scraper(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Turn pages of Arab press aggregators into clean JSON Lines, and account for every character of them.

    Examples:
        scraper clean saved/ -o pages.jsonl
        scraper headlines saved/ -o headlines.jsonl
        scraper explain page.html
    """


def _usage_error(error: typer.TyperException) -> str:
    """Return what is wrong with a command line: the option, the value, and the remedy or where to read about it."""
    context: Any = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "scraper"
    if isinstance(error, typer.BadParameter) and error.message:
        return f"{_place(error, context)}: {_fault(error).rstrip('.')}"
    near = getattr(error, "possibilities", None)
    sentence = f"{error.message}. Did you mean {' or '.join(sorted(near))}?" if near else error.format_message().rstrip(".")
    sentence = f"{sentence[:1].lower()}{sentence[1:]}".replace(". Did you mean", "; did you mean")
    return sentence if sentence.endswith("?") else f"{sentence}; see {command} --help"


def _place(error: typer.BadParameter, context: Any) -> str:
    """Return the option, the argument or the variable that has the value."""
    if error.param_hint is not None or error.param is None:
        return str(error.param_hint or "usage")
    parameter: Any = error.param
    source = context.get_parameter_source(parameter.name) if context is not None else None
    if source is not None and source.name == "ENVIRONMENT":
        return f"${parameter.envvar}"
    return max(parameter.opts, key=len) if parameter.param_type_name == "option" else str(parameter.display_name_raw)


def _fault(error: typer.BadParameter) -> str:
    """Return the fault with the value; typer leaves the value out."""
    found: Any = error.__cause__
    if not hasattr(found, "errors"):
        return error.message
    fault = found.errors()[0]
    kind, value = fault["type"], fault["input"]
    if kind in _NUMBERS:
        return f"{value!r} is not {_NUMBERS[kind]}."
    if kind in _BOUNDS:
        bound, relation = _BOUNDS[kind]
        return f"{value!r} is out of range; it must be {relation} {fault['ctx'][bound]:g}"
    return error.message.removeprefix("Value error, ")
