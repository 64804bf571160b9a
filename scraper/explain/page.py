"""A report as a self-contained HTML page without scripts.

Filters are checkboxes that the style sheet queries with ``:has()``, and the reasons of rules are shown on ``:hover`` and ``:focus``.
The page's content security policy can therefore forbid all scripts.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from scraper.explain.report import Group, Piece, Report, ReportRow, Section
from scraper.extract.spans import FATES, Fate
from scraper.markup import Markup, join, style_sheet, tag, to_page, void
from scraper.text import number_of, shown

_RULES: Final = "Rules"
"""The title of the last section, which every piece refers to."""


def to_html(report: Report) -> str:
    """Return a report as an HTML document."""
    title = shown(report.title or report.input)
    sections = [section for section in report.sections if section.title != _RULES]
    top = tag(
        "header",
        tag("p", "scraper explain: what every piece of this page was taken for", class_="brand"),
        tag("h1", title, dir="auto"),
        _shares(report),
    )
    tables = _fold("Record, counts and layout", tag("div", *(_card(section) for section in sections), class_="cards"), "tables")
    rules = [_fold("Reasons of the rules", _rules(section), "reasons") for section in report.sections if section.title == _RULES]
    body = tag(
        "body",
        tag("a", "Skip to the page", class_="skip", href="#page"),
        tag("div", top, tables, _fold("Filters", _filters(report), "show"), _page(report), *rules, class_="columns"),
        tag(
            "p",
            "Point at a piece, or move to it with Tab, to see its rule and the reason for it.",
            class_="hint",
            aria_hidden="true",
        ),
    )
    return to_page(f"{title} \u00b7 scraper explain", _style(), body)


def _fold(summary: str, content: Markup, name: str) -> Markup:
    """Return content that is folded on narrow screens; the style sheet always shows it on wide ones."""
    return tag("details", tag("summary", summary), content, class_=f"fold {name}")


@cache
def _style() -> str:
    """Return the style sheet, with a rule for each fate and label that hides its pieces while its box is unchecked."""
    names = [f"is-{name}" for name in dict.fromkeys([*FATES.values(), *FATES])]
    hidden = [f":root:has(#show-{name}:not(:checked)) .{name} {{ display: none; }}" for name in names]
    return style_sheet("explain") + "\n".join(hidden)


def _shares(report: Report) -> Markup:
    """Return a bar of the page's visible characters by fate. The section "Visible characters" has the same in words."""
    total, x, bars = sum(report.chars.values()), 0.0, []
    for fate, count in report.chars.items():
        width = 100 * count / total
        bars.append(tag("rect", class_=fate, x=f"{x:.3f}", width=f"{width:.3f}", height="1"))
        x += width
    label = "; ".join(f"{fate}: {count} of {total} visible characters" for fate, count in report.chars.items())
    return tag("svg", *bars, class_="shares", viewBox="0 0 100 1", preserveAspectRatio="none", role="img", aria_label=label)


def _card(section: Section) -> Markup:
    if section.title.startswith("Layout"):
        (_, verdict), *signs = section.rows
        if signs:
            summary = tag("summary", tag("h2", section.title), " ", verdict)
            return tag("details", summary, _list(signs), class_="card signs")
    return tag("section", tag("h2", section.title), _list(section.rows), class_="card")


def _list(rows: Sequence[ReportRow]) -> Markup:
    if not rows:
        return tag("p", "none", class_="none")
    return tag("dl", *(join(tag("dt", row.name), tag("dd", shown(row.value), dir="auto")) for row in rows))


_FATES_MEAN: Final[dict[Fate, str]] = {
    "field": "stands in a field of the record",
    "body": "stands in the record's text",
    "removed": "stands in no field; it is counted under its rule",
}


def _filters(report: Report) -> Markup:
    pieces = [piece for group in report.groups for piece in group.pieces]
    labels = Counter(piece.label for piece in pieces)
    families: list[Markup] = []
    for fate, count in report.chars.items():
        if not any(piece.fate == fate for piece in pieces):
            continue
        boxes = [_box(label, number_of(number, "piece")) for label, number in labels.items() if FATES[label] == fate]
        head = _box(fate, number_of(count, "character"))
        families.append(tag("div", head, tag("p", _FATES_MEAN[fate]), tag("div", *boxes, class_="labels"), class_=f"family {fate}"))
    return tag("fieldset", tag("legend", "Show"), *families, class_="filters")


def _box(name: str, count: str) -> Markup:
    box = void("input", type="checkbox", id=f"show-is-{name}", checked="", autocomplete="off")
    return tag("label", box, " ", tag("b", name), " ", tag("span", count))


def _page(report: Report) -> Markup:
    numbers = {rule: number for number, rule in enumerate(dict.fromkeys(group.rule for group in report.groups))}
    lang = {"lang": report.lang} if report.lang is not None else {}
    groups = [_group(group, f"rule-{numbers[group.rule]}", lang) for group in report.groups]
    return tag("main", *groups, id="page", tabindex="-1", aria_label="The page from top to bottom")


def _group(group: Group, reason: str, lang: dict[str, str]) -> Markup:
    first = group.pieces[0]
    head, folded, more = group.fold()
    pieces, hidden = (
        [_piece(piece, reason, lang, has_kind=piece.label != first.label) for piece in part] for part in (head, folded)
    )
    if hidden:
        pieces.append(tag("details", tag("summary", more), *hidden))
    count = [tag("span", number_of(len(group.pieces), "piece"), class_="count")] if len(group.pieces) > 1 else []
    return tag(
        "section",
        tag(
            "p",
            tag("b", first.fate),
            " ",
            tag("span", first.label, class_="label"),
            " ",
            tag("code", group.rule),
            " ",
            *count,
            class_="head",
        ),
        *pieces,
        tag("div", tag("p", tag("b", group.rule)), tag("p", group.because), class_="why", aria_hidden="true"),
        class_=" ".join(["group", first.fate, *_common(group.pieces)]),
    )


def _common(pieces: Sequence[Piece]) -> Iterator[str]:
    """Yield the classes of the fate and the label that all pieces share."""
    for names in ({piece.fate for piece in pieces}, {piece.label for piece in pieces}):
        if len(names) == 1:
            yield f"is-{names.pop()}"


def _piece(piece: Piece, reason: str, lang: dict[str, str], *, has_kind: bool) -> Markup:
    kind = [tag("span", f"{piece.fate} {piece.label}", class_="kind", dir="ltr"), " "] if has_kind else []
    return tag(
        "p",
        *kind,
        shown(piece.text),
        class_=f"piece {piece.fate} is-{piece.fate} is-{piece.label}",
        dir="auto",
        tabindex="0",
        aria_describedby=reason,
        **lang,
    )


def _rules(section: Section) -> Markup:
    rows = [
        join(tag("dt", tag("code", row.name)), tag("dd", row.value, id=f"rule-{number}")) for number, row in enumerate(section.rows)
    ]
    return tag("section", tag("h2", section.title), tag("dl", *rows), class_="card rules")
