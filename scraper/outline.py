"""Which lines of a page are what, told from elements where there are any, then from words, then from place.

Nothing is claimed here; the outline only gives the places, as indices into the lines.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Final, Literal

from scraper.characters import is_blank
from scraper.layouts import Layout
from scraper.pages import Document
from scraper.segments import SETTLED, Segment
from scraper.ticker import end_of_line, is_ticker, is_unsplit

Role = Literal["notice", "chrome", "footer", "byline", "dateline", "title", "ticker", "leftover", "body"]
"""What a line is to the page."""

_TEASER_ENDS: Final = ("(...)", "(…)")
"""How a teaser ends in the text of a listing."""

_COLUMN: Final = frozenset(["main", "body", "teaser"])

_NEVER_BODY: Final = SETTLED | {"ticker"}

_FULL_STOP: Final = re.compile(r"(?<!\.)\.[\"'»”’)\]]*\Z")


class Outline:
    """The outline of the lines that no element has settled as chrome, ticker or teaser.

    Each question is answered once, in an order in which each answer may rest on those before it.
    """

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
        self.dateline = self._find_dateline()
        self.dateline_lines = self._find_dateline_lines()
        self.notices = self._find_notices()
        self.footer = self._find_footer()
        self.bylines = self._find_bylines()
        self.tickers = self._find_tickers(self.bylines)
        self.title = self._find_title()
        self.chrome = self._find_chrome()
        self.leftovers = self._find_leftovers()
        self.body = self._find_body()

    def _find_column(self) -> Sequence[int]:
        """Return the lines of the main column: what elements put there, and what stands between the body and its footer.

        A stray end tag in a body closes the main column too early, for the parser.
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
            elif line.region.rule.label not in _NEVER_BODY and not _is_ornament(line):
                column.append(n)
        return column

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

    def _find_dateline(self) -> int | None:
        """The element that holds it says so; else the first such line below what may be a title.

        A line further down that reads like a dateline is a quotation.
        """
        inside = self._within("dateline")
        if inside:
            return next((n for n in inside if self.lines[n].says("dateline")), inside[0])
        for n in self._saying("dateline"):
            if n in self._column and self.lines[n].label != "body" and self._is_below_title(self._above(n)):
                return n
        return None

    def _find_dateline_lines(self) -> list[int]:
        """The line of the dateline, or, where its element breaks it, all of them."""
        if self.dateline is None:
            return []
        first = self.lines[self.dateline]
        if first.hit is not None:
            return [self.dateline]
        lines = [n for n in self._within("dateline") if self.lines[n].region is first.region and n >= self.dateline]
        hit = self._layout.wording_of(" ".join(self.lines[n].text for n in lines))
        is_broken = hit is not None and hit.rule.label == "dateline"
        return lines if is_broken and lines[-1] - lines[0] < len(lines) else [self.dateline]

    def _above(self, n: int) -> Sequence[int]:
        """Return the lines of the main column above one."""
        return self._column[: bisect_left(self._column, n)]

    def _is_below_title(self, above: Sequence[int]) -> bool:
        """Tell whether the line below those may be the dateline: a title stands between it and notice or ticker, and perhaps a byline."""
        if not above:
            return True
        opening = [place for place, n in enumerate(above) if self.lines[n].says("notice") or self._is_plainly_ticker(n)]
        if opening:
            between = above[opening[-1] + 1 :]
            return len(between) <= 1 or (
                between[1:] == above[-1:] and len(self.lines[above[-1]].text) <= self._layout.file.heading.longest
            )
        return len(above) == 1 or self._may_be_title(self.lines[above[-1]])

    def _find_notices(self) -> list[int]:
        """Its sentences above title and dateline; below them only several in a row, for one alone may be somebody's thanks."""
        said = self._saying("notice")
        top = self.dateline if self.dateline is not None else min(self._within("title"), default=None)
        if top is None:
            return [n for place, n in enumerate(said) if n == said[0] + place]
        return [n for n in said if n < top or n - 1 in said or n + 1 in said]

    def _find_footer(self) -> int | None:
        """The last line that reads like it, if no sentence follows; one further up is a quotation."""
        top = -1 if self.dateline is None else self.dateline
        last = max((n for n in self._saying("footer") if n > top), default=None)
        if last is None:
            return None
        rest = [self.lines[n] for n in self._column[bisect_right(self._column, last) :]]
        is_quoted = any(not (line.says("chrome") or line.says("notice")) and self._is_sentence(line) for line in rest)
        return None if is_quoted else last

    def _find_bylines(self) -> list[int]:
        """Elements say so; else lines that read like one, next to the dateline, or, without one, right below what may be the title."""
        inside = self._within("byline")
        if inside:
            return inside
        lines = [(n, self.lines[n]) for n in self._saying("byline") if n in self._column]
        said = [n for n, line in lines if line.label != "body" and not self._is_sentence(line)]
        if not said:
            return []
        head = self.dateline_lines or self._within("title")[-1:]
        # Without notice or dateline no byline has a say in what is a ticker.
        if (
            not head
            and self.by_place
            and (start := self._below_opening([] if self.notices else self._find_tickers([]))) is not None
        ):
            head = [start]
        found: list[int] = []
        above, below = (head[0] - 1 if self.dateline_lines else -1, head[-1] + 1) if head else (-1, -1)
        while above in said:
            found.append(above)
            above -= 1
        while below in said:
            found.append(below)
            below += 1
        return sorted(found)

    def _find_tickers(self, bylines: Sequence[int]) -> list[int]:
        """The first line, if it holds separators or is too long for anything else, and more of the kind above the article."""
        if not self.by_place:
            return []
        known = [*self.notices[:1], *self.dateline_lines[:1]]
        top = min(known, default=1)
        found = []
        for n, line in enumerate(self.lines[:top]):
            if line.label is not None or n == self.footer or line.says("chrome") or line.says("byline"):
                continue  # what is known to be something else may be followed by white space, too
            # A ticker may be short, but the line above the dateline is the title, unless it is plainly a ticker.
            is_first = n == 0 and bool(known) and n + 1 not in (self.dateline, *bylines)
            slots = 2 if is_first else self._layout.file.ticker.slots
            if is_ticker(self._document, line.start, self._end_of_line(n), slots, self._layout) or (
                n == 0 and is_unsplit(self._text[line.start : line.end], self._layout)
            ):
                found.append(n)
        return found

    def _find_title(self) -> list[int]:
        """The element that holds it says so; else the line above the dateline, or the first below notice or ticker."""
        inside = self._within("title")
        if inside:
            return self._one_title(inside)
        if self.dateline is not None:
            above = [n for n in self._above(self.dateline) if n not in self.bylines]
            settled = [n for n in above if n in self.notices or n in self.tickers]
            # Between notice and dateline the first line is the title; with nothing to begin from, the last.
            free = [n for n in above if n > settled[-1]] if settled else above[-1:]
            return free[:1]
        start = self._below_opening(self.tickers)
        if start is None or not self.by_place:
            return []
        rest = [n for n in self._column if n >= start and n != self.footer and n not in self.bylines]
        is_article = self.footer is not None or bool(self.notices)
        return rest[:1] if is_article and len(rest) > 1 and self._may_be_title(self.lines[rest[0]]) else []

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
        return [n for n in said if n < top or n >= tail]

    def _find_leftovers(self) -> list[int]:
        """Lines in settled parts that read like a notice or footer, but are none; strokes between the parts of a teaser."""
        if not self._has_parts:
            return []
        used = {*self.notices, *self.chrome, self.footer}
        regions = ((n, line, line.region) for n, line in enumerate(self.lines) if line.region is not None)
        return [n for n, line, region in regions if (region.rule.label in SETTLED or _is_ornament(line)) and n not in used]

    def _find_body(self) -> list[int]:
        """What is left of the main column; where only place can tell, below title, dateline or notice."""
        settled = {*self.notices, *self.title, *self.chrome, *self.tickers, *self.dateline_lines, *self.bylines, self.footer}
        left = [n for n in self._column if n not in settled]
        if not self.by_place:
            return left
        tops = [*self.title, *self.dateline_lines]
        start = max(tops) + 1 if tops else self._below_opening(self.tickers)
        return left[bisect_left(left, start) :] if start is not None else []

    def _below_opening(self, tickers: Sequence[int]) -> int | None:
        """Return the first line below notice or ticker; None if the page shows no sign of where it begins."""
        if self.notices:
            return self.notices[-1] + 1
        return len(tickers) if tickers or self.footer is not None else None

    def _one_title(self, inside: Sequence[int]) -> list[int]:
        """Return the lines of the first title; of an element that was never closed only its first line."""
        element = self.lines[inside[0]].region
        first, last = next(self.stretches([n for n in inside if self.lines[n].region == element]))
        lines = range(first, last + 1)
        length = sum(len(self.lines[n].text) for n in lines)
        return list(lines if length <= self._layout.file.ticker.longest else lines[:1])

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

    def _is_plainly_ticker(self, n: int) -> bool:
        return n == 0 and is_ticker(
            self._document, self.lines[0].start, self._end_of_line(0), self._layout.file.ticker.slots, self._layout
        )


def _is_ornament(line: Segment) -> bool:
    return line.label == "teaser" and not any(map(str.isalnum, line.text))
