"""Arguments and options shared by commands."""

import inspect
import re
from collections.abc import Callable, Collection
from enum import StrEnum
from itertools import chain
from pathlib import Path
from threading import TIMEOUT_MAX
from typing import Annotated, Any, Final, Literal, NamedTuple

import typer

from scraper.defaults import MAX_BYTES, PAGE_TIMEOUT

INPUT: Final = "Input"
CHOOSING: Final = "Choosing"
OUTPUT: Final = "Output"
DUMPS: Final = "Dumps"
RUNS: Final = "Long runs"
NETWORK: Final = "Network"
"""The panels of the help, in the order in which they are shown."""


def option(panel: str, *names: str, help: str, **settings: Any) -> Any:
    """Return an option that the help lists in a panel.

    Args:
        panel: the panel.
        names: the names of the option; by default, the name of the parameter.
        help: what the option does, in one sentence.
        settings: other arguments of ``typer.Option``.
    """
    return typer.Option(*names, help=help, rich_help_panel=panel, **settings)


def out_option(help: str) -> Any:
    """Return the option ``-o``."""
    return option(OUTPUT, "-o", "--output", metavar="OUT", readable=False, help=help)


_UNITS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds(text: str | float) -> float:
    """Return a duration such as ``90``, ``15m`` or ``2d`` in seconds, at most what the system can wait; or end with a usage error."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", str(text).strip())
    if found is None:
        raise typer.BadParameter(f"{text!r} is not a duration; write 90, 90s, 15m, 1h or 2d.")
    return min(float(found[1]) * _UNITS[found[2]], TIMEOUT_MAX)


Inputs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="INPUT",
        help="Saved pages, archives and dumps: files, directories, s3:// and other remote addresses, or - for stdin.",
    ),
]

FromList = Annotated[
    str | None,
    option(
        INPUT,
        metavar="FILE",
        help="Read also the inputs listed in this file, one per line: files, ranges of archives, or --failures. Use - for stdin.",
    ),
]
Include = Annotated[
    list[str] | None,
    option(
        INPUT,
        metavar="GLOB",
        help="In directories and zip archives, read only files that match, such as '*.html'. Can be repeated.",
    ),
]
Exclude = Annotated[
    list[str] | None,
    option(INPUT, metavar="GLOB", help="In directories and zip archives, leave out files that match. Can be repeated."),
]
Url = Annotated[
    str | None, option(INPUT, metavar="URL", help="Give the address of a page that does not contain it; for a single input.")
]
MaxBytes = Annotated[
    int, option(INPUT, metavar="BYTES", min=1, help="Refuse pages that are larger; 32 MiB by default.", show_default=False)
]
Layouts = Annotated[Path | None, option(INPUT, "--layouts", metavar="DIR", help="Use the layout files in this directory, too.")]


class OnlyKind(StrEnum):
    """The kinds of a record, as an enum because typer accepts no list of literals."""

    ARTICLE = "article"
    LISTING = "listing"
    PAGE = "page"
    UNKNOWN = "unknown"


Only = Annotated[
    list[OnlyKind] | None,
    option(
        CHOOSING,
        metavar="KIND",
        help="Write only pages of this kind: article, listing, page or unknown. Can be repeated.",
    ),
]
Lang = Annotated[
    list[str] | None,
    option(CHOOSING, metavar="TAG", help="Write only pages in this language: ar, fr or en. Can be repeated."),
]
Site = Annotated[
    list[str] | None,
    option(CHOOSING, metavar="HOST", help="Write only pages of this site, such as maghress.com. Can be repeated."),
]
Newspaper = Annotated[
    list[str] | None,
    option(CHOOSING, metavar="SLUG", help="Write only pages of this newspaper, by its newspaper_slug. Can be repeated."),
]
Since = Annotated[str | None, option(CHOOSING, metavar="DAY", help="Write only pages of this date (YYYY-MM-DD) or later.")]
Until = Annotated[str | None, option(CHOOSING, metavar="DAY", help="Write only pages of this date (YYYY-MM-DD) or earlier.")]
Unknown = Annotated[
    Literal["keep", "skip", "fail"],
    option(CHOOSING, help="Keep the text of pages of unknown layout, leave them out, or report them as failures."),
]
Dedup = Annotated[bool, option(CHOOSING, "--dedup", help="Leave out pages whose address, or title and text, was written before.")]
Limit = Annotated[int | None, option(CHOOSING, metavar="N", min=1, help="Read only the first N pages.")]
Sample = Annotated[int | None, option(CHOOSING, metavar="N", min=1, help="Clean N pages chosen at random from all inputs.")]
Seed = Annotated[int, option(CHOOSING, metavar="S", help="Choose another sample; the same seed chooses the same pages.")]

Out = Annotated[
    Path | None,
    out_option(
        "Write to this file instead of stdout. Its ending decides on the format: .jsonl, .parquet, .csv, .tsv, also .gz and .zst."
    ),
]
Keys = Annotated[
    str | None,
    option(
        OUTPUT, metavar="KEYS", help="Write only these keys, in this order. 'content=text,author' renames text and keeps author."
    ),
]
Spans = Annotated[
    Path | None, option(OUTPUT, metavar="FILE", readable=False, help="Write the label of every piece of each page to this file.")
]
Failures = Annotated[
    Path | None, option(OUTPUT, metavar="FILE", readable=False, help="Write failures to this file, as JSON Lines.")
]
Summary = Annotated[
    Path | None, option(OUTPUT, metavar="FILE", readable=False, help="Write the counts of the run to this file, as JSON.")
]
Save = Annotated[Path | None, option(OUTPUT, metavar="RAW.warc.gz", help="Append all requests and responses to this file.")]
TickerOnly = Annotated[bool, option(OUTPUT, "--ticker-only", help="Write headlines instead of pages; with --state, only new ones.")]

TextField = Annotated[str, option(DUMPS, metavar="NAME", help="The field with the text of a page.")]
HtmlField = Annotated[str | None, option(DUMPS, metavar="NAME", help="The field with the HTML of a page.")]
UrlField = Annotated[str, option(DUMPS, metavar="NAME", help="The field with the address of a page.")]
DateField = Annotated[str | None, option(DUMPS, metavar="NAME", help="The field with the time at which a page was fetched.")]

Delay = Annotated[
    float,
    option(
        NETWORK,
        metavar="SECONDS",
        min=0,
        max=86400,
        envvar="SCRAPER_DELAY",
        help="Wait between two requests to a host; longer if its robots.txt asks for it.",
    ),
]
Concurrency = Annotated[
    int, option(NETWORK, metavar="N", min=1, max=256, help="Request pages of at most N hosts at the same time.")
]
Timeout = Annotated[float, option(NETWORK, metavar="SECONDS", min=0.01, max=86400, help="Give up a request that takes longer.")]
UserAgent = Annotated[
    str | None,
    option(
        NETWORK,
        metavar="TEXT",
        envvar="SCRAPER_USER_AGENT",
        help="Send this user agent; its first word selects the rules in robots.txt.",
    ),
]
Contact = Annotated[
    str | None,
    option(
        NETWORK,
        metavar="TEXT",
        envvar="SCRAPER_CONTACT",
        help="Add to the user agent how the owners of a site can reach you: an e-mail address or a URL.",
    ),
]
HeaderLines = Annotated[
    list[str] | None,
    option(NETWORK, "--header", metavar="'NAME: VALUE'", help="Send this header with each request. Can be repeated."),
]
IgnoreRobots = Annotated[
    bool, option(NETWORK, "--ignore-robots", help="Fetch what robots.txt forbids, on your own responsibility.")
]

Resume = Annotated[bool, option(RUNS, "--resume", help="Continue a run of this command that was stopped.")]
Jobs = Annotated[
    int | None,
    option(
        RUNS, "-j", "--jobs", metavar="N", min=1, envvar="SCRAPER_JOBS", help="Number of processes; one for each core by default."
    ),
]
PageTimeout = Annotated[
    float, option(RUNS, metavar="SECONDS", min=0.001, max=86400, help="Give up a page that takes longer to clean.")
]
KeepGoing = Annotated[bool, option(RUNS, "--keep-going", help="Continue even if the first 20 pages all fail.")]

Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print only errors to stderr.")]


class Options(NamedTuple):
    """The options of the commands that read pages and write records, in the order of their help."""

    inputs: Inputs = None
    from_list: FromList = None
    include: Include = None
    exclude: Exclude = None
    url: Url = None
    max_bytes: MaxBytes = MAX_BYTES
    layouts: Layouts = None
    only: Only = None
    lang: Lang = None
    site: Site = None
    newspaper: Newspaper = None
    since: Since = None
    until: Until = None
    unknown: Unknown = "keep"
    limit: Limit = None
    sample: Sample = None
    seed: Seed = 0
    out: Out = None
    keys: Keys = None
    failures: Failures = None
    summary: Summary = None
    text_field: TextField = "text"
    html_field: HtmlField = None
    url_field: UrlField = "url"
    date_field: DateField = None
    jobs: Jobs = None
    page_timeout: PageTimeout = PAGE_TIMEOUT
    keep_going: KeepGoing = False
    quiet: Quiet = False


OF_FILES: Final = frozenset(
    "inputs include exclude url limit sample seed text_field html_field url_field date_field keep_going".split()
)
"""Options of :class:`Options` that only commands have that read files."""


class WebOptions(NamedTuple):
    """The options of the commands that fetch pages, beside :class:`Options`."""

    dedup: Dedup = False
    save: Save = None
    ticker_only: TickerOnly = False
    spans: Spans = None
    delay: Delay = 1.0
    concurrency: Concurrency = 8
    timeout: Timeout = 60.0
    user_agent: UserAgent = None
    contact: Contact = None
    header: HeaderLines = None
    ignore_robots: IgnoreRobots = False
    state: Path | None = None
    refresh: float | None = None


OF_ONE_COMMAND: Final = frozenset(["state", "refresh"])
"""Options of :class:`WebOptions` that each command explains in its own words."""


def sharing(*groups: type[Any], without: Collection[str] = ()) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that adds shared options to a command; its function gets a tuple of each group before its own options.

    Args:
        groups: named tuples, such as :class:`Options`.
        without: options that the command has not; they keep their defaults.
    """
    shared = {group: [one for one in inspect.signature(group).parameters.values() if one.name not in without] for group in groups}

    def add(command: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(command).parameters.values())[len(groups) :]

        def run(**given: Any) -> None:
            values = [group(**{one.name: given.pop(one.name) for one in parameters}) for group, parameters in shared.items()]
            command(*values, **given)

        run.__name__, run.__doc__, run.__module__ = command.__name__, command.__doc__, command.__module__
        parameters = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in (*chain(*shared.values()), *own)]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in parameters}
        return run

    return add
