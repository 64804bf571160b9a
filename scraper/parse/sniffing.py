"""Tell HTML from plain text by content, never by file name."""

import re
from itertools import islice
from typing import Final

# The tags by which browsers recognise HTML (https://mimesniff.spec.whatwg.org/#identifying-a-resource-with-an-unknown-mime-type).
_OPENS_AS_HTML: Final = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?<(?:!--|(?:!doctype\s+html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p)[\s>/])",
    re.IGNORECASE,
)
_FRAME: Final = re.compile(r"^\s*<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE | re.MULTILINE)
_END_TAG: Final = re.compile(r"</(?:a|b|body|div|html|li|p|span|td)\s*>", re.IGNORECASE)

_TAG: Final = re.compile(r"<(?:a|br|div|li|p|span|td)[\s/>]", re.IGNORECASE)

_HTML_TYPES: Final = frozenset(["text/html", "application/xhtml+xml"])
_HEAD: Final = 4096
_SOME_END_TAGS: Final = 3
"""A fragment of a page may begin with any tag; a text that mentions a tag or two is still a text."""


def is_html(text: str, media_type: str | None = None) -> bool:
    """Return True if ``text`` is HTML. A declared media type decides only if the content does not."""
    if "<" not in text:
        return media_type in _HTML_TYPES
    if _OPENS_AS_HTML.match(text) or _FRAME.search(text, 0, _HEAD):
        return True
    if media_type == "text/plain" or "</" not in text:
        return media_type in _HTML_TYPES
    tags = _END_TAG.finditer(text)
    return _TAG.search(text) is not None and sum(1 for _ in islice(tags, _SOME_END_TAGS)) == _SOME_END_TAGS
