"""Pages that a browser has saved as a single file: MHTML (RFC 2557), a message with the page, its pictures and frames as parts."""

import re
from collections.abc import Sequence
from email.errors import CloseBoundaryNotFoundDefect, InvalidBase64CharactersDefect, InvalidBase64LengthDefect
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Final

from scraper.errors import BadRecord, DamagedInput
from scraper.models import HTML_TYPES, Page
from scraper.provenance import utc_time
from scraper.sources.items import Place, ReadOptions
from scraper.urls import is_absolute

_RELATED: Final = re.compile(rb"^content-type:\s*multipart/related\b", re.IGNORECASE | re.MULTILINE)
_VERSION: Final = re.compile(rb"^mime-version:", re.IGNORECASE | re.MULTILINE)
_BROKEN: Final = (InvalidBase64CharactersDefect, InvalidBase64LengthDefect)


def is_mhtml(head: bytes) -> bool:
    """Return True if an input begins with the header of a message whose parts belong together."""
    header = re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0]
    return _VERSION.search(header) is not None and _RELATED.search(header) is not None


def page_of_mhtml(data: bytes, place: Place, options: ReadOptions) -> Page:
    """Return the page in an MHTML file; its other parts, such as pictures and frames, are ignored.

    Raises:
        BadRecord: if no part is a page.
        DamagedInput: if the page breaks off or is broken.
    """
    from email import message_from_bytes

    message = message_from_bytes(data)
    parts = [part for part in message.walk() if not part.is_multipart()]
    main = _main_part(message, parts)
    if main is None:
        raise BadRecord("it is MHTML, and none of its parts is a page; save the page again")
    body = main.get_payload(decode=True)
    is_cut = main is parts[-1] and any(isinstance(defect, CloseBoundaryNotFoundDefect) for defect in message.defects)
    if is_cut or any(isinstance(defect, _BROKEN) for defect in main.defects):
        raise DamagedInput("the page in this MHTML is damaged or truncated; save it again")
    addresses = [_text(part, name) for part, name in ((main, "Content-Location"), (message, "Snapshot-Content-Location"))]
    return Page(
        data=body if isinstance(body, bytes) else b"",
        input=place.input,
        url=options.url or next(filter(is_absolute, addresses), None),
        fetched_at=_time(_text(message, "Date")),
        charset=main.get_content_charset(),
        media_type=main.get_content_type(),
        is_named=place.is_named,
    )


def _main_part(message: Message, parts: Sequence[Message]) -> Message | None:
    """Return the part that ``start`` names, else the one at the address that was saved, else the first page."""
    pages = [part for part in parts if part.get_content_type() in HTML_TYPES]
    start, address = message.get_param("start"), _text(message, "Snapshot-Content-Location")
    for name, wanted in (("Content-ID", start), ("Content-Location", address)):
        found = next((part for part in pages if wanted and _text(part, name) == wanted), None)
        if found is not None:
            return found
    return pages[0] if pages else None


def _text(part: Message, name: str) -> str:
    """Return a header field on one line; a long address may be folded."""
    return re.sub(r"\s+", "", str(part.get(name, ""))) if name != "Date" else str(part.get(name, ""))


def _time(value: str) -> str | None:
    try:
        return utc_time(parsedate_to_datetime(value))
    except ValueError:
        return None
