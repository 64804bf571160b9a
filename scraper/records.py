"""The records that the program writes, their JSON and their JSON Schema.

Every line has every key, in the order given here; lists are never null.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct, inspect

from scraper.text import escape

Date = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Time = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$")]
Lang = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
"""A BCP 47 language tag; pages of the built-in layouts are in ``ar``, ``fr`` and ``en``."""
PageId = Annotated[str, Meta(pattern=r"^[0-9a-f]{16}$")]

PageKind = Literal["article", "listing", "page", "unknown"]
KINDS_MEAN: Final[dict[PageKind, str]] = {
    "article": "title or dateline, and a body",
    "listing": "entries that lead to articles",
    "page": "a known layout, but neither article nor listing",
    "unknown": "no known layout: everything is kept",
}
"""The kinds in words, for reports."""

Warning_ = Literal[
    "no-title",
    "no-date",
    "bad-date",
    "no-newspaper",
    "no-base-url",
    "ticker-not-split",
    "lines-rejoined",
    "headings-guessed",
    "author-guessed",
    "several-pages",
    "decoding-replaced",
    "decoding-guessed",
    "unlabelled-text",
]
WARNINGS_MEAN: Final[dict[Warning_, str]] = {
    "no-title": "an article without a title",
    "no-date": "an article without a date",
    "bad-date": "the printed date is of a day that does not exist",
    "no-newspaper": "an article without the name of a newspaper",
    "no-base-url": "links are relative, and the page's own address is unknown: such links are null",
    "ticker-not-split": "the separators between the headlines are lost; the headlines are removed as one piece",
    "lines-rejoined": "lines that were wrapped at a fixed width are joined again; two paragraphs may be joined, none is split",
    "headings-guessed": "a line above a paragraph may be a sub-heading, or the end of a list or table",
    "author-guessed": "the only line above the dateline reads like a name; it may be the title instead",
    "several-pages": "another page begins after the end of this one; its text is removed",
    "decoding-replaced": "bytes that are not text became U+FFFD",
    "decoding-guessed": "nothing declares the encoding of the page; it was guessed from the bytes",
    "unlabelled-text": "text outside the article that no rule matches; it is removed and counted",
}
"""The warnings in words, for reports."""


class Headline(Struct, frozen=True, gc=False):
    """A headline of the ticker."""

    text: str
    url: str | None


class Teaser(Struct, frozen=True, gc=False):
    """An entry of a listing."""

    title: str
    url: str | None
    author: str | None
    newspaper: str | None


class Removed(Struct, frozen=True, gc=False):
    """What one rule took out of the page."""

    rule: Annotated[str, Meta(description="which rule: layout/rule, or core/rule")]
    count: Annotated[int, Meta(ge=1, description="how many pieces")]
    chars: Annotated[int, Meta(ge=1, description="how many visible characters")]


class PageRecord(Struct, frozen=True, kw_only=True, rename={"schema_version": "schema"}):
    """One saved or fetched page."""

    schema_version: Annotated[Literal[1], Meta(description="grows only when a key changes meaning")] = 1
    id: Annotated[PageId, Meta(description="first 16 hex digits of SHA-256 of url, or of the page's bytes where there is no url")]
    input: Annotated[
        str, Meta(description="where it was read: a path as given, - for stdin, an address; behind # the place in a container")
    ]
    url: Annotated[str | None, Meta(description="the page's own absolute address")]
    site: Annotated[str | None, Meta(description="its host without www.")]
    layout: Annotated[str | None, Meta(description="the layout that was recognised")]
    kind: Annotated[PageKind, Meta(description="article, listing, page of a known layout, or unknown")]
    lang: Annotated[Lang | None, Meta(description="from the page's own words and address, such as ar, fr, en")]
    title: Annotated[str | None, Meta(description="the article's title")]
    newspaper: Annotated[str | None, Meta(description="the newspaper's name as the dateline prints it, or else the footer")]
    newspaper_slug: Annotated[str | None, Meta(description="the newspaper's slug in the address")]
    author: Annotated[str | None, Meta(description="where a layout has one")]
    date: Annotated[Date | None, Meta(description="day of publication")]
    text: Annotated[str, Meta(description="the body: paragraphs and sub-headings, separated by blank lines")]
    headings: Annotated[list[str], Meta(description="the sub-headings, as they stand in text")]
    headlines: Annotated[list[Headline], Meta(description="the ticker, in page order")]
    teasers: Annotated[list[Teaser], Meta(description="the entries of a listing")]
    images: Annotated[list[str], Meta(description="absolute addresses of the article's own images")]
    original_url: Annotated[str | None, Meta(description='where "click here" leads')]
    fetched_at: Annotated[Time | None, Meta(description="when the page was fetched")]
    removed: Annotated[list[Removed], Meta(description="what stands in no field, in page order of first use")]
    warnings: Annotated[list[Warning_], Meta(description="what is missing or was hurt")]


class HeadlineRecord(Struct, frozen=True, kw_only=True, rename={"schema_version": "schema"}):
    """One headline of one page's ticker: the news of the day on which the page was fetched."""

    schema_version: Annotated[Literal[1], Meta(description="grows only when a key changes meaning")] = 1
    headline: Annotated[str, Meta(description="the headline")]
    url: Annotated[str | None, Meta(description="its article's absolute address")]
    position: Annotated[int, Meta(ge=0, description="its place among the page's headlines")]
    newspaper_slug: Annotated[str | None, Meta(description="the newspaper's slug in its address")]
    lang: Annotated[Lang | None, Meta(description="the page's language")]
    site: Annotated[str | None, Meta(description="the page's host without www.")]
    page_url: Annotated[str | None, Meta(description="the page's address")]
    page_id: Annotated[PageId, Meta(description="the page's id")]
    fetched_at: Annotated[Time | None, Meta(description="when the page was fetched")]
    input: Annotated[str, Meta(description="where the page was read")]


class HeadlineHistory(Struct, frozen=True, kw_only=True, rename={"schema_version": "schema"}):
    """One headline in all the pages of a run that showed it: the same words, leading to the same address, on pages of one site."""

    schema_version: Annotated[Literal[1], Meta(description="grows only when a key changes meaning")] = 1
    headline: Annotated[str, Meta(description="the headline")]
    url: Annotated[
        str | None,
        Meta(
            description="its article's absolute address; as the first page in the input has it, where some differ in scheme or www."
        ),
    ]
    lang: Annotated[Lang | None, Meta(description="the language of the first page in the input that showed it")]
    site: Annotated[str | None, Meta(description="the host of the pages without www.")]
    newspaper_slug: Annotated[str | None, Meta(description="the newspaper's slug in its address")]
    first_fetched_at: Annotated[
        Time | None, Meta(description="the earliest time at which a page that showed it was fetched; null if no page tells")
    ]
    last_fetched_at: Annotated[Time | None, Meta(description="the latest such time")]
    pages: Annotated[int, Meta(ge=1, description="how many of the pages that were read showed it, those without a time too")]
    first_page_id: Annotated[
        PageId, Meta(description="the id of the first page in the input that showed it; in an input out of order not the earliest")
    ]


class FailureRecord(Struct, frozen=True, kw_only=True):
    """One input that gave no record, and why."""

    input: str
    url: str | None
    code: str
    message: str

    def __str__(self) -> str:
        """Return the failure as it is reported to the user."""
        return f"{self.input}: {self.code}: {self.message}"


_encoder: Final = msgspec.json.Encoder()

# U+0085, U+2028 and U+2029 end a line in Unicode and for many programs that read lines, but not in JSON.
_LINE_ENDS: Final = re.compile(rb"\xc2\x85|\xe2\x80[\xa8\xa9]")
_PARTS: Final = ((b"\xc2", (b"\x85",)), (b"\xe2", (b"\x80\xa8", b"\x80\xa9")))
"""The same as first byte and tails: searching for one byte is much faster than for several, and few lines contain many."""


Keys = Sequence[tuple[str, str]]
"""The keys of a line in order, each with the attribute of the record that is its value."""


def to_json_line(record: Struct, keys: Keys = ()) -> bytes:
    """Return the record as one line of JSON in UTF-8, with the line end; ``keys`` replace the record's own keys."""
    line = _encoder.encode_lines([{key: getattr(record, name) for key, name in keys} if keys else record])
    for first, tails in _PARTS:
        at = line.find(first)
        while at >= 0 and not line.startswith(tails, at + 1):
            at = line.find(first, at + 1)
        if at >= 0:
            line = _LINE_ENDS.sub(lambda end: escape(end[0].decode()).encode(), line)
    return line


Columns = Mapping[str, inspect.Type]
"""The keys of a line in order, each with the type of its values."""


def columns_of(record: type[Struct], keys: Keys = ()) -> Columns:
    """Return the columns of a table of records; ``keys`` replace the record's own keys."""
    description = inspect.type_info(record)
    assert isinstance(description, inspect.StructType)  # noqa: S101 - a record is a struct
    types = {field.name: (field.encode_name, field.type) for field in description.fields}
    return {key: types[name][1] for key, name in keys} if keys else dict(types.values())


RecordName = Literal["page", "headline", "headline-history"]
RECORDS: Final[dict[RecordName, type[Struct]]] = {
    "page": PageRecord,
    "headline": HeadlineRecord,
    "headline-history": HeadlineHistory,
}


def json_schema(name: RecordName) -> dict[str, Any]:
    """Return the JSON Schema of a record."""
    record = RECORDS[name]
    _, definitions = msgspec.json.schema_components([record], ref_template="#/$defs/{name}")
    body: dict[str, Any] = definitions.pop(record.__name__)
    # Keys with a default are written too.
    body |= {"required": list(body["properties"]), "additionalProperties": False}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **body, **({"$defs": definitions} if definitions else {})}
