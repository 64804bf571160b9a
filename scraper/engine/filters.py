"""Filters: which records a run writes, by kind, language, site, newspaper and date."""

from typing import NamedTuple

from scraper.records import PageRecord


class Filters(NamedTuple):
    """What a record must be to be written. Empty or None: anything."""

    kinds: frozenset[str] = frozenset()
    langs: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    newspapers: frozenset[str] = frozenset()
    """Slugs of newspapers."""
    since: str | None = None
    """The first day, ``YYYY-MM-DD``."""
    until: str | None = None
    """The last day."""

    @property
    def is_of_known(self) -> bool:
        """Whether the filters refuse all pages of unknown layout, which have no language, newspaper or date."""
        is_known_kind = bool(self.kinds) and "unknown" not in self.kinds
        return is_known_kind or bool(self.langs or self.newspapers or self.since or self.until)

    def refusal(self, record: PageRecord) -> str | None:
        """Return why a record is left out, as a word for the summary; None if it is written."""
        for name, value, wanted in (
            ("kind", record.kind, self.kinds),
            ("lang", record.lang, self.langs),
            ("site", record.site, self.sites),
            ("newspaper", record.newspaper_slug, self.newspapers),
        ):
            if wanted and value not in wanted:
                return f"no-{name}" if value is None else f"other-{name}"
        if self.since is None and self.until is None:
            return None
        if record.date is None:
            return "no-date"
        is_before = self.since is not None and record.date < self.since
        is_after = self.until is not None and record.date > self.until
        return "other-date" if is_before or is_after else None
