"""Apply an extension file to a layout."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from msgspec.structs import replace

from scraper.layouts.schema import AddressRule, ElementRule, ExtensionFile, LayoutFile, LinkRule, WordingRule
from scraper.layouts.validation import near

R = TypeVar("R", AddressRule, ElementRule, WordingRule, LinkRule)


def extend(layout: LayoutFile, extension: ExtensionFile) -> LayoutFile:
    """Return the layout with the additions, replacements and removals of an extension. It keeps its name.

    Entries that :func:`faults_of_extension` reports are ignored.
    """
    off = set(extension.off)
    wordings = [rule if rule.id not in extension.say else _with_sentences(rule, extension.say[rule.id]) for rule in layout.wordings]
    return replace(
        layout,
        hosts=[*layout.hosts, *extension.hosts],
        over=[*layout.over, *extension.over],
        date=extension.date or layout.date,
        months={**layout.months, **extension.months},
        ticker=extension.ticker or layout.ticker,
        heading=extension.heading or layout.heading,
        images=extension.images or layout.images,
        author=extension.author or layout.author,
        lang=extension.lang or layout.lang,
        addresses=_with(extension.addresses, layout.addresses, off),
        elements=_without_off(_with(extension.elements, layout.elements, off), off),
        wordings=_with(extension.wordings, wordings, off),
        links=_with(extension.links, layout.links, off),
    )


def _with(added: Sequence[R], rules: Sequence[R], off: set[str]) -> list[R]:
    return list(added) + [rule for rule in rules if rule.id not in off]


def _without_off(rules: Sequence[ElementRule], off: set[str]) -> list[ElementRule]:
    """Remove rules that are switched off from ``not_within``; in ``within`` they are a fault."""
    gone = off - {rule.id for rule in rules}
    return [replace(rule, not_within=[other for other in rule.not_within if other not in gone]) for rule in rules]


def _with_sentences(rule: WordingRule, more: dict[str, list[str]]) -> WordingRule:
    say = {lang: [*rule.say.get(lang, ()), *more.get(lang, ())] for lang in (*rule.say, *more)}
    return replace(rule, say=say)


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
