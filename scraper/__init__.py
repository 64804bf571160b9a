"""Clean records from the pages of Arab press aggregators.

>>> from scraper import Page, clean
>>> clean(Page(data="فقرة واحدة.".encode())).record.text
'فقرة واحدة.'
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scraper.engine.archive import NewspaperArchive
    from scraper.engine.crawling import Crawl
    from scraper.engine.jobs import Filters
    from scraper.engine.run import run
    from scraper.engine.web_run import fetch_pages
    from scraper.errors import PageError, ScraperError
    from scraper.extract.cleaning import Outcome, clean
    from scraper.fetch import Politeness
    from scraper.models import Page
    from scraper.records import HeadlineRecord, PageRecord
    from scraper.sources import Failed, ReadOptions, Skipped, read_inputs

__version__ = "0.1.0"

__all__ = [
    "Crawl",
    "Failed",
    "Filters",
    "HeadlineRecord",
    "NewspaperArchive",
    "Outcome",
    "Page",
    "PageError",
    "PageRecord",
    "Politeness",
    "ReadOptions",
    "ScraperError",
    "Skipped",
    "clean",
    "fetch_pages",
    "read_inputs",
    "run",
]

_MODULES = {
    "Crawl": "scraper.engine.crawling",
    "Failed": "scraper.sources",
    "Filters": "scraper.engine.jobs",
    "HeadlineRecord": "scraper.records",
    "NewspaperArchive": "scraper.engine.archive",
    "Outcome": "scraper.extract.cleaning",
    "Page": "scraper.models",
    "PageError": "scraper.errors",
    "PageRecord": "scraper.records",
    "Politeness": "scraper.fetch",
    "ReadOptions": "scraper.sources",
    "ScraperError": "scraper.errors",
    "Skipped": "scraper.sources",
    "clean": "scraper.extract.cleaning",
    "fetch_pages": "scraper.engine.web_run",
    "read_inputs": "scraper.sources",
    "run": "scraper.engine.run",
}


def __getattr__(name: str) -> Any:
    # Names are imported when they are first used, which keeps `import scraper` fast (PEP 562).
    if name not in _MODULES:
        raise AttributeError(f"module 'scraper' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value
