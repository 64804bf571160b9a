"""Text of a page as it may be shown: on one line, in logical order, and with nothing in it that acts instead of being read."""

import re
from typing import Final

from scraper.text import escape

_LINE_BREAK: Final = " \u21b5 "

_GAP: Final = re.compile(r"[ \t\r\n\v\f\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
"""White space that is shown as one space. The separators of lines that only Unicode knows (U+001C-001E, 0085, 2028, 2029) are
not in it: they are spelled out."""

_READ_THOUGH_UNPRINTABLE: Final = frozenset("\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2")
"""Characters of category Cf that are part of how a word is written: the two joiners, and the signs that Unicode calls
Prepended_Concatenation_Mark (PropList.txt), such as the end of an ayah."""


def shown(text: str) -> str:
    r"""Return ``text`` on one line, fit for a terminal or a page.

    White space becomes one space, a line break within the text a sign for it. What Python calls unprintable is spelled out
    (``\u202e``): controls, escape sequences, directional marks, embeddings, overrides and isolates, unassigned characters.
    """
    line = _GAP.sub(_gap, text.strip(" \t\r\n\v\f\u00a0"))
    if line.isprintable():
        return line
    return "".join(char if char.isprintable() or char in _READ_THOUGH_UNPRINTABLE else escape(char) for char in line)


def _gap(match: re.Match[str]) -> str:
    return _LINE_BREAK if "\n" in match[0] or "\r" in match[0] else " "
