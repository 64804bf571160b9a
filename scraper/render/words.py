"""What the short names in records mean, in words for people."""

from typing import Final

from scraper.extract.spans import Fate
from scraper.models import DecodingMethod
from scraper.records import Kind, Warning_

FATES_MEAN: Final[dict[Fate, str]] = {
    "field": "stands in a field of the record",
    "body": "stands in the record's text",
    "removed": "stands in no field; it is counted under its rule",
    "blank": "white space and characters that no reader sees",
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
    "no-base-url": "links are relative, and the page's own address is not known: such links are null",
    "ticker-not-split": "the headlines have lost what stood between them; they are removed in one piece",
    "decoding-replaced": "bytes that are no text became U+FFFD",
    "decoding-guessed": "nothing told the encoding of the page; it was guessed from the bytes",
    "lines-rejoined": "the lines of the text were wrapped at a width, and are put together again; two paragraphs may stand joined, none is cut",
    "several-pages": "another page begins behind the end of this one; what it holds is removed",
    "unlabelled-text": "text that no rule knows stands outside the article; it is removed and counted",
}

DECODED_BY: Final[dict[DecodingMethod, str]] = {
    "bom": "by its byte order mark",
    "strict": "since all of its bytes are valid in it",
    "almost": "since almost all of its bytes are valid in it",
    "header": "by the HTTP header",
    "meta": "by what the page declares",
    "detected": "guessed from its bytes, since nothing else told",
}
