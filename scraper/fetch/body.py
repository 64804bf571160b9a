"""Response bodies without their content codings."""

from scraper.errors import BadEncoding, BadRecord, DamagedInput
from scraper.sources.content_coding import decode_body


def unpack(body: bytes, content_encoding: str | None, max_bytes: int) -> bytes:
    """Return a response body without its content codings.

    Args:
        body: the body as it was received.
        content_encoding: the Content-Encoding header.
        max_bytes: the most bytes that the result may have; not much more are ever held.

    Raises:
        BadEncoding: if a coding is unknown, or the body is damaged or not in that coding.
        TooLarge: if the result has more than ``max_bytes``.
    """
    try:
        return decode_body(body, content_encoding, max_bytes)
    except (BadRecord, DamagedInput) as error:
        raise BadEncoding(str(error)) from None
