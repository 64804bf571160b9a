"""Bodies as they were before the server compressed them, and never more of them than is allowed."""

from scraper.errors import BadEncoding, DamagedInput, TooLarge
from scraper.sources.content_coding import codings_of, is_known, undo


def unpack(body: bytes, content_encoding: str | None, max_bytes: int) -> bytes:
    """Return a body without its content-encodings, as ``Content-Encoding`` lists them.

    Raises:
        BadEncoding: if an encoding is unknown, or the body is damaged or not so encoded.
        TooLarge: if more than ``max_bytes`` come out; no more than that is ever held.
    """
    for coding in codings_of(content_encoding):
        if not is_known(coding):
            raise BadEncoding(f"the content-encoding {coding[:40]!r} is not known")
        try:
            found = undo(coding, body, max_bytes + 1)
        except DamagedInput as error:
            raise BadEncoding(f"the body is not the {coding} that it says: {error}") from None
        if found is None:
            raise BadEncoding(f"the body is not the {coding} that it says")
        body = found
        if len(body) > max_bytes:
            raise TooLarge(f"unpacked, the page has more than {max_bytes} bytes; raise --max-bytes to have it")
    return body
