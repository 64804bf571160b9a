"""What counts as white space, as invisible, as visible: the units of the promise.

White space is what :meth:`str.isspace` says. Invisible are the controls that a reader never sees: C0 and C1 controls, soft
hyphen, zero-width space, directional marks, embeddings and isolates, word joiner, byte order mark. The joiners U+200C and
U+200D are *visible*: in Persian and Arabic they change how a word is written.
"""

import re
from typing import Final

_INVISIBLE: Final = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")

# What is not visible, but for the three that nearly every text holds: counting those takes half the time of splitting.
_UNCOMMON: Final = re.compile(f"{_INVISIBLE.pattern[:-1]}\t\v\f\r\x1c-\x1f\x85\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")

_WIDE_SPACE: Final = re.compile(r"\s{2}|[^\S ]")
_GAP_OR_VISIBLE: Final = re.compile(f"([\\s{_INVISIBLE.pattern[1:-1]}]+)|.", re.DOTALL)


def visible(text: str) -> int:
    """Return the number of characters of ``text`` that a reader can see: neither white space nor invisible."""
    if _UNCOMMON.search(text) is None:
        return len(text) - text.count(" ") - text.count("\n") - text.count("\u00a0")
    return len(_INVISIBLE.sub("", "".join(text.split())))


def squeeze(text: str) -> str:
    """Return ``text`` as it stands in a field: invisibles gone, each run of white space one space, ends trimmed.

    Invisibles go first, so that white space on both sides of one becomes a single space and doing it twice changes nothing.
    """
    joined = " ".join(text.split())
    return joined if joined.isprintable() else " ".join(_INVISIBLE.sub("", joined).split())


def squeeze_in_place(text: str) -> tuple[str, list[int] | None]:
    """Return ``text`` without invisible characters and with each run of white space one space, and where each character stood.

    The places are None if each stands where it did; there is one more of them than characters.
    """
    if _INVISIBLE.search(text) is None and _WIDE_SPACE.search(text) is None:
        return text, None
    pieces: list[str] = []
    places: list[int] = []
    for match in _GAP_OR_VISIBLE.finditer(text):
        if match[1] is None or any(map(str.isspace, match[1])):
            pieces.append(match[0] if match[1] is None else " ")
            places.append(match.start())
    return "".join(pieces), [*places, len(text)]
