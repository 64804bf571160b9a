"""From the live web to pages, politely. The only room that uses the network, and the only user of httpx."""

from scraper.fetch.addresses import host_of, prepare
from scraper.fetch.client import Client
from scraper.fetch.exchange import Exchange, Header
from scraper.fetch.fetcher import Fetched, Fetcher, Job, Known
from scraper.fetch.robots import Rules, Shelf
from scraper.fetch.scheduler import Crew
from scraper.fetch.throttle import Pacer
from scraper.fetch.warc_writer import exchange_records, warcinfo

__all__ = [
    "Client",
    "Crew",
    "Exchange",
    "Fetched",
    "Fetcher",
    "Header",
    "Job",
    "Known",
    "Pacer",
    "Rules",
    "Shelf",
    "exchange_records",
    "host_of",
    "prepare",
    "warcinfo",
]
