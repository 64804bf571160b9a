"""Judge records field by field: right, reported as unknown, or silently wrong."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from scraper import Page, clean
from scraper.errors import EmptyInput
from scraper.records import PageRecord
from tests.fidelity.stories import BodyPart, Sample

Verdict = Literal["right", "reported", "wrong"]

FIELDS: Final = ("title", "newspaper", "date", "author", "text", "headings", "headlines")
ADDRESSES: Final = "addresses"
"""An additional field of HTML pages: the page's own address, its newspaper's slug, and the addresses of source and headlines."""
NEEDS: Final = {"title": "t", "newspaper": "d", "date": "d", "author": "a", "text": "b", "headings": "h", "headlines": "k"}
"""What a text must keep of a page so that a field can be right: letters of ``Tool.keeps``."""

_MARKS: Final = re.compile(r"(?<!\S)[-+*•◦|=_:─]+(?!\S)")
"""Marks of list items and table cells that tools add; bodies of stories have none of their own."""
_EMPHASIS: Final = re.compile(r"(?<!\S)[*_#]+(?=\S)|(?<=\S)[*_]+(?!\S)")
_ESCAPED: Final = re.compile(r"\\(?=[^\w\s])")
_NOT_SEEN: Final = 3
"""So many of a ticker's longer headlines may occur in a text by chance, without its ticker."""


@dataclass(frozen=True)
class Case:
    """One field of one record, and its expected value."""

    sample: Sample
    field: str
    verdict: Verdict
    got: object
    want: object
    warnings: Sequence[str]
    source: str
    """The text or page from which the record was made."""


def squash(text: str) -> str:
    """Return the visible characters, without the marks that tools add."""
    return "".join(_MARKS.sub("", text).split())


def _bare(text: str) -> str:
    """Return the text without the characters that Markdown adds to words."""
    return _ESCAPED.sub("", _EMPHASIS.sub("", text))


def judge(sample: Sample, source: str, keeps: str, *, is_html: bool = False) -> list[Case]:
    """Return the judgement of each field of the record of a text, or of a page in HTML; none if there is no text.

    A page in HTML is read without its address and with it, and the worse judgement counts.
    """
    try:
        record = clean(Page(data=source.encode("utf-8", "replace"))).record
    except EmptyInput:
        return []
    cases = judge_record(sample, record, source, keeps)
    if not is_html:
        return cases
    cases.append(_addresses(sample, record, source))
    addressed = clean(Page(data=source.encode("utf-8", "replace"), url=sample.url)).record
    others = [*judge_record(sample, addressed, source, keeps), _addresses(sample, addressed, source)]
    return [max(pair, key=lambda case: _ORDER[case.verdict]) for pair in zip(cases, others, strict=True)]


_ORDER: Final = {"right": 0, "reported": 1, "wrong": 2}


def _addresses(sample: Sample, record: PageRecord, source: str) -> Case:
    root = f"https://www.{sample.story.host}"
    want: dict[str, object] = {"url": sample.url, "slug": sample.story.slug, "source": sample.story.original_url}
    want["headlines"] = [root + slot.path for slot in sample.story.ticker if slot.text]
    got: dict[str, object] = {"url": record.url, "slug": record.newspaper_slug, "source": record.original_url}
    got["headlines"] = [headline.url for headline in record.headlines]
    differing = [key for key, value in want.items() if got[key] != value]
    is_reported = all(got[key] is None or (isinstance(value := got[key], list) and set(value) <= {None}) for key in differing)
    verdict: Verdict = "right" if not differing else "reported" if is_reported else "wrong"
    return Case(
        sample, ADDRESSES, verdict, {k: got[k] for k in differing}, {k: want[k] for k in differing}, record.warnings, source
    )


def judge_record(sample: Sample, record: PageRecord, source: str, keeps: str) -> list[Case]:
    """Return the judgement of each field of a record, except for title and author if a tool has joined them.

    Args:
        sample: the story, and how its page shows it.
        record: the record of the source.
        source: the text that a tool left of the page, or the page.
        keeps: what the source keeps of the page, as in ``Tool.keeps``.
    """
    return _Judge(sample, record, source, keeps).cases()


class _Judge:
    def __init__(self, sample: Sample, record: PageRecord, source: str, keeps: str) -> None:
        self.sample, self.record, self.source, self.keeps = sample, record, source, keeps
        self.left = squash(_bare(source) if "m" in keeps else source)
        self.warnings = set(record.warnings)
        self.parts = [kept for part in sample.parts if (kept := self._kept(part)) is not None]

    def _kept(self, part: BodyPart) -> BodyPart | None:
        """Return the part as far as the tool has kept it."""
        if "x" not in self.keeps:
            return part
        texts = tuple(text for text in part.texts if squash(text) in self.left)
        return BodyPart(part.kind, texts) if texts else None

    def cases(self) -> list[Case]:
        judges: dict[str, Callable[[], tuple[Verdict, object, object]]] = {
            "title": lambda: self._scalar(self.record.title, self.sample.story.title, "no-title"),
            "newspaper": lambda: self._scalar(self.record.newspaper, self.sample.story.newspaper, "no-newspaper"),
            "date": lambda: self._scalar(self.record.date, self.sample.date, "no-date"),
            "author": self._author,
            "text": self._text,
            "headings": self._headings,
            "headlines": self._headlines,
        }
        cases = []
        for field in FIELDS:
            if field in ("title", "author") and self._is_glued():
                continue
            verdict, got, want = judges[field]()
            if verdict == "wrong" and self.record.kind == "unknown" and not got:
                verdict = "reported"
            cases.append(Case(self.sample, field, verdict, got, want, self.record.warnings, self.source))
        return cases

    def _is_glued(self) -> bool:
        """Return True if nothing separates the title from the name after it, so that its end cannot be known."""
        if self.sample.where == "none" or not {"g", "x"} & set(self.keeps):
            return False
        words = (*self.sample.story.title.split(), *self.sample.printed.split())
        return re.search("[ \t]+".join(map(re.escape, words)), self.source) is not None

    def _scalar(self, got: str | None, want: str, warning: str) -> tuple[Verdict, object, object]:
        if got is None:
            return "reported" if warning in self.warnings else "wrong", got, want
        return "right" if got == want else "wrong", got, want

    def _author(self) -> tuple[Verdict, object, object]:
        got, want = self.record.author, self.sample.author
        if got == want:
            return "right", got, want
        if got is None and want is not None and squash(want) not in self.left:
            return "reported", got, want
        return "reported" if "author-guessed" in self.warnings else "wrong", got, want

    def _text(self) -> tuple[Verdict, object, object]:
        got = [block for block in self.record.text.split("\n\n") if block]
        want = [text for part in self.parts for text in part.texts]
        if self.record.kind == "unknown":
            return ("right" if "".join(map(squash, got)) == "".join(map(squash, want)) else "reported"), got, want
        title = self.sample.story.title
        if (
            self.record.title is None
            and "no-title" in self.warnings
            and got
            and squash(got[0]) == squash(title)
            and want[:1] != [title]
        ):
            del got[0]  # without a dateline, the title stays in the text
        if "".join(map(squash, got)) != "".join(map(squash, want)):
            return "wrong", got, want
        ends = _ends(got)
        if not ends <= _ends(want):
            return "wrong", got, want
        if {"g", "x"} & set(self.keeps) or self._hard_ends() <= ends:
            return "right", got, want
        return "wrong" if "lines-rejoined" not in self.warnings else "right" if "w" in self.keeps else "reported", got, want

    def _hard_ends(self) -> set[int]:
        """Return where a text with a paragraph per line must end a block: not between table cells, nor where words were joined."""
        kept = [text for part in self.parts for text in ([" ".join(part.texts)] if part.kind == "table" else part.texts)]
        glued = {one for one, other in pairwise(kept) if one.split()[-1] + other.split()[0] in self.source}
        found, at = set(), 0
        for text in kept:
            at += len(squash(text))
            if text not in glued:
                found.add(at)
        return found

    def _headings(self) -> tuple[Verdict, object, object]:
        got = self.record.headings
        want = [part.texts[0] for part in self.parts if part.kind == "heading"]
        if got == want:
            return "right", got, want
        if "headings-guessed" in self.warnings:
            return "reported", got, want
        at = -1
        for heading in got:
            if heading not in want[at + 1 :]:
                return "wrong", got, want
            at = want.index(heading, at + 1)
        return ("reported" if {"w", "g", "x"} & set(self.keeps) else "wrong"), got, want

    def _headlines(self) -> tuple[Verdict, object, object]:
        got = [headline.text for headline in self.record.headlines]
        want = self.sample.headlines
        if got == want:
            return "right", got, want
        if "g" in self.keeps and got and got == want[1:] and "unlabelled-text" in self.warnings:
            return "reported", got, want  # nothing separates the first from the text before it
        if got:
            return "wrong", got, want
        if {"ticker-not-split", "unlabelled-text"} & self.warnings:
            return "reported", got, want
        longer = [text for text in map(squash, want) if len(text) > 20]
        return ("right" if sum(text in self.left for text in longer) <= _NOT_SEEN else "wrong"), got, want


def _ends(blocks: Iterable[str]) -> set[int]:
    """Return where blocks end, counted in visible characters."""
    found, at = set(), 0
    for block in blocks:
        at += len(squash(block))
        found.add(at)
    return found
