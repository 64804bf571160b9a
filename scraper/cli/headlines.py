"""``scraper headlines``."""

from scraper.cli.options import Options, Unique, sharing


@sharing
def headlines(options: Options, unique: Unique = False) -> None:
    """Turn the tickers of saved pages into JSON Lines, one record a headline.

    Example: scraper headlines saved/ | jq -r .headline
    """
    from functools import partial

    from scraper.cli.choices import check_keys
    from scraper.cli.runs import run

    if unique:
        from scraper.output.headline_store import HeadlineStore
        from scraper.records import HeadlineHistory
        from scraper.run.gathering import HeadlineCollector

        gathering = HeadlineCollector()
        run(options, gathering, rest=gathering.rest, between=HeadlineStore(check_keys(options.keys, HeadlineHistory)))
    else:
        from scraper.records import HeadlineRecord
        from scraper.run import headline_lines

        run(options, partial(headline_lines, keys=check_keys(options.keys, HeadlineRecord)))
