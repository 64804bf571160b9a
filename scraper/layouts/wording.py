"""Wordings: fixed sentences, written as they are read, and matched loosely.

In a wording ``(a|b)`` is a choice and ``[a]`` is optional; ``{date}`` matches the layout's date, and ``{newspaper}``, ``{author}``
or any other name matches any words. Matching ignores: upper and lower case; straight and curly apostrophes, with or without a
space after; all spacing, also before punctuation; a full stop or exclamation mark at the end; diacritics; and letters that were
lost to U+FFFD, as long as most letters are left.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cached_property
from itertools import product
from typing import Final, NamedTuple

from scraper.layouts.schema import WordingRule
from scraper.text import squeeze

LOST: Final = "\ufffd"
LONGEST_WORDING: Final = 400
"""Characters of the longest line that may be a wording; the longest wording, a notice of two sentences on one line, has 160."""
MOST_WORDING_LINES: Final = 4
"""Lines of the longest broken wording: a link within a sentence breaks it into three."""
_TATWEEL: Final = "\u0640"
"""The stroke that stretches an Arabic word."""
_TOKEN: Final = re.compile(r"\{(?P<slot>\w+)\}|(?P<space>\s+)|(?P<group>[()|\[\]])|(?P<char>.)", re.DOTALL)
_APOSTROPHES: Final = "'`\u00b4\u02bc\u2018\u2019\u201b\u2032\uff07"
_END: Final = ".!\u3002\u06d4"
_ENDS_WITH_SLOT: Final = re.compile(r"\}[.!\s]*\Z")
_CLOSING: Final = {"(": ")", "[": "]"}
_GROUPS: Final = {"(": "(?:", ")": ")", "|": "|", "[": "(?:", "]": ")?"}

_OPENING: Final = 4
"""Characters at the start of a line by which its possible wordings are selected."""
_WORD: Final = re.compile(rf"\w{{1,{_OPENING}}}")

_DECORATION: Final = re.compile("[\u0600-\u0605\u0640\u064b-\u0652\u0670]")
"""Arabic signs that are not letters: vowels and the stretching stroke; also the signs that a bad byte turns them into."""

_MOST_LOST: Final = 1 / 3
"""The share of U+FFFD above which a line is not matched."""


class Found(NamedTuple):
    """A match of a wording, and the values of its slots."""

    start: int
    end: int
    slots: dict[str, str]


class Wording:
    """The sentences of one rule in one language.

    Patterns are compiled when a line first needs them: the lines of a page begin like two or three of ten wordings.

    Args:
        lang: their language.
        sentences: see the syntax in the module's docstring.
        date: the pattern of ``{date}``, without named groups.
        chained: whether several sentences in a row are one match, as in a notice of two sentences.

    Raises:
        ValueError: if a sentence is invalid.
    """

    def __init__(self, lang: str, sentences: list[str], date: str, *, chained: bool) -> None:
        self.lang = lang
        self._sentences = sentences
        self._date = date
        self._chained = chained
        self.openings = tuple(set().union(*map(_openings, sentences)))
        """Possible beginnings of a line: up to :data:`_OPENING` letters, in lower case; empty if any beginning is possible."""
        self.shortest = min(map(_shortest, sentences))
        """Minimum length of a line."""

    def may_begin_with_letter(self, letter: str) -> bool:
        """Return True if a line that begins with this letter and a mark on it may match."""
        return any(opening[:1] in ("", letter) for opening in self.openings)

    def match(self, line: str) -> dict[str, str] | None:
        """Return the slots if all of a squeezed line is one of these sentences, or several if they are chained."""
        patterns = self._lines
        if LOST in line:
            if not _is_legible(line):
                return None
            patterns = self._damaged_lines
        match = _first_match(patterns, line)
        if match is None and (bare := _DECORATION.sub("", line)) != line:
            match = _first_match(patterns, bare)
        return _slots(match) if match is not None else None

    def find(self, text: str, start: int = 0) -> Found | None:
        """Find the first match in ``text`` from ``start`` on; chained sentences match only if there are several."""
        if not _is_legible(text):
            return None
        found = [
            match if self._chained else _nearest(pattern, match)
            for pattern in (self._damaged_stretches if LOST in text else self._stretches)
            if (match := pattern.search(text, start)) is not None and _is_legible(match[0])
        ]
        first = min(found, key=re.Match.start, default=None)
        return None if first is None else Found(first.start(), first.end(), _slots(first))

    def find_last(self, text: str, start: int = 0) -> Found | None:
        """Find the last match in ``text`` from ``start`` on."""
        if not _is_legible(text):
            return None
        patterns = self._damaged_stretches if LOST in text else self._stretches
        found = [match for pattern in patterns for match in pattern.finditer(text, start) if _is_legible(match[0])]
        last = max(found, key=re.Match.start, default=None)
        return None if last is None else Found(last.start(), last.end(), _slots(last))

    @cached_property
    def _lines(self) -> list[re.Pattern[str]]:
        return self._compile("*", damaged=False)

    @cached_property
    def _damaged_lines(self) -> list[re.Pattern[str]]:
        return self._compile("*", damaged=True)

    @cached_property
    def _stretches(self) -> list[re.Pattern[str]]:
        return self._compile("+", damaged=False)

    @cached_property
    def _damaged_stretches(self) -> list[re.Pattern[str]]:
        return self._compile("+", damaged=True)

    def _compile(self, again: str, *, damaged: bool) -> list[re.Pattern[str]]:
        patterns = [_pattern(sentence, self._date, damaged=damaged, named=not self._chained) for sentence in self._sentences]
        if again == "+":
            # Within a text, a slot at the end of a wording has no other end than that of the text.
            ends = [slots_of(sentence)[-1:] != ["date"] and _ENDS_WITH_SLOT.search(sentence) for sentence in self._sentences]
            patterns = [rf"{pattern}\s*\Z" if is_open else pattern for pattern, is_open in zip(patterns, ends, strict=True)]
        if self._chained:
            one = f"(?:{'|'.join(patterns)})"
            patterns = [f"{one}(?:\\s*{one}){again}"]
        return [re.compile(pattern, re.IGNORECASE) for pattern in patterns]


class Openings:
    """Wordings by their first two letters, which rule out all wordings for nearly every line."""

    def __init__(self, wordings: Sequence[tuple[WordingRule, Wording]]) -> None:
        self._all = wordings
        self._is_any = any("" in wording.openings for _, wording in wordings)
        self._by_head: dict[str, list[tuple[WordingRule, Wording]]] = {}
        for rule, wording in wordings:
            for head in {opening[:2] for opening in wording.openings if opening}:
                self._by_head.setdefault(head, []).append((rule, wording))
        self._firsts = frozenset(head[0] for head in self._by_head)
        self._heads = {case for head in self._by_head for case in (head, head.upper(), head.capitalize(), head[0] + _TATWEEL)}

    def of(self, line: str) -> Sequence[tuple[WordingRule, Wording]]:
        """Return the wordings that may match a line, judged by its first :data:`_OPENING` characters."""
        head = line[:2]
        if not (
            head in self._heads
            or self._is_any
            # The second character may be a mark on the first letter; either may be lost.
            or (not head.isalpha() and (head[:1].casefold() in self._firsts or LOST in line[:_OPENING]))
        ):
            return ()
        opening = line[:_OPENING].casefold()
        found = self._all if self._is_any else self._by_head.get(opening[:2], self._all)
        if not opening.isalpha() or _TATWEEL in opening:  # nearly all openings are bare letters
            if LOST in opening:
                return self._all
            if _DECORATION.search(opening) is not None or any(map(unicodedata.combining, opening)):
                # Only the first letter is certain.
                return [pair for pair in found if pair[1].may_begin_with_letter(opening[0])]
        return [pair for pair in found if opening.startswith(pair[1].openings)]


def slots_of(sentence: str) -> list[str]:
    """Return the names of the slots of a sentence."""
    return [token["slot"] for token in _TOKEN.finditer(sentence) if token["slot"]]


def _openings(sentence: str) -> set[str]:
    """Return the possible beginnings of a sentence: up to :data:`_OPENING` letters, in lower case; an empty one if any is possible.

    Raises:
        ValueError: if its brackets or braces do not match, it has no word, or it has a slot twice.
    """
    closing: list[str] = []
    for token in _TOKEN.finditer(sentence):
        bracket = token["group"]
        if token["char"] in ("{", "}") or (token["slot"] and not token["slot"].isidentifier()):
            raise ValueError(f"{sentence!r} is not a wording: braces contain a name, as in {{newspaper}}")
        if bracket in _CLOSING:
            closing.append(_CLOSING[bracket])
        elif bracket in (")", "]") and (not closing or closing.pop() != bracket):
            raise ValueError(f"{sentence!r} is not a wording: {bracket!r} closes nothing")
        elif bracket == "|" and not closing:
            raise ValueError(f"{sentence!r} is not a wording: a choice needs brackets around it")
    if closing:
        raise ValueError(f"{sentence!r} is not a wording: {closing[-1]!r} is missing")
    slots = slots_of(sentence)
    if "date" not in slots and not any(token["char"] and token["char"].isalnum() for token in _TOKEN.finditer(sentence)):
        raise ValueError(f"{sentence!r} is not a wording: it has no word, and would match any line")
    if len(set(slots)) < len(slots):
        raise ValueError(f"{sentence!r} is not a wording: it has a slot twice")
    choices = sentence[1:].partition(")")[0].split("|") if sentence.startswith("(") else [sentence]
    if not all(choice[:1].isalnum() for choice in choices):
        return {""}
    return {"".join(letters).casefold() for choice in choices for letters in product(*map(_with_base, _WORD.match(choice)[0]))}  # type: ignore[index]


def _with_base(letter: str) -> set[str]:
    """Return a letter with and without its diacritics."""
    return {letter, unicodedata.normalize("NFD", letter)[0]}


def _shortest(sentence: str) -> int:
    """Return the number of letters, slots and spaces in the shortest match of a sentence; everything else may be missing."""
    choices: list[tuple[str, list[int]]] = [("", [0])]
    for token in _TOKEN.finditer(sentence.rstrip()):
        lengths = choices[-1][1]
        if token["slot"] or token["space"]:
            lengths[-1] += 1
        elif token["char"]:
            lengths[-1] += token["char"].isalnum()
        elif token["group"] in _CLOSING:
            choices.append((token["group"], [0]))
        elif token["group"] == "|":
            lengths.append(0)
        elif token["group"]:
            bracket, lengths = choices.pop()
            choices[-1][1][-1] += min(lengths) if bracket == "(" else 0
    return choices[0][1][0]


def _nearest(pattern: re.Pattern[str], match: re.Match[str]) -> re.Match[str]:
    """Return the last match with the same end: a title may contain the words that begin a dateline."""
    while (later := pattern.search(match.string, match.start() + 1, match.end())) is not None and later.end() == match.end():
        match = later
    return match


def _first_match(patterns: Sequence[re.Pattern[str]], line: str) -> re.Match[str] | None:
    for pattern in patterns:
        if (match := pattern.fullmatch(line)) is not None:
            return match
    return None


def _slots(match: re.Match[str]) -> dict[str, str]:
    if match.lastindex is None:
        return {}
    return {name: squeeze(value) for name, value in match.groupdict().items() if value is not None}


def _is_legible(found: str) -> bool:
    return found.count(LOST) <= len(found) * _MOST_LOST


def _pattern(sentence: str, date: str, *, damaged: bool, named: bool) -> str:
    body = sentence.rstrip()
    end = body[-1:] if body[-1:] in _END else ""
    tokens = list(_TOKEN.finditer(body.removesuffix(end) if end else body))
    slots = [token["slot"] for token in tokens]
    pieces: list[str] = []
    for before, token, after in zip(["", *slots], tokens, [*slots[1:], ""], strict=False):
        if token["slot"] == "date":
            pieces.append(f"({'?P<date>' if named else '?:'}{_damaged_date(date) if damaged else date})")
        elif token["slot"]:
            pieces.append(f"({'?P<' + token['slot'] + '>' if named else '?:'}.{{1,120}}?)")
        elif token["space"]:
            # A lost character may have been a space, but next to a name it belongs to the name.
            lost = f"[\\s{LOST}]"
            gap = f"(?:\\s{lost}{{0,6}}|{LOST})" if before else f"(?:{lost}{{0,6}}\\s|{LOST})" if after else f"{lost}{{1,6}}"
            pieces.append(gap if damaged else r"\s+")
        elif token["group"]:
            pieces.append(_GROUPS[token["group"]])
        else:
            pieces.append(_letter(token["char"], damaged=damaged))
    # A slot at the end, such as a date, may be followed by stray punctuation.
    ending = f"\\s*[{re.escape(_END)}]?" if end else r"(?:\s*[.,،|:])?" if slots[-1] else ""
    return "".join(pieces) + (f"{LOST}{{0,3}}{ending}{LOST}{{0,3}}" if damaged else ending)


def _damaged_date(date: str) -> str:
    """Return the date pattern with any digit possibly lost, and up to two more U+FFFD next to it."""
    return re.sub(r"\\d\{(\d+)(?:,(\d+))?\}", lambda count: f"[\\d{LOST}]{{{count[1]},{int(count[2] or count[1]) + 2}}}", date)


def _letter(char: str, *, damaged: bool) -> str:
    if char in _APOSTROPHES:
        lost = f"{LOST}{{0,3}}" if damaged else ""
        return f"{lost}[{re.escape(_APOSTROPHES)}{lost[:1]}]\\s*"
    if not char.isalnum():
        return f"\\s*{re.escape(char)}"
    decomposed = unicodedata.normalize("NFD", char)
    first, marks = decomposed[0], decomposed[1:]
    pattern = re.escape(char)
    if marks:
        pattern = f"(?:{pattern}|{re.escape(first)}{''.join(f'{mark}?' for mark in marks)})"
    # A bad byte replaces its letter with up to four U+FFFD, or inserts some before an intact letter. The repeats are possessive
    # (`}+`): otherwise a line of U+FFFD could be divided among the letters in exponentially many ways.
    return f"(?:{LOST}{{0,3}}+{pattern}|{LOST}{{1,4}}+)" if damaged else pattern
