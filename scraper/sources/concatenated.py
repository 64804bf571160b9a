"""Several saved pages in one stream, as ``cat *.html`` gives them."""

import re
from collections.abc import Iterator
from typing import Final

_NEXT: Final = re.compile(rb"</html\s*>\s*(?=(?:<\?xml[^>]*>\s*)?<(?:!doctype\s|html[\s>]))", re.IGNORECASE)
_ENDS: Final = (b"</html", b"</HTML")


def split_pages(data: bytes) -> Iterator[bytes]:
    """Yield the pages of a stream: one ends where ``</html>`` is followed by the beginning of another document."""
    ends = [at for end in _ENDS if (at := data.find(end)) >= 0]
    start = 0
    for match in _NEXT.finditer(data, min(ends)) if ends else ():
        yield data[start : match.end()]
        start = match.end()
    yield data[start:] if start else data
