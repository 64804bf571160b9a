"""The report on a page: its pieces, its totals and the evidence for each layout, as data and as plain text for pipes.

The rules of one layout can be counted over many pages, too.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from msgspec import UNSET, Struct, UnsetType

from scraper.extract.cleaning import Outcome
from scraper.extract.detection import ENOUGH, HOST, Detection, weigh
from scraper.extract.segments import Regions
from scraper.extract.spans import FATES, REASONS, Fate, Label, spread
from scraper.layouts import Layout
from scraper.models import Decoding, DecodingMethod
from scraper.records import KINDS_MEAN, WARNINGS_MEAN, PageRecord, to_json_line
from scraper.text import escape, number_of, shown, visible


class Piece(Struct, frozen=True, kw_only=True, gc=False):
    """A piece of a page's readable text; a line of ``explain --json`` and of ``clean --spans``."""

    id: str | UnsetType = UNSET
    """The ``id`` of the page's record, in files with the pieces of several pages."""
    start: int
    end: int
    """The position in the readable text, in code points."""
    label: Label
    rule: str
    fate: Fate
    text: str


def pieces_of(outcome: Outcome, *, keyed: bool = False) -> Iterator[Piece]:
    """Yield the pieces of a page in order; their joined texts are its readable text.

    Args:
        outcome: the outcome of the page.
        keyed: whether each piece has the ``id`` of the page's record.
    """
    page_id = outcome.record.id if keyed else UNSET
    text = outcome.document.text
    for span in outcome.spans:
        yield Piece(
            id=page_id,
            start=span.start,
            end=span.end,
            label=span.label,
            rule=span.rule,
            fate=FATES[span.label],
            text=text[span.start : span.end],
        )


_CONTROLS: Final = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Characters that control terminals or text direction, and that JSON does not escape: DEL, C1 controls, directional marks,
embeddings, overrides and isolates. The fields of records have none of them; pieces are the raw text of the page."""


def to_line(piece: Piece) -> bytes:
    """Return a piece as a line of JSON that is safe to show on a terminal: control characters are escaped."""
    line = to_json_line(piece)
    text = line.decode()
    return line if _CONTROLS.search(text) is None else _CONTROLS.sub(lambda match: escape(match[0]), text).encode()


class ReportRow(NamedTuple):
    """A name and its value."""

    name: str
    value: str


class Section(NamedTuple):
    """A titled list of rows."""

    title: str
    rows: Sequence[ReportRow]


_LONGEST_TICKER: Final = 8
"""Headlines of the longest ticker that is not folded."""
_FOLDED_TICKER: Final = 5
"""Headlines of a folded ticker that stay visible."""


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
            *_layouts(outcome, layouts),
            Section("Rules", [ReportRow(group.rule, group.because) for group in {group.rule: group for group in groups}.values()]),
        ],
    )


def to_lines(report: Report) -> Iterator[str]:
    """Yield the lines of a report: a line for each piece, in columns, so that grep shows complete pieces, and then the sections."""
    pieces = [piece for group in report.groups for piece in group.pieces]
    fates, labels, rules = (
        max((len(name) for name in names), default=0)
        for names in zip(*((piece.fate, piece.label, piece.rule) for piece in pieces), strict=True)
    )
    for piece in pieces:
        yield f"{piece.fate:{fates}}  {piece.label:{labels}}  {piece.rule:{rules}}  {shown(piece.text)}"
    for section in report.sections:
        yield ""
        yield section.title
        width = max((len(row.name) for row in section.rows), default=0)
        for row in section.rows:
            yield f"  {shown(row.name):{width}}  {shown(row.value)}"
        if not section.rows:
            yield "  none"


def _scalars(record: PageRecord) -> Iterator[ReportRow]:
    for name, key in zip(record.__struct_fields__, record.__struct_encode_fields__, strict=True):
        value = getattr(record, name)
        if name != "text" and not isinstance(value, list | Struct):
            meaning = f": {KINDS_MEAN[record.kind]}" if name == "kind" else ""
            yield ReportRow(key, "null" if value is None else f"{value}{meaning}")


def _counts(record: PageRecord, pieces: Sequence[Piece]) -> Iterator[ReportRow]:
    yield ReportRow("headlines", str(len(record.headlines)))
    yield ReportRow("paragraphs", str(sum(piece.label == "body" for piece in pieces)))
    for name in ("headings", "teasers", "images"):
        yield ReportRow(name, str(len(getattr(record, name))))


def _removed(count: int, chars: int) -> str:
    return f"{number_of(chars, 'character')} in {number_of(count, 'piece')}"


_DECODED_BY: Final[dict[DecodingMethod, str]] = {
    "bom": "by its byte order mark",
    "strict": "since all of its bytes are valid in it",
    "almost": "since almost all of its bytes are valid in it",
    "header": "by the HTTP header",
    "meta": "by the page's own declaration",
    "detected": "guessed from its bytes, since nothing declares it",
}


def _decoded(decoding: Decoding) -> str:
    replaced = f"; {number_of(decoding.replaced, 'character')} became U+FFFD" if decoding.replaced else ""
    return _DECODED_BY[decoding.by] + replaced


def _plain(because: str) -> str:
    return " ".join(because.split())


def _layouts(outcome: Outcome, layouts: Sequence[Layout]) -> Iterator[Section]:
    """Yield the evidence for each layout: the chosen one first, then those with the most evidence, then by name.

    Cleaning a page keeps none of this, so the evidence is weighed again.
    """
    chosen = outcome.layout.name if outcome.layout is not None else None

    def rank(detection: Detection) -> tuple[bool, int, int, str]:
        strengths = list(detection.evidence.values())
        return detection.layout.name != chosen, -strengths.count("strong"), -len(strengths), detection.layout.name

    for detection in sorted(weigh(outcome.document, outcome.record.url, layouts), key=rank):
        name = detection.layout.name
        sentence = _sentence(detection, outcome.document.form, is_chosen=name == chosen)
        verdict = ReportRow("chosen" if name == chosen else "not chosen", sentence)
        yield Section(f"Layout {name}", [verdict, *_signs(detection)])


def _sentence(detection: Detection, form: str, *, is_chosen: bool) -> str:
    page = "an HTML page" if form == "html" else "a text"
    needed = f"{page} needs {ENOUGH[form]}, and one of them strong" if ENOUGH[form] > 1 else f"{page} needs a strong one"
    count = len(detection.evidence)
    if is_chosen:
        return f"it fits by {number_of(count, 'sign')}; {needed}"
    if not count:
        return f"no sign of it; {needed}"
    return f"nearly fits, by {number_of(count, 'sign')}{'' if detection.is_strong else ', none of them strong'}; {needed}"


def _signs(detection: Detection) -> Iterator[ReportRow]:
    file = detection.layout.file
    reasons = {rule.id: rule.because for rule in file.rules}
    reasons[file.ticker.id] = file.ticker.because
    reasons[HOST] = f"The page's address is of a host of this layout: {', '.join(file.hosts)}."
    for rule, strength in detection.evidence.items():
        yield ReportRow(rule, f"{strength}: {_plain(reasons[rule])}")


class RuleCount(NamedTuple):
    """How often a rule has matched."""

    rule: str
    """The rule's id, as in records."""
    pages: int
    pieces: int
    """The largest of three numbers: pieces of text labelled by the rule, elements it has matched, and addresses it has matched."""


class RuleCounter:
    """Counts the matches of the rules of ``layout`` on its pages."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._pages: Counter[str] = Counter()
        self._pieces: Counter[str] = Counter()

    def add(self, outcome: Outcome) -> None:
        """Count a page, if it has the layout."""
        if outcome.layout is not self.layout:
            return
        found = Counter(span.rule for span in spread(outcome.claimed))
        for counts in (self._elements(outcome), self._addresses(outcome)):
            found |= counts  # the maximum per rule
        self._pieces += found
        self._pages.update(found.keys())

    def counts(self) -> Iterator[RuleCount]:
        """Yield the count of each rule, in the order of the layout file."""
        file = self.layout.file
        ids = [file.ticker.id, self.layout.unsplit] if self.layout.has_ticker else []
        ids += [file.heading.id, *(rule.id for rule in file.rules)]
        for rule in map(self.layout.full_id, ids):
            yield RuleCount(rule, self._pages[rule], self._pieces[rule])

    def _elements(self, outcome: Outcome) -> Counter[str]:
        regions, document = Regions(self.layout), outcome.document
        found = {
            region
            for block in document.blocks
            for run in block.runs
            if (region := regions.of(run.element)) is not None and visible(document.text[run.start : run.end])
        }
        # A region was matched, too, if a region inside it was.
        for region in list(found):
            outer = region.around
            while outer is not None and outer not in found:
                found.add(outer)
                outer = outer.around
        return Counter(self.layout.full_id(rule_id) for rule_id, _ in {(region.rule.id, region.element) for region in found})

    def _addresses(self, outcome: Outcome) -> Counter[str]:
        record = outcome.record
        urls = [record.url, *(line.url for line in record.headlines), *(teaser.url for teaser in record.teasers)]
        rules = [self.layout.match_address(url)[0] for url in urls if url is not None]
        return Counter(self.layout.full_id(rule.id) for rule in rules if rule is not None)


def evidence_for(layout: Layout, outcome: Outcome) -> str:
    """Return the evidence for a layout on a page, and if it is too little, what is missing."""
    if outcome.layout is not None:
        return ", ".join(outcome.evidence)
    (detection,) = weigh(outcome.document, outcome.record.url, [layout])
    return "; ".join([", ".join(detection.evidence) or "nothing", *detection.missing(outcome.document)])
