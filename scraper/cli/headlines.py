"""``scraper headlines``."""

from scraper.cli.options import Options, sharing


@sharing
def headlines(options: Options) -> None:
    """Turn the tickers of saved pages into JSON Lines, one record a headline.

    Example: scraper headlines saved/ | jq -r .headline
    """
    from scraper.cli.runs import run
    from scraper.running import headline_lines

    run(options, headline_lines)
