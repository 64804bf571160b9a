"""From decoded text to a document: two makers, one type."""

from scraper.documents.form import is_html
from scraper.documents.html import read_html
from scraper.documents.text import read_text
from scraper.pages import Document


def read_document(text: str, media_type: str | None = None) -> Document:
    """Make the document of a page from its decoded text.

    Raises:
        ParserLostText: if the HTML parser cannot be brought to read the whole page.
    """
    return read_html(text) if is_html(text, media_type) else read_text(text)


__all__ = ["read_document"]
