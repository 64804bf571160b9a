"""The main column of a page: the lines that may belong to the article, and the questions that a line answers on its own."""

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import Final

from scraper.extract.segments import SETTLED, Segment
from scraper.extract.ticker import end_of_line
from scraper.layouts import Layout
from scraper.models import Document
from scraper.text import is_blank

_TEASER_ENDS: Final = ("(...)", "(…)")
"""The endings of teasers in the text of a listing."""

_COLUMN: Final = frozenset(["main", "body", "teaser"])
_NEVER_BODY: Final = SETTLED | {"ticker", "teaser"}

_FULL_STOP: Final = re.compile(r"(?<!\.)\.[\"'»”’)\]]*\Z")


def ends_sentence(text: str) -> bool:
    """Return True if a text ends with a single full stop, which quotes or brackets may follow."""
    return _FULL_STOP.search(text) is not None


class MainColumn:
    """The lines of a page, and the indices of those that no element marks as chrome, ticker or teaser.

    Args:
        lines: the lines that are not claimed yet.
        document: the page.
        layout: its layout.
    """

    def __init__(self, lines: Sequence[Segment], document: Document, layout: Layout) -> None:
        self.lines = lines
        self.document = document
        self.layout = layout
        self._by_wording: dict[str, list[int]] = {}
        self._by_element: dict[str, list[int]] = {}
        labels: set[str] = set()
        for n, line in enumerate(lines):
            hit, region = line.hit, line.region
            if hit is not None:
                self._by_wording.setdefault(hit.rule.label, []).append(n)
            if region is not None:
                label = region.rule.label
                labels.add(label)
                if hit is None or hit.rule.label == label:
                    self._by_element.setdefault(label, []).append(n)
        self.has_regions = bool(labels)
        """Whether any line is in a named part of the page."""
        self.by_place = labels.isdisjoint(_COLUMN)
        """Whether no element marks the article, as in a text."""
        self.indices = self._find_indices()
        """The lines of the main column, in order."""
        self.members: Collection[int] = set(self.indices) if self.has_regions else self.indices

    def with_wording(self, label: str) -> list[int]:
        """Return the lines that are a wording with this label."""
        return self._by_wording.get(label, [])

    def in_element(self, label: str) -> list[int]:
        """Return the lines in elements with this label, without those whose wording has another label."""
        return self._by_element.get(label, [])

    def above(self, n: int) -> Sequence[int]:
        """Return the lines of the main column above line ``n``."""
        return self.indices[: bisect_left(self.indices, n) if self.has_regions else n]

    def adjoining(self, lines: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Yield the first and last line of each run of ``lines`` with no other text in between."""
        first = last = None
        for n in lines:
            if first is None or last is None:
                first = n
            elif n != last + 1 or not is_blank(self.document.text[self.lines[last].end : self.lines[n].start]):
                yield first, last
                first = n
            last = n
        if first is not None and last is not None:
            yield first, last

    def gaps(self, lines: Sequence[int]) -> list[int]:
        """Return the number of line breaks between each line and the next."""
        return [self.document.text.count("\n", self.lines[one].end, self.lines[other].start) for one, other in pairwise(lines)]

    def end_of_line(self, n: int) -> int:
        """Return the end of line ``n``, including the white space after its text."""
        return end_of_line(self.document.text, self.lines[n].end, self.next_start(n))

    def next_start(self, n: int) -> int:
        """Return the start of the line after line ``n``; at the last line, the end of the text."""
        return self.lines[n + 1].start if n + 1 < len(self.lines) else len(self.document.text)

    def may_be_title(self, line: Segment) -> bool:
        """Return True if a line has the shape of a title.

        Of 911 headlines of this network none ended in a single full stop.
        """
        is_teaser = line.text.endswith(_TEASER_ENDS)
        return len(line.text) <= self.layout.file.ticker.longest and not ends_sentence(line.text) and not is_teaser

    def is_sentence(self, line: Segment) -> bool:
        """Return True if a line is too long for a heading or ends like a sentence."""
        return len(line.text) > self.layout.file.heading.longest or ends_sentence(line.text)

    def _find_indices(self) -> Sequence[int]:
        """Return the lines in elements of the main column, and the lines between the body and its footer.

        A stray end tag in a body closes the main column too early.
        """
        if not self.has_regions:
            return range(len(self.lines))
        bodies, footers = self.in_element("body"), self.with_wording("footer")
        top, bottom = (bodies[0], footers[-1]) if bodies and footers else (0, 0)
        indices: list[int] = []
        for n, line in enumerate(self.lines):
            if line.region is None:
                if self.by_place or top < n < bottom:
                    indices.append(n)
            elif line.region.rule.label not in _NEVER_BODY:
                indices.append(n)
        return indices
