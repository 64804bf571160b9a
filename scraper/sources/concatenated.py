"""Several HTML pages in one stream, such as the output of ``cat *.html``."""

import re
from collections.abc import Iterator
from typing import Final

_NEXT: Final = re.compile(rb"</html\s*>\s*(?=(?:<\?xml[^>]*>\s*)?<(?:!doctype\s|html[\s>]))", re.IGNORECASE)
_ENDS: Final = (b"</html", b"</HTML")


def split_pages(data: bytes) -> Iterator[bytes]:
    """Yield the pages of a stream. A page ends where ``</html>`` is followed by the beginning of another document."""
    ends = [position for end in _ENDS if (position := data.find(end)) >= 0]
    start = 0
    for match in _NEXT.finditer(data, min(ends)) if ends else ():
        yield data[start : match.end()]
        start = match.end()
    yield data[start:] if start else data
