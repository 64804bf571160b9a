"""What the user asked for, checked before anything is read or written: what cannot be meant ends with status 2."""

import os
import sys
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

import typer

from scraper.cli.options import Options
from scraper.cli.talk import say
from scraper.engine.counts import USAGE
from scraper.errors import LayoutError
from scraper.layouts import Layout, choose_layouts
from scraper.output.files import part_of
from scraper.output.patterns import Pattern
from scraper.sources import file_id, read_list
from scraper.urls import is_absolute


def check_layouts(directory: Path | None) -> Sequence[Layout]:
    """Return the layouts that the run uses, or end with the status of a bad layout file."""
    try:
        return choose_layouts(directory)
    except LayoutError as error:
        say(str(error))
        raise typer.Exit(USAGE) from None


def check_pattern(out: Path | None) -> Pattern | None:
    """Return what gives the names of many outputs, if they are many, or end with a usage error."""
    if out is None or not {"{", "}"} & set(str(out)):
        return None
    try:
        return Pattern.parse(str(out))
    except ValueError as error:
        raise typer.BadParameter(f"{error}; a brace that stands for itself is written twice.", param_hint="-o") from None


def check_inputs(options: Options, spans: Path | None = None, pattern: Pattern | None = None) -> Iterable[str]:
    """Return what to read, or end with a usage error.

    Args:
        options: what the user asked for.
        spans: another output.
        pattern: gives the names of many outputs, in the place of ``-o``.
    """
    inputs = options.inputs or []
    written = {"-o": options.out, "--spans": spans, "--failures": options.failures, "--summary": options.summary}
    _refuse_shared_files(inputs, written)
    if pattern is not None:
        _refuse_partitions(pattern, inputs, written)
    if not inputs and options.from_list is None:
        inputs = [check_stdin()]
    if options.from_list == "-" and "-" in inputs:
        raise typer.BadParameter("stdin cannot be both the list and a page; put the list into a file.", param_hint="--from-list")
    if options.url is not None and (len(inputs) != 1 or options.from_list is not None or Path(inputs[0]).is_dir()):
        raise typer.BadParameter("it is the address of one page; name a single file, or -.", param_hint="--url")
    check_url(options.url)
    return inputs if options.from_list is None else chain(inputs, read_list(options.from_list))


def check_resumable(options: Options, spans: Path | None) -> None:
    """End with a usage error if a run could not go on where it stopped."""
    if options.out is None:
        raise typer.BadParameter("stdout cannot be written on; name a file with -o.", param_hint="--resume")
    for file in (options.out, options.failures, spans):
        if file is not None and file.exists() and not file.is_file():
            raise typer.BadParameter(f"{str(file)!r} is no file, and cannot be written on; name one.", param_hint="--resume")
    if options.from_list is not None and not os.path.isfile(options.from_list):
        raise typer.BadParameter(f"{options.from_list!r} is no file, and cannot be read again; name one.", param_hint="--resume")
    if "-" in (options.inputs or ["-"] if options.from_list is None else options.inputs or []):
        raise typer.BadParameter("stdin cannot be read again; put it into a file, and name that.", param_hint="--resume")


def check_stdin() -> str:
    """Return the name of stdin, or end with a usage error if nothing is piped in."""
    if sys.stdin is None or sys.stdin.isatty():
        raise typer.BadParameter("name a file or a directory, or pipe a page in and name - for stdin.", param_hint="INPUT")
    return "-"


def check_url(url: str | None) -> None:
    """End with a usage error if ``url`` is no address of a page."""
    if url is not None and not is_absolute(url):
        raise typer.BadParameter(f"{url!r} is no absolute http or https address.", param_hint="--url")


def refuse_inputs(inputs: Iterable[str], out: Path, option: str) -> None:
    """End with a usage error if one of the inputs would be replaced by an output."""
    for name in inputs:
        if os.path.isfile(name) and any(_is_same(Path(name), file) for file in (out, _part(out))):
            raise typer.BadParameter(f"{name!r} is an input, and would be lost; name another output.", param_hint=option)


def _refuse_shared_files(inputs: Sequence[str], written: dict[str, Path | None]) -> None:
    """End with a usage error if an output is an input, another output, or what stdout leads to."""
    earlier: dict[str, Path] = {}
    for option, file in written.items():
        if file is None:
            continue
        if str(file) == "-":
            raise typer.BadParameter("'-' names no file; records go to stdout where there is no -o.", param_hint=option)
        refuse_inputs(inputs, file, option)
        for other, another in earlier.items():
            if any(_is_same(*pair) for pair in ((file, another), (_part(file), another), (file, _part(another)))):
                raise typer.BadParameter(f"{str(file)!r} is given to {other} too; name another file.", param_hint=option)
        if written["-o"] is None and _is_stdout(file):
            raise typer.BadParameter(f"{str(file)!r} is the output of the records too; name another file.", param_hint=option)
        earlier[option] = file


def _refuse_partitions(pattern: Pattern, inputs: Iterable[str], written: dict[str, Path | None]) -> None:
    """End with a usage error if an input, or another output, bears a name that one of many outputs may have."""
    taken = pattern.identities()
    for name in inputs:
        if file_id(name) in taken:
            raise typer.BadParameter(f"{name!r} is an input, and could be lost; name another directory.", param_hint="-o")
    for option, file in written.items():
        if option != "-o" and file is not None and pattern.matches(file):
            raise typer.BadParameter(f"{str(file)!r} could be given to -o too; name another file.", param_hint=option)


def _is_stdout(file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(1), os.stat(file))
    except OSError:
        return False


def _part(out: Path) -> Path:
    return part_of(Path(os.path.realpath(out)))


def _is_same(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return os.path.realpath(one) == os.path.realpath(other)
