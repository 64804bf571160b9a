"""Every folder under ``fixtures`` is a case: a page, its record, its spans, and what must be kept and dropped.

A missing expectation is written and the test fails, so that a person reads it before it counts.
"""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from scraper import Outcome, Page, clean
from scraper.extract.core_rules import REASONS
from scraper.extract.spans import FATES
from scraper.layouts import choose_layouts
from scraper.records import json_schema, to_json_line

FIXTURES = Path(__file__).parent / "fixtures"
CASES = sorted(path.name for path in FIXTURES.iterdir())
LAYOUTS = choose_layouts(Path(__file__).parent.parent / "examples" / "layouts", {})
"""Also the examples: none of them may take a page from another, and each of their rules needs a case too."""


@cache
def outcome_of(case: str) -> Outcome:
    (source,) = (FIXTURES / case).glob("source.*")
    described = FIXTURES / case / "page.json"
    facts = json.loads(described.read_text(encoding="utf-8")) if described.exists() else {}
    return clean(Page(data=source.read_bytes(), input=source.name, **facts), LAYOUTS)


def record_of(case: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(to_json_line(outcome_of(case).record))
    return loaded


def as_record(case: str) -> str:
    return json.dumps(record_of(case), ensure_ascii=False, indent=2) + "\n"


def as_spans(case: str) -> str:
    outcome = outcome_of(case)
    lines = [
        {"label": span.label, "rule": span.rule, "fate": FATES[span.label], "text": outcome.document.text[span.start : span.end]}
        for span in outcome.spans
    ]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("name", "render"), [("record.json", as_record), ("spans.jsonl", as_spans)])
def test_a_case_gives_what_was_reviewed(case: str, name: str, render: Callable[[str], str]) -> None:
    """The record and the spans of a page are those that a person has read and accepted."""
    expected, actual = FIXTURES / case / name, render(case)
    if not expected.exists():
        expected.write_text(actual, encoding="utf-8", newline="")
        pytest.fail(f"{expected} was missing and has been written: read it, and commit it if it is right")
    assert actual == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES)
def test_what_must_be_kept_is_in_a_field(case: str) -> None:
    """Each line of keep.txt stands in a field of the record."""
    record = record_of(case)
    fields = json.dumps({key: value for key, value in record.items() if key not in ("removed", "input")}, ensure_ascii=False)
    for wanted in (FIXTURES / case / "keep.txt").read_text(encoding="utf-8").splitlines():
        assert json.dumps(wanted, ensure_ascii=False)[1:-1] in fields


@pytest.mark.parametrize("case", CASES)
def test_what_must_be_dropped_is_in_no_field(case: str) -> None:
    """No line of drop.txt stands in a field of the record."""
    record = record_of(case)
    for unwanted in (FIXTURES / case / "drop.txt").read_text(encoding="utf-8").splitlines():
        pieces = [record["title"] or "", record["text"], *(headline["text"] for headline in record["headlines"])]
        pieces += [value or "" for teaser in record["teasers"] for value in teaser.values()]
        assert not any(unwanted in piece for piece in pieces), unwanted


@pytest.mark.parametrize("case", CASES)
def test_a_record_fits_its_schema(case: str) -> None:
    """What is written is valid by the JSON Schema that the program prints, and reads back as the same record."""
    outcome = outcome_of(case)
    jsonschema.validate(record_of(case), json_schema("page"))
    assert msgspec.json.decode(to_json_line(outcome.record), type=type(outcome.record)) == outcome.record


def test_every_rule_is_fired_by_a_case() -> None:
    """A rule that no case needs is a rule that nobody would miss when it breaks."""
    fired = {span.rule for case in CASES for span in outcome_of(case).spans}
    known = {rule for layout in LAYOUTS for rule in layout.reasons()} | REASONS.keys()
    assert fired == known


@pytest.mark.parametrize("lang", ["arabic", "french", "english"])
def test_one_story_gives_the_same_fields_from_both_doors(lang: str) -> None:
    """The same story as HTML and as text gives the same title, newspaper, date, language, text, headings and headlines."""
    html, text = record_of(f"{lang}-article-html"), record_of(f"{lang}-article-text")
    for key in ("kind", "title", "newspaper", "date", "lang", "text", "headings"):
        assert html[key] == text[key]
    assert [headline["text"] for headline in html["headlines"]] == [headline["text"] for headline in text["headlines"]]
