"""Arguments and options shared by commands."""

import inspect
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import typer

from scraper.defaults import MAX_BYTES, PAGE_TIMEOUT

Inputs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="INPUT", help="Saved pages, archives and dumps: files, directories, or - for stdin.", show_default=False
    ),
]
Out = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="OUT", readable=False, help="Write to this file instead of stdout.", show_default=False),
]
Spans = Annotated[
    Path | None,
    typer.Option(metavar="FILE", readable=False, help="Write the label of every piece of each page.", show_default=False),
]
Dedup = Annotated[bool, typer.Option("--dedup", help="Leave out pages whose address, or title and text, was written before.")]
Resume = Annotated[bool, typer.Option("--resume", help="Continue a run of this command that was killed.")]
Unique = Annotated[bool, typer.Option("--unique", help="Write each distinct headline once, with when and how often it was shown.")]
Unknown = Annotated[
    Literal["keep", "skip", "fail"],
    typer.Option(help="Pages of unknown layout: keep their text, leave them out, or report them as failures."),
]


class OnlyKind(StrEnum):
    """The kinds of a record, as an enum because typer accepts no list of literals."""

    ARTICLE = "article"
    LISTING = "listing"
    PAGE = "page"
    UNKNOWN = "unknown"


Only = Annotated[
    list[OnlyKind] | None,
    typer.Option(
        metavar="KIND",
        help="Only pages of this kind: article, listing, page, unknown. This and the next three can be repeated.",
        show_default=False,
    ),
]
Lang = Annotated[
    list[str] | None, typer.Option(metavar="TAG", help="Only pages in this language, such as ar, fr, en.", show_default=False)
]
Site = Annotated[list[str] | None, typer.Option(metavar="HOST", help="Only pages of this site.", show_default=False)]
Newspaper = Annotated[
    list[str] | None,
    typer.Option(metavar="SLUG", help="Only pages of this newspaper, by its newspaper_slug.", show_default=False),
]
Since = Annotated[
    str | None, typer.Option(metavar="DAY", help="Only pages of this date and later: YYYY-MM-DD.", show_default=False)
]
Until = Annotated[
    str | None, typer.Option(metavar="DAY", help="Only pages of this date and earlier: YYYY-MM-DD.", show_default=False)
]
Keys = Annotated[
    str | None,
    typer.Option(
        metavar="KEYS",
        help="Write only these keys, in this order: content=text,author renames text and keeps author.",
        show_default=False,
    ),
]
Layouts = Annotated[
    Path | None,
    typer.Option("--layouts", metavar="DIR", help="Directory of additional layout files.", show_default=False),
]
Url = Annotated[str | None, typer.Option(metavar="URL", help="Address of a single input.", show_default=False)]
MaxBytes = Annotated[int, typer.Option(metavar="BYTES", min=1, help="Maximum size of a page.")]
PageTimeout = Annotated[float, typer.Option(metavar="SECONDS", min=0.001, max=86400, help="Time limit for cleaning one page.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print only errors to stderr.")]

FromList = Annotated[
    str | None,
    typer.Option(
        metavar="FILE", help="Read the inputs listed in this file, or - for stdin: one per line, or failures.", show_default=False
    ),
]
Failures = Annotated[
    Path | None, typer.Option(metavar="FILE", readable=False, help="Write failures as JSON Lines.", show_default=False)
]
Summary = Annotated[
    Path | None, typer.Option(metavar="FILE", readable=False, help="Write the counts of the run as JSON.", show_default=False)
]
TextField = Annotated[str, typer.Option(metavar="NAME", help="In dumps, the field with the text of a page.")]
HtmlField = Annotated[
    str | None, typer.Option(metavar="NAME", help="In dumps, the field with the HTML of a page.", show_default=False)
]
UrlField = Annotated[str, typer.Option(metavar="NAME", help="In dumps, the field with the address.")]
DateField = Annotated[
    str | None, typer.Option(metavar="NAME", help="In dumps, the field with the time of the fetch.", show_default=False)
]

Jobs = Annotated[
    int | None,
    typer.Option("-j", "--jobs", metavar="N", min=1, help="Number of processes; one per core by default.", show_default=False),
]


Include = Annotated[
    list[str] | None,
    typer.Option(
        metavar="GLOB",
        help="In directories and zip archives, read only files that match, such as '*.html'. Can be repeated.",
        show_default=False,
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(metavar="GLOB", help="In directories and zip archives, leave out files that match.", show_default=False),
]
Limit = Annotated[int | None, typer.Option(metavar="N", min=1, help="Read only the first N pages.", show_default=False)]
Sample = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Clean N pages chosen at random from all inputs.", show_default=False)
]
Seed = Annotated[int, typer.Option(metavar="S", help="Choose another sample; the same seed chooses the same pages.")]
KeepGoing = Annotated[bool, typer.Option("--keep-going", help="Read on after 20 failures at the beginning without one page.")]


class Options(NamedTuple):
    """The options of the commands that read pages and write records, in the order of their help."""

    inputs: Inputs = None
    out: Out = None
    from_list: FromList = None
    include: Include = None
    exclude: Exclude = None
    limit: Limit = None
    sample: Sample = None
    seed: Seed = 0
    failures: Failures = None
    summary: Summary = None
    unknown: Unknown = "keep"
    only: Only = None
    lang: Lang = None
    site: Site = None
    newspaper: Newspaper = None
    since: Since = None
    until: Until = None
    keys: Keys = None
    url: Url = None
    layouts: Layouts = None
    text_field: TextField = "text"
    html_field: HtmlField = None
    url_field: UrlField = "url"
    date_field: DateField = None
    max_bytes: MaxBytes = MAX_BYTES
    page_timeout: PageTimeout = PAGE_TIMEOUT
    keep_going: KeepGoing = False
    jobs: Jobs = None
    quiet: Quiet = False


def sharing(command: Callable[..., None]) -> Callable[..., None]:
    """Add the shared options to a command; the function gets them as its first argument, before its own options."""
    own = list(inspect.signature(command).parameters.values())[1:]
    shared = list(inspect.signature(Options).parameters.values())

    def run(**given: Any) -> None:
        command(Options(**{name: given.pop(name) for name in Options._fields}), **given)

    run.__name__, run.__doc__, run.__module__ = command.__name__, command.__doc__, command.__module__
    parameters = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in (*shared, *own)]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run
