"""Which responses to retry, and when."""

from random import Random
from typing import Final

from scraper.errors import FetchError
from scraper.fetch.exchange import Exchange

TRIES: Final = 4
"""The most attempts of a request."""
_LONGEST: Final = 60.0
_SHORTEST: Final = 0.05


def is_transient(exchange: Exchange) -> bool:
    """Return True if another request may get a better response: after 408, 425, 429, 5xx, or a body that broke off."""
    is_broken_off = isinstance(exchange.error, FetchError) and exchange.error.is_transient
    return is_broken_off or exchange.status in (408, 425, 429) or 500 <= exchange.status <= 599


def backoff(retries: int, delay: float, rng: Random) -> float:
    """Return the seconds to wait before the next retry: the delay, doubled each time, less a random part of up to half.

    The random part spreads out programs that failed at the same time
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/, "equal jitter").

    Args:
        retries: the retries so far.
        delay: the pause between requests, in seconds.
        rng: the source of randomness.
    """
    full = min(_LONGEST, max(delay, _SHORTEST) * 2.0**retries)
    return rng.uniform(full / 2, full)
