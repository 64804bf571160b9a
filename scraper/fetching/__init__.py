"""From the live web to pages, politely. The only room that uses the network, and the only user of httpx."""

from scraper.fetching.addresses import host_of, prepare
from scraper.fetching.archive import exchange_records, warcinfo
from scraper.fetching.client import Client
from scraper.fetching.crew import Crew
from scraper.fetching.exchange import Exchange, Header
from scraper.fetching.fetcher import Fetched, Fetcher, Job, Known
from scraper.fetching.pacing import Pacer
from scraper.fetching.robots import Rules, Shelf

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
