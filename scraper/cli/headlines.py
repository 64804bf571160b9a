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
    from scraper.records import HeadlineHistory, HeadlineRecord, columns_of

    record = HeadlineHistory if unique else HeadlineRecord
    keys = check_keys(options.keys, record)
    columns = columns_of(record, keys)
    if unique:
        from scraper.engine.headlines import HeadlineCollector
        from scraper.output.headline_store import HeadlineStore

        collector = HeadlineCollector()
        run(options, collector, columns, has_characters=False, flush=collector.flush, store=HeadlineStore(keys))
    else:
        from scraper.engine import headline_lines

        run(options, partial(headline_lines, keys=keys), columns, has_characters=False)
