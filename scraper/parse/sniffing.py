"""Is it HTML or plain text? Told from the content, never from a name."""

import re
from itertools import islice
from typing import Final

# The tags at which browsers tell HTML (https://mimesniff.spec.whatwg.org/#identifying-a-resource-with-an-unknown-mime-type).
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
"""A page cut out of a larger one opens anywhere; a text that mentions a tag or two is still a text."""


def is_html(text: str, media_type: str | None = None) -> bool:
    """Tell whether ``text`` is markup. A declared media type is believed only where the content leaves it open."""
    if "<" not in text:
        return media_type in _HTML_TYPES
    if _OPENS_AS_HTML.match(text) or _FRAME.search(text, 0, _HEAD):
        return True
    if media_type == "text/plain" or "</" not in text:
        return media_type in _HTML_TYPES
    tags = _END_TAG.finditer(text)
    return _TAG.search(text) is not None and sum(1 for _ in islice(tags, _SOME_END_TAGS)) == _SOME_END_TAGS
