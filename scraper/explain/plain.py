"""A report as plain text for pipes: one line per piece, in columns, so that grep shows complete pieces."""

from collections.abc import Iterator

from scraper.explain.report import Report
from scraper.text import shown


def to_lines(report: Report) -> Iterator[str]:
    """Yield the lines of a report: fate, label, rule and text of each piece, then the sections. Nothing is shortened."""
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
