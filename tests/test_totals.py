"""The totals of what was kept and removed are those of the records, wherever they are shown."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from scraper.engine.counts import Counts
from scraper.text import visible
from tests.site import Site
from tests.test_cli import FIXTURES, HTML, records, run
from tests.test_stats import section

CASES = sorted(FIXTURES.glob("*/source.*"))[::6]


def totals(pages: list[dict[str, Any]]) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Return the characters by field and what was removed by rule, added up from records."""
    kept: Counter[str] = Counter()
    removed: dict[str, Counter[str]] = {}
    for page in pages:
        kept["title"] += visible(page["title"] or "")
        kept["text"] += visible(page["text"])
        kept["headlines"] += sum(visible(headline["text"]) for headline in page["headlines"])
        kept["teasers"] += sum(visible(teaser[key] or "") for teaser in page["teasers"] for key in ("title", "author", "newspaper"))
        for piece in page["removed"]:
            counts = removed.setdefault(piece["rule"], Counter())
            counts.update(pages=1, pieces=piece["count"], characters=piece["chars"])
    rows = [{"rule": rule, **counts} for rule, counts in removed.items()]
    return {field: count for field, count in kept.items() if count}, sorted(rows, key=lambda row: (-row["characters"], row["rule"]))


def shown(stderr: bytes) -> list[int]:
    found = re.search(r"; ([\d,]+) characters: ([\d,]+) kept, ([\d,]+) removed", stderr.decode())
    assert found is not None, stderr
    return [int(number.replace(",", "")) for number in found.groups()]


@pytest.mark.parametrize("options", [["-j", "1"], ["-j", "2"], ["--keys", "title", "--dedup"]], ids=" ".join)
def test_the_summary_has_the_totals_of_the_records(tmp_path: Path, options: list[str]) -> None:
    """The closing line and --summary say what the written pages kept and lost, whatever keys are written, and no other pages."""
    expected = totals(records(run("clean", *CASES, *[option for option in options if option == "--dedup"])))
    done = run("clean", *CASES, *options, "--summary", tmp_path / "summary")
    summary = json.loads((tmp_path / "summary").read_bytes())
    assert (summary["kept"], summary["removed"]) == expected
    kept, removed = sum(expected[0].values()), sum(rule["characters"] for rule in expected[1])
    assert shown(done.stderr) == [kept + removed, kept, removed]
    assert len(expected[1]) > 5


def test_pages_that_are_left_out_are_not_in_the_totals() -> None:
    """Only written pages count: all pages are those with a language and those without one."""
    whole, *parts = (shown(run("clean", *CASES, *options).stderr) for options in ([], ["--only", "unknown"], ["--unknown", "skip"]))
    assert [sum(pair) for pair in zip(*parts, strict=True)] == whole


def test_headlines_have_no_totals_of_pages() -> None:
    """A run that writes headlines says nothing about the text of the pages, since it does not write it."""
    assert b"characters" not in run("headlines", HTML).stderr


def test_a_fetch_has_the_same_totals(tmp_path: Path) -> None:
    """`scraper fetch` has the closing line and --summary of `scraper clean`."""
    with Site() as site:
        done = run("fetch", *[site.url(f"/difaf/{n}") for n in range(3)], "--delay", "0", "--summary", tmp_path / "summary")
    summary = json.loads((tmp_path / "summary").read_bytes())
    assert (summary["kept"], summary["removed"]) == totals(records(done))
    assert shown(done.stderr)[1] == sum(summary["kept"].values())
    assert (summary["pages"], summary["exit_status"]) == (3, 0)


def test_statistics_have_the_same_totals(tmp_path: Path) -> None:
    """`scraper stats` shows the totals as a table, and --json has all of them."""
    run("clean", *CASES, "-o", tmp_path / "pages.jsonl")
    expected = totals([json.loads(line) for line in (tmp_path / "pages.jsonl").read_bytes().split(b"\n") if line])
    found = json.loads(run("stats", "--json", tmp_path / "pages.jsonl").stdout)
    assert (found["kept"], found["removed"]) == expected
    run("clean", *CASES, "-o", tmp_path / "pages.parquet")
    assert run("stats", "--json", tmp_path / "pages.parquet").stdout == run("stats", "--json", tmp_path / "pages.jsonl").stdout
    printed = run("stats", tmp_path / "pages.jsonl", "--top", "1000").stdout.decode()
    rows = [re.sub(r"[█▏▎▍▌▋▊▉]", "", row).split() for row in section(printed, "Removed") if "/" in row]
    assert [(row[-1], *(int(row[place].replace(",", "")) for place in (2, 3, 0))) for row in rows] == [
        tuple(rule.values()) for rule in expected[1]
    ]


def test_chosen_keys_are_said_not_to_tell(tmp_path: Path) -> None:
    """Records without the key `removed` are counted as those that do not tell, in the table and as JSON."""
    run("clean", *CASES, "--keys", "kind,text,title", "-o", tmp_path / "pages.jsonl")
    pages = len((tmp_path / "pages.jsonl").read_bytes().splitlines())
    found = json.loads(run("stats", "--json", tmp_path / "pages.jsonl").stdout)
    assert (found["without"]["removed"], found["removed"]) == (pages, [])
    assert f"and {pages} pages whose records do not have the key removed" in run("stats", tmp_path / "pages.jsonl").stdout.decode()


def test_json_statistics_have_the_counts_of_the_tables(tmp_path: Path) -> None:
    """The JSON object has pages, newspapers with their days and gaps, months, and lengths with quantiles."""
    run("clean", *[FIXTURES / f"{lang}-article-html/source.html" for lang in ("arabic", "french", "english")], "-o", tmp_path / "x")
    found = json.loads(run("stats", "--json", tmp_path / "x").stdout)
    assert (found["pages"], found["kinds"], found["failures"]) == (3, {"article": 3}, 0)
    assert found["languages"] == {"ar": 1, "fr": 1, "en": 1}
    assert next((paper["slug"], paper["first_day"], paper["gaps"]) for paper in found["newspapers"]) == (
        "almanara",
        "2021-11-03",
        [],
    )
    assert found["months"] == {"2010-04": 1, "2013-09": 1, "2021-11": 1}
    assert {(row["kind"], row["of"], row["pages"]) for row in found["lengths"]} == {
        ("article", measure, 3) for measure in ("characters", "words", "paragraphs")
    }
    assert run("stats", "--json", "--html", "x.html", tmp_path / "x").returncode == 2


def test_counts_of_earlier_runs_are_added() -> None:
    """The counts that a checkpoint or a part has kept are added, headlines too."""
    kept, counts = Counts(), Counts()
    kept.kinds["article"], kept.removed_characters["arabress/notice"], kept.headlines = 2, 30, 5
    for _ in range(2):
        counts.merge(vars(kept))
    assert (counts.kinds["article"], counts.removed_characters["arabress/notice"], counts.headlines) == (4, 60, 10)
    assert counts.ended is None
