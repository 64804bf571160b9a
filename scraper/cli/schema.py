"""The command ``schema``."""

import json
from typing import Annotated, Literal

import typer


def schema(
    record: Annotated[
        Literal["page", "headline", "headline-history"],
        typer.Argument(metavar="RECORD", help="page, headline or headline-history; page by default."),
    ] = "page",
) -> None:
    """Print the JSON Schema of a record.

    Examples:
        scraper schema > page.schema.json
        scraper schema headline > headline.schema.json
    """
    from scraper.cli.console import finishing
    from scraper.engine.counts import Counts
    from scraper.output.files import Output
    from scraper.records import json_schema

    output = Output(None)
    with finishing([output], Counts(), quiet=True):
        output.write(json.dumps(json_schema(record), ensure_ascii=False, indent=2).encode() + b"\n")
