"""Which lines of a page are what, told from elements where there are any, then from words, then from place.

Nothing is claimed here; the outline only gives the places, as indices into the lines. Each question is answered once, in an order in
which each answer may rest on those before it, and in a time that grows with the number of lines.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, Literal

from scraper.extract.head import Head, Shared
from scraper.extract.segments import SETTLED, Segment
from scraper.layouts import Layout
from scraper.models import Document, Element
from scraper.text import is_blank, squeeze_in_place

Role = Literal["notice", "chrome", "footer", "byline", "dateline", "title", "ticker", "leftover", "body"]
"""What a line is to the page."""

_NEAR_FOOTER: Final = 12
"""Lines at the end of a page among which one that ends with the footer is looked for."""
_LONGEST_FOOTER: Final = 160

# Elements that may stand around stray text of a body: they say nothing of what the text is.
_PLAIN: Final = frozenset("a abbr b big br center cite em font h2 h3 h4 i p q s small span strike strong sub sup u".split())


class Outline(Head):
    """Which lines of a page are what."""

    def __init__(self, lines: Sequence[Segment], document: Document, layout: Layout) -> None:
        super().__init__(lines, document, layout)
        self.next_page: int | None = None
        """The line with which another page begins behind the end of this one."""
        self.footer, self.glued_footer = self._find_footer()
        self.chrome = self._find_chrome()
        self.leftovers = self._find_leftovers()
        self.body = self._find_body()

    @property
    def roles(self) -> dict[Role, list[int]]:
        """Which lines have which role: no line has two, so that no text can be claimed twice.

        On a broken page two answers may hold the same line. Then the first in this order has it: what its own words say, then what
        stands beside it, and the body last.
        """
        answers: tuple[tuple[Role, Sequence[int]], ...] = (
            ("notice", self.notices),
            ("chrome", self.chrome),
            ("footer", () if self.footer is None else (self.footer,)),
            ("byline", self.bylines),
            ("dateline", self.dateline_lines),
            ("title", self.title),
            ("ticker", self.tickers),
            ("leftover", self.leftovers),
            ("body", self.body),
        )
        roles: dict[Role, list[int]] = {}
        taken: set[int] = set()
        for role, lines in answers:
            roles[role] = [n for n in lines if n not in taken] if lines else []
            taken.update(lines)
        return roles

    def _find_footer(self) -> tuple[int | None, Shared | None]:
        """The last line that reads like it, before another page begins; else the line that ends with it."""
        head = [*self.dateline_lines, *self.title]
        top = max(head) if head else self._last_of_first(self.notices)
        if self.shared is not None and self._within("title"):
            self._read_shared(self.shared, begins=False)
        footers = [n for n in self._saying("footer") if n > top]
        if not footers:
            self.next_page = self._starts_again(top)
            return None, self._find_glued_footer(top)
        again = self.next_page = self._starts_again(footers[0])
        last = footers[-1] if again is None else footers[max(bisect_left(footers, again) - 1, 0)]
        return last, None

    def _last_of_first(self, lines: Sequence[int]) -> int:
        """Return the last of the lines at the beginning that adjoin; -1 if there are none."""
        last = -1
        for n in lines:
            if last >= 0 and n != last + 1:
                break
            last = n
        return last

    def _starts_again(self, top: int) -> int | None:
        """Return the line below ``top`` with which another page begins: a notice of two sentences, or a dateline behind a footer."""
        if self._document.form == "html":
            return self._second_head()
        notices = [n for n in self._saying("notice") if n > top]
        again = [n for n, after in pairwise(notices) if after == n + 1]
        if top in self._said.get("footer", ())[:1]:
            again += [n for n in self._saying("dateline") if n > top][:1]
        return min(again, default=None)

    def _second_head(self) -> int | None:
        """Return the line below a body in which the dateline's element stands again: two pages were read as one document."""
        bodies = self._within("body")
        first = self._within("dateline")[:1]
        if not bodies or not first:
            return None
        known = self.lines[first[0]].region
        again = [n for n in self._within("dateline") if n > bodies[0] and self.lines[n].region is not known]
        titles = [n for n in self._within("title") if bodies[0] < n < (again[0] if again else 0)]
        return min([*again, *titles]) if again else None

    def _find_glued_footer(self, top: int) -> Shared | None:
        """Return the footer with which a line at the end of the article ends."""
        for n in reversed(self._column[bisect_right(self._column, top) :][-_NEAR_FOOTER:]):
            line = self.lines[n]
            start = max(line.end - _LONGEST_FOOTER, line.start)
            plain, places = squeeze_in_place(line.words(self._text)[start - line.start :])
            for found, _ in self._layout.stretches("footer", plain):
                if is_blank(plain[found.end :]):
                    begin = start + (found.start if places is None else places[found.start])
                    return Shared(n, begin, line.end, plain[: found.start], "")
        return None

    def _find_chrome(self) -> list[int]:
        """Words of the site's own frame, above the article or below it."""
        said = self._saying("chrome")
        if not said:
            return []
        known = [*self.title, *self.notices, *self.dateline_lines]
        top = min(known, default=0)
        tail = len(self.lines)
        while tail and (self.lines[tail - 1].says("chrome") or tail - 1 == self.footer):
            tail -= 1
        if self.footer is not None:
            tail = min(tail, self.footer)
        return [n for n in said if n < top or n >= tail]

    def _find_leftovers(self) -> list[int]:
        """Lines in settled parts that read like a notice or footer, but are none, and what a teaser shows beside its entry."""
        if not self._has_parts:
            return []
        used = {*self.notices, *self.chrome, self.footer}
        labels = SETTLED | {"teaser"}
        regions = ((n, line.region) for n, line in enumerate(self.lines) if line.region is not None)
        return [n for n, region in regions if region.rule.label in labels and n not in used]

    def _find_body(self) -> list[int]:
        """What is left of the main column between head and footer; where an element holds the body, what it holds."""
        settled = {*self.notices, *self.title, *self.chrome, *self.tickers, *self.dateline_lines, *self.bylines, self.footer}
        end = self.footer if self.footer is not None and not self._within("body") else len(self.lines)
        end = min(end, self.next_page if self.next_page is not None else end)
        bodies = [n for n in self._column if self.lines[n].label == "body" and n not in settled and n < end]
        if bodies:
            return self._body_of_elements(bodies, settled)
        left = [n for n in self._column if n not in settled and n < end]
        if not self.by_place:
            return left
        tops = [*self.title, *self.dateline_lines]
        start = max(tops) + 1 if tops else self._below_opening()
        return left[bisect_left(left, start) :]

    def _body_of_elements(self, bodies: Sequence[int], settled: set[int | None]) -> list[int]:
        """Return the lines of the body's elements, and stray text of the main column between them or above the footer."""
        held = set(bodies)
        end = self.footer if self.footer is not None and self.footer > bodies[-1] else bodies[-1]
        return [
            n
            for n in self._column[bisect_left(self._column, bodies[0]) :]
            if n in held or (n < end and n not in settled and self._is_stray(self.lines[n]))
        ]

    def _is_stray(self, line: Segment) -> bool:
        """Return True if no element says what a line of the main column is: a stray end tag has pushed it out of the body."""
        part = line.region.element if line.region is not None else None
        for run in line.runs:
            element: Element | None = run.element
            while element is not None and element is not part and part is not None:
                if element.tag not in _PLAIN or element.class_ or element.id:
                    return False
                element = element.parent
        return True

    def _below_opening(self) -> int:
        """Return the first line below notice or ticker."""
        return self.notices[-1] + 1 if self.notices else self.tickers[-1] + 1 if self.tickers else 0
