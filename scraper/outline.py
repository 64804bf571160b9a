"""Which lines of a page are what, told from elements where there are any, then from words, then from place.

Nothing is claimed here; the outline only gives the places, as indices into the lines. Each question is answered once, in an order in
which each answer may rest on those before it, and in a time that grows with the number of lines.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, Literal, NamedTuple

from scraper.characters import is_blank, squeeze_in_place
from scraper.layouts import Layout
from scraper.pages import Document, Element
from scraper.segments import SETTLED, Segment
from scraper.ticker import end_of_line, is_plainly_ticker, is_ticker, is_unsplit

Role = Literal["notice", "chrome", "footer", "byline", "dateline", "title", "ticker", "leftover", "body"]
"""What a line is to the page."""

_TEASER_ENDS: Final = ("(...)", "(…)")
"""How a teaser ends in the text of a listing."""

_COLUMN: Final = frozenset(["main", "body", "teaser"])
_NEVER_BODY: Final = SETTLED | {"ticker", "teaser"}

_FULL_STOP: Final = re.compile(r"(?<!\.)\.[\"'»”’)\]]*\Z")
_BESIDE: Final = " -–—|:،,"
"""What may stand between a dateline and what shares its line."""
_YEAR: Final = re.compile(r"\d{4}")
_NO_NAME: Final = re.compile(r"[^\w\s.'’\-]|\d")
_MOST_WORDS: Final = 5
"""Words of a writer's name."""
_LONGEST_NAME: Final = 40
_BETWEEN: Final = 2
"""Lines between ticker or notice and dateline: the title, and perhaps the writer."""
_NEAR_FOOTER: Final = 12
"""Lines at the end of a page among which one that ends with the footer is looked for."""
_LONGEST_FOOTER: Final = 160

# Elements that may stand around stray text of a body: they say nothing of what the text is.
_PLAIN: Final = frozenset("a abbr b big br center cite em font h2 h3 h4 i p q s small span strike strong sub sup u".split())


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


class Outline:
    """The outline of the lines that no element has settled as chrome, ticker or teaser."""

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
        self.title_shared: Shared | None = None
        """The title, where it stands before the dateline on its line."""
        self.author: str | None = None
        """The writer, where the name stands on the line of the dateline."""
        self._column = self._find_column()
        self._in_column = set(self._column)
        self._plain_tickers = list(self._find_plain_tickers())
        self._openings = sorted([*self._saying("notice"), *self._plain_tickers])
        self.dateline, self.shared = self._find_dateline()
        self.dateline_lines = self._find_dateline_lines()
        self.notices = self._find_notices()
        self.bylines = self._find_bylines()
        self.tickers = self._find_tickers()
        self.title = self._find_title()
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

    # --- where the article stands ---------------------------------------------------------------------------------------------

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
            if line.hit is None and is_plainly_ticker(
                self._document, line.begin, self._end_of_line(n), self._layout, line.slots
            ):
                yield n

    # --- its head -------------------------------------------------------------------------------------------------------------

    def _find_dateline(self) -> tuple[int | None, Shared | None]:
        """The element that holds it says so; else the first line below what may be a title that is wholly, or ends with, its wording.

        A line further down that reads like a dateline is a quotation.
        """
        inside = self._within("dateline")
        if inside:
            n = next((n for n in inside if self.lines[n].says("dateline")), inside[0])
            return n, None if self.lines[n].says("dateline") else self._sharing(n)
        whole = (n for n in self._saying("dateline") if n in self._in_column and self.lines[n].label != "body")
        n = next(filter(self._is_below_title, whole), None)
        for other in self._head_lines():
            if n is not None and other >= n:
                break
            if (shared := self._sharing(other)) is not None and self._is_head(shared):
                return other, shared
        return n, None

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
        return begins and not _FULL_STOP.search(shared.before) and self._column[-1:] != [shared.line] and bool(line.text)

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

    def _above(self, n: int) -> Sequence[int]:
        """Return the lines of the main column above one."""
        return self._column[: bisect_left(self._column, n)]

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
        titles = self._within("title")
        if titles:
            between = [n for n in above[-_BETWEEN:] if n > titles[-1]]
            return between if len(between) == 1 and self._is_name(self.lines[between[0]].text) else []
        between = self._below_opening_of_head(above)
        if len(between) == _BETWEEN and self._is_name(self.lines[between[1]].text, strict=not self._after_notice(between)):
            return [between[1]]
        if len(above) < _BETWEEN or self._document.form != "text" or len(between) < _BETWEEN:
            return []
        title, name = (self.lines[n] for n in above[-_BETWEEN:])
        if self._is_newspaper(name.text):
            return [above[-1]]
        is_head = self._stands_apart(above[-_BETWEEN:]) or self._is_named_title(title.text)
        return [above[-1]] if is_head and self._may_be_title(title) and self._is_name(name.text) else []

    def _is_newspaper(self, text: str) -> bool:
        """Return True if a line is the newspaper that the dateline names: the network prints it where no writer is known."""
        hit = self.lines[self.dateline].hit if self.dateline is not None else None
        return hit is not None and hit.slots.get("newspaper", "").casefold() == text.casefold()

    def _stands_apart(self, lines: Sequence[int]) -> bool:
        """Return True if more blank lines stand above these lines than between them and the dateline: they are the page's head."""
        known = [*lines, self.dateline or 0]
        gaps = [self._text.count("\n", self.lines[one].end, self.lines[other].start) for one, other in pairwise(known)]
        first = lines[0]
        above = self._text.count("\n", self.lines[first - 1].end, self.lines[first].start) if first else max(gaps) + 1
        return above > max(gaps)

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
            elif (n == 0 or not _FULL_STOP.search(line.text)) and is_unsplit(self._text[line.begin : line.end], self._layout):
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

    # --- its end --------------------------------------------------------------------------------------------------------------

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
        again = [n for n, after in zip(notices, notices[1:], strict=False) if after == n + 1]
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
        found: list[int] = []
        for n in self._column[bisect_left(self._column, bodies[0]) :]:
            if n in held:
                found.append(n)
            elif n < end and n not in settled and self._is_stray(self.lines[n]):
                found.append(n)
        return found

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

    # --- lines ----------------------------------------------------------------------------------------------------------------

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

    def _is_name(self, text: str, *, strict: bool = True) -> bool:
        """Return True if a line may be a name; where a notice says that a title stands above it, it may be any short line."""
        if not strict:
            return len(text) <= self._layout.file.heading.longest and not _FULL_STOP.search(text)
        return len(text) <= _LONGEST_NAME and len(text.split()) <= _MOST_WORDS and not _NO_NAME.search(text)
