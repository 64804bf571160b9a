"""Collect the headlines of many pages, each once: pages of one day show nearly the same ones."""

from collections.abc import Sequence
from typing import Final

import msgspec

from scraper.extract.cleaning import Outcome
from scraper.output.dedup import headline_key
from scraper.records import HeadlineHistory, to_json_line

_MOST: Final = 1 << 14
"""Headlines held in memory: the tickers of hundreds of pages, even if no two pages share one."""


class _Shown(msgspec.Struct):
    """A headline, and the pages that show it."""

    history: HeadlineHistory
    """As the first of them has it."""
    first: str | None = None
    last: str | None = None
    pages: int = 0
    number: int = 0
    """The number of the last of them."""


class HeadlineCollector:
    """Makes lines of the headlines of many pages: none for most pages, then lines for many at once.

    A line is the history of a headline since the last lines; the lines of one headline are merged later.
    """

    def __init__(self) -> None:
        self._shown: dict[str, _Shown] = {}
        """By their keys, in the order of their first appearance."""
        self._as_written: dict[tuple[str | None, str | None, str], _Shown] = {}
        """The same by what the page shows, which needs no key."""
        self._number = 0

    def __call__(self, outcome: Outcome) -> Sequence[bytes]:
        """Add the headlines of a page, and return lines if memory holds too many."""
        record = outcome.record
        site, time = record.site, record.fetched_at
        self._number = number = self._number + 1
        for headline in record.headlines:
            written = (site, headline.url, headline.text)
            shown = self._as_written.get(written)
            if shown is None:
                shown = self._as_written[written] = self._find(outcome, headline.text, headline.url)
            if shown.number == number:  # shown twice on this page
                continue
            shown.number = number
            shown.pages += 1
            if time is not None:
                shown.first = time if shown.first is None else min(shown.first, time)
                shown.last = time if shown.last is None else max(shown.last, time)
        return [self.flush()] if len(self._as_written) > _MOST else ()

    def _find(self, outcome: Outcome, text: str, url: str | None) -> _Shown:
        record, layout = outcome.record, outcome.layout
        key = headline_key(record.site, url, text)
        if key not in self._shown:
            address = layout.address(url) if layout is not None and url is not None else {}
            self._shown[key] = _Shown(
                HeadlineHistory(
                    headline=text,
                    url=url,
                    lang=record.lang,
                    site=record.site,
                    newspaper_slug=address.get("newspaper_slug"),
                    first_fetched_at=None,
                    last_fetched_at=None,
                    pages=1,
                    first_page_id=record.id,
                )
            )
        return self._shown[key]

    def flush(self) -> bytes:
        """Return lines for the headlines since the last lines."""
        lines = b"".join(map(_line, self._shown.values()))
        self._shown.clear()
        self._as_written.clear()
        return lines


def _line(shown: _Shown) -> bytes:
    history = msgspec.structs.replace(shown.history, first_fetched_at=shown.first, last_fetched_at=shown.last, pages=shown.pages)
    return to_json_line(history)
