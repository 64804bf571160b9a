"""``scraper clean``."""

from scraper.cli.options import MAX_BYTES, Inputs, Layouts, MaxBytes, Out, Quiet, Unknown, Url


def clean(
    inputs: Inputs = None,
    out: Out = None,
    unknown: Unknown = "keep",
    url: Url = None,
    layouts: Layouts = None,
    max_bytes: MaxBytes = MAX_BYTES,
    quiet: Quiet = False,
) -> None:
    """Turn saved pages into JSON Lines, one record a page.

    Example: scraper clean saved/ -o pages.jsonl
    """
    from scraper.cli.runs import check_inputs, check_layouts, finishing, outcomes
    from scraper.records import to_json_line
    from scraper.tally import Tally
    from scraper.writing import Output

    sources, chosen, output, tally = check_inputs(inputs, url, out), check_layouts(layouts), Output(out), Tally()
    with finishing(output, tally, quiet=quiet):
        for outcome in outcomes(sources, layouts=chosen, url=url, max_bytes=max_bytes, unknown=unknown, output=output, tally=tally):
            output.write(to_json_line(outcome.record))
