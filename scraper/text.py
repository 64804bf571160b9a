"""What counts as white space, as invisible, as visible: the units of the promise.

White space is what :meth:`str.isspace` says. Invisible are the controls that a reader never sees: C0 and C1 controls, soft
hyphen, zero-width space, directional marks, embeddings and isolates, word joiner, byte order mark. The joiners U+200C and
U+200D are *visible*: in Persian and Arabic they change how a word is written.
"""

import re
from collections.abc import Sequence
from typing import Final

_INVISIBLE: Final = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")

_WIDE_SPACE: Final = re.compile(r"\s{2}|[^\S ]")
_GAP_OR_VISIBLE: Final = re.compile(f"([\\s{_INVISIBLE.pattern[1:-1]}]+)|.", re.DOTALL)


def visible(text: str) -> int:
    """Return the number of characters of ``text`` that a reader can see: neither white space nor invisible."""
    common = text.replace("\n", " ").replace("\u00a0", " ")
    if common.isprintable():
        return len(common) - common.count(" ")
    return len(_INVISIBLE.sub("", "".join(text.split())))


def is_blank(text: str) -> bool:
    """Tell whether a reader can see no character of ``text``."""
    return not text[:1].isalnum() and (text.isspace() or not visible(text))


def squeeze(text: str) -> str:
    """Return ``text`` as it stands in a field: invisibles gone, each run of white space one space, ends trimmed.

    Invisibles go first, so that white space on both sides of one becomes a single space and doing it twice changes nothing.
    """
    if text.isprintable() and "  " not in text and text[:1] != " " and text[-1:] != " ":
        return text  # four times as fast to see as to make
    joined = " ".join(text.split())
    return joined if joined.isprintable() else " ".join(_INVISIBLE.sub("", joined).split())


def squeeze_all(texts: Sequence[str]) -> list[str]:
    """Squeeze each of several texts."""
    # In most there is nothing to squeeze, and one look at all of them shows it: a space at an end, too, is then one of two.
    joined = " ".join(["", *texts, ""])
    if "  " not in joined and joined.isprintable():
        return list(texts)
    return [squeeze(text) for text in texts]


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
