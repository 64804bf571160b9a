"""The inputs that the user names, read as pages."""

from scraper.sources.files import file_id, read_inputs
from scraper.sources.items import Item, ReadOptions
from scraper.sources.lists import read_list

__all__ = ["Item", "ReadOptions", "file_id", "read_inputs", "read_list"]
