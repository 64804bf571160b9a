"""The arguments and options that commands share."""

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
    typer.Option(metavar="FILE", readable=False, help="Write what every piece of each page was taken for.", show_default=False),
]
Dedup = Annotated[
    bool, typer.Option("--dedup", help="Leave out, and count, a page whose address, or title and text, was written before.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on where this command stopped when it was killed.")]
Unique = Annotated[
    bool, typer.Option("--unique", help="Write each headline of all pages once, with when and how often it was shown.")
]
Unknown = Annotated[
    Literal["keep", "skip", "fail"],
    typer.Option(help="A page of no known layout: keep it whole, leave it out, or call it a failure."),
]


class OnlyKind(StrEnum):
    """The kinds of a record; the command line's library takes a list of no other type."""

    ARTICLE = "article"
    LISTING = "listing"
    PAGE = "page"
    UNKNOWN = "unknown"


Only = Annotated[
    list[OnlyKind] | None,
    typer.Option(
        metavar="KIND",
        help="Give only pages of this kind: article, listing, page, unknown. This and the next three may be given more than once.",
        show_default=False,
    ),
]
Lang = Annotated[
    list[str] | None, typer.Option(metavar="TAG", help="Give only pages in this language: ar, fr, en.", show_default=False)
]
Site = Annotated[list[str] | None, typer.Option(metavar="HOST", help="Give only pages of this site.", show_default=False)]
Newspaper = Annotated[
    list[str] | None,
    typer.Option(metavar="SLUG", help="Give only pages of this newspaper, by its newspaper_slug.", show_default=False),
]
Since = Annotated[
    str | None, typer.Option(metavar="DAY", help="Give only pages of this day and later: YYYY-MM-DD.", show_default=False)
]
Until = Annotated[
    str | None, typer.Option(metavar="DAY", help="Give only pages of this day and earlier: YYYY-MM-DD.", show_default=False)
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
    typer.Option("--layouts", metavar="DIR", help="A directory of layout files to use too.", show_default=False),
]
Url = Annotated[str | None, typer.Option(metavar="URL", help="The address of a single input.", show_default=False)]
MaxBytes = Annotated[int, typer.Option(metavar="BYTES", min=1, help="The most bytes that one page may have.")]
PageTimeout = Annotated[
    float, typer.Option(metavar="SECONDS", min=0.001, max=86400, help="The most that cleaning one page may take.")
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print nothing but errors to stderr.")]

FromList = Annotated[
    str | None,
    typer.Option(
        metavar="FILE", help="Read what this file, or - for stdin, names: an input a line, or failures.", show_default=False
    ),
]
Failures = Annotated[
    Path | None, typer.Option(metavar="FILE", readable=False, help="Write what failed as JSON Lines.", show_default=False)
]
Summary = Annotated[
    Path | None, typer.Option(metavar="FILE", readable=False, help="Write the counts of the run as JSON.", show_default=False)
]
TextField = Annotated[str, typer.Option(metavar="NAME", help="In dumps, the field that holds a text page.")]
HtmlField = Annotated[
    str | None, typer.Option(metavar="NAME", help="In dumps, the field that holds an HTML page.", show_default=False)
]
UrlField = Annotated[str, typer.Option(metavar="NAME", help="In dumps, the field that holds the address.")]
DateField = Annotated[
    str | None, typer.Option(metavar="NAME", help="In dumps, the field that holds the time of the fetch.", show_default=False)
]

Jobs = Annotated[
    int | None,
    typer.Option(
        "-j", "--jobs", metavar="N", min=1, help="Work in so many processes. [default: one for each core]", show_default=False
    ),
]


class Options(NamedTuple):
    """What the commands share that read pages and write records, in the order of their help."""

    inputs: Inputs = None
    out: Out = None
    from_list: FromList = None
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
    jobs: Jobs = None
    quiet: Quiet = False


def sharing(command: Callable[..., None]) -> Callable[..., None]:
    """Make a command with the shared options from a function that takes them as its first argument, before its own options."""
    own = list(inspect.signature(command).parameters.values())[1:]
    shared = list(inspect.signature(Options).parameters.values())

    def run(**given: Any) -> None:
        command(Options(**{name: given.pop(name) for name in Options._fields}), **given)

    run.__name__, run.__doc__, run.__module__ = command.__name__, command.__doc__, command.__module__
    parameters = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in (*shared, *own)]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run
