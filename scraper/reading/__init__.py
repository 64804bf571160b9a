"""From the world to pages: what the user names is found and read, each page on its own."""

from scraper.reading.files import file_id, read_inputs
from scraper.reading.lists import read_list
from scraper.reading.readings import Reading, Request

__all__ = ["Reading", "Request", "file_id", "read_inputs", "read_list"]
