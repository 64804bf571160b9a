"""Report the state of a fetch or a crawl."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from scraper.layouts import Layout, layout_of_site
from scraper.output.fetch_state import OK, State
from scraper.output.frontier import DONE, OUTSIDE, create_tables
from scraper.stats.tables import Column, Table, number
from scraper.urls import is_absolute, site_of

_BATCH: Final = 10_000
_TOP: Final = 20
_COLUMNS: Final = ("queued", "outside", "fetched", "failed")


class StateReport:
    """Reads a state, and lets addresses be fetched again.

    Args:
        state: the state.
        layouts: the layouts, which recognise newspapers by addresses.
    """

    def __init__(self, state: State, layouts: Sequence[Layout]) -> None:
        self._state, self._layouts = state, layouts
        create_tables(state)

    def failed(self) -> Iterator[str]:
        """Yield the addresses that failed."""
        for batch in self._state.batches(f"SELECT DISTINCT address FROM pages WHERE result != '{OK}'", _BATCH):  # noqa: S608 - a constant
            for (address,) in batch:
                yield address

    def retry(self, code: str) -> int:
        """Let the next run fetch the addresses that failed with a code again, and return their number."""
        found = "result = ? AND result != ?"
        ((failed,),) = self._state.rows(f"SELECT count(DISTINCT address) FROM pages WHERE {found}", code, OK)  # noqa: S608 - a constant
        self._state.execute(f"UPDATE pages SET is_transient = 1 WHERE {found}", code, OK)  # noqa: S608 - a constant
        self._state.commit()
        return int(failed)

    def tables(self) -> list[Table]:
        """Return the numbers of addresses: in all, failed by code, by host and by newspaper."""
        codes: Counter[str] = Counter()
        hosts: Counter[tuple[str, str]] = Counter()
        newspapers: Counter[tuple[str, str]] = Counter()
        total: Counter[str] = Counter()
        for column, address, result in self._addresses():
            total[column] += 1
            site = site_of(address) if is_absolute(address) else None  # a list may contain invalid addresses
            hosts[site or "?", column] += 1
            newspapers[self._newspaper(address, site) or "none", column] += 1
            if column == "failed":
                codes[result] += 1
        overview = [(name, number(total[column])) for name, column in _OVERVIEW if total[column] or column != "outside"]
        failed = [(code, number(count)) for code, count in codes.most_common()]
        return [
            Table("Addresses", [Column(""), Column("addresses", is_number=True)], overview),
            Table("Failed, by error code", [Column("code"), Column("addresses", is_number=True)], failed),
            _by("Hosts", "host", hosts),
            _by("Newspapers", "newspaper", newspapers),
        ]

    def _addresses(self) -> Iterator[tuple[str, str, str]]:
        """Yield each address with its column and result."""
        # The headlines and the page of an address have a row each.
        failed = f"coalesce(max(nullif(result, '{OK}')), '{OK}')"
        for batch in self._state.batches(f"SELECT address, {failed} FROM pages GROUP BY address", _BATCH):  # noqa: S608 - a constant
            for address, result in batch:
                yield "fetched" if result == OK else "failed", address, result
        for batch in self._state.batches(f"SELECT address, status FROM frontier WHERE status != {DONE}", _BATCH):  # noqa: S608 - a constant
            for address, status in batch:
                yield "outside" if status == OUTSIDE else "queued", address, ""

    def _newspaper(self, address: str, site: str | None) -> str | None:
        if site is None:
            return None
        return layout_of_site(self._layouts, site).address(address).get("newspaper_slug")


_OVERVIEW: Final = (
    ("queued", "queued"),
    ("outside the scope", "outside"),
    ("fetched", "fetched"),
    ("failed", "failed"),
)


def _by(title: str, column: str, counts: Counter[tuple[str, str]]) -> Table:
    names: Counter[str] = Counter()
    for (name, _), count in counts.items():
        names[name] += count
    rows = [(*(number(counts[name, column]) for column in _COLUMNS), name) for name, _ in names.most_common(_TOP)]
    columns = [*(Column(name, is_number=True) for name in _COLUMNS), Column(column)]
    return Table(title, columns, rows, notes=[f"and {len(names) - _TOP:,} more"] if len(names) > _TOP else [])
