"""Commands and groups of commands with a help of ours."""

from typing import Any

from typer.core import TyperCommand, TyperGroup

from scraper.cli.config import read_config
from scraper.errors import ConfigError


class Command(TyperCommand):
    """A command, whose defaults are those of the configuration file."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments, and use the configuration file for options that are given neither here nor in the environment."""
        try:
            ctx.default_map = {} if ctx.resilient_parsing else read_config()
        except ConfigError:
            if not {"-h", "--help"} & set(args):
                raise
        return super().parse_args(ctx, args)

    def get_help(self, ctx: Any) -> str:
        """Return the help as text."""
        return _help(self, ctx)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the pieces of the usage; an argument that is required is a name without braces."""
        return [piece.replace("{", "").replace("}", "") for piece in super().collect_usage_pieces(ctx)]


class CommandGroup(TyperGroup):
    """A group of commands."""

    def get_help(self, ctx: Any) -> str:
        """Return the help as text."""
        return _help(self, ctx)


def _help(command: TyperCommand | TyperGroup, context: Any) -> str:
    from shutil import get_terminal_size

    from scraper.cli.help import help_of, to_text

    return to_text(help_of(command, context), get_terminal_size().columns)
