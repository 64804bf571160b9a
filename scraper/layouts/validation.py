"""Find all faults of a layout file, each with its place.

A place is a path: ``$.elements[3].select[0]`` is the first selector of the fourth entry of ``[[elements]]``.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from functools import partial
from typing import Any, Final, get_args, get_origin

import msgspec

from scraper.layouts.schema import (
    ALL_IMAGES,
    NO_DATE,
    NO_TICKER,
    ElementLabel,
    Evidence,
    ExtensionFile,
    LayoutFile,
    LinkRole,
    LinkRule,
    Selector,
    WordingLabel,
)
from scraper.layouts.wording import Wording, slots_of

_DATE_GROUPS: Final = ("day", "month", "year")
_ADDRESS_GROUPS: Final = ("newspaper_slug", "lang")
_PLACE: Final = re.compile(r" - at `(?P<key>key` in `)?\$(?P<rest>.*)`\Z")
_INVALID_VALUE: Final = re.compile(r"Invalid enum value '(.*)'")
_LABELS: Final = [*get_args(ElementLabel), *get_args(WordingLabel), *get_args(LinkRole), *get_args(Evidence)]
_UNKNOWN_FIELD: Final = re.compile(r"unknown field `(.*)`")


def faults_of_shape(raw: dict[str, Any], kind: type[LayoutFile | ExtensionFile]) -> Iterator[str]:
    """Yield the faults against the types of a file: unknown and missing keys, values of a wrong type."""
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    for key, value in raw.items():
        if key not in fields:
            yield f"unknown field `{key}` - at `$`{near(key, fields)}"
        elif get_origin(fields[key].type) is list and isinstance(value, list):
            (of,) = get_args(fields[key].type)
            for n, entry in enumerate(value):
                yield from _faults_of_type(entry, of, f".{key}[{n}]")
        else:
            yield from _faults_of_type(value, fields[key].type, f".{key}")
    for name, field in fields.items():
        if field.required and name not in raw:
            yield f"missing required field `{name}` - at `$`"


def _faults_of_type(value: Any, of: Any, place: str) -> Iterator[str]:
    try:
        msgspec.convert(value, of)
    except msgspec.ValidationError as error:
        message = str(error)
        inner = _PLACE.search(message)
        unknown = _UNKNOWN_FIELD.search(message)
        hint = near(unknown[1], of.__struct_fields__) if unknown is not None and hasattr(of, "__struct_fields__") else ""
        what = message[: inner.start()] if inner is not None else message
        if (other := _INVALID_VALUE.search(message)) is not None:
            hint = near(other[1], _LABELS)
        key, rest = (inner["key"] or "", inner["rest"]) if inner is not None else ("", "")
        yield f"{_rule(value)}{what} - at `{key}${place}{rest}`{hint}"


def _rule(value: Any) -> str:
    """Return a prefix that names the rule, if the value is a rule with an id."""
    rule = value.get("id") if isinstance(value, dict) else None
    return f"rule {rule!r}: " if isinstance(rule, str) else ""


def faults_in_rules(file: LayoutFile | ExtensionFile) -> Iterator[str]:
    """Yield the faults of single rules: patterns, selectors and wordings that are invalid."""
    for n, host in enumerate(file.hosts):
        yield from _fault("", f"hosts[{n}]", _host, host)
    if file.date is not None:
        yield from _fault("", "date", _date, file.date)
    if file.ticker is not None:
        yield from _fault(file.ticker.id, "ticker.separator", _separator, file.ticker.separator)
        yield from _fault(file.ticker.id, "ticker.usual", partial(_usual, file.ticker.separator), file.ticker.usual)
    if file.heading is not None:
        for n, selector in enumerate(file.heading.select):
            yield from _fault(file.heading.id, f"heading.select[{n}]", Selector.parse, selector)
    for n, pattern in enumerate(file.images.skip if file.images is not None else ()):
        yield from _fault(file.images.id if file.images is not None else "", f"images.skip[{n}]", _pattern, pattern)
    if file.author is not None:
        yield from _fault(file.author.id, "author.link", _pattern, file.author.link)
    for n, address in enumerate(file.addresses):
        yield from _fault(address.id, f"addresses[{n}].path", _address, address.path)
    for n, element in enumerate(file.elements):
        for m, selector in enumerate(element.select):
            yield from _fault(element.id, f"elements[{n}].select[{m}]", Selector.parse, selector)
    for n, wording in enumerate(file.wordings):
        yield from _faults_in_sentences(wording.id, f"wordings[{n}].say", wording.say)
    yield from _faults_in_links(file.links)
    for rule_id, say in file.say.items() if isinstance(file, ExtensionFile) else ():
        yield from _faults_in_sentences(rule_id, f"say.{rule_id}", say)


def _faults_in_links(links: Iterable[LinkRule]) -> Iterator[str]:
    for n, link in enumerate(links):
        if not (link.select or link.rel or link.type or link.target):
            yield f"rule {link.id!r}: without select, rel, type or target it matches every link - at `$.links[{n}]`"
        for m, selector in enumerate(link.select):
            yield from _fault(link.id, f"links[{n}].select[{m}]", Selector.parse, selector)
        yield from _fault(link.id, f"links[{n}].target", _pattern, link.target)


def _faults_in_sentences(rule_id: str, place: str, say: dict[str, list[str]]) -> Iterator[str]:
    for lang, sentences in say.items():
        for sentence in sentences:
            yield from _fault(rule_id, f"{place}.{lang}", _sentence, sentence)


def _fault(rule_id: str, place: str, check: Callable[[str], object], text: str) -> Iterator[str]:
    try:
        check(text)
    except ValueError as error:
        yield f"{f'rule {rule_id!r}: ' if rule_id else ''}{error} - at `$.{place}`"


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"{text!r} is not a valid pattern: {error}") from None


def _usual(separator: str, text: str) -> None:
    if text and not text.isspace():
        raise ValueError(f"{text!r} is not white space; other separators are found by the pattern alone")
    try:
        is_other = bool(text) and re.fullmatch(separator, text) is None
    except re.error:
        return  # reported for the separator
    if is_other:
        raise ValueError(f"{text!r} is not a separator; the pattern {separator!r} does not match all of it")


def _host(text: str) -> None:
    if text != text.lower() or text.startswith("www.") or re.search(r"[\s/:@]", text):
        raise ValueError(f"{text!r} is not a host name in small letters and without 'www.', such as 'maghress.com'")


def _separator(text: str) -> None:
    if _pattern(text).match("") is not None:
        raise ValueError(f"{text!r} matches an empty string, which separates nothing")


def _date(text: str) -> None:
    if set(_pattern(text).groupindex) != set(_DATE_GROUPS):
        raise ValueError(f"a date needs the groups {', '.join(_DATE_GROUPS)} and no others")
    try:
        bare = re.sub(r"\(\?P<\w+>", "(?:", text)
        _pattern(f"On {bare}")  # as it is used in a wording
    except ValueError as error:
        raise ValueError(f"within a wording {error}") from None


def _address(text: str) -> None:
    unknown = set(_pattern(text).groupindex) - set(_ADDRESS_GROUPS)
    if unknown:
        raise ValueError(f"the groups of an address are {' and '.join(_ADDRESS_GROUPS)}, not {', '.join(sorted(unknown))}")


def _sentence(text: str) -> None:
    Wording("", [text], "", chained=False)


def faults_between_rules(file: LayoutFile, own: LayoutFile | ExtensionFile) -> Iterator[str]:
    """Yield the faults between rules: ids that are not unique or not defined, and missing tables.

    Args:
        file: the layout, with its extensions.
        own: the file that is validated, to which the places refer.
    """
    used = {f"{file.ticker.id}-unsplit"}
    tables = [table for table in (file.ticker, file.heading, file.images) if table not in (NO_TICKER, ALL_IMAGES)]
    for rule in (*tables, *file.rules, *file.links):
        if rule.id in used:
            yield f"two rules have the id {rule.id!r}; a rule replaces another only if `off` names that one{_place(rule, own)}"
        used.add(rule.id)
    ids = [rule.id for rule in file.elements]
    off = own.off if isinstance(own, ExtensionFile) else []
    for element in file.elements:
        for other in (*element.within, *element.not_within):
            if other not in ids:
                hint = ", since `off` names it" if other in off else near(other, ids)
                yield f"rule {element.id!r} refers to an element rule {other!r} that does not exist{hint}{_place(element, own)}"
        if element.label == "ticker" and file.ticker is NO_TICKER:
            yield f"rule {element.id!r} finds a ticker, but no table [ticker] says how to split it{_place(element, own)}"
    for wording in file.wordings:
        if file.date == NO_DATE and any("date" in slots_of(text) for say in wording.say.values() for text in say):
            yield f"rule {wording.id!r} contains {{date}}, but no key `date` gives its pattern{_place(wording, own)}"
    if file.name == "core":
        yield "the name 'core' is taken by the rules that apply to every layout - at `$.name`"
    if file.name in file.over:
        yield "a layout cannot be preferred to itself - at `$.over`"


def _place(rule: object, own: LayoutFile | ExtensionFile) -> str:
    """Return the place of a rule in the file that is validated, if the rule is from there."""
    for table in ("ticker", "heading", "images"):
        if getattr(own, table) is rule:
            return f" - at `$.{table}`"
    for key in ("addresses", "elements", "wordings", "links"):
        for n, other in enumerate(getattr(own, key)):
            if other is rule:
                return f" - at `$.{key}[{n}]`"
    return ""


def near(name: str, names: Iterable[str]) -> str:
    """Return a hint at the ``names`` that are similar to ``name``."""
    close = get_close_matches(name, list(names))
    return f" (is it {' or '.join(map(repr, dict.fromkeys(close)))}?)" if close else ""


def faults_of_extension(layout: LayoutFile, extension: ExtensionFile) -> Iterator[str]:
    """Yield a fault for each rule that an extension names and its layout does not have."""
    wordings = [rule.id for rule in layout.wordings]
    rules = [rule.id for rule in (*layout.rules, *layout.links)]
    for rule_id in extension.say:
        if rule_id not in wordings:
            yield f"{layout.name!r} has no wording {rule_id!r} - at `$.say.{rule_id}`{near(rule_id, wordings)}"
    for n, rule_id in enumerate(extension.off):
        if rule_id in (layout.ticker.id, layout.heading.id, layout.images.id, layout.author.id):
            yield f"rule {rule_id!r} cannot be switched off; a table with its name replaces it - at `$.off[{n}]`"
        elif rule_id not in rules:
            yield f"{layout.name!r} has no rule {rule_id!r} - at `$.off[{n}]`{near(rule_id, rules)}"
