"""Text that is safe to show: on one line, in logical order, and with control characters escaped."""

import re
from typing import Final

from scraper.text import escape

_LINE_BREAK: Final = " \u21b5 "

_GAP: Final = re.compile(r"[ \t\r\n\v\f\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
"""White space that is shown as one space. It excludes the line separators of Unicode (U+001C-001E, 0085, 2028, 2029), which are
escaped."""

_VISIBLE_FORMAT_CHARS: Final = frozenset("\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2")
"""Characters of category Cf that affect how words look: the two joiners, and those with the property Prepended_Concatenation_Mark
(PropList.txt), such as the end of an ayah."""


def shown(text: str) -> str:
    r"""Return ``text`` on one line, safe for a terminal or a page.

    White space becomes one space, and a line break within the text becomes a symbol. Characters that Python calls unprintable are
    escaped (``\u202e``): controls, directional marks, embeddings, overrides and isolates, unassigned characters.
    """
    line = _GAP.sub(_gap, text.strip(" \t\r\n\v\f\u00a0"))
    if line.isprintable():
        return line
    return "".join(char if char.isprintable() or char in _VISIBLE_FORMAT_CHARS else escape(char) for char in line)


def _gap(match: re.Match[str]) -> str:
    return _LINE_BREAK if "\n" in match[0] or "\r" in match[0] else " "
