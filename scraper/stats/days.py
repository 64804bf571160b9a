"""Sets of days, in a few bytes per year."""

from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple

_BLOCK: Final = 512
"""Days per bit set: few integers, and none that is long because of a single distant day."""


class Gap(NamedTuple):
    """Consecutive missing days."""

    first: date
    days: int


class Days:
    """A set of days."""

    def __init__(self) -> None:
        self._blocks: dict[int, int] = {}

    def add(self, day: date) -> None:
        """Add a day."""
        block, bit = divmod(day.toordinal(), _BLOCK)
        self._blocks[block] = self._blocks.get(block, 0) | 1 << bit

    def __len__(self) -> int:
        return sum(bits.bit_count() for bits in self._blocks.values())

    def __iter__(self) -> Iterator[date]:
        """Yield the days in order."""
        for block, bits in sorted(self._blocks.items()):
            remaining = bits
            while remaining:
                lowest = remaining & -remaining
                yield date.fromordinal(block * _BLOCK + lowest.bit_length() - 1)
                remaining ^= lowest

    @property
    def first(self) -> date:
        """The first day. There must be one."""
        return next(iter(self))

    @property
    def last(self) -> date:
        """The last day. There must be one."""
        block, bits = max(self._blocks.items())
        return date.fromordinal(block * _BLOCK + bits.bit_length() - 1)

    @property
    def span(self) -> int:
        """The number of days from the first to the last, inclusive."""
        return self.last.toordinal() - self.first.toordinal() + 1 if self._blocks else 0

    def gaps(self) -> Iterator[Gap]:
        """Yield the gaps between the first day and the last."""
        previous: int | None = None
        for day in self:
            ordinal = day.toordinal()
            if previous is not None and ordinal > previous + 1:
                yield Gap(date.fromordinal(previous + 1), ordinal - previous - 1)
            previous = ordinal
