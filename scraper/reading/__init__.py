"""From the world to pages: what the user names is found and read, each page on its own."""

from scraper.reading.files import Reading, read_inputs

__all__ = ["Reading", "read_inputs"]
