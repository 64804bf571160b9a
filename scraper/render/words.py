"""The names in records, explained in words."""

from typing import Final

from scraper.extract.spans import Fate
from scraper.models import DecodingMethod
from scraper.records import Kind, Warning_

FATES_MEAN: Final[dict[Fate, str]] = {
    "field": "stands in a field of the record",
    "body": "stands in the record's text",
    "removed": "stands in no field; it is counted under its rule",
    "blank": "white space and invisible characters",
}

KINDS_MEAN: Final[dict[Kind, str]] = {
    "article": "title or dateline, and a body",
    "listing": "entries that lead to articles",
    "page": "a known layout, but neither article nor listing",
    "unknown": "no known layout: everything is kept",
}

WARNINGS_MEAN: Final[dict[Warning_, str]] = {
    "no-title": "an article without a title",
    "no-date": "an article without a date",
    "bad-date": "the printed date is of a day that does not exist",
    "no-newspaper": "an article without the name of a newspaper",
    "no-base-url": "links are relative, and the page's own address is unknown: such links are null",
    "ticker-not-split": "the separators between the headlines are lost; the headlines are removed as one piece",
    "decoding-replaced": "bytes that are not text became U+FFFD",
    "decoding-guessed": "nothing declares the encoding of the page; it was guessed from the bytes",
    "lines-rejoined": "lines that were wrapped at a fixed width are joined again; two paragraphs may be joined, none is split",
    "headings-guessed": "a line between a list and a paragraph was taken for the list's last; it may be a sub-heading",
    "several-pages": "another page begins after the end of this one; its text is removed",
    "unlabelled-text": "text outside the article that no rule matches; it is removed and counted",
}

DECODED_BY: Final[dict[DecodingMethod, str]] = {
    "bom": "by its byte order mark",
    "strict": "since all of its bytes are valid in it",
    "almost": "since almost all of its bytes are valid in it",
    "header": "by the HTTP header",
    "meta": "by the page's own declaration",
    "detected": "guessed from its bytes, since nothing declares it",
}
