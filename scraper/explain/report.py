"""The report on a page, independent of its presentation."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from scraper.explain.pieces import Piece, pieces_of
from scraper.explain.verdicts import Verdict, verdicts
from scraper.extract.cleaning import Outcome
from scraper.extract.core_rules import REASONS
from scraper.extract.spans import Fate
from scraper.layouts import Layout
from scraper.models import Decoding
from scraper.records import PageRecord
from scraper.render.words import DECODED_BY, KINDS_MEAN, WARNINGS_MEAN
from scraper.text import visible

_LONGEST_TICKER: Final = 8
"""Headlines of the longest ticker that is not folded."""
_FOLDED_TICKER: Final = 5
"""Headlines of a folded ticker that stay visible."""

_NOT_SCALAR: Final = ("text", "headings", "headlines", "teasers", "images", "removed", "warnings")


class ReportRow(NamedTuple):
    """A name and its value."""

    name: str
    value: str


class Section(NamedTuple):
    """A titled list of rows."""

    title: str
    rows: Sequence[ReportRow]


class Group(NamedTuple):
    """Consecutive pieces of one rule, white space ignored, such as all headlines of a ticker."""

    rule: str
    because: str
    pieces: Sequence[Piece]

    def fold(self) -> tuple[Sequence[Piece], Sequence[Piece], str]:
        """Return the visible pieces, the folded ones, and the number of the folded ones in words.

        Only long tickers are folded, because the article is below them.
        """
        is_long = sum(piece.label == "headline" for piece in self.pieces) > _LONGEST_TICKER
        first = _FOLDED_TICKER if is_long else len(self.pieces)
        more = Counter(piece.label for piece in self.pieces[first:])
        return self.pieces[:first], self.pieces[first:], ", ".join(number_of(more[label], f"more {label}") for label in more)


class Report(NamedTuple):
    """How a page was cleaned, by piece and in total."""

    input: str
    title: str | None
    lang: str | None
    groups: Sequence[Group]
    """The pieces of the page in order, without the white space between them."""
    chars: dict[Fate, int]
    """Visible characters by fate."""
    sections: Sequence[Section]


def report_on(outcome: Outcome, layouts: Sequence[Layout]) -> Report:
    """Return the report on an outcome.

    Args:
        outcome: the outcome of the page.
        layouts: the candidate layouts.
    """
    record = outcome.record
    reasons = REASONS | (outcome.layout.reasons() if outcome.layout is not None else {})
    pieces = [piece for piece in pieces_of(outcome) if piece.fate != "blank"]
    groups = [Group(rule, _plain(reasons[rule]), list(part)) for rule, part in groupby(pieces, key=lambda piece: piece.rule)]
    chars: dict[Fate, int] = dict.fromkeys(("field", "body", "removed"), 0)
    for piece in pieces:
        chars[piece.fate] += visible(piece.text)
    return Report(
        input=record.input,
        title=record.title,
        lang=record.lang,
        groups=groups,
        chars=chars,
        sections=[
            Section("Record", list(_scalars(record))),
            Section(
                "Visible characters",
                [ReportRow(fate, str(count)) for fate, count in [*chars.items(), ("all", sum(chars.values()))]],
            ),
            Section("Counts", list(_counts(record, pieces))),
            Section("Removed", [ReportRow(removed.rule, _removed(removed.count, removed.chars)) for removed in record.removed]),
            Section("Warnings", [ReportRow(warning, WARNINGS_MEAN[warning]) for warning in record.warnings]),
            Section("Decoding", [ReportRow(outcome.decoding.encoding, _decoded(outcome.decoding))]),
            *map(_section, verdicts(outcome, layouts)),
            Section("Rules", [ReportRow(group.rule, group.because) for group in {group.rule: group for group in groups}.values()]),
        ],
    )


def number_of(count: int, noun: str) -> str:
    """Return a count and its noun: ``1 headline``, ``2 headlines``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _scalars(record: PageRecord) -> Iterator[ReportRow]:
    for name in record.__struct_fields__:
        value = getattr(record, name)
        if name in _NOT_SCALAR:
            continue
        if name == "schema_version":
            yield ReportRow("schema", str(value))
        else:
            yield ReportRow(name, f"{value}: {KINDS_MEAN[record.kind]}" if name == "kind" else "null" if value is None else value)


def _counts(record: PageRecord, pieces: Sequence[Piece]) -> Iterator[ReportRow]:
    yield ReportRow("headlines", str(len(record.headlines)))
    yield ReportRow("paragraphs", str(sum(piece.label == "body" for piece in pieces)))
    for name in ("headings", "teasers", "images"):
        yield ReportRow(name, str(len(getattr(record, name))))


def _removed(count: int, chars: int) -> str:
    return f"{number_of(chars, 'character')} in {number_of(count, 'piece')}"


def _decoded(decoding: Decoding) -> str:
    replaced = f"; {number_of(decoding.replaced, 'character')} became U+FFFD" if decoding.replaced else ""
    return DECODED_BY[decoding.by] + replaced


def _section(verdict: Verdict) -> Section:
    rows = [ReportRow(sign.rule, f"{sign.strength}: {_plain(sign.because)}") for sign in verdict.signs]
    return Section(
        f"Layout {verdict.layout}", [ReportRow("chosen" if verdict.is_chosen else "not chosen", verdict.sentence), *rows]
    )


def _plain(because: str) -> str:
    return " ".join(because.split())
