"""The head of an article: notice, title, writer and dateline, and the ticker above them."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from scraper.extract.column import MainColumn
from scraper.extract.names import is_name
from scraper.extract.segments import Segment
from scraper.extract.ticker import is_ticker, is_unsplit
from scraper.layouts import Layout
from scraper.models import Document
from scraper.text import is_blank, squeeze_in_place

_BESIDE: Final = " -–—|:،,"
"""What may stand between a dateline and what shares its line."""
_YEAR: Final = re.compile(r"\d{4}")
_BETWEEN: Final = 2
"""Lines between ticker or notice and dateline: the title, and perhaps the writer."""


class Shared(NamedTuple):
    """A line that holds a wording and more: what stands before it on the line, and behind it."""

    line: int
    start: int
    """Where the wording begins in the document's text."""
    end: int
    before: str
    after: str
    newspaper: str = ""
    """The newspaper that a dateline names."""


class Head(MainColumn):
    """The head among the lines of a page."""

    def __init__(self, lines: Sequence[Segment], document: Document, layout: Layout) -> None:
        super().__init__(lines, document, layout)
        self.title_shared: Shared | None = None
        """The title, where it stands before the dateline on its line."""
        self.author: str | None = None
        """The writer, where the name stands on the line of the dateline."""
        self.dateline, self.shared = self._find_dateline()
        self.dateline_lines = self._find_dateline_lines()
        self.notices = self._find_notices()
        self.bylines = self._find_bylines()
        self.tickers = self._find_tickers()
        self.title = self._find_title()

    def _find_dateline(self) -> tuple[int | None, Shared | None]:
        """The element that holds it says so; else the first line below what may be a title that is wholly, or ends with, its wording.

        A line further down that reads like a dateline is a quotation.
        """
        inside = self._within("dateline")
        if inside:
            n = next((n for n in inside if self.lines[n].says("dateline")), inside[0])
            return n, None if self.lines[n].says("dateline") else self._sharing(n)
        whole = (n for n in self._saying("dateline") if n in self._in_column and self.lines[n].label != "body")
        found = next(filter(self._is_below_title, whole), None)
        for other in self._head_lines():
            if found is not None and other >= found:
                break
            if (shared := self._sharing(other)) is not None and self._is_head(shared):
                return other, shared
        return found, None

    def _head_lines(self) -> Iterator[int]:
        """Yield the lines on which a dateline may stand with more: short ones with a year in them."""
        longest = self._layout.file.ticker.longest
        for n in self._column:
            line = self.lines[n]
            if line.hit is None and line.label != "body" and len(line.text) <= longest and _YEAR.search(line.text):
                yield n

    def _sharing(self, n: int) -> Shared | None:
        """Return the dateline with which a line ends, or begins, and what else stands on it."""
        line = self.lines[n]
        raw = line.words(self._text)
        plain, places = squeeze_in_place(raw)
        found = next((found for found, _ in self._layout.stretches("dateline", plain)), None)
        if found is None:
            return None
        start, end = (found.start, found.end) if places is None else (places[found.start], places[found.end - 1] + 1)
        beside = (plain[: found.start].strip(_BESIDE), plain[found.end :].strip(_BESIDE))
        return Shared(n, line.start + start, line.start + end, *beside, found.slots.get("newspaper", ""))

    def _is_head(self, shared: Shared) -> bool:
        """Return True if a dateline that shares its line stands where a page has it, with nothing but title or writer beside it."""
        if shared.after and not self._is_name(shared.after):
            return False
        line = self.lines[shared.line]
        above = self._above(shared.line)
        opening = bisect_left(self._openings, shared.line)
        begins = not above or (opening > 0 and self._openings[opening - 1] == above[-1])
        if not shared.before or self._is_writer(shared):
            return begins or self._may_be_title(self.lines[above[-1]])
        return begins and not self._ends_a_sentence(shared.before) and self._column[-1:] != [shared.line] and bool(line.text)

    def _is_writer(self, shared: Shared) -> bool:
        """Return True if before a dateline stands a name, or the newspaper's own, which the network prints where no writer is known."""
        return self._is_name(shared.before) or shared.before.casefold() == shared.newspaper.casefold()

    def _find_dateline_lines(self) -> list[int]:
        """The line of the dateline, or, where its element breaks it, all of them."""
        if self.dateline is None:
            return []
        first = self.lines[self.dateline]
        if first.hit is not None or self.shared is not None:
            return [self.dateline]
        lines = [n for n in self._within("dateline") if self.lines[n].region is first.region and n >= self.dateline]
        hit = self._layout.wording_of(" ".join(self.lines[n].text for n in lines))
        is_broken = hit is not None and hit.rule.label == "dateline"
        return lines if is_broken and lines[-1] - lines[0] < len(lines) else [self.dateline]

    def _is_below_title(self, n: int) -> bool:
        """Return True if line ``n`` may be the dateline: a title stands right above it, and perhaps the writer's name between them."""
        at = bisect_left(self._column, n)
        if not at:
            return True
        above = self._column[at - 1]
        opening = bisect_left(self._openings, n)
        if opening and self.lines[self._openings[opening - 1]].says("notice"):
            between = at - bisect_right(self._column, self._openings[opening - 1])
            return between < _BETWEEN or (between == _BETWEEN and len(self.lines[above].text) <= self._layout.file.heading.longest)
        if opening and above == self._openings[opening - 1]:
            return True
        return self._may_be_title(self.lines[above])

    def _find_notices(self) -> list[int]:
        """Its sentences above title and dateline; below them only several in a row, for one alone may be somebody's thanks."""
        said = self._saying("notice")
        top = self.dateline if self.dateline is not None else min(self._within("title"), default=None)
        if top is None:
            return [n for place, n in enumerate(said) if n == said[0] + place]
        known = set(said)
        return [n for n in said if n < top or n - 1 in known or n + 1 in known]

    def _find_bylines(self) -> list[int]:
        """Elements say so, or a link to the writer's list; else lines that read like one, next to the dateline or below the title."""
        inside = self._within("byline")
        if inside:
            return inside
        head = self.dateline_lines or self._within("title")[-1:]
        found = [n for n in self._beside(head) if self._leads_to_author(self.lines[n])]
        if found:
            return found
        lines = [n for n in self._saying("byline") if n in self._in_column]
        said = {n for n in lines if self.lines[n].label != "body" and not self._is_sentence(self.lines[n])}
        if said and not head and self.by_place:
            start = self._openings[-1] + 1 if self._openings else None
            head = [start] if start is not None else []
        above, below = (head[0] - 1 if self.dateline_lines else -1, head[-1] + 1) if head else (-1, -1)
        while above in said:
            found.append(above)
            above -= 1
        while below in said:
            found.append(below)
            below += 1
        return sorted(found) or self._find_name()

    def _beside(self, head: Sequence[int]) -> Iterator[int]:
        """Yield the lines above and below the dateline, if they are of the head."""
        for n in (head[0] - 1, head[-1] + 1) if head else ():
            if 0 <= n < len(self.lines) and n in self._in_column and self.lines[n].label != "body":
                yield n

    def _leads_to_author(self, line: Segment) -> bool:
        """Return True if all of a line is a link to a list of what one writer has written."""
        links = [run.element.link for run in line.runs if not is_blank(self._text[run.start : run.end])]
        return bool(links) and all(link is not None and self._layout.is_author_link(link.href or "") for link in links)

    def _find_name(self) -> list[int]:
        """Return the line of a name that stands alone between title and dateline."""
        if self.dateline is None or not self._layout.names_authors or (self.shared is not None and self.shared.before):
            return []
        above = self._above(self.dateline)
        if titles := self._within("title"):
            below = [n for n in above[-_BETWEEN:] if n > titles[-1]]
            return below if len(below) == 1 and self._is_name(self.lines[below[0]].text) else []
        between = self._below_opening_of_head(above)
        if len(between) == _BETWEEN and self._is_name(self.lines[between[1]].text, strict=not self._after_notice(between)):
            return [between[1]]
        return [above[-1]] if self._document.form == "text" and above and self._is_above_dateline(above, between) else []

    def _is_above_dateline(self, above: Sequence[int], between: Sequence[int]) -> bool:
        """Return True if the line right above the dateline of a text is a name, though nothing says where the head begins."""
        name = self.lines[above[-1]].text
        is_name = " " in name and self._is_name(name)
        if len(above) == 1:
            # Extractors that drop the title leave the name; a title that reads like a name is rare, and then said to be missing.
            return is_name and not self._openings
        if len(between) < _BETWEEN:
            return False
        title = self.lines[above[-_BETWEEN]]
        return self._is_newspaper(name) or (
            is_name
            and self._may_be_title(title)
            and (self._is_named_title(title.text) or self._stands_apart(above[-_BETWEEN:]) or self._is_dense(above[-_BETWEEN:]))
        )

    def _is_newspaper(self, text: str) -> bool:
        """Return True if a line is the newspaper that the dateline names: the network prints it where no writer is known."""
        hit = self.lines[self.dateline].hit if self.dateline is not None else None
        return hit is not None and hit.slots.get("newspaper", "").casefold() == text.casefold()

    def _is_dense(self, lines: Sequence[int]) -> bool:
        """Return True if as many blank lines stand above these lines as between them, so that none says where the head begins."""
        return len(set(self._gaps(range(max(lines[0] - 1, 0), (self.dateline or 0) + 1)))) == 1

    def _stands_apart(self, lines: Sequence[int]) -> bool:
        """Return True if more blank lines stand above these lines than between them and the dateline: they are the page's head."""
        known = [*lines, self.dateline or 0]
        gaps = self._gaps(known)
        first = lines[0]
        above = self._text.count("\n", self.lines[first - 1].end, self.lines[first].start) if first else max(gaps) + 1
        return above > max(gaps)

    def _gaps(self, lines: Sequence[int]) -> list[int]:
        """Return how many line ends stand between each line and the next."""
        return [self._text.count("\n", self.lines[one].end, self.lines[other].start) for one, other in pairwise(lines)]

    def _below_opening_of_head(self, above: Sequence[int]) -> Sequence[int]:
        """Return the lines between ticker or notice and dateline."""
        opening = bisect_left(self._openings, above[-1] + 1) if above else 0
        return above if not opening else above[bisect_right(above, self._openings[opening - 1]) :]

    def _is_named_title(self, text: str) -> bool:
        """Return True if the first line of the page, which some extractors make of ``<title>``, ends with this."""
        first = self.lines[0].text
        return len(first) > len(text) and first.endswith(text)

    def _find_tickers(self) -> list[int]:
        """The lines above the article that hold separators, or, if none does, the first one that is too long for anything else."""
        if not self.by_place:
            return []
        known = [*self.notices[:1], *self.dateline_lines[:1]]
        top = min(known, default=1)
        found, unsplit = [], []
        for n, line in enumerate(self.lines[:top]):
            if line.label is not None or line.hit is not None:
                continue  # what is known to be something else may be followed by white space, too
            # A ticker may be short, but the line above the dateline is the title, unless it is plainly a ticker.
            is_first = n == 0 and bool(known) and n + 1 not in (self.dateline, *self.bylines)
            slots = 2 if is_first else self._layout.file.ticker.slots
            if n in self._plain_tickers or is_ticker(
                self._document, line.begin, self._end_of_line(n), slots, self._layout, line.slots
            ):
                found.append(n)
            elif (n == 0 or not self._ends_a_sentence(line.text)) and is_unsplit(self._text[line.begin : line.end], self._layout):
                unsplit.append(n)
        return found or unsplit[:1]

    def _find_title(self) -> list[int]:
        """The element that holds it says so; else what stands above the dateline: between it and the notice, or right above it."""
        inside = self._within("title")
        if inside:
            return self._one_title(inside)
        if self.dateline is None:
            return []
        above = [n for n in self._above(self.dateline)[-_BETWEEN * 2 :] if n not in self.bylines]
        begins = not above or above[-1] in self._openings[bisect_left(self._openings, above[-1]) :][:1] or above[-1] in self.tickers
        if self.shared is not None:
            self._read_shared(self.shared, begins=begins)
            if self.title_shared is not None:
                return []
        if begins:
            return []
        between = self._below_opening_of_head(above)
        free = [n for n in between if not self.lines[n].says("chrome")]
        title = free[0] if len(free) <= _BETWEEN and self._after_notice(free) else free[-1] if free else None
        return [title] if title is not None and len(self.lines[title].text) <= self._layout.file.ticker.longest else []

    def _after_notice(self, lines: Sequence[int]) -> bool:
        """Return True if right above these lines stands a notice, so that the first of them is the title."""
        return bool(lines) and lines[0] > 0 and self.lines[lines[0] - 1].says("notice")

    def _read_shared(self, shared: Shared, *, begins: bool) -> None:
        """Tell what stands beside the dateline on its line."""
        if shared.before and begins and not self._within("title"):
            self.title_shared = shared
        elif shared.before and self._is_writer(shared):
            self.author = shared.before
        if shared.after and self._is_name(shared.after):
            self.author = self.author or shared.after

    def _one_title(self, inside: Sequence[int]) -> list[int]:
        """Return the lines of the first title; of an element that was never closed only its first line."""
        element = self.lines[inside[0]].region
        first, last = next(self.stretches([n for n in inside if self.lines[n].region == element]))
        lines = range(first, last + 1)
        length = sum(len(self.lines[n].text) for n in lines)
        return list(lines if length <= self._layout.file.ticker.longest else lines[:1])

    def _is_name(self, text: str, *, strict: bool = True) -> bool:
        """Return True if a line may be a name; where a notice says that a title stands above it, it may be any short line."""
        return is_name(text) if strict else len(text) <= self._layout.file.heading.longest and not self._ends_a_sentence(text)
