"""Write the manual page, which is made of the help of all commands: ``scripts/man``.

Tools that make such pages need the click package, of which typer has its own copy since 0.26.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import typer
from typer.core import TyperGroup

from scraper import __version__
from scraper.cli import make_app
from scraper.cli.command import Help, help_of
from scraper.errors import FAILED, INTERRUPTED, OK, READER_GONE, TERMINATED, USAGE

PATH: Final = Path(__file__).parent.parent / "man" / "scraper.1"

STATUSES: Final = {
    str(OK): "All was read and cleaned, or the run was stopped by a limit that you set.",
    str(FAILED): "The run finished, but something in it failed: an input, a page or the output.",
    str(USAGE): "Wrong usage, or an invalid layout or configuration file.",
    f"{INTERRUPTED}, {TERMINATED}": "Stopped by SIGINT or SIGTERM. What was written is whole.",
    str(READER_GONE): "The reader of stdout closed the pipe.",
}
_VARIABLES: Final = {
    "SCRAPER_USER_AGENT, SCRAPER_CONTACT, SCRAPER_DELAY, SCRAPER_JOBS": "Values of the options of these names.",
    "SCRAPER_LAYOUTS": "Directories of layout files, separated by colons.",
    "XDG_CONFIG_HOME": "The directory of configuration files, if not ~/.config.",
    "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE, SSL_CERT_DIR": "Proxies and certificates for fetch.",
    "NO_COLOR, COLUMNS, TERM": "How output for terminals looks.",
}
_FILES: Final = {
    "~/.config/scraper/config.toml": "Values of user-agent, contact, delay, layouts and jobs, in TOML. Variables and options win over them.",
    "~/.config/scraper/layouts/*.toml": "Layout files that are always used.",
}


def manual() -> str:
    """Return the manual page in the language of man."""
    group: Any = typer.main.get_command(make_app([]))
    with typer.Context(group, info_name="scraper", help_option_names=["--help", "-h"]) as context:
        root, *helps = _helps(group, context)
    lines = [
        f'.TH SCRAPER 1 "" "scraper {__version__}" "User Commands"',
        ".SH NAME",
        f"scraper \\- {_escaped(root.summary[:1].lower() + root.summary[1:].rstrip('.'))}",
        ".SH SYNOPSIS",
        "\n.br\n".join(f".B {_escaped(help_.usage)}" for help_ in helps),
        ".SH COMMANDS",
        *(line for help_ in helps for line in _command(help_)),
        ".SH OPTIONS",
        *(line for _, entries in root.panels[:1] for entry in entries for line in _term(*entry)),
    ]
    for title, terms in (("EXIT STATUS", STATUSES), ("ENVIRONMENT", _VARIABLES), ("FILES", _FILES)):
        lines += [f".SH {title}", *(line for term in terms.items() for line in _term(*term))]
    return "\n".join(lines) + "\n"


def _helps(command: Any, context: Any) -> Iterator[Help]:
    """Yield the help of a group and of the commands in it, or of a single command."""
    yield help_of(command, context)
    for name, child in command.commands.items():
        with typer.Context(child, parent=context, info_name=name) as below:
            if isinstance(child, TyperGroup):
                yield from list(_helps(child, below))[1:]
            else:
                yield help_of(child, below)


def _command(help_: Help) -> Iterator[str]:
    yield f".SS {_escaped(help_.usage.partition(' [')[0])}"
    yield from (_escaped(text) for text in (help_.summary, *help_.paragraphs))
    for title, entries in help_.panels:
        yield from (".P", f".I {_escaped(title)}")
        for entry in entries:
            yield from _term(*entry)
    if help_.examples:
        yield from (".P", ".I Examples", ".P", ".nf", *map(_escaped, help_.examples), ".fi")


def _term(name: str, text: str) -> Iterator[str]:
    yield from (".TP", f".B {_escaped(name.strip())}", _escaped(text))


def _escaped(text: str) -> str:
    """Return text in which nothing is a command of man, and hyphens are those that can be copied."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("\u00a0", "\\ ").replace('"', "\\(dq")
    return re.sub(r"^([.'])", r"\\&\1", escaped).replace("'", "\\(aq").replace("~", "\\(ti")


if __name__ == "__main__":
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(manual(), encoding="utf-8")
