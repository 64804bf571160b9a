"""The inputs that the user names, read as pages."""

from scraper.sources.inputs import read_inputs, read_list
from scraper.sources.items import Failed, Item, ReadOptions, Skipped, Unread

__all__ = ["Failed", "Item", "ReadOptions", "Skipped", "Unread", "read_inputs", "read_list"]
