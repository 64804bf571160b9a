"""From decoded text to a document: two makers, one type."""

from collections.abc import Sequence

from scraper.documents.form import is_html
from scraper.documents.html import read_html
from scraper.documents.text import read_text
from scraper.pages import Document, Foldable


def read_document(text: str, media_type: str | None = None, parts: Sequence[Foldable] = (), utf8: bytes | None = None) -> Document:
    """Make the document of a page from its decoded text.

    Args:
        text: the decoded text.
        media_type: what was declared of it.
        parts: parts of markup that need not be looked into.
        utf8: the text in UTF-8, where it was received so.

    Raises:
        ParserLostText: if the HTML parser cannot be brought to read the whole page.
    """
    return read_html(text, parts, utf8) if is_html(text, media_type) else read_text(text)


__all__ = ["read_document"]
