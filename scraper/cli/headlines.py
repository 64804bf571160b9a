"""``scraper headlines``."""

from scraper.cli.options import Options, sharing


@sharing
def headlines(options: Options) -> None:
    """Turn the tickers of saved pages into JSON Lines, one record a headline.

    Example: scraper headlines saved/ | jq -r .headline
    """
    from functools import partial

    from scraper.cli.choices import check_keys
    from scraper.cli.runs import run
    from scraper.records import HeadlineRecord
    from scraper.running import headline_lines

    run(options, partial(headline_lines, keys=check_keys(options.keys, HeadlineRecord)))
