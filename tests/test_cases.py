"""Every folder under ``fixtures`` is a case; ``scripts/test --update-cases`` writes its expectations, for a person to review."""

import json

import jsonschema
import msgspec
import pytest

from scraper.extract.spans import REASONS
from scraper.records import json_schema, to_json_line
from tests.cases import CASES, EXPECTATIONS, FIXTURES, LAYOUTS, outcome_of, record_of


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", EXPECTATIONS)
def test_a_case_gives_what_was_reviewed(case: str, name: str) -> None:
    """The record and the spans of a page are those that a person has reviewed."""
    expected = FIXTURES / case / name
    assert expected.exists(), "write it with scripts/test --update-cases, read it, and commit it if it is right"
    assert EXPECTATIONS[name](FIXTURES / case) == expected.read_bytes().decode()


@pytest.mark.parametrize("case", CASES)
def test_what_must_be_kept_is_in_a_field(case: str) -> None:
    """Each line of keep.txt is in a field of the record."""
    record = record_of(FIXTURES / case)
    fields = json.dumps({key: value for key, value in record.items() if key not in ("removed", "input")}, ensure_ascii=False)
    for wanted in (FIXTURES / case / "keep.txt").read_text(encoding="utf-8").splitlines():
        assert json.dumps(wanted, ensure_ascii=False)[1:-1] in fields


@pytest.mark.parametrize("case", CASES)
def test_what_must_be_dropped_is_in_no_field(case: str) -> None:
    """No line of drop.txt is in a field of the record."""
    record = record_of(FIXTURES / case)
    for unwanted in (FIXTURES / case / "drop.txt").read_text(encoding="utf-8").splitlines():
        pieces = [record["title"] or "", record["text"], *(headline["text"] for headline in record["headlines"])]
        pieces += [value or "" for teaser in record["teasers"] for value in teaser.values()]
        assert not any(unwanted in piece for piece in pieces), unwanted


@pytest.mark.parametrize("case", CASES)
def test_a_record_fits_its_schema(case: str) -> None:
    """A line of output is valid under the JSON Schema that the program prints, and decodes to the same record."""
    outcome = outcome_of(FIXTURES / case)
    jsonschema.validate(record_of(FIXTURES / case), json_schema("page"))
    assert msgspec.json.decode(to_json_line(outcome.record), type=type(outcome.record)) == outcome.record


def test_every_rule_is_fired_by_a_case() -> None:
    """Every rule of the layouts and of the core labels text in at least one case."""
    fired = {span.rule for case in CASES for span in outcome_of(FIXTURES / case).spans}
    known = {rule for layout in LAYOUTS for rule in layout.reasons()} | REASONS.keys()
    assert fired == known


@pytest.mark.parametrize("lang", ["arabic", "french", "english"])
def test_one_story_gives_the_same_fields_from_both_doors(lang: str) -> None:
    """The same story as HTML and as text gives the same title, newspaper, date, language, text, headings and headlines."""
    html, text = (record_of(FIXTURES / f"{lang}-article-{form}") for form in ("html", "text"))
    for key in ("kind", "title", "newspaper", "date", "lang", "text", "headings"):
        assert html[key] == text[key]
    assert [headline["text"] for headline in html["headlines"]] == [headline["text"] for headline in text["headlines"]]
