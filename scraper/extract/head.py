"""The head of an article: notice, title, writer and dateline, and the ticker above them."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from scraper.extract.column import MainColumn, ends_sentence
from scraper.extract.converted_text import is_capitalised_name, is_name
from scraper.extract.segments import Segment
from scraper.extract.ticker import is_plainly_ticker, is_ticker, is_unsplit
from scraper.text import is_blank, squeeze_in_place

_BESIDE: Final = " -–—|:،,"
"""Characters that may separate a dateline from other text on its line."""
_YEAR: Final = re.compile(r"\d{4}")
_BETWEEN: Final = 2
"""The most lines between ticker or notice and dateline: the title and the writer."""


class SharedLine(NamedTuple):
    """A line that holds a wording and other text."""

    line: int
    start: int
    """Where the wording begins in the document's text."""
    end: int
    before: str
    """The text before the wording."""
    after: str
    """The text after the wording."""
    newspaper: str = ""
    """The newspaper that a dateline names."""


class Head:
    """The lines of an article's head, as indices into the lines of the column.

    Each property may depend on the earlier ones.
    """

    def __init__(self, column: MainColumn) -> None:
        self._column = column
        self._lines = column.lines
        self._layout = column.layout
        self._plain_tickers = list(self._find_plain_tickers())
        self._openings = sorted([*column.with_wording("notice"), *self._plain_tickers])
        """Lines below which the head may begin."""
        self.dateline, self.shared_dateline = self._find_dateline()
        self.dateline_lines = self._find_dateline_lines()
        self.notices = self._find_notices()
        marked = self._find_bylines()
        self.bylines = marked or self._find_name()
        self.has_guessed_author = not marked and self._is_alone_above_dateline(self.bylines)
        """Whether the only line above the dateline of a text was taken for the writer's name, which may be the title."""
        self.tickers = self._find_tickers()
        self.title_before_dateline: SharedLine | None = None
        """The line of the dateline, if the title stands before it on the same line."""
        self.author: str | None = None
        """The writer, if the name stands on the line of the dateline."""
        self.title = self._find_title()

    def _find_plain_tickers(self) -> Iterator[int]:
        """Yield the lines of a text, down to the first notice or dateline, that are tickers regardless of their neighbours."""
        column = self._column
        if not column.by_place or column.document.form == "html":
            return
        top = min([*column.with_wording("notice")[:1], *column.with_wording("dateline")[:1]], default=len(self._lines))
        for n in range(min(top + 1, len(self._lines))):
            line = self._lines[n]
            limit = column.next_start(n)
            if line.hit is None and is_plainly_ticker(column.document, line.begin, line.end, limit, self._layout, line.slots):
                yield n

    def _find_dateline(self) -> tuple[int | None, SharedLine | None]:
        """Return the line of the dateline, and the text that shares the line with it.

        An element marks it; otherwise it is the first line below a possible title that is a dateline, or begins or ends with one. A
        later line that reads like a dateline is a quotation.
        """
        column = self._column
        inside = column.in_element("dateline")
        if inside:
            n = next((n for n in inside if self._lines[n].says("dateline")), inside[0])
            return n, None if self._lines[n].says("dateline") else self._sharing(n)
        candidates = (n for n in column.with_wording("dateline") if n in column.members and self._lines[n].label != "body")
        found = next(filter(self._is_below_title, candidates), None)
        for other in self._lines_with_year(found):
            if (shared := self._sharing(other)) is not None and self._is_head(shared):
                return other, shared
        return found, None

    def _lines_with_year(self, end: int | None) -> Iterator[int]:
        """Yield the lines above ``end`` that may hold a dateline and other text: short ones with a year in them."""
        longest = self._layout.file.ticker.longest
        for n in self._column.indices if end is None else self._column.above(end):
            line = self._lines[n]
            if line.hit is None and line.label != "body" and len(line.text) <= longest and _YEAR.search(line.text):
                yield n

    def _sharing(self, n: int) -> SharedLine | None:
        """Return the dateline on a line and the text around it; None if the line holds no dateline."""
        line = self._lines[n]
        plain, places = squeeze_in_place(line.words(self._column.document.text))
        found = next((found for found, _ in self._layout.find_wordings("dateline", plain)), None)
        if found is None:
            return None
        start, end = (found.start, found.end) if places is None else (places[found.start], places[found.end - 1] + 1)
        beside = (plain[: found.start].strip(_BESIDE), plain[found.end :].strip(_BESIDE))
        return SharedLine(n, line.start + start, line.start + end, *beside, found.slots.get("newspaper", ""))

    def _is_head(self, shared: SharedLine) -> bool:
        """Return True if a dateline is at the place of the head, with only the title or the writer on its line."""
        if shared.after and not is_name(shared.after):
            return False
        line = self._lines[shared.line]
        above = self._column.above(shared.line)
        opening = bisect_left(self._openings, shared.line)
        begins = not above or (opening > 0 and self._openings[opening - 1] == above[-1])
        if not shared.before or self._is_writer(shared):
            return begins or self._column.may_be_title(self._lines[above[-1]])
        return begins and not ends_sentence(shared.before) and self._column.indices[-1:] != [shared.line] and bool(line.text)

    def _is_writer(self, shared: SharedLine) -> bool:
        """Return True if a name or the newspaper, which the network prints if no writer is known, precedes a dateline."""
        return is_name(shared.before) or self._is_newspaper_before(shared)

    def _is_newspaper_before(self, shared: SharedLine) -> bool:
        return shared.before.casefold() == shared.newspaper.casefold()

    def _find_dateline_lines(self) -> list[int]:
        """Return the line of the dateline, or all its lines if its element breaks it."""
        if self.dateline is None:
            return []
        first = self._lines[self.dateline]
        if first.hit is not None or self.shared_dateline is not None:
            return [self.dateline]
        inside = self._column.in_element("dateline")
        lines = [n for n in inside if self._lines[n].region is first.region and n >= self.dateline]
        hit = self._layout.wording_of(" ".join(self._lines[n].text for n in lines))
        is_broken = hit is not None and hit.rule.label == "dateline"
        return lines if is_broken and lines[-1] - lines[0] < len(lines) else [self.dateline]

    def _is_below_title(self, n: int) -> bool:
        """Return True if a possible title stands above line ``n``, with at most the writer's name between them."""
        indices = self._column.indices
        at = bisect_left(indices, n)
        if not at:
            return True
        above = indices[at - 1]
        opening = bisect_left(self._openings, n)
        if opening and self._lines[self._openings[opening - 1]].says("notice"):
            count = at - bisect_right(indices, self._openings[opening - 1])
            return count < _BETWEEN or (count == _BETWEEN and len(self._lines[above].text) <= self._layout.file.heading.longest)
        if opening and above == self._openings[opening - 1]:
            return True
        return self._column.may_be_title(self._lines[above])

    def _find_notices(self) -> list[int]:
        """Return the notices above title and dateline, and several in a row below: a single one there may be a reader's thanks."""
        found = self._column.with_wording("notice")
        top = self.dateline if self.dateline is not None else min(self._column.in_element("title"), default=None)
        if top is None:
            return [n for place, n in enumerate(found) if n == found[0] + place]
        members = set(found)
        return [n for n in found if n < top or n - 1 in members or n + 1 in members]

    def _find_bylines(self) -> list[int]:
        """Return the lines that are marked as those of the writer.

        Elements mark them; otherwise they link to the writer's articles or read like bylines, near the dateline or below the title.
        """
        column = self._column
        inside = column.in_element("byline")
        if inside:
            return inside
        head = self.dateline_lines or column.in_element("title")[-1:]
        found = [n for n in self._beside(head) if self._leads_to_author(self._lines[n])]
        if found:
            return found
        candidates = [n for n in column.with_wording("byline") if n in column.members]
        bylines = {n for n in candidates if self._lines[n].label != "body" and not column.is_sentence(self._lines[n])}
        if bylines and not head and column.by_place and self._openings:
            head = [self._openings[-1] + 1]
        above, below = (head[0] - 1 if self.dateline_lines else -1, head[-1] + 1) if head else (-1, -1)
        while above in bylines:
            found.append(above)
            above -= 1
        while below in bylines:
            found.append(below)
            below += 1
        return sorted(found)

    def _beside(self, head: Sequence[int]) -> Iterator[int]:
        """Yield the lines above and below ``head`` that may belong to it."""
        for n in (head[0] - 1, head[-1] + 1) if head else ():
            if 0 <= n < len(self._lines) and n in self._column.members and self._lines[n].label != "body":
                yield n

    def _leads_to_author(self, line: Segment) -> bool:
        """Return True if a whole line is a link to a list of articles by one writer."""
        if not line.runs:
            return False
        text = self._column.document.text
        links = [run.element.link for run in line.runs if not is_blank(text[run.start : run.end])]
        return bool(links) and all(link is not None and self._layout.is_author_link(link.href or "") for link in links)

    def _find_name(self) -> list[int]:
        """Return the line of a name that stands alone between title and dateline."""
        shared = self.shared_dateline
        if self.dateline is None or not self._layout.names_authors or (shared is not None and shared.before):
            return []
        above = self._column.above(self.dateline)
        if titles := self._column.in_element("title"):
            below = [n for n in above[-_BETWEEN:] if n > titles[-1]]
            return below if len(below) == 1 and is_name(self._lines[below[0]].text) else []
        head = self._below_opening(above)
        if len(head) == _BETWEEN and self._is_title_and_name(*head):
            return [head[1]]
        is_text = self._column.document.form == "text"
        return [above[-1]] if is_text and above and self._is_name_above_dateline(above, head) else []

    def _is_alone_above_dateline(self, lines: Sequence[int]) -> bool:
        """Return True if these lines are a single one, and nothing else is above the dateline of a text."""
        is_text = self._column.document.form == "text"
        return is_text and len(lines) == 1 and self.dateline is not None and list(self._column.above(self.dateline)) == [*lines]

    def _may_be_name(self, text: str) -> bool:
        """Return True if a line below title and notice may be a name: a short line that is not a sentence."""
        return len(text) <= self._layout.file.heading.longest and not ends_sentence(text)

    def _is_title_and_name(self, title: int, name: int) -> bool:
        """Return True if two lines above the dateline are title and name; below a notice, they are whatever they contain."""
        text = self._lines[name].text
        if self._is_below_notice([title]):
            return self._may_be_name(text)
        return is_capitalised_name(text) and not self._reads_like_ticker(title)

    def _reads_like_ticker(self, n: int) -> bool:
        """Return True if a line is too long for a title or holds a separator of tickers, whatever their number; a line break is not one."""
        line, layout = self._lines[n], self._layout
        raw = self._column.document.text[line.start : line.end]
        return len(line.text) > layout.file.ticker.longest or ("\n" not in raw and layout.separator.search(raw) is not None)

    def _is_name_above_dateline(self, above: Sequence[int], head: Sequence[int]) -> bool:
        """Return True if the line right above the dateline of a text is a name, though nothing marks the start of the head."""
        name = self._lines[above[-1]].text
        if len(above) > 1 and len(head) < _BETWEEN:
            return False
        looks_like_name = " " in name and is_capitalised_name(name)
        if len(above) == 1:
            # Extractors that drop the title keep the name; a title that looks like a name is rare.
            return looks_like_name and not self._openings
        title = self._lines[above[-_BETWEEN]]
        return self._is_newspaper(name) or (
            looks_like_name
            and self._column.may_be_title(title)
            and not self._reads_like_ticker(above[-_BETWEEN])
            and (
                self._ends_first_line(title.text)
                or self._stands_apart(above[-_BETWEEN:])
                or self._is_evenly_spaced(above[-_BETWEEN:])
            )
        )

    def _is_newspaper(self, text: str) -> bool:
        """Return True if a line is the newspaper that the dateline names, which the network prints if no writer is known."""
        hit = self._lines[self.dateline].hit if self.dateline is not None else None
        return hit is not None and hit.slots.get("newspaper", "").casefold() == text.casefold()

    def _is_evenly_spaced(self, lines: Sequence[int]) -> bool:
        """Return True if as many blank lines are above these lines as between them, so that none marks the start of the head."""
        return len(set(self._column.gaps(range(max(lines[0] - 1, 0), (self.dateline or 0) + 1)))) == 1

    def _stands_apart(self, lines: Sequence[int]) -> bool:
        """Return True if more blank lines are above these lines than between them and the dateline, so that they are the head."""
        first = lines[0]
        widest = max(self._column.gaps([*lines, self.dateline or 0]))
        return not first or self._column.gaps([first - 1, first])[0] > widest

    def _ends_first_line(self, text: str) -> bool:
        """Return True if the first line of the page, which some extractors make from ``<title>``, ends with this text."""
        first = self._lines[0].text
        return len(first) > len(text) and first.endswith(text)

    def _below_opening(self, above: Sequence[int]) -> Sequence[int]:
        """Return those of the lines above the dateline that are below ticker and notice."""
        opening = bisect_left(self._openings, above[-1] + 1) if above else 0
        return above if not opening else above[bisect_right(above, self._openings[opening - 1]) :]

    def _is_below_notice(self, lines: Sequence[int]) -> bool:
        """Return True if a notice is right above these lines, so that the first of them is the title."""
        return bool(lines) and lines[0] > 0 and self._lines[lines[0] - 1].says("notice")

    def _find_tickers(self) -> list[int]:
        """Return the lines above the article with separators in them; otherwise the first one that is too long for other text."""
        column = self._column
        if not column.by_place:
            return []
        head = [*self.notices[:1], *self.dateline_lines[:1]]
        top = min(head, default=1)
        found, unsplit = [], []
        for n, line in enumerate(self._lines[:top]):
            if line.label is not None or line.hit is not None:
                continue  # other known lines may end with white space, too
            if n in self._plain_tickers:
                found.append(n)
                continue
            # A ticker may be short, but the line above the dateline is the title, unless it is plainly a ticker.
            is_first = n == 0 and bool(head) and n + 1 not in (self.dateline, *self.bylines)
            slots = 2 if is_first else self._layout.file.ticker.slots
            if is_ticker(column.document, line.begin, column.end_of_line(n), slots, self._layout, line.slots):
                found.append(n)
            elif (n == 0 or not ends_sentence(line.text)) and is_unsplit(column.document.text[line.begin : line.end], self._layout):
                unsplit.append(n)
        return found or unsplit[:1]

    def _find_title(self) -> list[int]:
        """Return the lines of the title, and read the text that shares the line of the dateline.

        An element marks the title; otherwise it is between notice and dateline, or right above the dateline.
        """
        inside = self._column.in_element("title")
        if inside:
            self._read_shared_dateline(may_be_title=False)
            return self._one_title(inside)
        if self.dateline is None:
            return []
        above = [n for n in self._column.above(self.dateline)[-_BETWEEN * 2 :] if n not in self.bylines]
        begins = not above or above[-1] in self._openings[bisect_left(self._openings, above[-1]) :][:1] or above[-1] in self.tickers
        self._read_shared_dateline(may_be_title=begins)
        if begins:
            return []
        free = [n for n in self._below_opening(above) if not self._lines[n].says("chrome")]
        title = free[0] if len(free) <= _BETWEEN and self._is_below_notice(free) else free[-1] if free else None
        return [title] if title is not None and len(self._lines[title].text) <= self._layout.file.ticker.longest else []

    def _read_shared_dateline(self, *, may_be_title: bool) -> None:
        """Take title or writer from the text before the dateline on its line, and the writer from the text after it."""
        shared = self.shared_dateline
        if shared is None:
            return
        if shared.before and may_be_title and not self._is_newspaper_before(shared):
            self.title_before_dateline = shared
        elif shared.before and self._is_writer(shared):
            self.author = shared.before
        if shared.after and is_name(shared.after):
            self.author = self.author or shared.after

    def _one_title(self, inside: Sequence[int]) -> list[int]:
        """Return the lines of the first title; only the first line if its element was never closed."""
        element = self._lines[inside[0]].region
        first, last = next(self._column.adjoining([n for n in inside if self._lines[n].region == element]))
        lines = range(first, last + 1)
        length = sum(len(self._lines[n].text) for n in lines)
        return list(lines if length <= self._layout.file.ticker.longest else lines[:1])
