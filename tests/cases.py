"""The case folders under ``fixtures``, and the expectations that the program gives for them now.

A case is a page, its record, its spans, and what must be kept and dropped; CONTRIBUTING.md describes the files.
"""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

from scraper import Outcome, Page, clean
from scraper.extract.spans import FATES
from scraper.layouts import builtin_layouts, choose_layouts
from scraper.records import to_json_line

FIXTURES: Final = Path(__file__).parent / "fixtures"
CASES: Final = sorted(path.name for path in FIXTURES.iterdir())
LAYOUTS: Final = choose_layouts(Path(__file__).parent.parent / "examples" / "layouts", {})
"""The built-in layouts and the examples: none of them may take a page from another, and each of their rules needs a case."""
ARABRESS: Final = next(layout for layout in builtin_layouts() if layout.name == "arabress")


def source_of(folder: Path) -> Path:
    """Return the page of a case."""
    (source,) = folder.glob("source.*")
    return source


@cache
def outcome_of(folder: Path) -> Outcome:
    """Clean the page of a case."""
    source, described = source_of(folder), folder / "page.json"
    facts = json.loads(described.read_text(encoding="utf-8")) if described.exists() else {}
    return clean(Page(data=source.read_bytes(), input=source.name, **facts), LAYOUTS)


def record_of(folder: Path) -> dict[str, Any]:
    """Return the record of a case as its JSON line gives it."""
    loaded: dict[str, Any] = json.loads(to_json_line(outcome_of(folder).record))
    return loaded


def as_record(folder: Path) -> str:
    """Return the contents of ``record.json``."""
    return json.dumps(record_of(folder), ensure_ascii=False, indent=2) + "\n"


def as_spans(folder: Path) -> str:
    """Return the contents of ``spans.jsonl``."""
    outcome = outcome_of(folder)
    lines = [
        {"label": span.label, "rule": span.rule, "fate": FATES[span.label], "text": outcome.document.text[span.start : span.end]}
        for span in outcome.spans
    ]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


EXPECTATIONS: Final[dict[str, Callable[[Path], str]]] = {"record.json": as_record, "spans.jsonl": as_spans}
"""What renders each file that a person reviews."""
