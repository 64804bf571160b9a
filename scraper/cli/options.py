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
from scraper.output.formats import FORMATS

INPUT: Final = "Input"
CHOOSING: Final = "Choosing"
OUTPUT: Final = "Output"
DUMPS: Final = "Dumps"
RUNS: Final = "Long runs"
NETWORK: Final = "Network"
PANELS: Final = (INPUT, CHOOSING, OUTPUT, DUMPS, NETWORK, RUNS)
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


InputsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="INPUT",
        help="Saved pages, archives and dumps: files, directories, s3:// and other remote addresses, or - for stdin.",
    ),
]

FromListOption = Annotated[
    str | None,
    option(
        INPUT,
        metavar="FILE",
        help="Read also the inputs listed in this file, one per line: files, ranges of archives, or --failures. Use - for stdin.",
    ),
]
IncludeOption = Annotated[
    list[str] | None,
    option(
        INPUT,
        metavar="GLOB",
        help="In directories and zip archives, read only files that match, such as '*.html'. Can be repeated.",
    ),
]
ExcludeOption = Annotated[
    list[str] | None,
    option(INPUT, metavar="GLOB", help="In directories and zip archives, leave out files that match. Can be repeated."),
]
UrlOption = Annotated[
    str | None, option(INPUT, metavar="URL", help="Give the address of a page that does not contain it; for a single input.")
]
MaxBytesOption = Annotated[
    int, option(INPUT, metavar="BYTES", min=1, help="Refuse pages that are larger; 32 MiB by default.", show_default=False)
]
LayoutsOption = Annotated[
    Path | None, option(INPUT, "--layouts", metavar="DIR", help="Use the layout files in this directory, too.")
]


class OnlyKind(StrEnum):
    """The kinds of a record, as an enum because typer accepts no list of literals."""

    ARTICLE = "article"
    LISTING = "listing"
    PAGE = "page"
    UNKNOWN = "unknown"


OnlyOption = Annotated[
    list[OnlyKind] | None,
    option(
        CHOOSING,
        metavar="KIND",
        help="Write only pages of this kind: article, listing, page or unknown. Can be repeated.",
    ),
]
LangOption = Annotated[
    list[str] | None,
    option(CHOOSING, metavar="TAG", help="Write only pages in this language: ar, fr or en. Can be repeated."),
]
SiteOption = Annotated[
    list[str] | None,
    option(CHOOSING, metavar="HOST", help="Write only pages of this site, such as maghress.com. Can be repeated."),
]
NewspaperOption = Annotated[
    list[str] | None,
    option(CHOOSING, metavar="SLUG", help="Write only pages of this newspaper, by its newspaper_slug. Can be repeated."),
]
SinceOption = Annotated[str | None, option(CHOOSING, metavar="DAY", help="Write only pages of this date (YYYY-MM-DD) or later.")]
UntilOption = Annotated[str | None, option(CHOOSING, metavar="DAY", help="Write only pages of this date (YYYY-MM-DD) or earlier.")]
UnknownOption = Annotated[
    Literal["keep", "skip", "fail"],
    option(CHOOSING, help="Keep the text of pages of unknown layout, leave them out, or report them as failures."),
]
DedupOption = Annotated[
    bool, option(CHOOSING, "--dedup", help="Leave out pages whose address, or title and text, was written before.")
]
LimitOption = Annotated[int | None, option(CHOOSING, metavar="N", min=1, help="Read only the first N pages.")]
SampleOption = Annotated[int | None, option(CHOOSING, metavar="N", min=1, help="Clean N pages chosen at random from all inputs.")]
SeedOption = Annotated[int, option(CHOOSING, metavar="S", help="Choose another sample; the same seed chooses the same pages.")]

OutOption = Annotated[
    Path | None,
    out_option(
        f"Write to this file instead of stdout. Its ending decides on the format: .jsonl, {', '.join(FORMATS)}, also .gz and .zst."
    ),
]
KeysOption = Annotated[
    str | None,
    option(
        OUTPUT, metavar="KEYS", help="Write only these keys, in this order. 'content=text,author' renames text and keeps author."
    ),
]
SpansOption = Annotated[
    Path | None, option(OUTPUT, metavar="FILE", readable=False, help="Write the label of every piece of each page to this file.")
]
FailuresOption = Annotated[
    Path | None, option(OUTPUT, metavar="FILE", readable=False, help="Write failures to this file, as JSON Lines.")
]
SummaryOption = Annotated[
    Path | None, option(OUTPUT, metavar="FILE", readable=False, help="Write the counts of the run to this file, as JSON.")
]
SaveOption = Annotated[Path | None, option(OUTPUT, metavar="RAW.warc.gz", help="Append all requests and responses to this file.")]
TickerOnlyOption = Annotated[
    bool, option(OUTPUT, "--ticker-only", help="Write headlines instead of pages; with --state, only new ones.")
]

TextFieldOption = Annotated[str, option(DUMPS, metavar="NAME", help="The field with the text of a page.")]
HtmlFieldOption = Annotated[str | None, option(DUMPS, metavar="NAME", help="The field with the HTML of a page.")]
UrlFieldOption = Annotated[str, option(DUMPS, metavar="NAME", help="The field with the address of a page.")]
DateFieldOption = Annotated[str | None, option(DUMPS, metavar="NAME", help="The field with the time at which a page was fetched.")]

DelayOption = Annotated[
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
ConcurrencyOption = Annotated[
    int, option(NETWORK, metavar="N", min=1, max=256, help="Request pages of at most N hosts at the same time.")
]
TimeoutOption = Annotated[
    float, option(NETWORK, metavar="SECONDS", min=0.01, max=86400, help="Give up a request that takes longer.")
]
UserAgentOption = Annotated[
    str | None,
    option(
        NETWORK,
        metavar="TEXT",
        envvar="SCRAPER_USER_AGENT",
        help="Send this user agent; its first word selects the rules in robots.txt.",
    ),
]
ContactOption = Annotated[
    str | None,
    option(
        NETWORK,
        metavar="TEXT",
        envvar="SCRAPER_CONTACT",
        help="Add to the user agent how the owners of a site can reach you: an e-mail address or a URL.",
    ),
]
HeaderOption = Annotated[
    list[str] | None,
    option(NETWORK, "--header", metavar="'NAME: VALUE'", help="Send this header with each request. Can be repeated."),
]
IgnoreRobotsOption = Annotated[
    bool, option(NETWORK, "--ignore-robots", help="Fetch what robots.txt forbids, on your own responsibility.")
]

ResumeOption = Annotated[bool, option(RUNS, "--resume", help="Continue a run of this command that was stopped.")]
JobsOption = Annotated[
    int | None,
    option(
        RUNS, "-j", "--jobs", metavar="N", min=1, envvar="SCRAPER_JOBS", help="Number of processes; one for each core by default."
    ),
]
PageTimeoutOption = Annotated[
    float, option(RUNS, metavar="SECONDS", min=0.001, max=86400, help="Give up a page that takes longer to clean.")
]
KeepGoingOption = Annotated[bool, option(RUNS, "--keep-going", help="Continue even if the first 20 pages all fail.")]

QuietOption = Annotated[bool, typer.Option("-q", "--quiet", help="Print only errors to stderr.")]


class Options(NamedTuple):
    """The options of the commands that read pages and write records, in the order of their help."""

    inputs: InputsArgument = None
    from_list: FromListOption = None
    include: IncludeOption = None
    exclude: ExcludeOption = None
    url: UrlOption = None
    max_bytes: MaxBytesOption = MAX_BYTES
    layouts: LayoutsOption = None
    only: OnlyOption = None
    lang: LangOption = None
    site: SiteOption = None
    newspaper: NewspaperOption = None
    since: SinceOption = None
    until: UntilOption = None
    unknown: UnknownOption = "keep"
    limit: LimitOption = None
    sample: SampleOption = None
    seed: SeedOption = 0
    out: OutOption = None
    keys: KeysOption = None
    failures: FailuresOption = None
    summary: SummaryOption = None
    text_field: TextFieldOption = "text"
    html_field: HtmlFieldOption = None
    url_field: UrlFieldOption = "url"
    date_field: DateFieldOption = None
    jobs: JobsOption = None
    page_timeout: PageTimeoutOption = PAGE_TIMEOUT
    keep_going: KeepGoingOption = False
    quiet: QuietOption = False

    @property
    def reads_stdin(self) -> bool:
        """Whether stdin is an input: it is named, or nothing else is."""
        return "-" in (self.inputs or ()) or (not self.inputs and self.from_list is None)

    @property
    def sized_inputs(self) -> list[str] | None:
        """The inputs, if their size is known before they are read; None if a list names them."""
        return (self.inputs or []) if self.from_list is None else None


OF_FILES: Final = frozenset(
    "inputs include exclude url limit sample seed text_field html_field url_field date_field keep_going".split()
)
"""The :class:`Options` of commands that read files."""


class WebOptions(NamedTuple):
    """The options of the commands that fetch pages, besides :class:`Options`."""

    dedup: DedupOption = False
    save: SaveOption = None
    ticker_only: TickerOnlyOption = False
    spans: SpansOption = None
    delay: DelayOption = 1.0
    concurrency: ConcurrencyOption = 8
    timeout: TimeoutOption = 60.0
    user_agent: UserAgentOption = None
    contact: ContactOption = None
    header: HeaderOption = None
    ignore_robots: IgnoreRobotsOption = False
    state: Path | None = None
    refresh: float | None = None


OF_ONE_COMMAND: Final = frozenset(["state", "refresh"])
"""Options of :class:`WebOptions` that each command explains in its own words."""


def sharing(*groups: type[Any], without: Collection[str] = ()) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that adds shared options to a command; its function gets a tuple of each group before its own options.

    Args:
        groups: named tuples, such as :class:`Options`.
        without: options to leave out; they keep their defaults.
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
