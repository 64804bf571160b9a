"""The frontier of a crawl: every address that it has found, stored in the state, and the order in which to fetch them.

Addresses that are outside the scope of a run stay in the frontier, for a later run with another scope.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

from scraper.output.dedup import digest_of
from scraper.output.fetch_state import OK, Records, State

DONE: Final = 0
QUEUED: Final = 1
UNDER_WAY: Final = 2
OUTSIDE: Final = 3
"""Outside the scope of the run."""

_TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS frontier (
        number INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, address TEXT NOT NULL, host TEXT NOT NULL, newspaper TEXT, lang TEXT,
        role TEXT NOT NULL, is_article INTEGER NOT NULL, depth INTEGER NOT NULL, barren INTEGER NOT NULL,
        status INTEGER NOT NULL, finished_at REAL, alike INTEGER NOT NULL DEFAULT 0
    )""",
    # Only queued addresses are in the index, so the next one is found at once, however many are done.
    f"CREATE INDEX IF NOT EXISTS frontier_queue ON frontier (host, depth, number) WHERE status = {QUEUED}",
    "CREATE TABLE IF NOT EXISTS frontier_patterns (pattern TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID",
)
_COLUMNS: Final = "address, host, newspaper, lang, role, is_article, depth, barren, alike"
_NEXT: Final = f"""
SELECT number, {_COLUMNS}, finished_at IS NOT NULL, finished_at IS NULL AND EXISTS (
    SELECT 1 FROM pages WHERE pages.address = frontier.address AND records = ? AND result = '{OK}'
) FROM frontier WHERE status = {QUEUED} AND host = ? ORDER BY depth, number LIMIT ?
"""  # noqa: S608 - SQLite uses the index only if the status is a constant
_MOST_KEPT: Final = 100_000
"""Alike addresses that are kept for a later run that fetches more of them; some 15 MB. A trap has them without end."""
_MOST_VALUES: Final = 1000
"""Values in a statement; SQLite's own limit is 32,766 (https://www.sqlite.org/limits.html, 9)."""


class FrontierEntry(NamedTuple):
    """An address in the frontier."""

    address: str
    """As it is requested."""
    host: str
    """The host whose requests are throttled together."""
    newspaper: str | None
    """The newspaper's slug in the address."""
    lang: str | None
    role: str
    """The role of the link that was found: ``start``, ``story``, ``headline``, ``listing``, ``paging``, ``feed`` or ``sitemap``."""
    is_article: bool
    depth: int
    """The number of links from a start to it; all pages of a list have the depth of the first."""
    barren: int = 0
    """The number of pages of the same list, right before it, that had nothing new."""
    alike: int = 0
    """Its number among the addresses that differ only in numbers or in the values of a query, from 1; 0 if it is not counted."""


class Visit(NamedTuple):
    """An address that is under way."""

    number: int
    """Its place in the order in which addresses were found."""
    entry: FrontierEntry
    was_read: bool
    """Whether the crawl has read it before."""
    was_written: bool
    """Whether another command has read it, and its record is written."""


class FrontierRow(NamedTuple):
    """The stored data of an address in the frontier."""

    number: int
    """Its place in the order in which addresses were found."""
    status: int
    finished_at: float | None
    """When it was last read, in seconds since 1970."""
    depth: int
    host: str
    alike: int


class Scope(NamedTuple):
    """The addresses that a run fetches. An empty field allows all. Starts on its hosts, even of earlier runs, are always in it."""

    hosts: frozenset[str]
    """Hosts whose addresses are kept; those outside the scope are left for a later run."""
    depth: int
    max_alike: int = 10_000
    """Addresses of a host, other than those of articles, that differ only in numbers or in the values of a query."""
    newspapers: frozenset[str] = frozenset()
    langs: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()

    def condition(self) -> tuple[str, list[object]]:
        """Return a condition of SQL that is true of the rows in the scope, and its values."""
        conditions: list[str] = ["depth <= ?", "alike <= ?"]
        values: list[object] = [*sorted(self.hosts), self.depth, self.max_alike]
        if self.newspapers:
            conditions.append(f"(newspaper IN ({_marks(self.newspapers)}) OR (newspaper IS NULL AND role IN ('feed', 'sitemap')))")
            values += sorted(self.newspapers)
        if self.langs:
            conditions.append(f"(lang IS NULL OR lang IN ({_marks(self.langs)}))")
            values += sorted(self.langs)
        if self.sites:
            conditions.append(f"host IN ({_marks(self.sites)})")
            values += sorted(self.sites)
        return f"(host IN ({_marks(self.hosts)}) AND (role = 'start' OR ({' AND '.join(conditions)})))", values


class Frontier:
    """The addresses of a crawl, in the order in which they were found.

    Args:
        state: the state that holds it.
        scope: the addresses that the run fetches.
        records: the records that the run makes from the pages.
    """

    def __init__(self, state: State, scope: Scope, records: Records) -> None:
        self._state, self._records = state, records
        self._scope = scope
        self._covered, self._values = scope.condition()
        create_tables(state)

    def begin(self) -> None:
        """Queue the addresses in the scope of the run that are not done, including those that a killed run had under way."""
        change = "UPDATE frontier SET status = ? WHERE status IN (?, ?) AND"
        # An address without a newspaper makes the condition NULL.
        self._state.execute(f"{change} {self._covered} IS NOT TRUE", OUTSIDE, QUEUED, UNDER_WAY, *self._values)
        self._queue("status IN (?, ?)", UNDER_WAY, OUTSIDE)

    def requeue(self, before: float, *, articles: bool) -> None:
        """Queue the lists, or the articles, that were finished before a time in seconds since 1970. Further pages of lists are not."""
        kind = "is_article" if articles else "NOT is_article AND role != 'paging'"
        self._queue(f"status = ? AND {kind} AND finished_at <= ?", DONE, before)

    def requeue_failed(self) -> None:
        """Queue the addresses that failed with a transient error, and have not been read since for the records of this run."""
        found = "FROM pages AS seen WHERE is_transient"
        found += " AND NOT EXISTS (SELECT 1 FROM pages WHERE address = seen.address AND records = ? AND NOT is_transient)"
        self._queue(f"status = ? AND address IN (SELECT address {found})", DONE, self._records)

    def requeue_unwritten(self) -> None:
        """Queue the pages whose headlines were written, but not their records."""
        found = "FROM pages AS seen WHERE records = 'headline'"
        found += " AND NOT EXISTS (SELECT 1 FROM pages WHERE address = seen.address AND records = 'page')"
        self._queue(f"status = ? AND address IN (SELECT address {found} UNION SELECT final_url {found})", DONE)

    def _queue(self, condition: str, *values: object) -> int:
        """Queue the addresses in the scope that meet a condition, and return their number."""
        statement = f"UPDATE frontier SET status = ? WHERE {condition} AND {self._covered}"  # noqa: S608 - texts of this module
        return self._state.execute(statement, QUEUED, *values, *self._values)

    def add(self, entries: Mapping[bytes, FrontierEntry]) -> tuple[int, int]:
        """Add addresses by their keys, and return the number of queued and of new ones.

        New addresses outside the scope, or read by `fetch`, are not queued. Addresses outside it because there are too many alike do
        not count as new: otherwise a list with endless links to such addresses would never count as barren. Addresses in the frontier
        stay as they are.
        """
        last = self.last()
        self._insert(entries, OUTSIDE)
        result = "FROM pages WHERE pages.address = frontier.address AND records = ?"
        ((new,),) = self._state.rows("SELECT count(*) FROM frontier WHERE number > ? AND alike <= ?", last, self._scope.max_alike)
        self._state.execute(
            f"UPDATE frontier SET status = ?, finished_at = (SELECT CASE result WHEN ? THEN checked_at END {result})"  # noqa: S608 - the same
            f" WHERE number > ? AND is_article AND role != 'start' AND EXISTS (SELECT 1 {result} AND NOT is_transient)",
            *(DONE, OK, self._records, last, self._records),
        )
        return self._queue("number > ? AND status = ?", last, OUTSIDE), new

    def add_done(self, key: bytes, entry: FrontierEntry) -> int:
        """Add an address that is done, and return its number."""
        self._insert({key: entry}, DONE)
        return self.last()

    def _insert(self, entries: Mapping[bytes, FrontierEntry], status: int) -> None:
        marks = ", ".join("?" * (len(FrontierEntry._fields) + 2))
        statement = f"INSERT OR IGNORE INTO frontier (key, {_COLUMNS}, status) VALUES ({marks})"  # noqa: S608 - our own column names
        self._state.execute_many(statement, ((key, *entry, status) for key, entry in entries.items()))

    def find(self, keys: Iterable[bytes]) -> dict[bytes, FrontierRow]:
        """Return the addresses with these keys that are in the frontier, by key."""
        found: dict[bytes, FrontierRow] = {}
        asked = iter(keys)
        while some := list(islice(asked, _MOST_VALUES)):
            columns, marks = "key, number, status, finished_at, depth, host, alike", ", ".join("?" * len(some))
            rows = self._state.rows(f"SELECT {columns} FROM frontier WHERE key IN ({marks})", *some)  # noqa: S608 - our own column names
            found.update((key, FrontierRow(*values)) for key, *values in rows)
        return found

    def last(self) -> int:
        """Return the number of the last address found."""
        ((number,),) = self._state.rows("SELECT coalesce(max(number), 0) FROM frontier")
        return int(number)

    def lower_depth(self, number: int, depth: int) -> bool:
        """Store that an address is nearer to a start. Queue it if it or its links may now be in the scope; return True if so."""
        self._state.execute("UPDATE frontier SET depth = ? WHERE number = ?", depth, number)
        return self._queue("number = ? AND status = ?", number, OUTSIDE) == 1 or self.read_again(number)

    def read_again(self, number: int) -> bool:
        """Queue a finished start or list in the scope again, for its links. Return True if it is queued."""
        change = "UPDATE frontier SET status = ?, finished_at = NULL WHERE number = ? AND status = ? AND finished_at IS NOT NULL"
        change += f" AND (role = 'start' OR NOT is_article) AND {self._covered}"
        return self._state.execute(change, QUEUED, number, DONE, *self._values) == 1

    def queue(self, number: int) -> None:
        """Queue an address again."""
        self._state.execute("UPDATE frontier SET status = ? WHERE number = ?", QUEUED, number)

    def name(self, key: bytes) -> None:
        """Store that the user named an address, which puts it in the scope of every run, and tries it again if it failed."""
        self._state.execute("UPDATE frontier SET role = 'start', depth = 0 WHERE key = ?", key)
        self._queue("key = ? AND (status = ? OR (status = ? AND finished_at IS NULL))", key, OUTSIDE, DONE)

    def take(self, host: str, count: int) -> list[Visit]:
        """Return the next addresses of a host, least depth first, and mark them as under way."""
        found = self._state.rows(_NEXT, self._records, host, count)
        self._state.execute_many("UPDATE frontier SET status = ? WHERE number = ?", [(UNDER_WAY, number) for number, *_ in found])
        return [
            Visit(number, FrontierEntry(*values), bool(was_read), bool(was_written))
            for number, *values, was_read, was_written in found
        ]

    def finish(self, number: int, at: float | None, *, is_article: bool) -> None:
        """Mark an address as done.

        Args:
            number: its number.
            at: when it was read, in seconds since 1970; None if it failed for good.
            is_article: whether it has led to an article.
        """
        change = "UPDATE frontier SET status = ?, finished_at = ?, is_article = is_article OR ? WHERE number = ?"
        self._state.execute(change, DONE, at, is_article, number)

    def count_alike(self, pattern: str) -> int | None:
        """Count an address by its pattern, and return its number; None if there are too many alike to keep it, even for a later run."""
        statement = "INSERT INTO frontier_patterns VALUES (?, 1) ON CONFLICT (pattern) DO UPDATE SET count = count + 1"
        found = self._state.rows(f"{statement} WHERE count < ? RETURNING count", pattern, max(self._scope.max_alike, _MOST_KEPT))
        return int(found[0][0]) if found else None

    def hosts(self) -> list[str]:
        """Return the hosts that have queued addresses."""
        return [host for (host,) in self._state.rows(f"SELECT DISTINCT host FROM frontier WHERE status = {QUEUED}")]  # noqa: S608 - a constant

    def newspapers_not_found(self) -> list[str]:
        """Return the newspapers of the scope that have no address in the frontier."""
        found = "SELECT 1 FROM frontier WHERE newspaper = ? LIMIT 1"
        return [slug for slug in sorted(self._scope.newspapers) if not self._state.rows(found, slug)]

    def counts(self) -> Counter[int]:
        """Return the number of addresses by status."""
        return Counter(dict(self._state.rows("SELECT status, count(*) FROM frontier GROUP BY status")))


def create_tables(state: State) -> None:
    """Add the tables of the frontier to a state that lacks them, such as that of ``fetch``."""
    for statement in _TABLES:
        state.execute(statement)
    if "alike" not in {name for _, name, *_ in state.rows("PRAGMA table_info(frontier)")}:  # as the first versions made it
        state.execute("ALTER TABLE frontier ADD COLUMN alike INTEGER NOT NULL DEFAULT 0")
    state.commit()


def key_of(folded: str) -> bytes:
    """Return the key of a folded address."""
    return digest_of(folded)


def _marks(values: frozenset[str]) -> str:
    return ", ".join("?" * len(values))


def left(counts: Counter[int]) -> Sequence[tuple[str, int]]:
    """Return the numbers of addresses that are left, each with a name."""
    queued = counts[QUEUED] + counts[UNDER_WAY]
    return [(name, number) for name, number in (("queued", queued), ("outside the scope", counts[OUTSIDE])) if number]
