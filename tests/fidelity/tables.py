"""The tables of docs/fidelity.md: tools and ways of saving, field by field."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Final

from tests.fidelity.judging import ADDRESSES, FIELDS, NEEDS, Case, Verdict, judge
from tests.fidelity.saving import SAVINGS
from tests.fidelity.stories import Sample
from tests.fidelity.tools import TOOLS, Tool, missing, version_of

DOCUMENT: Final = Path(__file__).parents[2] / "docs/fidelity.md"
BEGIN: Final = "<!-- What follows, to the next comment, is what scripts/fidelity prints. -->"
END: Final = "<!-- End of what scripts/fidelity prints. -->"


@dataclass(frozen=True)
class ToolRow:
    """The judgements of a tool, or how to install it."""

    tool: Tool
    cases: Sequence[Case] = ()
    pages: int = 0
    """The number of pages from which it kept any text."""
    missing: str = ""
    seconds: float = 0.0
    counts: dict[str, Counter[Verdict]] = field(default_factory=dict)

    def share(self, name: str, verdict: Verdict) -> float:
        """Return the percentage of cases in which a field has this verdict."""
        counts = self.counts.get(name, Counter())
        return 100 * counts[verdict] / max(1, counts.total())


def judged(tool: Tool, samples: Sequence[Sample]) -> ToolRow:
    """Return the judgements of everything that a tool makes of the pages."""
    if (what := missing(tool)) is not None:
        return ToolRow(tool, missing=what)
    start = monotonic()
    per_page = [
        judge(sample, source, tool.keeps, is_html=tool.is_html) for sample, source in zip(samples, tool.read(samples), strict=True)
    ]
    counts: dict[str, Counter[Verdict]] = {}
    for case in (cases := [case for page in per_page for case in page]):
        counts.setdefault(case.field, Counter())[case.verdict] += 1
    return ToolRow(tool, cases, sum(map(bool, per_page)), "", monotonic() - start, counts)


def chosen(part: str) -> list[Tool]:
    """Return the tools of that name, else those whose name contains it, in any case; ``html:`` chooses ways of saving."""
    if part.startswith("html:"):
        return _chosen(SAVINGS, part.removeprefix("html:"))
    return _chosen(TOOLS, part)


def _chosen(tools: Sequence[Tool], part: str) -> list[Tool]:
    return [tool for tool in tools if tool.name == part] or [tool for tool in tools if part.lower() in tool.name.lower()]


def lines_of(rows: Sequence[ToolRow]) -> Iterator[str]:
    """Yield the lines of both tables."""
    for is_html in (False, True):
        some = [row for row in rows if row.tool.is_html == is_html]
        if not some:
            continue
        fields = (*FIELDS, ADDRESSES) if is_html else FIELDS
        yield f"| {'saved by' if is_html else 'text by'} | called | version | {' | '.join(fields)} | pages |"
        yield "|---|---|---|" + "---|" * (len(fields) + 1)
        for row in some:
            version = version_of(row.tool.package) if row.tool.package and not row.missing else ""
            cells = [row.missing] + [""] * (len(fields) - 1) if row.missing else [_cell(row, name) for name in fields]
            called = row.tool.call.replace("|", r"\|")
            yield f"| {row.tool.name} | `{called}` | {version} | {' | '.join(cells)} | {row.pages} |"
        yield ""


def _cell(row: ToolRow, name: str) -> str:
    right, wrong = row.share(name, "right"), row.share(name, "wrong")
    bracketed = name in NEEDS and NEEDS[name] not in row.tool.keeps
    shares = f"{right:.0f} / {wrong:.1f}".replace(" 0.0", " 0")
    return f"({shares})" if bracketed else shares


def document(rows: Sequence[ToolRow], stories: int) -> str:
    """Return the document with these tables in it."""
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    tables = "\n".join(lines_of(rows))
    return f"{before}{BEGIN}\n\nStories: {stories}.\n\n{tables}\n{END}{after}"
