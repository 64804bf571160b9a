"""Formats of other programs that hold text, but no page: recognised, so that they are refused by name."""

from typing import Final

from scraper.errors import NotText

_AS_TEXT: Final = "save it as HTML or text first"
_MAGIC: Final = {
    b"%PDF-": "a PDF document; convert it to text first, for example with pdftotext",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": f"a Word, Excel or PowerPoint document in the old format; {_AS_TEXT}",
    b"{\\rtf": f"a document in RTF; {_AS_TEXT}",
    b"Rar!\x1a\x07": "a RAR archive; unpack it and name the directory",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive; unpack it and name the directory",
}
_ZIP: Final = b"PK\x03\x04"
_OFFICE: Final = {
    b"word/": f"a Word document (DOCX); {_AS_TEXT}",
    b"xl/": "an Excel workbook (XLSX); save the sheet as CSV first",
    b"ppt/": f"a PowerPoint presentation (PPTX); {_AS_TEXT}",
}
_TYPES: Final = b"[Content_Types].xml"
"""A member of every document of Microsoft Office (ECMA-376-2, 7.2.3)."""
_RELATIONS: Final = b"_rels/.rels"
_FIRST: Final = (_TYPES, _RELATIONS, b"docProps/", *_OFFICE)
"""Members that programs write first."""
_NAME: Final = 30
"""Where the name of the first member begins in a zip archive."""
_MIME_TYPE: Final = b"mimetype"
"""The first member of an EPUB and of an OpenDocument, stored without compression (OCF 3.3, 4.3; ODF 1.3 part 2, 3.3)."""
_TYPED: Final = {
    b"application/epub+zip": "an e-book (EPUB); convert it to HTML first, for example with pandoc",
    b"application/vnd.oasis.opendocument.spreadsheet": "an OpenDocument spreadsheet (ODS); save the sheet as CSV first",
    b"application/vnd.oasis.opendocument": f"an OpenDocument text (ODT); {_AS_TEXT}",
}


def check_format(head: bytes) -> None:
    """Check that the first bytes of an input do not belong to a document of another program.

    Raises:
        NotText: if they do.
    """
    found = next((what for magic, what in _MAGIC.items() if head.lstrip().startswith(magic)), None)
    if found is None and head.startswith(_ZIP):
        found = _zipped(head)
    if found is not None:
        raise NotText(f"it is {found}")


def _zipped(head: bytes) -> str | None:
    """Return the kind of a document that is a zip archive, by the names of its first members."""
    if head.startswith(_MIME_TYPE, _NAME):
        return next((what for name, what in _TYPED.items() if head.startswith(name, _NAME + len(_MIME_TYPE))), None)
    is_office = head.startswith(_FIRST, _NAME) and (_TYPES in head or _RELATIONS in head)
    return next((what for name, what in _OFFICE.items() if name in head), None) if is_office else None
