"""The site's pages: a front page whose ticker changes with each edition, and any number of articles."""

from dataclasses import replace
from functools import lru_cache
from random import Random
from typing import Final

from tests.pages.markup import render_markup
from tests.pages.options import PageOptions
from tests.pages.stories import Story, TickerSlot, make_story
from tests.pages.words import phrase

_TICKER: Final = 58
_NEW: Final = 5
"""The number of new headlines in each edition."""


@lru_cache(maxsize=512)
def article(path: str) -> bytes:
    """Return the article of a path, always the same one."""
    rng = Random(path)
    story = replace(make_story(rng, "ar"), ticker=ticker(0))
    return _page(story, PageOptions(), rng)


@lru_cache(maxsize=16)
def front_page(edition: int) -> bytes:
    """Return the front page."""
    rng = Random(f"front page {edition}")
    return _page(replace(make_story(rng, "ar"), ticker=ticker(edition)), PageOptions(page="home"), rng)


def ticker(edition: int) -> tuple[TickerSlot, ...]:
    """Return the headlines of an edition: a few new ones first, and as many fewer of the old ones at the end."""
    newest = _TICKER + edition * _NEW
    return tuple(
        TickerSlot(f"{phrase(Random(f'headline {n}'), 'ar')} {n}", f"/difaf/{n}") for n in range(newest, newest - _TICKER, -1)
    )


def new_headlines(edition: int) -> list[str]:
    """Return the headlines of an edition that the one before does not have."""
    return [slot.text for slot in ticker(edition)[:_NEW]]


def _page(story: Story, options: PageOptions, rng: Random) -> bytes:
    # The page does not give its own address: the address is the one under which it is fetched.
    page = render_markup(story, replace(options, address="none", meta="utf-8"), rng)
    return page.encode()
