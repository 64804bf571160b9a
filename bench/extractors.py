"""The extractors that are measured: scraper and general ones, each called as its own documentation says.

They are not dependencies of this project: each is imported by name when it is measured, since the type checker does not know it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any, Final


@dataclass(frozen=True)
class Extracted:
    """What an extractor finds in a page."""

    text: str = ""
    title: str | None = None
    date: str | None = None
    """As ``YYYY-MM-DD``."""
    newspaper: str | None = None
    headlines: Sequence[str] = ()


@dataclass(frozen=True)
class LoadedExtractor:
    """A loaded extractor: the call that is timed, and how its result is read."""

    extract: Callable[[bytes], Any]
    read: Callable[[Any], Extracted]


@dataclass(frozen=True)
class Extractor:
    """An extractor that is not loaded yet."""

    name: str
    distribution: str
    """Its name on PyPI."""
    call: str
    """The call that is timed, for the table."""
    load: Callable[[], LoadedExtractor]


def _scraper() -> LoadedExtractor:
    from msgspec import json

    from scraper import Page, clean
    from scraper.records import to_json_line

    def read(line: bytes) -> Extracted:
        record = json.decode(line)
        headlines = [headline["text"] for headline in record["headlines"]]
        return Extracted(record["text"], record["title"], record["date"], record["newspaper"], headlines)

    return LoadedExtractor(lambda page: to_json_line(clean(Page(data=page)).record), read)


def _trafilatura(**options: Any) -> LoadedExtractor:
    from msgspec import json

    extract = import_module("trafilatura").extract

    def read(line: str | None) -> Extracted:
        found = json.decode(line) if line else {}
        return Extracted(found.get("text") or "", found.get("title"), found.get("date"), found.get("source-hostname"))

    return LoadedExtractor(lambda page: extract(page, output_format="json", **options), read)


def _trafilatura_whole() -> LoadedExtractor:
    return _trafilatura(with_metadata=True)


def _trafilatura_fast() -> LoadedExtractor:
    return _trafilatura(fast=True)


def _justext() -> LoadedExtractor:
    justext = import_module("justext")
    words = justext.get_stoplist("Arabic")

    def extract(page: bytes) -> str:
        return "\n".join(paragraph.text for paragraph in justext.justext(page, words) if not paragraph.is_boilerplate)

    return LoadedExtractor(extract, Extracted)


def _readability() -> LoadedExtractor:
    document, html = import_module("readability").Document, import_module("lxml.html")

    def extract(page: bytes) -> tuple[str, str]:
        read = document(page)
        return read.title(), read.summary()

    def read(result: tuple[str, str]) -> Extracted:
        return Extracted("\n".join(html.fromstring(result[1]).itertext()), result[0])

    return LoadedExtractor(extract, read)


def _resiliparse() -> LoadedExtractor:
    plain = import_module("resiliparse.extract.html2text").extract_plain_text
    parse = import_module("resiliparse.parse.html").HTMLTree.parse_from_bytes
    detect = import_module("resiliparse.parse.encoding").detect_encoding

    def extract(page: bytes) -> tuple[str, str]:
        tree = parse(page, detect(page))
        return plain(tree, main_content=True), tree.title

    return LoadedExtractor(extract, lambda result: Extracted(*result))


def _newspaper() -> LoadedExtractor:
    article = import_module("newspaper").Article

    def extract(page: bytes) -> Any:
        # It requires the address of the page; nothing is fetched, not even pictures.
        read = article("https://page.example/", language="ar", fetch_images=False)
        read.download(input_html=page.decode())
        return read.parse()

    return LoadedExtractor(extract, lambda read: Extracted(read.text, read.title, _day(read.publish_date), read.meta_site_name))


def _goose() -> LoadedExtractor:
    words = import_module("goose3.text").StopWordsArabic
    options = {"use_meta_language": False, "target_language": "ar", "stopwords_class": words, "enable_image_fetching": False}
    goose = import_module("goose3").Goose(options)

    def read(found: Any) -> Extracted:
        return Extracted(found.cleaned_text, found.title, _day(found.publish_date), found.opengraph.get("site_name"))

    return LoadedExtractor(lambda page: goose.extract(raw_html=page.decode()), read)


def _day(date: datetime | str | None) -> str | None:
    return date.date().isoformat() if isinstance(date, datetime) else date


SCRAPER: Final = Extractor("scraper", "scraper", "to_json_line(clean(Page(data=page)).record)", _scraper)
OTHERS: Final = (
    Extractor("trafilatura", "trafilatura", 'extract(page, output_format="json", with_metadata=True)', _trafilatura_whole),
    Extractor("trafilatura, fast", "trafilatura", 'extract(page, output_format="json", fast=True)', _trafilatura_fast),
    Extractor("jusText", "jusText", 'justext(page, get_stoplist("Arabic"))', _justext),
    Extractor("readability", "readability-lxml", "Document(page).title(), .summary()", _readability),
    Extractor("Resiliparse", "Resiliparse", "extract_plain_text(tree, main_content=True), tree.title", _resiliparse),
    Extractor(
        "newspaper4k", "newspaper4k", 'Article(…, language="ar", fetch_images=False).download(input_html=page).parse()', _newspaper
    ),
    Extractor("goose3", "goose3", 'Goose({"target_language": "ar", …}).extract(raw_html=page)', _goose),
)
