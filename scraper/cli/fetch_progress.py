"""How a run of ``fetch`` stands, on a terminal; nothing anywhere else."""

import time
from collections import Counter, deque
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, Self

from scraper.cli.talk import is_watched
from scraper.engine.counts import Counts
from scraper.fetch import Fetched, Scheduler, host_of
from scraper.text import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

_RECENT: Final = 30.0
"""Over how many seconds a host's rate is taken."""
_MOST_HOSTS: Final = 8


class Progress:
    """Shows done, queued, the rate per host, and errors by kind. A context manager."""

    def __init__(self, counts: Counts, crew: Scheduler, *, quiet: bool) -> None:
        self._tally, self._crew = counts, crew
        self._is_shown = not quiet and is_watched()
        self._drawing = ExitStack()
        self._times: dict[str, deque[float]] = {}
        self._hosts: Counter[str] = Counter()
        self._done = 0
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        if self._is_shown:
            from scraper.cli.progress import drawing

            self._drawing.enter_context(drawing(self._live))
        return self

    def __exit__(self, *what: object) -> None:
        self._drawing.__exit__(*what)  # type: ignore[arg-type]  # they are what this was given

    def _live(self, console: "Console") -> "Live":
        from rich.live import Live

        return Live(get_renderable=self._shown, console=console, refresh_per_second=4, transient=True, redirect_stdout=False)

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
        """Return the lines that are shown."""
        now = time.monotonic()
        lines = [f"{self._done} done, {self._crew.queued} queued, {int(now - self._began)} s"]
        for host, count in self._hosts.most_common(_MOST_HOSTS):
            times = [at for at in tuple(self._times[host]) if at >= now - _RECENT]
            rate = len(times) / max(1.0, min(_RECENT, now - self._began))
            lines.append(f"  {host}: {count} done, {rate:.1f}/s")
        if len(self._hosts) > _MOST_HOSTS:
            lines.append(f"  and {len(self._hosts) - _MOST_HOSTS} hosts more")
        if self._tally.failures:
            lines.append("  failed: " + ", ".join(f"{number} {code}" for code, number in self._tally.failures.most_common()))
        return lines

    def _shown(self) -> "Text":
        from rich.text import Text

        # A host's name comes from a list or a redirect; what is no letter in it never reaches the terminal.
        return Text("\n".join(map(printable, self.text())), overflow="ellipsis")
