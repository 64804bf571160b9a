"""The frontier of a crawl: every address that it has found, in the state, and which of them it fetches next.

Addresses that are outside the scope of a run stay in the frontier, for a later run with another scope.
"""

from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

from scraper.output.fetch_state import State

DONE: Final = 0
QUEUED: Final = 1
UNDER_WAY: Final = 2
OUTSIDE: Final = 3
"""Outside the scope of the run."""

_TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS frontier (
        number INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, address TEXT NOT NULL, host TEXT NOT NULL, newspaper TEXT, lang TEXT,
        role TEXT NOT NULL, is_article INTEGER NOT NULL, depth INTEGER NOT NULL, barren INTEGER NOT NULL,
        status INTEGER NOT NULL, finished_at REAL
    )""",
    # Only what is queued is in the index, so that the next address is found at once, however many are done.
    f"CREATE INDEX IF NOT EXISTS frontier_queue ON frontier (host, depth, number) WHERE status = {QUEUED}",
    "CREATE TABLE IF NOT EXISTS frontier_patterns (pattern TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID",
)
_NEXT: Final = f"""
SELECT number, address, host, newspaper, lang, role, is_article, depth, barren, finished_at FROM frontier
WHERE status = {QUEUED} AND host = ? ORDER BY depth, number LIMIT ?
"""  # noqa: S608 - SQLite uses the index only if the status is a constant
_FEEDS: Final = ("feed", "sitemap")
_KEY: Final = 16
"""Bytes of a key."""


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
    """Where the link led that was found: ``start``, ``story``, ``headline``, ``listing``, ``paging``, ``feed`` or ``sitemap``."""
    is_article: bool
    depth: int
    """Links from a start to it; the pages of a list have the depth of the first."""
    barren: int = 0
    """The number of pages of the same list, right before it, on which there was nothing new."""


class KnownAddress(NamedTuple):
    """What is known of an address in the frontier."""

    status: int
    finished_at: float | None
    """When it was last read, in seconds since 1970."""
    depth: int
    host: str
    number: int
    """Its place in the order in which addresses were found."""


class Scope(NamedTuple):
    """Which addresses a run fetches. Empty: all of that kind. Starts are always in it."""

    hosts: frozenset[str]
    depth: int
    newspapers: frozenset[str] = frozenset()
    langs: frozenset[str] = frozenset()

    def covers(self, entry: FrontierEntry) -> bool:
        """Return True if the address of an entry is fetched."""
        if entry.role == "start":
            return True
        return (
            entry.host in self.hosts
            and entry.depth <= self.depth
            and (not self.newspapers or entry.newspaper in self.newspapers or (entry.newspaper is None and entry.role in _FEEDS))
            and (not self.langs or entry.lang is None or entry.lang in self.langs)
        )

    def condition(self) -> tuple[str, list[object]]:
        """Return :meth:`covers` as a condition of SQL, with its values."""
        conditions, values = [f"host IN ({_marks(self.hosts)})", "depth <= ?"], [*sorted(self.hosts), self.depth]
        if self.newspapers:
            conditions.append(f"(newspaper IN ({_marks(self.newspapers)}) OR (newspaper IS NULL AND role IN ('feed', 'sitemap')))")
            values += sorted(self.newspapers)
        if self.langs:
            conditions.append(f"(lang IS NULL OR lang IN ({_marks(self.langs)}))")
            values += sorted(self.langs)
        return f"(role = 'start' OR ({' AND '.join(conditions)}))", values


class Frontier:
    """The addresses of a crawl, in the order in which they were found.

    Args:
        state: the state that holds it.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        for statement in _TABLES:
            state.do(statement)
        state.commit()

    def begin(self, scope: Scope) -> None:
        """Queue what is in the scope of a run and not done, also what a run had under way that was killed."""
        covered, values = scope.condition()
        change = "UPDATE frontier SET status = ? WHERE status IN (?, ?) AND"
        # An address without a newspaper makes the condition NULL.
        self._state.do(f"{change} {covered} IS NOT TRUE", OUTSIDE, QUEUED, UNDER_WAY, *values)
        self._state.do(f"{change} {covered}", QUEUED, UNDER_WAY, OUTSIDE, *values)

    def requeue(self, scope: Scope, before: float, *, articles: bool) -> None:
        """Queue the lists, or the articles, that were finished before a time in seconds since 1970. Further pages of lists are not."""
        kind = "is_article" if articles else "NOT is_article AND role != 'paging'"
        self._requeue(scope, f"{kind} AND finished_at <= ?", before)

    def requeue_failed(self, scope: Scope) -> None:
        """Queue what failed with a transient error."""
        self._requeue(scope, "address IN (SELECT address FROM pages WHERE is_passing)")

    def requeue_unwritten(self, scope: Scope) -> None:
        """Queue the pages of which only the headlines were written."""
        found = "FROM pages AS seen WHERE records = 'headline'"
        found += " AND NOT EXISTS (SELECT 1 FROM pages WHERE address = seen.address AND records = 'page')"
        self._requeue(scope, f"address IN (SELECT address {found} UNION SELECT final_url {found})")

    def _requeue(self, scope: Scope, condition: str, *values: object) -> None:
        """Queue what is done, in a scope, and meets a condition."""
        covered, others = scope.condition()
        self._state.do(
            f"UPDATE frontier SET status = ? WHERE status = ? AND {condition} AND {covered}",  # noqa: S608 - texts of this module
            *(QUEUED, DONE, *values, *others),
        )

    def add(self, key: bytes, entry: FrontierEntry, status: int) -> None:
        """Add an address that is not in the frontier."""
        self._state.do(
            "INSERT INTO frontier (key, address, host, newspaper, lang, role, is_article, depth, barren, status)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(key, *entry, status),
        )

    def find(self, key: bytes) -> KnownAddress | None:
        """Return what is known of an address; None if it is not in the frontier."""
        found = self._state.rows("SELECT status, finished_at, depth, host, number FROM frontier WHERE key = ?", key)
        return KnownAddress(*found[0]) if found else None

    def last(self) -> int:
        """Return the number of the address that was found last."""
        ((number,),) = self._state.rows("SELECT coalesce(max(number), 0) FROM frontier")
        return int(number)

    def approach(self, scope: Scope, key: bytes, depth: int) -> bool:
        """Note that an address that is not done is nearer to a start, and return True if that has brought it into the scope."""
        self._state.do("UPDATE frontier SET depth = ? WHERE key = ?", depth, key)
        covered, values = scope.condition()
        change = f"UPDATE frontier SET status = ? WHERE key = ? AND status = ? AND {covered}"  # noqa: S608 - texts of this module
        return self._state.do(change, QUEUED, key, OUTSIDE, *values) == 1

    def queue(self, key: bytes) -> None:
        """Queue an address again."""
        self._state.do("UPDATE frontier SET status = ? WHERE key = ?", QUEUED, key)

    def name(self, key: bytes) -> None:
        """Note that the user named an address, which is then in the scope of every run, and tried again if it failed."""
        self._state.do("UPDATE frontier SET role = 'start', depth = 0 WHERE key = ?", key)
        again = "status = ? OR (status = ? AND finished_at IS NULL)"
        self._state.do(f"UPDATE frontier SET status = ? WHERE key = ? AND ({again})", QUEUED, key, OUTSIDE, DONE)  # noqa: S608 - a constant

    def take(self, host: str, count: int) -> list[tuple[FrontierEntry, bool]]:
        """Return the next addresses of a host, those with the least depth first, and whether each was done before.

        They are marked as under way.
        """
        found = self._state.rows(_NEXT, host, count)
        self._state.do_many("UPDATE frontier SET status = ? WHERE number = ?", [(UNDER_WAY, number) for number, *_ in found])
        return [(FrontierEntry(*values), finished_at is not None) for _, *values, finished_at in found]

    def finish(self, key: bytes, at: float | None, *, is_article: bool) -> None:
        """Mark an address as done.

        Args:
            key: its key.
            at: when it was read, in seconds since 1970; None if it failed, and is not worth another try.
            is_article: whether it has led to an article.
        """
        change = "UPDATE frontier SET status = ?, finished_at = ?, is_article = is_article OR ? WHERE key = ?"
        self._state.do(change, DONE, at, is_article, key)

    def count_alike(self, pattern: str, most: int) -> bool:
        """Count an address by its pattern, and return False if there are too many alike."""
        statement = (
            "INSERT INTO frontier_patterns VALUES (?, 1) ON CONFLICT (pattern) DO UPDATE SET count = count + 1 WHERE count < ?"
        )
        return self._state.do(statement, pattern, most) == 1

    def hosts(self) -> list[str]:
        """Return the hosts that have queued addresses."""
        return [host for (host,) in self._state.rows(f"SELECT DISTINCT host FROM frontier WHERE status = {QUEUED}")]  # noqa: S608 - a constant

    def counts(self) -> Counter[int]:
        """Return the number of addresses by status."""
        return Counter(dict(self._state.rows("SELECT status, count(*) FROM frontier GROUP BY status")))


def key_of(folded: str) -> bytes:
    """Return the key of an address that is folded."""
    return blake2b(folded.encode("utf-8", "surrogatepass"), digest_size=_KEY).digest()


def _marks(values: frozenset[str]) -> str:
    return ", ".join("?" * len(values))


def left(counts: Counter[int]) -> Sequence[tuple[str, int]]:
    """Return what is left to do, in words with numbers."""
    queued = counts[QUEUED] + counts[UNDER_WAY]
    return [(name, number) for name, number in (("queued", queued), ("outside the scope", counts[OUTSIDE])) if number]
