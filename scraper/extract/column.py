"""The lines of a page, as far as each can be told alone: what their words and their elements say, and which are of the main column."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final

from scraper.extract.segments import SETTLED, Segment
from scraper.extract.ticker import end_of_line, is_plainly_ticker
from scraper.layouts import Layout
from scraper.models import Document
from scraper.text import is_blank

_TEASER_ENDS: Final = ("(...)", "(…)")
"""How a teaser ends in the text of a listing."""

_COLUMN: Final = frozenset(["main", "body", "teaser"])
_NEVER_BODY: Final = SETTLED | {"ticker", "teaser"}

_FULL_STOP: Final = re.compile(r"(?<!\.)\.[\"'»”’)\]]*\Z")


class MainColumn:
    """The lines that no element has settled as chrome, ticker or teaser."""

    def __init__(self, lines: Sequence[Segment], document: Document, layout: Layout) -> None:
        self.lines = lines
        self._document = document
        self._text = document.text
        self._layout = layout
        self._said: dict[str, list[int]] = {}
        self._labelled: dict[str, list[int]] = {}
        for n, line in enumerate(lines):
            hit, region = line.hit, line.region
            if hit is not None:
                self._said.setdefault(hit.rule.label, []).append(n)
            if region is not None and (hit is None or hit.rule.label == region.rule.label):
                self._labelled.setdefault(region.rule.label, []).append(n)
        parts = {line.region.rule.label for line in lines if line.region is not None}
        self._has_parts = bool(parts)
        self.by_place = parts.isdisjoint(_COLUMN)
        """Whether no element says where the article is, as in a text."""
        self._column = self._find_column()
        self._in_column = set(self._column)
        self._plain_tickers = list(self._find_plain_tickers())
        self._openings = sorted([*self._saying("notice"), *self._plain_tickers])
        """Behind which the head of the article may begin."""

    def stretches(self, lines: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Yield the first and the last of those of ``lines`` that adjoin: between them there is no text of anything else."""
        first = last = None
        for n in lines:
            if first is None or last is None:
                first = n
            elif n != last + 1 or not is_blank(self._text[self.lines[last].end : self.lines[n].start]):
                yield first, last
                first = n
            last = n
        if first is not None and last is not None:
            yield first, last

    def _find_column(self) -> Sequence[int]:
        """Return the lines of the main column: what elements put there, and what stands between the body and its footer.

        A stray end tag in a body closes the main column too early.
        """
        if not self._has_parts:
            return range(len(self.lines))
        bodies, footers = self._within("body"), self._saying("footer")
        top, bottom = (bodies[0], footers[-1]) if bodies and footers else (0, 0)
        column: list[int] = []
        for n, line in enumerate(self.lines):
            if line.region is None:
                if self.by_place or top < n < bottom:
                    column.append(n)
            elif line.region.rule.label not in _NEVER_BODY:
                column.append(n)
        return column

    def _find_plain_tickers(self) -> Iterator[int]:
        """Yield the lines of a text that are tickers whatever stands around them, above the first notice or dateline."""
        if not self.by_place or self._document.form == "html":
            return
        top = min([*self._saying("notice")[:1], *self._saying("dateline")[:1]], default=len(self.lines))
        for n in range(min(top + 1, len(self.lines))):
            line = self.lines[n]
            if line.hit is None and is_plainly_ticker(self._document, line.begin, self._end_of_line(n), self._layout, line.slots):
                yield n

    def _above(self, n: int) -> Sequence[int]:
        """Return the lines of the main column above one."""
        return self._column[: bisect_left(self._column, n)]

    def _end_of_line(self, n: int) -> int:
        limit = self.lines[n + 1].start if n + 1 < len(self.lines) else len(self._text)
        return end_of_line(self._text, self.lines[n].end, limit)

    def _saying(self, label: str) -> list[int]:
        return self._said.get(label, [])

    def _within(self, label: str) -> list[int]:
        """Return the lines that stand in an element with this label, but for those whose words say that they are something else."""
        return self._labelled.get(label, [])

    def _may_be_title(self, line: Segment) -> bool:
        """Of 911 headlines of this network none ended in a single full stop."""
        is_teaser = line.text.endswith(_TEASER_ENDS)
        return len(line.text) <= self._layout.file.ticker.longest and not _FULL_STOP.search(line.text) and not is_teaser

    def _is_sentence(self, line: Segment) -> bool:
        return len(line.text) > self._layout.file.heading.longest or bool(_FULL_STOP.search(line.text))

    def _ends_a_sentence(self, text: str) -> bool:
        return _FULL_STOP.search(text) is not None
