"""Fetch pages from the live web. Apart from remote files, no other package uses the network."""

from scraper.fetch.addresses import fold, host_of, prepare, without_session
from scraper.fetch.client import Client
from scraper.fetch.exchange import Exchange, exchange_records, is_header, warcinfo
from scraper.fetch.fetcher import Fetched, Fetcher, FetchJob, PreviousFetch
from scraper.fetch.politeness import Politeness, RobotsStore, Rules, Throttle
from scraper.fetch.scheduler import Scheduler

__all__ = [
    "Client",
    "Exchange",
    "FetchJob",
    "Fetched",
    "Fetcher",
    "Politeness",
    "PreviousFetch",
    "RobotsStore",
    "Rules",
    "Scheduler",
    "Throttle",
    "exchange_records",
    "fold",
    "host_of",
    "is_header",
    "prepare",
    "warcinfo",
    "without_session",
]
