"""The expected record of an invented page, and how a record differs from it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from scraper import PageRecord
from tests.pages.markup import LISTINGS
from tests.pages.options import BAD, CUT, PageOptions
from tests.pages.stories import Story
from tests.pages.wordings import accented

_INVISIBLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_DATE: Final = re.compile(r"\d\d - \d\d - \d{4}")
_END: Final = ".!?؟…:;؛،,"
_SIGN_OF_TITLE: Final = re.compile(r"[^\w\s.'’\-]|\d|[a-z]|(?:\S+ ){5}|^\S+$")
"""A title of two to five Arabic words looks like a writer's name, whose title an extractor has dropped, if nothing precedes it."""
_FEW: Final = 10
"""Paragraphs of a body that may all end within a few columns of each other by chance, as if they were wrapped."""


@dataclass
class Expectation:
    """The fields that the page determines; a field that it does not determine is absent."""

    fields: dict[str, object] = field(default_factory=dict)
    paragraphs: list[str] = field(default_factory=list)
    """Paragraphs that must be in ``text``, in this order, whatever else is."""
    warned: set[str] = field(default_factory=set)
    unwarned: set[str] = field(default_factory=set)


def squeezed(text: str) -> str:
    """Return the text as it is in a field."""
    return " ".join(_INVISIBLE.sub("", " ".join(text.split())).split())


def expect(story: Story, options: PageOptions, form: str) -> Expectation:
    """Return the expected record of the page."""
    return _Work(story, options, form).expectation()


class _Work:
    def __init__(self, story: Story, options: PageOptions, form: str) -> None:
        self.story = story
        self.options = options
        self.html = form == "html"
        self.listing = options.page != "article"
        self.notice = options.notice != "none"
        self.slots = bool(options.ticker and story.ticker)
        self.lost = (
            self.slots
            and (options.separator == " " or (bool(options.flat) and (options.flat == "all" or options.separator == "\n")))
            and not self.html
        )
        self.blocks = [self.shown(block.text.partition(CUT)[0]) for block in story.blocks]
        self.expected = Expectation(paragraphs=[block for block in self.blocks if block])

    def shown(self, text: str) -> str:
        return squeezed(accented(text, self.options).replace(BAD, "\ufffd"))

    def expectation(self) -> Expectation:
        if self.listing and not self.html:
            lines = [self.shown(f"{entry.title} (...)") for entry in self.story.teasers if entry.title]
            self.expected.paragraphs = lines if not self.options.flat else [" ".join(lines)]
            self.expect(headlines=[], teasers=[], title=None, date=None)
            return self.expected
        self.address()
        if self.listing:
            self.expected.paragraphs = []
            self.expect(kind="listing", title=None, newspaper=None, date=None, teasers=self.teasers(), headlines=self.headlines())
            return self.expected
        self.frame()
        self.words()
        self.drop_undetermined()
        fields = self.expected.fields
        absent = {"no-title": "title", "no-date": "date", "bad-date": "date", "no-newspaper": "newspaper"}
        self.expected.unwarned |= {warning for warning, key in absent.items() if fields.get(key) is not None}
        if self.options.encoding.startswith("utf"):
            self.expected.unwarned.add("decoding-guessed")
        if not self.lost and (self.html or self.notice or not self.options.flat):
            self.expected.unwarned.add("ticker-not-split")
        self.expected.unwarned -= self.expected.warned
        return self.expected

    def expect(self, **fields: object) -> None:
        self.expected.fields |= fields

    def address(self) -> None:
        story, options = self.story, self.options
        if not self.html:
            self.expect(url=None, site=None, newspaper_slug=None, original_url=None, images=[])
            return
        base = None if options.address == "none" and not options.saved else self.host()
        self.expect(url=None, site=None)
        if options.address != "none" or options.saved:
            path = LISTINGS[story.lang][options.page] if self.listing else story.path
            self.expect(url=self.host() + path, site=story.host)
        if not self.listing:
            has_link = options.footer != "none" and not options.cut
            self.expect(
                newspaper_slug=story.slug if options.address != "none" or options.saved else None,
                original_url=story.original_url if has_link else None,
                images=[f"{options.scheme}://images2.{story.host}/{story.slug}/{story.number}"] if options.image and base else [],
            )
            if options.image and (options.address == "none" or not options.main):
                del self.expected.fields["images"]

    def host(self) -> str:
        return f"{self.options.scheme}://{'www.' if self.options.www else ''}{self.story.host}"

    def link(self, path: str) -> str | None:
        fields = self.html and (self.options.address != "none" or self.options.saved)
        return self.host() + path if fields else None

    def headlines(self) -> list[tuple[str, str | None]]:
        if not self.slots or self.lost or self.options.page == "author":
            return []
        return [(self.shown(slot.text), self.link(slot.path)) for slot in self.story.ticker if slot.text.strip(BAD)]

    def teasers(self) -> list[tuple[str, str | None, str | None, str | None]]:
        return [
            (
                self.shown(e.title),
                self.link(e.path),
                self.shown(e.author) if e.author else None,
                self.shown(e.newspaper) if e.newspaper else None,
            )
            for e in self.story.teasers
            if e.title
        ]

    def frame(self) -> None:
        story, options = self.story, self.options
        self.expect(kind="article", lang=story.lang, title=self.shown(story.title), headlines=self.headlines(), teasers=[])
        self.expect(date=None)
        if options.dateline:
            leap = story.year % 4 == 0 and (story.year % 100 != 0 or story.year % 400 == 0)
            days = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
            real = 1 <= story.month <= 12 and 1 <= story.day <= days[story.month - 1]
            if BAD not in (story.newspaper[:1], story.newspaper[-1:]):  # it may be the rest of a letter of the dateline's words
                self.expect(newspaper=self.shown(story.newspaper))
            self.expect(date=f"{story.year:04}-{story.month:02}-{story.day:02}" if real else None)
            self.expected.warned |= set() if real else {"bad-date"}
        else:
            self.expect(newspaper=None)
            self.expected.warned |= {"no-date", "no-newspaper"}
        if self.lost:
            self.expected.warned.add("ticker-not-split")

    def words(self) -> None:
        options = self.options
        flat = bool(options.flat) and not self.html
        blocks = self.expected.paragraphs
        if flat:
            self.expected.paragraphs = blocks = [" ".join(blocks)]
        self.expect(text="\n\n".join(blocks), headings=[])
        if not flat:
            marked = [self.shown(block.text) for block in self.story.blocks if block.heading]
            ruled = [
                block
                for block, following in pairwise(blocks)
                if len(block) <= 60 and block[-1] not in _END and len(following) > len(block)
            ]
            self.expect(headings=ruled)
            if marked != ruled and (self.html or any(block[-1] in '"»”)' for block in blocks)):
                del self.expected.fields["headings"]

    def drop_undetermined(self) -> None:
        """Drop what the documentation does not determine."""
        if self.html:
            self.drop_undetermined_markup()
        else:
            self.drop_undetermined_lines()
            has_sign = self.notice or self.slots or bool(_SIGN_OF_TITLE.search(self.shown(self.story.title)))
            self.drop(*(() if has_sign else ("title",)))

    def drop_undetermined_markup(self) -> None:
        options = self.options
        if options.cut or options.unclosed in {"b", "strong", "h2"} or options.unclosed_place >= 0:
            self.drop("headings")
        if not options.main and not options.content_span:
            self.expected.paragraphs = []
            self.drop("kind", "text", "headings", "images")

    def title_in_text(self, *, flat: bool) -> None:
        """Expect the title in the text: without a dateline the line above the body has no sign that it is the title."""
        self.expect(kind="page", title=None)
        self.expected.warned.add("no-title")
        if not flat:
            self.expected.paragraphs = [self.shown(self.story.title), *self.expected.paragraphs]
            self.expect(text="\n\n".join(self.expected.paragraphs))

    def drop_undetermined_lines(self) -> None:
        story, options = self.story, self.options
        flat = bool(options.flat)
        if not options.dateline:
            self.title_in_text(flat=flat)
            if story.quotes_a_dateline or (flat and any(_DATE.search(block.text) for block in story.blocks)):
                self.expected.paragraphs = []
                self.drop("title", "newspaper", "date", "text", "headings", "kind", "headlines")
                self.expected.warned.clear()
            if not self.notice or flat:
                self.drop("title", "text", "headings", "kind", "lang")
                self.expected.warned -= {"no-newspaper", "no-date"}
                if not self.notice and (flat or not self.slots or self.lost):
                    self.drop("headlines")
                    self.expected.warned.clear()
            if options.accents == "lost":
                self.drop("lang")
        elif flat and not self.notice and options.footer == "none" and not self.slots:
            # A single line with a dateline somewhere in it may be anything: only the sum is certain.
            self.expected.paragraphs = []
            self.expected.warned.clear()
            self.expected.fields.clear()
        elif flat and not self.notice:
            if self.lost:
                self.expect(title=None)
                self.expected.warned.add("no-title")
            else:
                self.drop("title", "headlines")
        if self.lost and not flat and len(story.ticker) < 10:
            self.drop("headlines")
            self.expected.warned.discard("ticker-not-split")
        if options.separator == "\n" and self.slots and not flat:
            self.drop("headlines", *(() if options.dateline else ("title", "text", "headings")))
        if options.chrome:
            self.drop("text", "headings")

    def drop(self, *names: str) -> None:
        for name in names:
            self.expected.fields.pop(name, None)


_TAKE: Final[dict[str, Callable[[PageRecord], object]]] = {
    "headlines": lambda record: [(headline.text, headline.url) for headline in record.headlines],
    "teasers": lambda record: [(teaser.title, teaser.url, teaser.author, teaser.newspaper) for teaser in record.teasers],
}


def differences(expected: Expectation, record: PageRecord) -> list[str]:
    """Return the mistakes of the record, one line per field, each beginning with the field's name."""
    wrong = []
    fields, remaining = dict(expected.fields), record.text
    if "lines-rejoined" in record.warnings and len(expected.paragraphs) <= _FEW:  # "two paragraphs may be joined, none is split"
        remaining = " ".join(remaining.split())
        fields = {**fields, "text": " ".join(expected.paragraphs), "headings": record.headings}
    if "headings-guessed" in record.warnings:
        fields.pop("headings", None)
    for name, value in fields.items():
        found = remaining if name == "text" else _TAKE[name](record) if name in _TAKE else getattr(record, name)
        if found != value:
            wrong.append(f"{name}: {_shown(value, found)}")
    for paragraph in expected.paragraphs:
        _, separator, after = remaining.partition(paragraph)
        if not separator:
            wrong.append(f"lost: {paragraph[:160]!r}")
            break
        remaining = after
    wrong += [f"warnings: {warning} is missing" for warning in sorted(expected.warned.difference(record.warnings))]
    wrong += [f"warnings: {warning} is wrong" for warning in sorted(expected.unwarned.intersection(record.warnings))]
    return wrong


def _shown(value: object, found: object) -> str:
    if isinstance(value, str) and isinstance(found, str) and "\n\n" in value + found:
        value, found = value.split("\n\n"), found.split("\n\n")
    if isinstance(value, list) and isinstance(found, list):
        for place, (one, other) in enumerate(zip(value, found, strict=False)):
            if one != other:
                return f"{len(value)}/{len(found)} pieces, piece {place} is {str(other)[:200]!r}, not {str(one)[:200]!r}"
        more = found[len(value) :] or value[len(found) :]
        return f"{len(found)} pieces for {len(value)}; {'too many' if len(found) > len(value) else 'missing'}: {str(more)[:240]}"
    return f"is {str(found)[:240]!r}, not {str(value)[:240]!r}"
