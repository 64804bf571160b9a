"""Commands and groups of commands: defaults from the configuration file, and help by subject, readable from 60 columns on."""

import os
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from inspect import cleandoc
from typing import Any, Final, NamedTuple

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from scraper.cli.config import NAME as CONFIG
from scraper.cli.config import read_config
from scraper.cli.options import PANELS
from scraper.errors import ConfigError

_ARGUMENTS: Final = "Arguments"
_COMMANDS: Final = "Commands"
_OPTIONS: Final = "Options"
_PANELS: Final = (_ARGUMENTS, *PANELS, _OPTIONS, _COMMANDS)

_WIDEST: Final = 100
"""Columns; longer lines are hard to read."""
_NARROWEST: Final = 40
_NAMES: Final = 0.42
"""The part of the columns that names may take; longer ones get a line of their own."""
_JOINT: Final = "\u00a0"
"""A space at which lines are not broken."""


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

    return to_text(help_of(command, context), get_terminal_size().columns)


class HelpEntry(NamedTuple):
    """An argument, an option or a command, and what it does."""

    name: str
    text: str


class Help(NamedTuple):
    """What there is to know about a command."""

    usage: str
    summary: str
    paragraphs: Sequence[str]
    examples: Sequence[str]
    panels: Sequence[tuple[str, Sequence[HelpEntry]]]


def help_of(command: TyperCommand | TyperGroup, context: Any) -> Help:
    """Return the help of a command.

    Args:
        command: the command; its docstring may end with a paragraph of lines below ``Examples:``.
        context: the context in which it runs.
    """
    summary, *paragraphs = cleandoc(command.help or "").split("\n\n")
    examples = [line for paragraph in paragraphs if paragraph.startswith("Example") for line in paragraph.splitlines()[1:]]
    return Help(
        f"{context.command_path} {' '.join(command.collect_usage_pieces(context))}",
        " ".join(summary.split()),
        [" ".join(paragraph.split()) for paragraph in paragraphs if not paragraph.startswith("Example")],
        [line.strip() for line in examples],
        _panels(command, context),
    )


def _panels(command: TyperCommand | TyperGroup, context: Any) -> list[tuple[str, list[HelpEntry]]]:
    panels: dict[str, list[HelpEntry]] = {name: [] for name in _PANELS}
    for parameter in command.get_params(context):
        if isinstance(parameter, TyperArgument):
            name = f"{parameter.metavar or parameter.name}{'...' if parameter.nargs != 1 else ''}"
            panels[_ARGUMENTS].append(HelpEntry(name, parameter.help or ""))
        elif isinstance(parameter, TyperOption) and not parameter.hidden:
            panels[parameter.rich_help_panel or _OPTIONS].append(_option(parameter, context))
    if isinstance(command, TyperGroup):
        for name in command.list_commands(context):
            panels[_COMMANDS].append(HelpEntry(name, cleandoc(command.commands[name].help or "").partition("\n\n")[0]))
    return [(name, entries) for name, entries in panels.items() if entries]


def _option(parameter: TyperOption, context: Any) -> HelpEntry:
    names = ", ".join(sorted(parameter.opts, key=len))
    value = "" if parameter.is_flag else (parameter.display_type_rich(context) or "").strip("<>")
    default = "" if parameter.is_flag or not parameter.show_default else parameter.get_default(context)
    text = f"{parameter.help or ''}{' [required]' * parameter.required}"
    if default not in ("", None):
        origin = f",{_JOINT}from{_JOINT}{CONFIG}" if context.lookup_default(parameter.name) is not None else ""
        text += f" [default:{_JOINT}{f'{default:g}' if isinstance(default, float) else default}{origin}]"
    return HelpEntry(f"{'' if len(parameter.opts) > 1 else '    '}{names} {value}".rstrip(), text)


def to_text(help_: Help, columns: int) -> str:
    """Return a help as text that fits into a number of columns.

    Args:
        help_: the help.
        columns: the columns of the terminal.
    """
    width = max(_NARROWEST, min(columns, _WIDEST)) - 1
    wrapped = textwrap.TextWrapper(width, break_on_hyphens=False, subsequent_indent=" " * 7).fill(f"Usage: {help_.usage}")
    blocks = [wrapped, *(textwrap.fill(text, width) for text in (help_.summary, *help_.paragraphs))]
    if help_.examples:
        blocks.append("\n".join([_heading("Examples"), *(f"  {line}" for line in help_.examples)]))
    names = max(
        (len(entry.name) for _, entries in help_.panels for entry in entries if len(entry.name) < width * _NAMES), default=0
    )
    blocks += ["\n".join([_heading(title), *_rows(entries, names, width)]) for title, entries in help_.panels]
    return "\n\n".join(blocks).replace(_JOINT, " ")


def _rows(entries: Iterable[HelpEntry], names: int, width: int) -> Iterator[str]:
    indent = " " * (names + 4)
    wrapper = textwrap.TextWrapper(width - len(indent), break_on_hyphens=False)
    for name, text in entries:
        lines = wrapper.wrap(text)
        if len(name) > names:
            yield f"  {_name(name)}"
        else:
            yield f"  {_name(name)}{' ' * (names - len(name))}  {lines.pop(0) if lines else ''}".rstrip()
        yield from (f"{indent}{line}" for line in lines)


def _heading(text: str) -> str:
    return _styled(f"{text}:", bold=True)


def _name(text: str) -> str:
    return _styled(text, fg="cyan")


def _styled(text: str, **style: Any) -> str:
    """Return text in a style, which typer removes unless it prints to a terminal."""
    return text if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" else typer.style(text, **style)
