"""The progress of ``fetch`` on a terminal."""

import time
from collections import Counter, deque
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, Self

from scraper.cli.console import can_show_progress, drawing
from scraper.engine.counts import Counts
from scraper.engine.fetching import AddressSource
from scraper.fetch import Fetched, Scheduler, host_of
from scraper.text import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

_RECENT: Final = 30.0
"""Seconds over which the rate of a host is measured."""
_MOST_HOSTS: Final = 8


class Progress:
    """Shows the number of pages done and queued, the rate of each host, and failures by code. A context manager."""

    def __init__(self, counts: Counts, scheduler: Scheduler, source: AddressSource, *, quiet: bool) -> None:
        self._counts, self._scheduler, self._source = counts, scheduler, source
        self._is_shown = not quiet and can_show_progress()
        self._drawing = ExitStack()
        self._times: dict[str, deque[float]] = {}
        self._hosts: Counter[str] = Counter()
        self._done = 0
        self._started = time.monotonic()

    def __enter__(self) -> Self:
        if self._is_shown:
            self._drawing.enter_context(drawing(self._live))
        return self

    def __exit__(self, *error: object) -> None:
        self._drawing.__exit__(*error)  # type: ignore[arg-type]  # the same arguments

    def _live(self, console: "Console") -> "Live":
        from rich.live import Live

        return Live(get_renderable=self._render, console=console, refresh_per_second=4, transient=True, redirect_stdout=False)

    def note(self, fetched: Fetched) -> None:
        """Count a page."""
        if self._is_shown:
            host = host_of(fetched.url) if "://" in fetched.url else "?"
            self._hosts[host] += 1
            self._done += 1
            times = self._times.setdefault(host, deque())
            times.append(time.monotonic())
            while times and times[0] < time.monotonic() - _RECENT:
                times.popleft()

    def text(self) -> list[str]:
        """Return the lines to show."""
        now = time.monotonic()
        queued = self._scheduler.queued + self._source.waiting
        elapsed = now - self._started
        lines = [f"{self._done} done ({self._done / max(1.0, elapsed):.1f}/s), {queued} queued, {int(elapsed)} s"]
        for host, count in self._hosts.most_common(_MOST_HOSTS):
            times = [at for at in tuple(self._times[host]) if at >= now - _RECENT]
            rate = len(times) / max(1.0, min(_RECENT, now - self._started))
            lines.append(f"  {host}: {count} done, {rate:.1f}/s")
        if len(self._hosts) > _MOST_HOSTS:
            lines.append(f"  and {len(self._hosts) - _MOST_HOSTS} more hosts")
        if self._counts.failures:
            lines.append("  failed: " + ", ".join(f"{number} {code}" for code, number in self._counts.failures.most_common()))
        if self._counts.left_out:
            lines.append("  left out: " + ", ".join(f"{number} {reason}" for reason, number in self._counts.left_out.most_common()))
        return lines

    def _render(self) -> "Text":
        from rich.text import Text

        # Host names come from lists and redirects, and may contain control characters.
        return Text("\n".join(map(printable, self.text())), overflow="ellipsis")
