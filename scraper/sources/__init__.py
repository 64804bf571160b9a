"""The inputs that the user names, read as pages."""

from scraper.sources.files import inode_of
from scraper.sources.inputs import read_inputs, read_list
from scraper.sources.items import Item, ReadOptions

__all__ = ["Item", "ReadOptions", "inode_of", "read_inputs", "read_list"]
