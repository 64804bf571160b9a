"""From the live web to pages, politely. The only room that uses the network, and the only user of httpx."""

from scraper.fetch.addresses import host_of, prepare
from scraper.fetch.client import Client
from scraper.fetch.exchange import Exchange, Header
from scraper.fetch.fetcher import Fetched, Fetcher, FetchJob, Known
from scraper.fetch.robots import Rules, Shelf
from scraper.fetch.scheduler import Scheduler
from scraper.fetch.throttle import Throttle
from scraper.fetch.warc_writer import exchange_records, warcinfo

__all__ = [
    "Client",
    "Exchange",
    "FetchJob",
    "Fetched",
    "Fetcher",
    "Header",
    "Known",
    "Rules",
    "Scheduler",
    "Shelf",
    "Throttle",
    "exchange_records",
    "host_of",
    "prepare",
    "warcinfo",
]
