"""The command ``headlines``."""

from typing import Annotated

import typer

from scraper.cli.options import OUTPUT, DedupOption, Options, ResumeOption, option, sharing


@sharing(Options)
def headlines(
    options: Options,
    unique: Annotated[
        bool, option(OUTPUT, "--unique", help="Write each distinct headline once, with when and how often it was shown.")
    ] = False,
    dedup: DedupOption = False,
    resume: ResumeOption = False,
) -> None:
    """Turn the tickers of saved pages into JSON Lines, one record per headline.

    Examples:
        scraper headlines saved/ | jq -r .headline
        scraper headlines saved/ --unique -o headlines.csv
    """
    from scraper.cli.runs import run_on_files

    for name, is_given, reason in (
        ("--dedup", dedup, "--unique counts all pages that show a headline"),
        ("--resume", resume, "--unique writes its lines when all pages are read"),
    ):
        if unique and is_given:
            raise typer.BadParameter(f"{reason}; leave one of them out.", param_hint=name)
    run_on_files(options, "headline-history" if unique else "headline", dedup=dedup, resume=resume)
