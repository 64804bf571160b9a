"""Visible characters, in which text is counted; white space, which is squeezed; and escapes, with which text is safe to show.

White space is what :meth:`str.isspace` accepts. Invisible characters are C0 and C1 controls, soft hyphen, zero-width space,
directional marks, embeddings and isolates, word joiner and byte order mark. The joiners U+200C and U+200D are *visible*: in
Persian and Arabic they change how a word is written.
"""

import re
from typing import Final

_INVISIBLE: Final = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")

_WIDE_SPACE: Final = re.compile(r"\s{2}|[^\S ]")
_GAP_OR_VISIBLE: Final = re.compile(f"([\\s{_INVISIBLE.pattern[1:-1]}]+)|.", re.DOTALL)

_LINE_BREAK: Final = " \u21b5 "

_WHITE_SPACE: Final = re.compile(r"[ \t\r\n\v\f\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
"""White space that is shown as one space. It excludes the line separators of Unicode (U+001C-001E, 0085, 2028, 2029), which are
escaped."""

_VISIBLE_FORMAT_CHARS: Final = frozenset("\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2")
"""Characters of category Cf that affect how words look: the two joiners, and those with the property Prepended_Concatenation_Mark
(PropList.txt), such as the end of an ayah."""


def visible(text: str) -> int:
    """Return the number of characters of ``text`` that are neither white space nor invisible."""
    if text.isprintable():
        return len(text) - text.count(" ")
    common = text.replace("\n", " ").replace("\u00a0", " ")
    if common.isprintable():
        return len(common) - common.count(" ")
    return len(_INVISIBLE.sub("", "".join(text.split())))


def visible_squeezed(text: str) -> int:
    """Return the number of visible characters of a field, whose pieces are squeezed and joined by line ends; much faster."""
    return len(text) - text.count(" ") - text.count("\n")


def is_blank(text: str) -> bool:
    """Return True if ``text`` has no visible character."""
    return not text[:1].isalnum() and (text.isspace() or not visible(text))


def escape(char: str) -> str:
    r"""Return a character as Python escapes it: ``\u202e``, ``\U000e0001``. Up to U+FFFF, JSON has the same escapes."""
    return f"\\u{ord(char):04x}" if char <= "\uffff" else f"\\U{ord(char):08x}"


def number_of(count: int, noun: str) -> str:
    """Return a count and its noun: ``1 headline``, ``2 headlines``."""
    return f"{count} {plural(count, noun)}"


def plural(count: int, noun: str) -> str:
    """Return a noun as it follows a count."""
    return noun if count == 1 else f"{noun}s"


def printable(text: str) -> str:
    """Return ``text`` with unprintable characters escaped, such as those that a terminal obeys."""
    return text if text.isprintable() else "".join(char if char.isprintable() else escape(char) for char in text)


def shown(text: str) -> str:
    r"""Return ``text`` on one line, safe for a terminal or a page.

    White space becomes one space, and a line break within the text becomes a symbol. Characters that Python calls unprintable are
    escaped (``\u202e``): controls, directional marks, embeddings, overrides and isolates, unassigned characters.
    """
    line = _WHITE_SPACE.sub(_shown_gap, text.strip(" \t\r\n\v\f\u00a0"))
    if line.isprintable():
        return line
    return "".join(char if char.isprintable() or char in _VISIBLE_FORMAT_CHARS else escape(char) for char in line)


def _shown_gap(match: re.Match[str]) -> str:
    return _LINE_BREAK if "\n" in match[0] or "\r" in match[0] else " "


def squeeze(text: str) -> str:
    """Return ``text`` without invisible characters, with each run of white space as one space, and with trimmed ends.

    Invisible characters are removed first: white space on both sides of one then becomes a single space, and the function is
    idempotent.
    """
    if text.isprintable() and "  " not in text and text == text.strip():
        return text  # the usual case; the check is cheaper than the work
    joined = " ".join(text.split())
    return joined if joined.isprintable() else " ".join(_INVISIBLE.sub("", joined).split())


def squeeze_in_place(text: str) -> tuple[str, list[int] | None]:
    """Squeeze ``text`` without trimming it, and return the original offset of each character.

    The offsets are None if ``text`` is unchanged; otherwise they end with the length of ``text``.
    """
    if _INVISIBLE.search(text) is None and _WIDE_SPACE.search(text) is None:
        return text, None
    pieces: list[str] = []
    offsets: list[int] = []
    for match in _GAP_OR_VISIBLE.finditer(text):
        if match[1] is None or any(map(str.isspace, match[1])):
            pieces.append(match[0] if match[1] is None else " ")
            offsets.append(match.start())
    return "".join(pieces), [*offsets, len(text)]
