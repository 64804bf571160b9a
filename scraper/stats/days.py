"""Sets of days, in a few bytes for each year that has any."""

from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple

_BLOCK: Final = 512
"""How many days share a number: few numbers, and none that is long because one day is far away."""


class Gap(NamedTuple):
    """Days that are missing, one after the other."""

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
        """Yield the days, the first first."""
        for block, bits in sorted(self._blocks.items()):
            left = bits
            while left:
                lowest = left & -left
                yield date.fromordinal(block * _BLOCK + lowest.bit_length() - 1)
                left ^= lowest

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
        """How many days there are from the first to the last, with both."""
        return self.last.toordinal() - self.first.toordinal() + 1 if self._blocks else 0

    def gaps(self) -> Iterator[Gap]:
        """Yield what is missing between the first day and the last."""
        before: int | None = None
        for day in self:
            ordinal = day.toordinal()
            if before is not None and ordinal > before + 1:
                yield Gap(date.fromordinal(before + 1), ordinal - before - 1)
            before = ordinal
