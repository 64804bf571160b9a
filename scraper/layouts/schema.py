"""The types of layout files, against which the loader checks them.

Every rule has an ``id``, unique in its file and never reused, and a ``because``: the evidence for it.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Final, Literal, NamedTuple

from msgspec import Meta, Struct

from scraper.models import Element

Words = Annotated[str, Meta(pattern=r"\S")]
RuleId = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]*\Z")]
LangCode = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")]
"""A BCP 47 language tag (RFC 5646): ``ar``, ``es``, ``pt-BR``."""

Says = Annotated[dict[LangCode, Annotated[list[Words], Meta(min_length=1)]], Meta(min_length=1)]
"""Sentences, by language."""

Months = Annotated[list[Words], Meta(min_length=12, max_length=12)]

Evidence = Literal["strong", "weak"]
"""How strongly a match of a rule indicates its layout: strong evidence is rare elsewhere, weak evidence only adds to strong."""

ElementLabel = Literal[
    "main",
    "ticker",
    "title",
    "dateline",
    "byline",
    "body",
    "chrome",
    "teaser",
    "teaser-title",
    "teaser-author",
    "teaser-newspaper",
    "teaser-subtitle",
]
LinkRole = Literal["listing", "paging", "feed"]
"""Where a link leads: to a list of articles, to another page of the same list, or to a feed or sitemap."""
WordingLabel = Literal["notice", "dateline", "byline", "footer", "chrome"]


class ElementRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The label of an HTML element's text, unless a rule for an element inside it has another."""

    id: RuleId
    label: ElementLabel
    select: Annotated[list[str], Meta(min_length=1)]
    """Compound selectors as in CSS: ``div#footer``, ``a.teasertitle``; if several rules match an element, the first counts."""
    within: list[RuleId] = []
    """Match only if the nearest labelled ancestor has one of these rules."""
    not_within: list[RuleId] = []
    """Match only if no labelled ancestor, up to the main column, has one of these rules."""
    evidence: Evidence | None = None
    because: Words


class WordingRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The label of a line that consists of these words and nothing else."""

    id: RuleId
    label: WordingLabel
    say: Says
    """The sentences by language; :mod:`scraper.layouts.wording` describes their syntax and how loosely they match."""
    evidence: Evidence | None = None
    because: Words


class TickerRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the run-on line of headlines is recognised and split."""

    id: RuleId
    separator: Words
    """The pattern of what follows each headline."""
    usual: str = ""
    """The exact white space of the separator on nearly all pages, which is found faster than a pattern. A line that contains it, and
    apart from it no two spaces in a row, no other white space and no U+FFFD, is split by it alone."""
    slots: Annotated[int, Meta(ge=2)]
    """A text page that begins with a line of at least this many headlines has this layout."""
    longest: Annotated[int, Meta(ge=1)]
    """Characters of a headline or title. Longer text without a separator is a ticker that cannot be split; it is removed under this
    rule's id with the suffix ``-unsplit``."""
    closed: bool = True
    """Whether a separator also follows the last headline. If not, only a line end or the notice marks the end of the ticker."""
    because: Words


class HeadingRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How sub-headings of the body are recognised."""

    id: RuleId
    longest: Annotated[int, Meta(ge=1)]
    """Maximum characters of a line that is a heading by its shape."""
    select: list[str]
    """Selectors of elements that make a line a heading if they contain all of it."""
    because: Words


class AuthorRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the writer of an article is recognised, in addition to elements and wordings with the label ``byline``."""

    id: RuleId
    link: Words
    """The pattern of the address that the writer's name links to, without scheme and host."""
    because: Words


class AddressRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the path of an address contains, as the named groups ``newspaper_slug`` and ``lang``."""

    id: RuleId
    path: Words
    evidence: Evidence | None = None
    """How strongly such an address, on a host of the layout, indicates the layout."""
    because: Words


class ImageRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which images do not belong to the article, although they are in the main column."""

    id: RuleId
    skip: list[str]
    """Patterns of their addresses."""
    because: Words


class LinkRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which links of a page a crawl follows, in addition to headlines and teasers. All conditions that are given must hold."""

    id: RuleId
    role: LinkRole
    select: list[str] = []
    """Compound selectors of the link, or of an element around it."""
    rel: Annotated[str, Meta(pattern=r"^[a-z-]*\Z")] = ""
    """A word of its ``rel``."""
    type: Annotated[str, Meta(pattern=r"^[a-z0-9/.+-]*\Z")] = ""
    """Its ``type``, a media type."""
    target: str = ""
    """The pattern of the path of its address, with the query."""
    because: Words


Rule = AddressRule | ElementRule | WordingRule

NO_DATE: Final = r"(?P<day>(?!))(?P<month>)(?P<year>)"
"""A date pattern that never matches."""

NO_TICKER: Final = TickerRule(id="ticker", separator=r"(?!)", slots=10, longest=250, because="The layout has no ticker.")
"""Its ``longest`` still limits titles, to 250 characters."""

ANY_HEADING: Final = HeadingRule(
    id="heading",
    longest=60,
    select=["b", "strong", "h1", "h2", "h3", "h4", "h5", "h6"],
    because="A short line without end punctuation above a longer one, or a line that is wholly bold, is a heading anywhere.",
)
NO_AUTHOR: Final = AuthorRule(id="author", link="(?!)", because="The layout has no lists of what one writer has written.")
ALL_IMAGES: Final = ImageRule(id="images", skip=[], because="Images in the main column belong to what stands there.")


class LayoutFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A layout file."""

    name: RuleId
    because: Words
    hosts: list[Words] = []
    """Host names without ``www.``."""
    over: list[RuleId] = []
    """Layouts to which this one is preferred if both fit a page."""
    date: Words = NO_DATE
    """The pattern of ``{date}`` in a wording, with the groups ``day``, ``month`` and ``year``."""
    months: dict[LangCode, Months] = {}
    """The names of the months from January on, by language, if dates contain names. Several names of a month are separated by ``|``;
    case is ignored."""
    ticker: TickerRule = NO_TICKER
    heading: HeadingRule = ANY_HEADING
    images: ImageRule = ALL_IMAGES
    author: AuthorRule = NO_AUTHOR
    lang: LangCode | None = None
    """The language of articles whose address names none."""
    addresses: list[AddressRule] = []
    elements: list[ElementRule] = []
    wordings: list[WordingRule] = []
    links: list[LinkRule] = []

    @property
    def rules(self) -> list[Rule]:
        """The rules that label or recognise pages: those of addresses, elements and wordings, in the order of the file."""
        rules: list[Rule] = [*self.addresses]
        rules += self.elements
        rules += self.wordings
        return rules


class ExtensionFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A file that extends or corrects a layout. The layout keeps its name, and records keep the ids of its rules."""

    extends: RuleId
    """The name of the layout."""
    because: Words
    """The evidence for additions without a ``because`` of their own, and for the rules that are switched off."""
    off: list[RuleId] = []
    """Rules that no longer apply; a rule of this file with the same id replaces one of them."""
    say: dict[RuleId, Says] = {}
    """More sentences for wordings of the layout, by rule id."""
    hosts: list[Words] = []
    over: list[RuleId] = []
    date: Words | None = None
    """This replaces the layout's pattern, as the tables below replace its tables; ``months`` adds to them."""
    months: dict[LangCode, Months] = {}
    ticker: TickerRule | None = None
    heading: HeadingRule | None = None
    images: ImageRule | None = None
    author: AuthorRule | None = None
    lang: LangCode | None = None
    addresses: list[AddressRule] = []
    """These rules, and those below, come before the layout's rules: if several match, the first counts."""
    elements: list[ElementRule] = []
    wordings: list[WordingRule] = []
    links: list[LinkRule] = []


_COMPOUND: Final = re.compile(r"(?P<tag>[a-zA-Z][\w-]*)?(?P<rest>(?:#[\w-]+|\.[\w-]+\*?)*)")


class Selector(NamedTuple):
    """A compound selector, as in CSS: a tag, an id, classes, or several of these (``div#footer``, ``a.teasertitle``).

    An empty part matches anything. A class that ends with a star matches all classes with that prefix (``.articleauthor*``).

    No other CSS is supported. The place of an element is given by ``within`` and ``not_within`` of a rule, which also work on pages
    whose nesting is broken.
    """

    tag: str
    id: str
    classes: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "Selector":
        """Parse a selector.

        Raises:
            ValueError: if it is empty, not a compound selector, or has two ids.
        """
        match = _COMPOUND.fullmatch(text)
        if not text or match is None:
            raise ValueError(
                f"{text!r} is not a compound selector (a tag, an id and classes, as in 'div#footer' or 'a.teasertitle')"
            )
        parts = re.findall(r"[#.][\w-]+\*?", match["rest"])
        ids = [part[1:] for part in parts if part[0] == "#"]
        if len(ids) > 1:
            raise ValueError(f"{text!r} names two ids; an element has one")
        return cls((match["tag"] or "").lower(), ids[0] if ids else "", tuple(part[1:] for part in parts if part[0] == "."))

    def css(self) -> str:
        """Return a CSS selector of these elements, and perhaps more: a class with a star becomes any class that contains it."""
        names = "".join(f'[class*="{name[:-1]}"]' if name[-1] == "*" else f".{name}" for name in self.classes)
        return f"{self.tag}{f'#{self.id}' if self.id else ''}{names}"

    def _has_classes(self, names: Sequence[str]) -> bool:
        return all(
            any(name.startswith(wanted[:-1]) for name in names) if wanted[-1] == "*" else wanted in names for wanted in self.classes
        )

    def matches(self, element: Element) -> bool:
        """Return True if the selector matches ``element``."""
        return (
            (not self.tag or self.tag == element.tag)
            and (not self.id or self.id == element.id)
            and (not self.classes or self._has_classes(element.class_.split()))
        )
