"""Recognise the names of writers by their shape."""

import re
from typing import Final

_NO_NAME: Final = re.compile(r"[^\w\s.'’\-]|\d|\.\s*(?:\.|\Z)")
_MOST_WORDS: Final = 5
_LONGEST: Final = 40
_PARTICLES: Final = frozenset("al ben bin d de des di du el ibn la le o van von".split())
_WORD: Final = re.compile(r"[^\W\d_]+")


def is_name(text: str) -> bool:
    """Return True if a line may be a name: a few words without digits or punctuation that do not end a sentence."""
    return len(text) <= _LONGEST and 0 < len(text.split()) <= _MOST_WORDS and not _NO_NAME.search(text)


def is_capitalised(text: str) -> bool:
    """Return True if all words of a text except particles (``de``, ``ben``) begin with capitals; always False for Arabic."""
    words = [word for word in _WORD.findall(text) if word not in _PARTICLES]
    return bool(words) and all(word[0].isupper() for word in words)
