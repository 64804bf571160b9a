"""Decode pages and parse them, HTML or plain text, into documents."""

from scraper.models import Document
from scraper.parse.html import Tree
from scraper.parse.plain_text import is_html, read_text


def read_document(text: str, media_type: str | None = None) -> Document:
    """Parse the decoded text of a page.

    Args:
        text: the decoded text.
        media_type: the declared media type.

    Raises:
        TooComplex: if parsing would take more than linear time or memory.
    """
    return Tree(text).document() if is_html(text, media_type) else read_text(text)


__all__ = ["Tree", "is_html", "read_document", "read_text"]
