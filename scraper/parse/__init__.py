"""From decoded text to a document: two makers, one type."""

from scraper.models import Document
from scraper.parse.html import Tree
from scraper.parse.plain_text import read_text
from scraper.parse.sniffing import is_html


def read_document(text: str, media_type: str | None = None) -> Document:
    """Make the document of a page from its decoded text.

    Args:
        text: the decoded text.
        media_type: what was declared of it.

    Raises:
        TooComplex: if it can't be read in a time and a memory that grow no faster than the page.
    """
    return Tree(text).document() if is_html(text, media_type) else read_text(text)


__all__ = ["Tree", "is_html", "read_document", "read_text"]
