"""Decode pages and parse them, HTML or plain text, into documents."""

from scraper.parse.html import Tree
from scraper.parse.plain_text import is_html, read_text

__all__ = ["Tree", "is_html", "read_text"]
