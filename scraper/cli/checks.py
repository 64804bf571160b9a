"""Checks of options before anything is read or written: inputs, outputs, filters, keys and headers; wrong usage ends with status 2."""

import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import chain, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args
from urllib.parse import urlsplit

import msgspec
import typer

from scraper import __version__
from scraper.cli.console import say
from scraper.cli.options import Options, WebOptions
from scraper.engine.jobs import Filters
from scraper.errors import LayoutError, OutputError
from scraper.layouts import Layout, choose_layouts
from scraper.output.files import conflict_of
from scraper.output.formats import OutputTable, table_of
from scraper.output.partitions import Pattern, parse_output
from scraper.records import Columns, Keys, Lang
from scraper.remote import address_of, is_remote
from scraper.sources import read_list
from scraper.urls import is_absolute, site_of

if TYPE_CHECKING:
    from scraper.fetch import Politeness

_LANG: Final = re.compile(get_args(Lang)[1].pattern or "")
_SLUG: Final = re.compile(r"[^\s/?#]+")


def check_layouts(directory: Path | None) -> Sequence[Layout]:
    """Return the layouts of the run, or end with status 2 if a layout file is invalid."""
    try:
        return choose_layouts(directory)
    except LayoutError as error:
        say(str(error))
        raise typer.Exit(error.exit_status) from None


def check_pattern(options: Options) -> tuple[Options, Pattern | None]:
    """Return the pattern if ``-o`` has fields; otherwise the options with doubled braces replaced; or end with a usage error."""
    if options.out is None:
        return options, None
    try:
        out, pattern = parse_output(options.out)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.", param_hint="-o") from None
    return options._replace(out=out), pattern


def check_table(option: str, name: Path | None, columns: Columns | None = None) -> OutputTable | None:
    """Return the table that an output becomes by its name, None for JSON Lines; or end with a usage error.

    Args:
        option: the option that names the output.
        name: its name, or one with the same endings.
        columns: the columns of the records; None if only JSON Lines can be written.
    """
    try:
        return table_of(name, columns)
    except OutputError as error:
        raise typer.BadParameter(f"{error}.", param_hint=option) from None


def check_inputs(options: Options) -> Iterable[str]:
    """Return the inputs, those of the list last, or end with a usage error."""
    inputs = options.inputs or []
    if not inputs and options.from_list is None:
        inputs = [check_stdin()]
    if options.from_list == "-" and "-" in inputs:
        raise typer.BadParameter("stdin cannot be both the list and a page; put the list into a file.", param_hint="--from-list")
    if options.url is not None and (len(inputs) != 1 or options.from_list is not None or Path(inputs[0]).is_dir()):
        raise typer.BadParameter("it is the address of one page; name a single file, or -.", param_hint="--url")
    check_url(options.url)
    return inputs if options.from_list is None else chain(inputs, read_list(options.from_list))


def check_remote_outputs(options: Options, spans: Path | None, *, resume: bool) -> None:
    """End with a usage error if a remote output would replace an input, or the run could not be resumed with it."""
    named = {"-o": options.out, "--spans": spans, "--failures": options.failures, "--summary": options.summary}
    for option, file in named.items():
        address = address_of(file) if file is not None else None
        if address is None or not is_remote(address):
            continue
        if address in (options.inputs or ()):
            raise typer.BadParameter(f"{address!r} is an input and would be lost; name another output.", param_hint=option)
        if resume:
            raise typer.BadParameter(
                f"{address!r} is remote and written at the end; name a local file, or leave out --resume.", param_hint=option
            )


def check_outputs(outputs: Mapping[str, Path | None], inputs: Sequence[str], pattern: Pattern | None) -> None:
    """End with a usage error if an output would replace an input or another output.

    Args:
        outputs: the outputs by option.
        inputs: the names of the inputs.
        pattern: the pattern in ``-o``, if it is one.
    """
    for option, file in outputs.items():
        if file is not None and str(file) != os.devnull:
            _check_output(option, file, inputs, outputs)
    others = {option: file for option, file in outputs.items() if option != "-o"}
    for option, conflict in pattern.conflicts("-o", inputs, others) if pattern is not None else ():
        raise typer.BadParameter(f"{conflict}.", param_hint=option)


def check_resumable(options: Options, spans: Path | None, table: OutputTable | None) -> None:
    """End with a usage error if the run could not be resumed."""
    if options.out is None:
        raise typer.BadParameter("stdout cannot be resumed; name a file with -o.", param_hint="--resume")
    if options.limit is not None or options.sample is not None:
        raise typer.BadParameter("a run with --limit or --sample is short; start it again without --resume.", param_hint="--resume")
    check_appendable("--resume", table)
    for file in (options.out, options.failures, spans):
        if file is not None and file.exists() and not file.is_file():
            raise typer.BadParameter(f"{str(file)!r} is not a file and cannot be resumed; name a file.", param_hint="--resume")
    if options.from_list is not None and not os.path.isfile(options.from_list):
        raise typer.BadParameter(
            f"{options.from_list!r} is not a file and cannot be read again; name a file.", param_hint="--resume"
        )
    if options.reads_stdin:
        raise typer.BadParameter("stdin cannot be read again; save it to a file and name that.", param_hint="--resume")


def check_appendable(option: str, table: OutputTable | None) -> None:
    """End with a usage error if the output is a table, which is made of all records at the end of a run."""
    if table is not None:
        raise typer.BadParameter(
            f"a {table.format.name} file cannot be appended to; use a name for -o that ends in .jsonl.", param_hint=option
        )


def check_stdin() -> str:
    """Return the name of stdin, or end with a usage error if it is a terminal."""
    if sys.stdin is None or sys.stdin.isatty():
        raise typer.BadParameter("name a file or a directory, or pipe a page in and name - for stdin.", param_hint="INPUT")
    return "-"


def check_url(url: str | None) -> None:
    """End with a usage error if ``url`` is not the address of a page."""
    if url is not None and not is_absolute(url):
        raise typer.BadParameter(f"{url!r} is not an absolute http or https address.", param_hint="--url")


def check_overwrite(inputs: Iterable[str], out: Path, option: str) -> None:
    """End with a usage error if writing an output would replace or remove an input."""
    if (conflict := conflict_of(out, inputs, {})) is not None:
        raise typer.BadParameter(f"{conflict}.", param_hint=option)


def _check_output(option: str, file: Path, inputs: Iterable[str], outputs: Mapping[str, Path | None]) -> None:
    if str(file) == "-":
        raise typer.BadParameter("'-' is not a file; without -o, records go to stdout.", param_hint=option)
    if (address := address_of(file)) is not None:
        raise typer.BadParameter(f"{address!r} is remote, and this command writes local files; name one.", param_hint=option)
    before = takewhile(lambda pair: pair[0] != option, outputs.items())
    if (conflict := conflict_of(file, inputs, dict(before))) is not None:
        raise typer.BadParameter(f"{conflict}.", param_hint=option)
    if outputs["-o"] is None and _is_stdout(file):
        raise typer.BadParameter(f"{str(file)!r} is also the output of the records; name another file.", param_hint=option)


def _is_stdout(file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(1), os.stat(file))
    except OSError:
        return False


def check_filters(options: Options) -> Filters:
    """Return the filters, or end with a usage error."""
    filters = Filters(
        frozenset(options.only or ()),
        frozenset(map(_lang, options.lang or ())),
        frozenset(map(_site, options.site or ())),
        frozenset(check_slug(slug, "--newspaper") for slug in options.newspaper or ()),
        _day(options.since, "--since"),
        _day(options.until, "--until"),
    )
    if filters.since is not None and filters.until is not None and filters.since > filters.until:
        raise typer.BadParameter(f"{filters.since} is after --until {filters.until}; no day is left.", param_hint="--since")
    if filters.kinds == {"unknown"} and (options.unknown != "keep" or filters.refuses_unknown):
        others = "--unknown keep, and without --lang, --newspaper, --since and --until"
        raise typer.BadParameter(f"pages of unknown layout are written only with {others}.", param_hint="--only")
    return filters


def check_slug(value: str, option: str) -> str:
    """Return the slug of a newspaper, or end with a usage error if no address has such a part."""
    if not _SLUG.fullmatch(value):
        raise typer.BadParameter(f"{value!r} is not a newspaper_slug; write it as in the addresses of articles.", param_hint=option)
    return value


def check_fetched_slugs(slugs: Iterable[str]) -> None:
    """End with a usage error if ``--newspaper`` has letters that no requested address has: a newspaper's name, and not its slug."""
    for slug in slugs:
        if not slug.isascii():
            raise typer.BadParameter(
                f"{slug!r} is in no address that is fetched; write the newspaper_slug as in the addresses of articles, such as"
                " hespress, percent-encoded if it has other letters.",
                param_hint="--newspaper",
            )


def check_keys(keys: str | None, record: type[msgspec.Struct]) -> Keys:
    """Return the keys of a line and their fields, none for all; or end with a usage error."""
    if keys is None:
        return ()
    fields = {field.encode_name: field.name for field in msgspec.structs.fields(record)}
    chosen: dict[str, str] = {}
    for part in keys.split(","):
        new, _, old = (name.strip() for name in (part if "=" in part else f"{part}={part}").partition("="))
        if old not in fields or not new or not new.isprintable():
            raise typer.BadParameter(
                f"{part!r} is not a key; write KEY or NEW=KEY, where KEY is one of {', '.join(fields)}.", param_hint="--keys"
            )
        if new in chosen:
            raise typer.BadParameter(f"{new!r} would be in a line twice; name each key once.", param_hint="--keys")
        chosen[new] = fields[old]
    return tuple(chosen.items())


def _lang(value: str) -> str:
    if not _LANG.fullmatch(value):
        raise typer.BadParameter(f"{value!r} is not a language tag; write it as in records: ar, fr, en.", param_hint="--lang")
    return value


def _site(value: str) -> str:
    """Return a site as records write it, from a host or the address of a front page."""
    address = value if "://" in value else f"https://{value}"
    parts = urlsplit(address) if is_absolute(address) else None
    site = site_of(address) if parts is not None and parts.path in ("", "/") and not (parts.query or parts.fragment) else None
    if not site:
        raise typer.BadParameter(f"{value!r} is not a site; name its host, such as maghress.com.", param_hint="--site")
    return site


def _day(value: str | None, option: str) -> str | None:
    try:
        is_day = value is None or date.fromisoformat(value).isoformat() == value
    except ValueError:
        is_day = False
    if not is_day:
        raise typer.BadParameter(f"{value!r} is not a date; write it as YYYY-MM-DD.", param_hint=option)
    return value


def check_politeness(web: WebOptions) -> "Politeness":
    """Return how pages are requested, or end with a usage error."""
    from scraper.fetch import Politeness

    agent = _user_agent(web.user_agent, web.contact)
    _, agent = _header(f"User-Agent: {agent}", "--user-agent")
    headers = [_header(text, "--header") for text in web.header or []]
    return Politeness(agent, headers, web.delay, web.concurrency, web.timeout, web.ignore_robots)


def _header(text: str, option: str) -> tuple[str, str]:
    from scraper.fetch import is_header

    name, colon, value = (part.strip() for part in text.partition(":"))
    is_other = option == "--header" and name.lower() == "user-agent"
    if is_other or not (colon and is_header(name, value)):
        remedy = "use --user-agent." if is_other else "write 'Name: value' on one line."
        raise typer.BadParameter(f"{text!r} is not a valid header; {remedy}", param_hint=option)
    return name, value


def default_user_agent(contact: str | None = None) -> str:
    """Return the name and version of the program, and whom to ask: the user, the project's page, or the project's README."""
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        pages = [link.partition(", ")[2] for link in metadata("press-scraper").get_all("Project-URL") or []]
    except PackageNotFoundError:
        pages = []
    whom = contact or (pages[0] if pages else "archives press pages; see the README of the scraper project")
    return f"scraper/{__version__} ({'+' if '://' in whom else ''}{whom})"


def _user_agent(given: str | None, contact: str | None) -> str:
    if contact is not None and not contact.isprintable():
        raise typer.BadParameter(f"{contact!r} is not on one line; write an e-mail address or a URL.", param_hint="--contact")
    if given is None:
        return default_user_agent(contact)
    return given if contact is None else f"{given} ({contact})"
