"""What may stand in a layout file: the types that the strict loader checks it against.

Every rule has an ``id``, unique in its file and never reused, and a ``because``: the evidence for it.
"""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

Words = Annotated[str, Meta(pattern=r"\S")]
RuleId = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]*\Z")]
Lang = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")]
"""A language tag as of BCP 47 (RFC 5646): ``ar``, ``es``, ``pt-BR``."""

Says = Annotated[dict[Lang, Annotated[list[Words], Meta(min_length=1)]], Meta(min_length=1)]
"""Sentences, by language."""

Months = Annotated[list[Words], Meta(min_length=12, max_length=12)]

Evidence = Literal["strong", "weak"]
"""What a rule says for its layout if it fires: strong evidence is rare elsewhere, weak evidence only adds to strong."""

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
WordingLabel = Literal["notice", "dateline", "byline", "footer", "chrome"]


class ElementRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the text of an HTML element is, unless a rule for an element within it says otherwise."""

    id: RuleId
    label: ElementLabel
    select: Annotated[list[str], Meta(min_length=1)]
    """Compound selectors as in CSS: ``div#footer``, ``a.teasertitle``; where several rules fit one element, the first counts."""
    within: list[RuleId] = []
    """Only where the nearest labelled element around it has one of these rules."""
    not_within: list[RuleId] = []
    """Only where no labelled element around it, as far as the main column, has one of these rules."""
    evidence: Evidence | None = None
    because: Words


class WordingRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a line is that consists of these words and nothing else."""

    id: RuleId
    label: WordingLabel
    say: Says
    """By language; see :mod:`scraper.layouts.wording` for how they are written and how loosely they are matched."""
    evidence: Evidence | None = None
    because: Words


class TickerRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the run-on line of headlines is told and split."""

    id: RuleId
    separator: Words
    """A pattern: what stands after each headline."""
    usual: str = ""
    """The white space, to the letter, that the separator is on nearly all pages, and that is found faster than a pattern: a line
    that holds it, and beside it no two spaces in a row, no other white space and no U+FFFD, is split by it alone."""
    slots: Annotated[int, Meta(ge=2)]
    """A text that opens with a line of this many headlines or more is of this layout."""
    longest: Annotated[int, Meta(ge=1)]
    """Characters; what is longer, and holds no separator, is no headline and no title but a ticker that cannot be split. It is
    removed under this rule's id with ``-unsplit`` behind it."""
    closed: bool = True
    """Whether the last headline too is followed by a separator; where separators stand only between, nothing but a line end or
    the notice tells where the ticker ends."""
    because: Words


class HeadingRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a sub-heading of the body is."""

    id: RuleId
    longest: Annotated[int, Meta(ge=1)]
    """Characters of a line that is a heading by its shape."""
    select: list[str]
    """Elements that make a line a heading if they hold all of it."""
    because: Words


class AuthorRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the writer of an article is told, beside the elements and wordings with the label ``byline``."""

    id: RuleId
    link: Words
    """A pattern: the address that the writer's name leads to, without scheme and host."""
    because: Words


class AddressRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the path of an address says, by the named groups ``newspaper_slug`` and ``lang``."""

    id: RuleId
    path: Words
    evidence: Evidence | None = None
    """What such an address, on a host of the layout, says for it."""
    because: Words


class ImageRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which images belong to the article: those in the main column, but for these."""

    id: RuleId
    skip: list[str]
    """Patterns of addresses."""
    because: Words


Rule = AddressRule | ElementRule | WordingRule

NO_DATE: Final = r"(?P<day>(?!))(?P<month>)(?P<year>)"
"""The pattern of no date at all."""

NO_TICKER: Final = TickerRule(id="ticker", separator=r"(?!)", slots=10, longest=250, because="The layout has no ticker.")
"""Its length still bounds a title's: 250 characters."""

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
    """Layouts to which this one is preferred where both fit a page."""
    date: Words = NO_DATE
    """The pattern of ``{date}`` in a wording, with the groups ``day``, ``month`` and ``year``."""
    months: dict[Lang, Months] = {}
    """By language, the names of the months from January on, where dates print names, several names of one month with ``|`` between
    them; case makes no difference."""
    ticker: TickerRule = NO_TICKER
    heading: HeadingRule = ANY_HEADING
    images: ImageRule = ALL_IMAGES
    author: AuthorRule = NO_AUTHOR
    addresses: list[AddressRule] = []
    elements: list[ElementRule] = []
    wordings: list[WordingRule] = []

    @property
    def rules(self) -> list[Rule]:
        """The rules of its lists, in the order of the file."""
        rules: list[Rule] = [*self.addresses]
        rules += self.elements
        rules += self.wordings
        return rules


class ExtensionFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A file that adds to a layout, or corrects it. The layout keeps its name, and its records the ids of its rules."""

    extends: RuleId
    """The name of the layout."""
    because: Words
    """The evidence for what the file adds outside of rules with a ``because`` of their own, and for what it switches off."""
    off: list[RuleId] = []
    """Rules that no longer hold; a rule of the file that bears the id of one of them takes its place."""
    say: dict[RuleId, Says] = {}
    """More sentences for wordings of the layout, by the id of the rule."""
    hosts: list[Words] = []
    over: list[RuleId] = []
    date: Words | None = None
    """This, and the tables that follow, replace those of the layout."""
    months: dict[Lang, Months] = {}
    ticker: TickerRule | None = None
    heading: HeadingRule | None = None
    images: ImageRule | None = None
    author: AuthorRule | None = None
    addresses: list[AddressRule] = []
    """These, and the rules that follow, stand before those of the layout: where several fit, the first counts."""
    elements: list[ElementRule] = []
    wordings: list[WordingRule] = []
