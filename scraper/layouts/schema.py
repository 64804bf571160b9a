"""What may stand in a layout file: the types that the strict loader checks it against.

Every rule has an ``id``, unique in its file and never reused, and a ``because``: the evidence for it.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Words = Annotated[str, Meta(pattern=r"\S")]
RuleId = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]*$")]
Lang = Literal["ar", "en", "fr"]

Evidence = Literal["strong", "weak"]
"""What a rule says for its layout if it fires: strong evidence is rare elsewhere, weak evidence only adds to strong."""

ElementLabel = Literal[
    "main",
    "ticker",
    "title",
    "dateline",
    "body",
    "chrome",
    "teaser",
    "teaser-title",
    "teaser-author",
    "teaser-newspaper",
    "teaser-subtitle",
]


class ElementRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
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


class WordingRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a line is that consists of these words and nothing else."""

    id: RuleId
    label: Literal["notice", "dateline", "footer", "chrome"]
    say: Annotated[dict[Lang, Annotated[list[str], Meta(min_length=1)]], Meta(min_length=1)]
    """By language; see :mod:`scraper.layouts.wordings` for how they are written and how loosely they are matched."""
    evidence: Evidence | None = None
    because: Words


class TickerRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the run-on line of headlines is told and split."""

    id: RuleId
    separator: Words
    """A pattern: what stands after each headline."""
    usual: str = ""
    """The separator, to the letter, of nearly all pages, which is found faster than a pattern; ``separator`` finds it, too."""
    slots: Annotated[int, Meta(ge=2)]
    """A text that opens with a line of this many headlines or more is of this layout."""
    longest: Annotated[int, Meta(ge=1)]
    """Characters; what is longer, and holds no separator, is no headline and no title but a ticker that cannot be split. It is
    removed under this rule's id with ``-unsplit`` behind it."""
    because: Words


class HeadingRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a sub-heading of the body is."""

    id: RuleId
    longest: Annotated[int, Meta(ge=1)]
    """Characters of a line that is a heading by its shape."""
    select: list[str]
    """Elements that make a line a heading if they hold all of it."""
    because: Words


class AddressRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the path of an address says, by the named groups ``newspaper_slug`` and ``lang``."""

    id: RuleId
    path: Words
    because: Words


class ImageRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which images belong to the article: those in the main column, but for these."""

    id: RuleId
    skip: list[str]
    """Patterns of addresses."""
    because: Words


class LayoutFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A layout file."""

    name: RuleId
    because: Words
    hosts: list[str] = []
    """Host names without ``www.``."""
    date: Words
    """The pattern of ``{date}`` in a wording, with the groups ``day``, ``month`` and ``year``."""
    ticker: TickerRule
    heading: HeadingRule
    images: ImageRule
    addresses: list[AddressRule] = []
    elements: list[ElementRule] = []
    wordings: list[WordingRule] = []
