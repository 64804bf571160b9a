"""Filters: which records a run writes, and that each omitted one is counted under its reason."""

import json
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from scraper.cli.options import OnlyKind
from scraper.engine.jobs import Filters
from scraper.records import PageKind
from tests.containers import jsonl, twenty_pages
from tests.test_cli import FIXTURES, complaints, records, run

CASES = sorted(FIXTURES.glob("*/source.*"))
KEYS = {"--only": "kind", "--lang": "lang", "--site": "site", "--newspaper": "newspaper_slug"}


@pytest.fixture(scope="module")
def every() -> list[dict[str, object]]:
    """Return the records of all cases."""
    return records(run("clean", *CASES, "--unknown", "keep"))


def summary(path: Path) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = json.loads(path.read_text())
    return found


@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("--only", ["article"]),
        ("--only", ["listing", "page"]),
        ("--only", ["unknown"]),
        ("--lang", ["fr"]),
        ("--lang", ["ar", "en"]),
        ("--site", ["maghress.com"]),
        ("--site", ["masress.com", "djazairess.com"]),
        ("--newspaper", ["difaf"]),
    ],
)
def test_only_what_was_chosen_is_given(tmp_path: Path, every: list[dict[str, object]], option: str, values: list[str]) -> None:
    """Only records with one of the values are written, unchanged; all others are counted, and none is a failure."""
    args = [part for value in values for part in (option, value)]
    done = run("clean", *CASES, *args, "--summary", tmp_path / "summary")
    expected = [record for record in every if record[KEYS[option]] in values]
    assert expected
    assert records(done) == expected
    found = summary(tmp_path / "summary")
    assert sum(found["left_out"].values()) == len(every) - len(expected)
    unknown = sum(record["kind"] == "unknown" for record in every)
    name = option[2:].replace("only", "kind")
    others = [
        record[KEYS[option]]
        for record in every
        if record not in expected and (values == ["unknown"] or record["kind"] != "unknown")
    ]
    reasons = Counter(f"no-{name}" if value is None else f"other-{name}" for value in others)
    if option == "--site":  # a page of unknown layout may have one
        reasons += Counter(
            "no-site" if r["site"] is None else "other-site" for r in every if r["kind"] == "unknown" and r not in expected
        )
    elif values != ["unknown"]:
        reasons["unknown-layout"] = unknown
    assert found["left_out"] == reasons


def test_days_are_chosen_with_both_ends_and_undated_pages_are_counted(tmp_path: Path, every: list[dict[str, object]]) -> None:
    """--since and --until are inclusive; pages without a date are omitted under a reason of their own."""
    days = sorted({str(record["date"]) for record in every if record["date"] is not None})
    first, last = days[1], days[-2]
    done = run("clean", *CASES, "--since", first, "--until", last, "--summary", tmp_path / "summary")
    assert [record["date"] for record in records(done)] == [
        r["date"] for r in every if r["date"] and first <= str(r["date"]) <= last
    ]
    known = [record for record in every if record["kind"] != "unknown"]
    left_out = summary(tmp_path / "summary")["left_out"]
    assert left_out["no-date"] == sum(record["date"] is None for record in known) > 0
    assert left_out["other-date"] == sum(r["date"] is not None and not first <= str(r["date"]) <= last for r in known) > 0


def test_what_is_left_out_gives_no_spans_and_no_headlines(tmp_path: Path) -> None:
    """An omitted page gives neither spans nor headlines."""
    run("clean", *CASES, "--lang", "fr", "--spans", tmp_path / "spans", "-o", tmp_path / "out")
    ids = {json.loads(line)["id"] for line in (tmp_path / "out").read_text().splitlines()}
    assert {json.loads(line)["id"] for line in (tmp_path / "spans").read_text().splitlines()} == ids
    found = records(run("headlines", *CASES, "--lang", "fr"))
    assert found
    assert {record["page_id"] for record in found} <= ids


def test_conditions_add_up_and_the_first_that_fails_is_counted(tmp_path: Path) -> None:
    """A page must meet every condition, and is counted once."""
    args = ["--only", "article", "--lang", "ar", "--site", "maghress.com", "--since", "2015-01-01"]
    done = run("clean", *CASES, *args, "--summary", tmp_path / "summary")
    for record in records(done):
        assert (record["kind"], record["lang"], record["site"], record["date"] >= "2015-01-01") == (
            *("article", "ar", "maghress.com"),
            True,
        )
    found = summary(tmp_path / "summary")
    assert sum(found["left_out"].values()) + len(records(done)) == len(records(run("clean", *CASES)))


@pytest.mark.parametrize("site", ["https://www.maghress.com/", "www.maghress.com", "MAGHRESS.com", "http://maghress.com:80"])
def test_a_site_may_be_written_as_an_address(site: str, every: list[dict[str, object]]) -> None:
    """Scheme, ``www.``, port and case are ignored in a site."""
    expected = [record for record in every if record["site"] == "maghress.com"]
    assert records(run("clean", *CASES, "-q", "--site", site)) == expected != []


def test_a_failure_stays_one() -> None:
    """With --unknown fail, unknown pages are failures whatever other filters are set."""
    done = run("clean", *CASES, "--only", "article", "--unknown", "fail", "-q")
    assert done.returncode == 1
    assert all("unknown-layout" in line for line in complaints(done))


@pytest.mark.parametrize("args", [["clean", "--lang", "fr"], ["headlines", "--only", "article", "--since", "2012-01-01"]])
def test_choosing_is_the_same_in_every_process(tmp_path: Path, args: list[str]) -> None:
    """Records and counts do not depend on the number of processes."""
    dump = tmp_path / "dump.jsonl"
    dump.write_bytes(jsonl(twenty_pages() * 20))
    one, two = (run(*args, dump, "-j", jobs) for jobs in "12")
    assert (one.stdout, one.stderr) == (two.stdout, two.stderr)
    assert one.stdout
    assert b"left out" in one.stderr


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--only", "story"], "'story' is not one of 'article', 'listing', 'page', 'unknown'"),
        (["--lang", "AR"], "'AR' is not a language tag"),
        (["--site", "https://maghress.com/difaf"], "is not a site"),
        (["--site", "a b"], "'a b' is not a site"),
        (["--site", "www."], "'www.' is not a site"),
        (["--newspaper", "maghress.com/difaf"], "is not a newspaper_slug"),
        (["--newspaper", "difaf?page=2"], "is not a newspaper_slug"),
        (["--newspaper", ""], "'' is not a newspaper_slug"),
        (["--since", "2010-02-30"], "'2010-02-30' is not a date"),
        (["--until", "20100101"], "'20100101' is not a date"),
        (["--since", "2011-01-01", "--until", "2010-12-31"], "2011-01-01 is after --until 2010-12-31"),
        (["--only", "unknown", "--unknown", "skip"], "are written only with --unknown keep"),
        (["--only", "unknown", "--lang", "ar"], "are written only with --unknown keep"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(args: list[str], message: str) -> None:
    """An impossible filter ends with status 2 and the reason, before anything is read."""
    done = run("clean", *args, "nowhere.html", env={"COLUMNS": "300"})
    assert done.returncode == 2
    assert message in done.stderr.decode()
    assert "missing" not in done.stderr.decode()


def test_the_kinds_to_choose_from_are_those_of_the_record() -> None:
    """--only accepts every kind that a record can have."""
    assert tuple(kind.value for kind in OnlyKind) == get_args(PageKind)


def test_nothing_chosen_leaves_nothing_out() -> None:
    """Empty filters omit no record and accept unknown pages."""
    assert not Filters().refuses_unknown
    assert not Filters(kinds=frozenset({"unknown", "page"})).refuses_unknown
