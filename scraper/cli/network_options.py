"""Options of the commands that use the network."""

import re
from pathlib import Path
from threading import TIMEOUT_MAX
from typing import Annotated, Final, NamedTuple

import typer

from scraper.cli.options import NETWORK, OUTPUT, Dedup, Spans, option

_UNITS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds(text: str | float) -> float:
    """Return a duration such as ``90``, ``15m`` or ``2d`` in seconds, at most what the system can wait; or end with a usage error."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", str(text).strip())
    if found is None:
        raise typer.BadParameter(f"{text!r} is not a duration; write 90, 90s, 15m, 1h or 2d.")
    return min(float(found[1]) * _UNITS[found[2]], TIMEOUT_MAX)


Save = Annotated[Path | None, option(OUTPUT, metavar="RAW.warc.gz", help="Append all requests and responses to this file.")]
TickerOnly = Annotated[bool, option(OUTPUT, "--ticker-only", help="Write headlines instead of pages; with --state, only new ones.")]
Delay = Annotated[
    float,
    option(
        NETWORK,
        metavar="SECONDS",
        min=0,
        max=86400,
        envvar="SCRAPER_DELAY",
        help="Wait between two requests to a host; longer if its robots.txt asks for it.",
    ),
]
Concurrency = Annotated[
    int, option(NETWORK, metavar="N", min=1, max=256, help="Request pages of at most N hosts at the same time.")
]
Timeout = Annotated[float, option(NETWORK, metavar="SECONDS", min=0.01, max=86400, help="Give up a request that takes longer.")]
UserAgent = Annotated[
    str | None,
    option(
        NETWORK,
        metavar="TEXT",
        envvar="SCRAPER_USER_AGENT",
        help="Send this user agent; its first word selects the rules in robots.txt.",
    ),
]
Contact = Annotated[
    str | None,
    option(
        NETWORK,
        metavar="TEXT",
        envvar="SCRAPER_CONTACT",
        help="Add to the user agent how the owners of a site can reach you: an e-mail address or a URL.",
    ),
]
HeaderLines = Annotated[
    list[str] | None,
    option(NETWORK, "--header", metavar="'NAME: VALUE'", help="Send this header with each request. Can be repeated."),
]
IgnoreRobots = Annotated[
    bool, option(NETWORK, "--ignore-robots", help="Fetch what robots.txt forbids, on your own responsibility.")
]

OF_FILES: Final = frozenset(
    "inputs include exclude url limit sample seed text_field html_field url_field date_field keep_going".split()
)
"""Options of :class:`~scraper.cli.options.Options` that only commands have that read files."""
OF_ONE_COMMAND: Final = frozenset(["state", "refresh"])
"""Options of :class:`WebOptions` that each command explains in its own words."""


class WebOptions(NamedTuple):
    """The options of the commands that fetch pages, beside :class:`~scraper.cli.options.Options`."""

    dedup: Dedup = False
    save: Save = None
    ticker_only: TickerOnly = False
    spans: Spans = None
    delay: Delay = 1.0
    concurrency: Concurrency = 8
    timeout: Timeout = 60.0
    user_agent: UserAgent = None
    contact: Contact = None
    header: HeaderLines = None
    ignore_robots: IgnoreRobots = False
    state: Path | None = None
    refresh: float | None = None
