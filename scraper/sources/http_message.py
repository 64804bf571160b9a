"""What HTTP wrapped around a page: chunks and content codings, as they stand in an archive."""

import io

from scraper.errors import BadRecord, DamagedInput, TooLarge
from scraper.sources.content_coding import codings_of, is_known, undo
from scraper.sources.streams import Stream


def decode_body(data: bytes, transfer: str | None, content: str | None, max_bytes: int) -> bytes:
    """Return the body of an HTTP message without its codings.

    Some archives hold bodies that are decoded already under headers that say otherwise; such a body is taken as it is.

    Args:
        data: the body as it was received.
        transfer: the Transfer-Encoding header.
        content: the Content-Encoding header.
        max_bytes: the most bytes that the result may have.

    Raises:
        BadRecord: for a coding that this program does not know.
        DamagedInput: if the body breaks off, or is broken.
        TooLarge: if there is more of it than allowed.
    """
    if transfer is not None and transfer.strip().lower() == "chunked":
        data = _unchunked(data, max_bytes)
    for coding in codings_of(content):
        if not is_known(coding):
            raise BadRecord(f"its content coding is {coding!r}; known are gzip, deflate, br and zstd")
        found = undo(coding, data, max_bytes + 1)
        data = found if found is not None else data
        if len(data) > max_bytes:
            break
    if len(data) > max_bytes:
        raise TooLarge(f"the page has more than {max_bytes} bytes; raise --max-bytes to read it")
    return data


def _unchunked(data: bytes, max_bytes: int) -> bytes:
    from fastwarc.stream_io import ChunkedReader

    size = data[:16].split(b"\r\n")[0].split(b";")[0].strip()
    if not size or size.translate(None, b"0123456789abcdefABCDEF"):
        return data
    try:
        return Stream(ChunkedReader(io.BytesIO(data))).read_page(max_bytes)
    except OSError as error:
        raise DamagedInput(f"its chunks are broken or break off ({error})") from None
