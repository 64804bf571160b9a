"""``scraper clean``."""

from scraper.cli.options import Options, Spans, sharing


@sharing
def clean(options: Options, spans: Spans = None) -> None:
    """Turn saved pages into JSON Lines, one record a page.

    Example: scraper clean saved/ -o pages.jsonl
    """
    from scraper.cli.runs import run
    from scraper.records import to_json_line

    run(options, lambda outcome: [to_json_line(outcome.record)], spans)
