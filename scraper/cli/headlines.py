"""``scraper headlines``."""

from scraper.cli.options import Options, sharing


@sharing
def headlines(options: Options) -> None:
    """Turn the tickers of saved pages into JSON Lines, one record a headline.

    Example: scraper headlines saved/ | jq -r .headline
    """
    from scraper.cli.runs import run
    from scraper.projection import headline_records
    from scraper.records import to_json_line

    run(options, lambda outcome: map(to_json_line, headline_records(outcome.record, outcome.layout)))
