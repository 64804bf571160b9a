"""The counts of a run, its summary and its exit status."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

import msgspec

from scraper.errors import FAILED, OK
from scraper.extract.audit import CharacterCounts, kept_in
from scraper.records import PageRecord, Removed
from scraper.text import number_of, plural, visible_squeezed

DIGITS: Final = 12
"""How many digits of a digest are shown."""


class PageCount(msgspec.Struct, frozen=True):
    """What is counted of a page that gave a record."""

    kind: str
    warnings: Sequence[str]
    layout: str | None
    digest: str | None
    """The digest of the layout's rules."""
    kept: Mapping[str, int] = {}
    """Visible characters by field."""
    removed: Sequence[Removed] = ()

    @classmethod
    def of(cls, record: PageRecord, digest: str | None, *, counts_characters: bool) -> Self:
        """Return what is counted of a record.

        Args:
            record: the record.
            digest: the digest of its layout.
            counts_characters: whether to count what is kept and removed.
        """
        kept, removed = (kept_in(record, visible_squeezed), record.removed) if counts_characters else ({}, ())
        return cls(record.kind, record.warnings, record.layout, digest, kept, removed)


class Counts(CharacterCounts):
    """The counts of a run."""

    def __init__(self) -> None:
        super().__init__()
        self.kinds: Counter[str] = Counter()
        self.warnings: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.layouts: Counter[str] = Counter()
        """Pages by layout."""
        self.digests: dict[str, str] = {}
        """The digests of the layouts of pages, by name."""
        self.remaining: Counter[str] = Counter()
        """Addresses that a crawl has found and not fetched."""
        self.ended: str | None = None
        """Why a crawl ended before everything was fetched."""
        self.headlines: int | None = None
        """Headlines written, in a run that writes headlines."""

    def add(self, page: PageCount) -> None:
        """Count a page that was cleaned and written."""
        self.kinds[page.kind] += 1
        if page.warnings:
            self.warnings.update(page.warnings)
        self.layouts[page.layout or "unknown"] += 1
        if page.layout is not None and page.digest is not None:
            self.digests[page.layout] = page.digest
        self.add_characters(page.kept, page.removed)

    def merge(self, counts: Mapping[str, Any]) -> None:
        """Add counts that a checkpoint has kept, by attribute."""
        for name, count in counts.items():
            if isinstance(count, Mapping):
                getattr(self, name).update(count)
            elif isinstance(count, int):
                setattr(self, name, (getattr(self, name) or 0) + count)
            elif count is not None:
                setattr(self, name, count)

    @property
    def exit_status(self) -> int:
        """0 if nothing failed, 1 otherwise."""
        return FAILED if self.failures else OK

    def summary(self) -> str:
        """Return the counts in one line.

        Such as ``3 pages: 2 article, 1 unknown; 5,230 characters: 4,120 kept, 1,110 removed; layout: arabress 0123456789ab``. Each
        layout is followed by the first 12 digits of its digest.
        """
        total = self.kinds.total()
        parts = [number_of(total, "page") + (f": {_listed(self.kinds)}" if total else "")]
        if self.headlines is not None:
            parts.append(number_of(self.headlines, "new headline"))
        kept, removed = self.kept.total(), self.removed_characters.total()
        if kept or removed:
            parts.append(f"{kept + removed:,} {plural(kept + removed, 'character')}: {kept:,} kept, {removed:,} removed")
        for name, counts in (
            ("warnings", self.warnings),
            ("left out", self.left_out),
            ("failed", self.failures),
            ("not fetched yet", self.remaining),
        ):
            if counts:
                parts.append(f"{name}: {_listed(counts)}")
        if self.ended is not None:
            parts.append(self.ended)
        if self.digests:
            used = ", ".join(f"{name} {digest[:DIGITS]}" for name, digest in sorted(self.digests.items()))
            parts.append(f"{plural(len(self.digests), 'layout')}: {used}")
        return "; ".join(parts)

    def to_json(self, version: str) -> bytes:
        """Return the counts as a JSON object, with the program's version and its layouts' digests, and a line end."""
        counts = {"kinds": self.kinds, "layouts": self.layouts, "warnings": self.warnings, "left_out": self.left_out}
        summary = {
            "version": version,
            "layout_digests": dict(sorted(self.digests.items())),
            "pages": sum(self.kinds.values()),
            **{name: dict(sorted(count.items())) for name, count in {**counts, "failures": self.failures}.items()},
            "kept": self.kept_by_field,
            "removed": self.removed_by_rule,
            **({"remaining": self.remaining} if self.remaining else {}),
            "exit_status": self.exit_status,
        }
        return msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n"


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.most_common())
