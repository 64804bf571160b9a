"""The arguments and options that commands share."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Inputs = Annotated[
    list[str] | None,
    typer.Argument(metavar="INPUT", help="Saved pages: files, directories, or - for stdin.", show_default=False),
]
Out = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="OUT", readable=False, help="Write to this file instead of stdout.", show_default=False),
]
Spans = Annotated[
    Path | None,
    typer.Option(metavar="FILE", readable=False, help="Write what every piece of each page was taken for.", show_default=False),
]
Unknown = Annotated[
    Literal["keep", "skip", "fail"],
    typer.Option(help="A page of no known layout: keep it whole, leave it out, or call it a failure."),
]
Layouts = Annotated[
    Path | None,
    typer.Option("--layouts", metavar="DIR", help="A directory of layout files to use too.", show_default=False),
]
Url = Annotated[str | None, typer.Option(metavar="URL", help="The address of a single input.", show_default=False)]
MaxBytes = Annotated[int, typer.Option(metavar="BYTES", min=1, help="The most bytes that one page may have.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print nothing but errors to stderr.")]

MAX_BYTES = 32 * 1024 * 1024
