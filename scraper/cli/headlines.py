"""The command ``headlines``."""

from scraper.cli.options import Options, Unique, sharing


@sharing
def headlines(options: Options, unique: Unique = False) -> None:
    """Turn the tickers of saved pages into JSON Lines, one record per headline.

    Example: scraper headlines saved/ | jq -r .headline
    """
    from functools import partial

    from scraper.cli.choices import check_keys
    from scraper.cli.runs import run

    if unique:
        from scraper.engine.headlines import HeadlineCollector
        from scraper.output.headline_store import HeadlineStore
        from scraper.records import HeadlineHistory

        collector = HeadlineCollector()
        run(options, collector, flush=collector.flush, store=HeadlineStore(check_keys(options.keys, HeadlineHistory)))
    else:
        from scraper.engine import headline_lines
        from scraper.records import HeadlineRecord

        run(options, partial(headline_lines, keys=check_keys(options.keys, HeadlineRecord)))
