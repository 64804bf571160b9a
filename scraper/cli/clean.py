"""``scraper clean``."""

from scraper.cli.options import Options, Spans, sharing


@sharing
def clean(options: Options, spans: Spans = None) -> None:
    """Turn saved pages into JSON Lines, one record a page.

    Example: scraper clean saved/ -o pages.jsonl
    """
    from functools import partial

    from scraper.cli.choices import check_keys
    from scraper.cli.runs import run
    from scraper.records import PageRecord
    from scraper.running import page_lines

    run(options, partial(page_lines, keys=check_keys(options.keys, PageRecord)), spans)
