"""What happened in a run, its summary, and the exit status, which is decided here and nowhere else."""

from collections import Counter
from typing import Final

from scraper.records import PageRecord

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130
TERMINATED: Final = 143
READER_GONE: Final = 141

DIGITS: Final = 12
"""Of a digest, where people read it."""


class Tally:
    """The counts of a run."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.warnings: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.layouts: dict[str, str] = {}
        """The layouts that pages were of, and the digests of their rules."""

    def add(self, record: PageRecord) -> None:
        """Count a page that was cleaned and written."""
        self.kinds[record.kind] += 1
        self.warnings.update(record.warnings)

    @property
    def exit_status(self) -> int:
        """0 if nothing failed, 1 otherwise."""
        return FAILED if self.failures else OK

    def summary(self) -> str:
        """Return the counts in one line, such as ``3 pages: 2 article, 1 unknown; failed: 1 missing; layout: arabress 0123456789ab``.

        Each layout is followed by the first 12 digits of its digest.
        """
        total = sum(self.kinds.values())
        parts = [f"{total} page{'' if total == 1 else 's'}" + (f": {_counts(self.kinds)}" if total else "")]
        for name, counts in (("warnings", self.warnings), ("left out", self.left_out), ("failed", self.failures)):
            if counts:
                parts.append(f"{name}: {_counts(counts)}")
        if self.layouts:
            used = ", ".join(f"{name} {digest[:DIGITS]}" for name, digest in sorted(self.layouts.items()))
            parts.append(f"layout{'' if len(self.layouts) == 1 else 's'}: {used}")
        return "; ".join(parts)


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.most_common())
