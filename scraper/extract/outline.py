"""Find the role of each line on a page, and the sub-headings of its body.

Roles are found by elements where there are any, then by words, then by place.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Final, Literal, NamedTuple

from scraper.extract.column import MainColumn
from scraper.extract.head import Head, SharedLine
from scraper.extract.segments import SETTLED, Segment
from scraper.layouts import Layout
from scraper.models import Element
from scraper.text import is_blank, squeeze_in_place

LineRole = Literal["notice", "chrome", "footer", "byline", "dateline", "title", "ticker", "leftover", "body"]
"""The role of a line on its page."""

_NEAR_FOOTER: Final = 12
"""The number of lines at the end of a page that may end with the footer."""
_LONGEST_FOOTER: Final = 160

# Elements that may surround stray text of a body: they do not show what the text is.
_PLAIN: Final = frozenset("a abbr b big br center cite em font h2 h3 h4 i p q s small span strike strong sub sup u".split())

_ENDS_A_SENTENCE: Final = re.compile(r"[.!?:;,…؟؛،۔]['\"’”»)\]]*\Z")

_CELLS: Final = frozenset("caption dd dt figcaption li td th".split())
"""Elements whose lines are never headings."""
_LONGEST_BOLD: Final = 160
"""The most characters of a bold heading; a longer bold block is a paragraph."""
_HEADING_MARKS: Final = ("#", "**")
"""The Markdown marks of headings and of bold type."""
_ROW: Final = 3
"""The fewest short lines in a row that are a poem, a table or a list."""
_ROW_OF_CELLS: Final = re.compile(r"\S(?:\s{2,}|\t)\S|\A[-\s]+\Z")
"""A row of a table, whose cells are aligned with spaces or separated by tabs, or a line of dashes below one."""

_JOINED_WORDS: Final = re.compile(r"[\u0629\u0649][^\W_]|[^\W\d_]{3}\d|[a-z\u00df-\u00ff]{2}[A-Z\u00c0-\u00de]")
"""The joint of two words without a space, as between the cells of a table that a program has put on one line: teh marbuta and alef
maksura end words, and so do a digit after a word and a capital within one."""


class Outline:
    """The roles of the lines, as indices into the lines of the column.

    Nothing is claimed here. Each property may depend on the earlier ones, and the time grows with the number of lines.
    """

    def __init__(self, column: MainColumn, head: Head) -> None:
        self.column = column
        self.head = head
        self._lines = column.lines
        self.next_page: int | None = None
        """The line with which another page begins below the end of this one."""
        self.footer, self.glued_footer = self._find_footer()
        self.chrome = self._find_chrome()
        self.leftovers = self._find_leftovers()
        self.body = self._find_body()

    @property
    def roles(self) -> dict[LineRole, list[int]]:
        """The lines of each role. No line has two roles, so that no text can be claimed twice.

        On a broken page two properties may contain the same line. The first in this order wins: the line's own words, then its
        neighbours, then the body.
        """
        head = self.head
        answers: tuple[tuple[LineRole, Sequence[int]], ...] = (
            ("notice", head.notices),
            ("chrome", self.chrome),
            ("footer", () if self.footer is None else (self.footer,)),
            ("byline", head.bylines),
            ("dateline", head.dateline_lines),
            ("title", head.title),
            ("ticker", head.tickers),
            ("leftover", self.leftovers),
            ("body", self.body),
        )
        roles: dict[LineRole, list[int]] = {}
        taken: set[int] = set()
        for role, lines in answers:
            roles[role] = [n for n in lines if n not in taken] if lines else []
            taken.update(lines)
        return roles

    def _find_footer(self) -> tuple[int | None, SharedLine | None]:
        """Return the last line that is a footer, before another page begins; otherwise the line that ends with a footer."""
        head = [*self.head.dateline_lines, *self.head.title]
        top = max(head) if head else _end_of_first_run(self.head.notices)
        footers = [n for n in self.column.with_wording("footer") if n > top]
        if not footers:
            self.next_page = self._find_next_page(top)
            return None, self._find_glued_footer(top)
        start = self.next_page = self._find_next_page(footers[0])
        last = footers[-1] if start is None else footers[max(bisect_left(footers, start) - 1, 0)]
        return last, None

    def _find_next_page(self, top: int) -> int | None:
        """Return the line below ``top`` with which another page begins.

        It is a notice of two sentences or a dateline below a footer; in HTML, a second head.
        """
        column = self.column
        if column.document.form == "html":
            return self._find_second_head()
        notices = [n for n in column.with_wording("notice") if n > top]
        starts = [n for n, after in pairwise(notices) if after == n + 1]
        if top in column.with_wording("footer")[:1]:
            starts += [n for n in column.with_wording("dateline") if n > top][:1]
        return min(starts, default=None)

    def _find_second_head(self) -> int | None:
        """Return the first line of a second head below a body, with a dateline element of its own: two pages were read as one."""
        bodies = self.column.in_element("body")
        datelines = self.column.in_element("dateline")
        if not bodies or not datelines:
            return None
        first = self._lines[datelines[0]].region
        again = [n for n in datelines if n > bodies[0] and self._lines[n].region is not first]
        titles = [n for n in self.column.in_element("title") if bodies[0] < n < (again[0] if again else 0)]
        return min([*again, *titles]) if again else None

    def _find_glued_footer(self, top: int) -> SharedLine | None:
        """Return the footer with which a line at the end of the article ends."""
        column = self.column
        for n in reversed(column.indices[bisect_right(column.indices, top) :][-_NEAR_FOOTER:]):
            line = self._lines[n]
            start = max(line.end - _LONGEST_FOOTER, line.start)
            plain, places = squeeze_in_place(line.words(column.document.text)[start - line.start :])
            for found, _ in column.layout.find_wordings("footer", plain):
                if is_blank(plain[found.end :]):
                    begin = start + (found.start if places is None else places[found.start])
                    return SharedLine(n, begin, line.end, plain[: found.start], "")
        return None

    def _find_chrome(self) -> list[int]:
        """Return the lines above or below the article that are words of the site's frame."""
        found = self.column.with_wording("chrome")
        if not found:
            return []
        top = min([*self.head.title, *self.head.notices, *self.head.dateline_lines], default=0)
        tail = len(self._lines)
        while tail and (self._lines[tail - 1].says("chrome") or tail - 1 == self.footer):
            tail -= 1
        if self.footer is not None:
            tail = min(tail, self.footer)
        return [n for n in found if n < top or n >= tail]

    def _find_leftovers(self) -> list[int]:
        """Return lines in settled parts that read like a notice or footer but are not, and text beside a teaser's entry."""
        if not self.column.has_regions:
            return []
        used = {*self.head.notices, *self.chrome, self.footer}
        labels = SETTLED | {"teaser"}
        regions = ((n, line.region) for n, line in enumerate(self._lines) if line.region is not None)
        return [n for n, region in regions if region.rule.label in labels and n not in used]

    def _find_body(self) -> list[int]:
        """Return the lines of the body's element; otherwise the lines of the main column between head and footer without a role."""
        column, head = self.column, self.head
        taken = {*head.notices, *head.title, *self.chrome, *head.tickers, *head.dateline_lines, *head.bylines, self.footer}
        end = self.footer if self.footer is not None and not column.in_element("body") else len(self._lines)
        end = min(end, self.next_page if self.next_page is not None else end)
        if column.has_regions:
            bodies = [n for n in column.indices if self._lines[n].label == "body" and n not in taken and n < end]
            if bodies:
                return self._body_of_elements(bodies, taken)
        left = [n for n in column.indices if n not in taken and n < end]
        if not column.by_place:
            return left
        tops = [*head.title, *head.dateline_lines] or head.notices[-1:] or head.tickers[-1:]
        return left[bisect_left(left, max(tops, default=-1) + 1) :]

    def _body_of_elements(self, bodies: Sequence[int], taken: set[int | None]) -> list[int]:
        """Return the lines of the body's elements, and stray text of the main column between them or above the footer."""
        members = set(bodies)
        end = self.footer if self.footer is not None and self.footer > bodies[-1] else bodies[-1]
        indices = self.column.indices
        return [
            n
            for n in indices[bisect_left(indices, bodies[0]) :]
            if n in members or (n < end and n not in taken and _is_stray(self._lines[n]))
        ]


def _end_of_first_run(lines: Sequence[int]) -> int:
    """Return the last line of the first run of adjoining lines; -1 if there are no lines."""
    last = -1
    for n in lines:
        if last >= 0 and n != last + 1:
            break
        last = n
    return last


def _is_stray(line: Segment) -> bool:
    """Return True if no element labels a line of the main column: a stray end tag has pushed it out of the body."""
    part = line.part
    for run in line.runs:
        element: Element | None = run.element
        while element is not None and element is not part and part is not None:
            if element.tag not in _PLAIN or element.class_ or element.id:
                return False
            element = element.parent
    return True


class Headings(NamedTuple):
    """The sub-headings among the blocks of a body, by index."""

    found: frozenset[int] = frozenset()
    possible: frozenset[int] = frozenset()
    """Blocks that may be headings: the last line of a list or table, or a table on a single line, looks the same."""


def headings_of(blocks: Sequence[Segment], text: str, layout: Layout, *, has_title: bool = True) -> Headings:
    """Return the sub-headings among the blocks of a body.

    By shape, a heading is a short block without end punctuation that stands alone above a longer block. Several short blocks in a
    row, with no more blank lines around one than between them, are a poem or a table.

    By markup, a heading is a block that is entirely bold or in heading elements, unless all blocks are. An element with several
    blocks, because it was never closed, marks only the first.

    Args:
        blocks: the blocks of the body.
        text: the text of the document.
        layout: the layout of the page.
        has_title: whether the page has a title; if not, the first block may be the title and is not a sub-heading.
    """
    used: set[Element] = set()
    bold = {index for index, block in enumerate(blocks) if block.runs and _is_marked(block, text, layout, used)}
    if len(bold) == len(blocks):
        bold = set()
    bold -= {index for index in bold if {index - 1, index, index + 1} <= bold or {index, index + 1, index + 2} <= bold}
    longest = layout.file.heading.longest
    short = [len(block.text) <= longest and not _ENDS_A_SENTENCE.search(block.text) for block in blocks]
    if not bold and True not in short:
        return Headings()
    cells = [is_short and bool(_ROW_OF_CELLS.search(block.words(text))) for block, is_short in zip(blocks, short, strict=True)]
    listed = [is_short and _is_listed(block, text) for block, is_short in zip(blocks, short, strict=True)]
    in_row = [is_short and not (index in bold or listed[index]) for index, is_short in enumerate(short)]
    rows = set(_in_rows(in_row, cells, blocks, text))
    shaped = {
        index
        for index, (block, after) in enumerate(pairwise(blocks))
        if short[index]
        and len(after.text) > len(block.text)
        and index not in rows
        and not (listed[index] or cells[index])
        and (index or has_title)
    }
    found = frozenset(index for index in bold | shaped if not _is_cell(blocks[index]))
    below_tables = {index for index in shaped if index and cells[index - 1]}  # or a last row whose cells one space separates
    possible = (index for index in rows | below_tables if not cells[index] and _is_between(index, short, blocks, text))
    joined = (index for index in shaped - bold if _JOINED_WORDS.search(blocks[index].text))
    return Headings(found, frozenset((*possible, *joined)))


def _is_between(index: int, short: Sequence[bool], blocks: Sequence[Segment], text: str) -> bool:
    """Return True if a block is the last of a row, above a paragraph, and not closer to the paragraph than to the row."""
    if not 0 < index < len(blocks) - 1 or short[index + 1]:
        return False
    above, block, below = blocks[index - 1 : index + 2]
    return text.count("\n", above.end, block.start) <= text.count("\n", block.end, below.start)


def _is_listed(block: Segment, text: str) -> bool:
    """Return True if a block begins with the mark of a list item."""
    return bool(block.text) and block.begin > block.start and not text.startswith(_HEADING_MARKS, block.start)


def _in_rows(short: Sequence[bool], cells: Sequence[bool], blocks: Sequence[Segment], text: str) -> Iterator[int]:
    """Yield the indices of short blocks in a row.

    Blocks that blank lines separate from the row are left out, also a last one that is closer to the paragraph below, and so is a block
    below the cells of a table.
    """
    for is_short, row in groupby(enumerate(short), key=itemgetter(1)):
        indices = [index for index, _ in row]
        if not is_short or len(indices) < _ROW:
            continue
        first, last = indices[0], indices[-1]
        gaps = [text.count("\n", one.end, other.start) for one, other in pairwise(blocks[first : last + 2])]
        above = text.count("\n", blocks[first - 1].end, blocks[first].start) if first else 0
        usual = min(gaps[: last - first])
        for index, over, under in zip(indices, [above, *gaps], [*gaps, 0], strict=False):
            is_below_table = index == last and over == under and cells[last - 1] and not cells[last]
            is_above_paragraph = index == last and over > usual and over > under
            if min(over, under) <= usual and not (is_below_table or is_above_paragraph):
                yield index


def _is_cell(block: Segment) -> bool:
    """Return True if a block stands in a table, list or caption of the body."""
    part = block.part
    for run in block.runs[:1]:
        element: Element | None = run.element
        while element is not None and element is not part:
            if element.tag in _CELLS:
                return True
            element = element.parent
    return False


def _is_marked(block: Segment, text: str, layout: Layout, used: set[Element]) -> bool:
    """Return True if all of a block is in heading elements that contain no earlier block; they are added to ``used``."""
    if len(block.text) > _LONGEST_BOLD:
        return False
    part = block.part
    marks: set[Element] = set()
    for run in block.runs:
        if is_blank(text[run.start : run.end]):
            continue
        element: Element | None = run.element
        while element is not part and element is not None and not layout.is_heading_element(element):
            element = element.parent
        if element is part or element is None:
            return False
        marks.add(element)
    is_new = not marks & used
    used |= marks
    return bool(marks) and is_new
