"""When to try again: what may pass, and how long to wait for it."""

from random import Random
from typing import Final

from scraper.fetch.exchange import Exchange

TRIES: Final = 4
"""How often a request is made at most."""
_LONGEST: Final = 60.0
_SHORTEST: Final = 0.05


def is_transient(exchange: Exchange) -> bool:
    """Tell whether the response is one that another try may change: 408, 425, 429, 5xx, or a body that broke off."""
    if exchange.error is not None and getattr(exchange.error, "is_transient", False):
        return True
    return exchange.status in (408, 425, 429) or 500 <= exchange.status <= 599


def backoff(tried: int, delay: float, rng: Random) -> float:
    """Return how many seconds to wait after so many tries: the delay, doubled each time, and up to half of it left to chance.

    Chance keeps programs that failed together from coming back together
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/, "equal jitter").
    """
    full = min(_LONGEST, max(delay, _SHORTEST) * 2.0**tried)
    return rng.uniform(full / 2, full)
