"""``scraper stats``: the counts are those of DuckDB and pandas, and the output fits its place and is safe to print."""

import gzip
import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from scraper.stats.counting import Days
from tests.test_cli import COMMAND, FIXTURES, HTML, TEXT, complaints, run
from tests.test_explain import ACTING, ESCAPE, on_terminal

ARTICLE: dict[str, Any] = {
    "schema": 1,
    "id": "0123456789abcdef",
    "input": "page.html",
    "url": "https://www.masress.com/ahram/1",
    "site": "masress.com",
    "layout": "arabress",
    "kind": "article",
    "lang": "ar",
    "title": "خبر",
    "newspaper": "الأهرام",
    "newspaper_slug": "ahram",
    "author": None,
    "date": "2011-01-25",
    "text": "فقرة أولى.\n\nفقرة ثانية هنا.",
    "headings": [],
    "headlines": [],
    "teasers": [],
    "images": [],
    "original_url": None,
    "fetched_at": None,
    "removed": [],
    "warnings": [],
}
UNKNOWN: dict[str, Any] = {
    **ARTICLE,
    "site": None,
    "layout": None,
    "kind": "unknown",
    "lang": None,
    "title": None,
    "date": None,
    "newspaper": None,
    "newspaper_slug": None,
    "text": "كل ما في الصفحة",
}
NAMES = ("الأهرام", "المساء", "La Dépêche du 21", "صوت السهل", "The Oasis Weekly", "جريدة 2 مارس", "الوفد")
HOSTILE_NAMES = (
    "\x1b[31mred\x1b]0;title\x07 \x9b2J",
    "\u202egnp.exe\u202c \u2066x\u2069 \u200f\u200e",
    "[red]a[/red] [/] :smile:",
    "a\u2028b\u2029c\x85d\ne\tf",
    "ن" * 900,
    "\u0301" * 99,
    "<script>alert(1)</script>",
)


def line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"


def write(path: Path, records: Iterable[dict[str, Any]]) -> Path:
    path.write_bytes(b"".join(map(line, records)))
    return path


def corpus(pages: int, seed: int = 7) -> Iterable[dict[str, Any]]:
    """Write records of all kinds: dates with gaps, Arabic names, pages with few known fields."""
    chance = random.Random(seed)
    for _ in range(pages):
        paper = min(int(chance.expovariate(0.5)), len(NAMES) - 1)
        if chance.random() < 0.1:
            yield UNKNOWN | {"text": "نص " * chance.randrange(1, 90) + "."}
            continue
        day = date(2010, 12, 1) + timedelta(days=chance.randrange(300 * (paper + 1)) // 7 * 7 + paper)
        blocks = [" ".join("كلمة" for _ in range(chance.randrange(1, 60))) for _ in range(chance.randrange(9))]
        warnings = [name for name in ("unlabelled-text", "no-base-url") if chance.random() < 0.1]
        yield ARTICLE | {
            "newspaper": NAMES[paper],
            "newspaper_slug": f"paper{paper}",
            "site": ("masress.com", "maghress.com")[paper % 2],
            "date": day.isoformat() if chance.random() < 0.9 else None,
            "text": "\n\n".join(blocks),
            "warnings": warnings,
            "kind": chance.choice(("article", "article", "listing", "page")),
            "lang": chance.choice(("ar", "fr", "en")),
        }


def section(printed: str, title: str) -> list[str]:
    """Return the lines below a heading, without the line of column names."""
    found = re.search(rf"^{re.escape(title)}\n(.*?)(?:\n\n|\Z)", printed, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no {title!r} in {printed}"
    return found[1].splitlines()[1:]


def counts(printed: str, title: str) -> dict[str, int]:
    """Return names and numbers of a table with bars."""
    rows = (re.match(r" *([\d,]+) +<?[\d.]+% +[█▏▎▍▌▋▊▉]* *(\S.*)", row) for row in section(printed, title))
    return {re.split(r"  +", row[2])[0]: int(row[1].replace(",", "")) for row in rows if row is not None}


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A file of records, and the output of ``stats`` for it in a pipe."""
    records = write(tmp_path_factory.mktemp("stats") / "pages.jsonl", corpus(3000))
    done = run("stats", records)
    assert (done.returncode, done.stderr) == (0, b"")
    return records, done.stdout.decode()


# --- the numbers ---


@pytest.mark.parametrize(
    ("title", "sql"),
    [
        ("Kinds", "SELECT kind, count(*) FROM pages GROUP BY ALL"),
        ("Languages", "SELECT lang, count(*) FROM pages WHERE lang IS NOT NULL GROUP BY ALL"),
        ("Sites", "SELECT site, count(*) FROM pages WHERE site IS NOT NULL GROUP BY ALL"),
        ("Newspapers", "SELECT site || '/' || newspaper_slug, count(*) FROM pages WHERE newspaper_slug IS NOT NULL GROUP BY ALL"),
        ("Years", "SELECT left(date, 4), count(*) FROM pages WHERE date IS NOT NULL GROUP BY ALL"),
        ("Warnings", "SELECT warning, count(*) FROM (SELECT unnest(warnings) AS warning FROM pages) GROUP BY ALL"),
    ],
)
def test_pages_are_counted_as_duckdb_counts_them(counted: tuple[Path, str], title: str, sql: str) -> None:
    """Each table with bars has the numbers that DuckDB counts in the same file, the most frequent first."""
    records, printed = counted
    text = ("kind", "lang", "site", "newspaper_slug", "date")
    pages = duckdb.read_json(
        str(records), format="newline_delimited", columns=dict.fromkeys(text, "VARCHAR") | {"warnings": "VARCHAR[]"}
    )
    found_there = pages.query("pages", sql)
    assert found_there is not None
    expected: dict[str, int] = dict(found_there.fetchall())
    found = counts(printed, title)
    assert len(expected) > 1
    assert found == expected
    assert title == "Years" or list(found.values()) == sorted(found.values(), reverse=True)


def test_months_and_the_overview_are_those_of_pandas(counted: tuple[Path, str]) -> None:
    """Pages by year and month and the counts of missing values are those of pandas."""
    records, printed = counted
    pages = pd.read_json(records, lines=True, dtype=False)
    months = pages["date"].dropna().str[:7].value_counts()
    rows = [row.split() for row in section(printed, "Months") if not row.startswith("and ")]
    found = {f"{row[0]}-{month:02}": int(cell) for row in rows for month, cell in enumerate(row[2:], 1) if cell != "·"}
    assert found == months.to_dict()
    overview = {name: int(value.replace(",", "")) for value, name in (row.split(maxsplit=1) for row in section(printed, "Records"))}
    assert overview == {
        "pages": len(pages),
        "newspapers": pages["newspaper_slug"].nunique(),
        "pages of no newspaper": int(pages["newspaper_slug"].isna().sum()),
        "pages without a date": int(pages["date"].isna().sum()),
        "pages without text": int((pages["text"] == "").sum()),
        "pages with a warning": int((pages["warnings"].str.len() > 0).sum()),
        "words": int(pages["text"].str.split().str.len().sum()),
        "characters of text": int(pages["text"].str.len().sum()),
        "visible characters kept": sum(
            int(pages[name].str.replace(r"\s+", "", regex=True).str.len().sum()) for name in ("title", "text")
        ),
        "visible characters removed": 0,
    }
    assert f"and {pages['date'].isna().sum():,} pages without a date" in printed
    assert f"and {pages['newspaper_slug'].isna().sum():,} pages of no newspaper" in printed


@pytest.mark.parametrize("kind", ["article", "listing", "page", "unknown"])
@pytest.mark.parametrize(
    ("measure", "sql"),
    [
        ("characters", "length(text)"),
        ("words", "len(string_split_regex(text, '\\s+'))"),
        ("paragraphs", "len(string_split(text, E'\\n\\n'))"),
    ],
)
def test_lengths_are_the_quantiles_of_duckdb(counted: tuple[Path, str], kind: str, measure: str, sql: str) -> None:
    """Shortest, quantiles and longest are those of DuckDB, in characters, words and paragraphs, for each kind of page."""
    records, printed = counted
    (row,) = (row for row in section(printed, "Lengths of texts") if row.endswith(f"{measure}, {kind}"))
    texts = duckdb.read_json(str(records), format="newline_delimited").filter(f"kind = '{kind}' AND text != ''")
    quantiles = "quantile_disc(n, [0.05, 0.25, 0.5, 0.75, 0.95])"
    (expected,) = texts.project(f"{sql} AS n").aggregate(f"count(*), min(n), {quantiles}, max(n)").fetchall()
    pages, shortest, found, longest = expected
    assert [int(cell.replace(",", "")) for cell in row.split()[:8]] == [pages, shortest, *found, longest]


def test_gaps_are_the_days_that_pandas_misses(counted: tuple[Path, str]) -> None:
    """Days with a page, coverage, number of gaps, and the longest gap with its first day are those of pandas."""
    records, printed = counted
    pages = pd.read_json(records, lines=True, dtype=False).dropna(subset=["date", "newspaper"])
    rows = {
        row[row.index(row.split()[7]) :]: row.split()[:7] for row in section(printed, "Days with pages, and gaps") if "%" in row
    }
    assert set(rows) == set(NAMES)
    for name, cells in rows.items():
        days = sorted(set(pages[pages["newspaper"] == name]["date"].map(date.fromisoformat)))
        gaps = [((after - before).days - 1, before + timedelta(1)) for before, after in pairwise(days) if (after - before).days > 1]
        length, first = max(gaps, key=lambda gap: gap[0])
        share = len(days) / ((days[-1] - days[0]).days + 1)
        assert cells == [str(len(days)), f"{share:.1%}", str(len(gaps)), str(length), str(first), str(days[0]), str(days[-1])]


@given(
    st.sets(st.dates(date(1, 1, 1), date(9999, 12, 31)) | st.dates(date(2011, 1, 1), date(2013, 12, 31)), min_size=1, max_size=60)
)
def test_a_set_of_days_is_a_set_of_days(wanted: set[date]) -> None:
    """A set of days has the added days in order; its gaps and days together are the time from first to last."""
    days = Days()
    for day in wanted:
        days.add(day)
    assert list(days) == sorted(wanted)
    assert (len(days), days.first, days.last) == (len(wanted), min(wanted), max(wanted))
    assert days.span == (max(wanted) - min(wanted)).days + 1 == len(wanted) + sum(gap.days for gap in days.gaps())
    assert all(gap.first not in wanted and gap.first - timedelta(1) in wanted for gap in days.gaps())


def test_what_is_not_shown_is_counted(tmp_path: Path) -> None:
    """``--top`` limits the named rows of every table; the others are counted with their pages."""
    records = write(
        tmp_path / "pages.jsonl", (ARTICLE | {"newspaper_slug": f"p{n % 50}", "site": f"s{n % 50}.example"} for n in range(500))
    )
    printed = run("stats", records, "--top", "7").stdout.decode()
    assert len(counts(printed, "Newspapers")) == len(counts(printed, "Sites")) == 7
    assert "and 43 more newspapers with 430 pages (86.0%)" in printed
    assert "and 43 more sites with 430 pages (86.0%)" in printed
    assert "and 43 more newspapers" in section(printed, "Days with pages, and gaps")


def test_a_newspaper_is_its_slug_on_its_site(tmp_path: Path) -> None:
    """A newspaper is its slug on its site, whatever its printed name; without a slug, the name."""
    pages = [
        ARTICLE,
        ARTICLE | {"newspaper": "الأهرام اليومي"},
        ARTICLE | {"newspaper": None},
        ARTICLE | {"site": "maghress.com"},
        ARTICLE | {"site": None, "newspaper_slug": None},
    ]
    rows = section(run("stats", write(tmp_path / "pages.jsonl", pages)).stdout.decode(), "Newspapers")
    assert [re.split(r"[ █▏▎▍▌▋▊▉]{2,}", row.strip()) for row in rows] == [
        ["3", "60.0%", "masress.com/ahram", "الأهرام"],
        ["1", "20.0%", "maghress.com/ahram", "الأهرام"],
        ["1", "20.0%", "الأهرام"],
    ]


# --- the inputs ---


def test_records_of_clean_are_read_however_they_are_kept(tmp_path: Path) -> None:
    """Plain and compressed files, stdin and directories give the same counts as the file that ``clean`` wrote."""
    plain = tmp_path / "pages.jsonl"
    assert run("clean", "-q", HTML, TEXT, FIXTURES / "listing-html", "-o", plain).returncode == 0
    data = plain.read_bytes()
    whole = run("stats", plain)
    assert (whole.returncode, whole.stderr) == (0, b"")
    (tmp_path / "pages.jsonl.gz").write_bytes(gzip.compress(data))
    (tmp_path / "pages.zst").write_bytes(zstandard.compress(data))
    parts = tmp_path / "out" / "masress.com" / "ar"
    parts.mkdir(parents=True)
    for number, row in enumerate(data.splitlines(keepends=True)):
        (parts / f"part{number}.jsonl").write_bytes(row)
    for inputs in ([tmp_path / "pages.jsonl.gz"], [tmp_path / "pages.zst"], [tmp_path / "out"]):
        done = run("stats", *inputs)
        assert (done.returncode, done.stdout, done.stderr) == (0, whole.stdout, b"")
    assert run("stats", "-", data=data).stdout == run("stats", data=data).stdout == whole.stdout


def test_other_keys_do_not_matter_and_few_are_needed(tmp_path: Path) -> None:
    """Additional keys are ignored, and every key but ``kind`` and ``text`` may be missing."""
    records = write(tmp_path / "pages.jsonl", [ARTICLE | {"mine": {"a": [1]}}, {"kind": "article", "text": "نص"}])
    done = run("stats", records)
    assert (done.returncode, done.stderr) == (0, b"")
    assert counts(done.stdout.decode(), "Kinds") == {"article": 2}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b'{"kind": "article", "te', "invalid JSON (Unterminated string starting at character 21); correct or remove it"),
        (b"[1, 2]", "it is JSON, but not an object with fields; correct or remove it"),
        (b"<html>", "invalid JSON"),
        (b'{"kind": "article", "text": "\xff"}', "invalid JSON (cannot decode byte 0xff"),
        (
            line(ARTICLE | {"text": None}),
            "it is not a page record (Expected `str`, got `null` - at `$.text`); `scraper schema` says what one holds",
        ),
        (line(ARTICLE | {"kind": "story"}), "it is not a page record (Invalid enum value 'story' - at `$.kind`)"),
        (line(ARTICLE | {"date": "2021-02-31"}), "it is not a page record (Invalid RFC3339 encoded date - at `$.date`)"),
        (line(ARTICLE | {"warnings": None}), "it is not a page record (Expected `array`, got `null` - at `$.warnings`)"),
        (line(ARTICLE | {"schema": 2}), "it is not a page record (Invalid enum value 2 - at `$.schema`)"),
        (line({"content": "نص", "date": "2011-01-25"}), "it is not a page record (Object missing required field `kind`)"),
    ],
)
def test_a_line_that_is_no_record_is_named_and_the_others_count(tmp_path: Path, bad: bytes, reason: str) -> None:
    """A line that is not a record is reported with file, number and reason, gives status 1, and all others are counted."""
    records = tmp_path / "pages.jsonl"
    records.write_bytes(line(ARTICLE) + b"\n" + bad.rstrip(b"\n") + b"\n" + line(UNKNOWN))
    done = run("stats", records)
    assert done.returncode == 1
    (complaint,) = complaints(done)
    assert complaint.startswith(f"scraper: {records}#3: bad-record: {reason}")
    printed = done.stdout.decode()
    assert counts(printed, "Kinds") == {"article": 1, "unknown": 1}
    assert "1  failures: lines that are no page records" in printed


def test_headlines_and_failures_are_told_from_pages(tmp_path: Path) -> None:
    """Another output of this program is named as what it is, and only its first lines are reported."""
    headlines, failures = tmp_path / "headlines.jsonl", tmp_path / "failures.jsonl"
    assert run("headlines", "-q", *[HTML] * 9, "-o", headlines).returncode == 0
    assert run("clean", "-q", tmp_path / "nowhere", "--failures", failures).returncode == 1
    lines = headlines.read_bytes().count(b"\n")
    done = run("stats", headlines, failures)
    assert done.returncode == 1
    messages = complaints(done)
    assert len(messages) == 21
    assert messages[0].endswith(
        "#1: bad-record: it is not a page record but a headline, as `scraper headlines` writes it; name the output of `scraper clean`"
    )
    assert messages[-1] == f"scraper: and {lines + 1 - 20} more failures like these"
    assert "a failure, as --failures writes it" in complaints(run("stats", failures))[0]


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        (
            "page.png",
            b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
            "not-text: it is not text; name the JSON Lines or the Parquet file that `scraper clean` wrote",
        ),
        ("pages.zip", b"PK\x03\x04" + bytes(300), "not-text: it is a zip archive; name the JSON Lines"),
        ("broken.gz", gzip.compress(line(ARTICLE) * 9000)[:-20], "damaged: after line "),
        (
            "nest.gz",
            gzip.compress(gzip.compress(gzip.compress(gzip.compress(line(ARTICLE))))),
            "damaged: it is packed more than 3 times",
        ),
    ],
)
def test_a_file_that_holds_no_records_is_named_once(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    """A file that is damaged or not of lines gives one sentence; records before the damage and other files are counted."""
    (tmp_path / name).write_bytes(data)
    done = run("stats", tmp_path / name, write(tmp_path / "pages.jsonl", [ARTICLE]))
    assert done.returncode == 1
    (complaint,) = complaints(done)
    assert complaint.startswith(f"scraper: {tmp_path / name}: {reason}")
    assert counts(done.stdout.decode(), "Kinds")["article"] >= 1


def test_nothing_to_count_is_said(tmp_path: Path) -> None:
    """An empty input gives a sentence and status 0, not empty tables; a missing file is a failure."""
    empty = write(tmp_path / "pages.jsonl", [])
    for name, data in ((empty, None), ("-", b""), ("-", b"\n \n")):
        done = run("stats", name, data=data)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.decode() == "There are no page records.\n"
    done = run("stats", tmp_path / "nowhere")
    assert (done.returncode, done.stdout.decode()) == (1, "There are no page records.\n")
    assert complaints(done) == [f"scraper: {tmp_path / 'nowhere'}: missing: there is no such file or directory; check the path"]


def test_wrong_usage_exits_2(tmp_path: Path) -> None:
    """--html may not be an input, and --top must be a number."""
    records = write(tmp_path / "pages.jsonl", [ARTICLE])
    for option, value in (("--html", str(records)), ("--top", "0"), ("--top", "all")):
        done = run("stats", records, option, value)
        assert (done.returncode, done.stdout) == (2, b"")
    assert records.read_bytes() == line(ARTICLE)


def test_a_closed_pipe_ends_it_quietly(counted: tuple[Path, str]) -> None:
    """`scraper stats | true` prints nothing and exits with 141, or with 0 if it was faster."""
    command = f"set -o pipefail; {sys.executable} -m scraper stats {counted[0]} | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=False, timeout=60)
    assert (done.returncode in (0, 141), done.stderr) == (True, b"")


def test_memory_does_not_grow_with_the_pages(tmp_path: Path) -> None:
    """Ten times as many pages of the same newspapers need at most 2 MB more."""
    code = "import re, sys\nfrom scraper.__main__ import main\ntry: main()\nexcept SystemExit: pass\n"
    code += "print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1], file=sys.stderr)"
    peaks = []
    block = b"".join(map(line, corpus(2000)))
    for times in (2, 20):
        (tmp_path / "pages.jsonl").write_bytes(block * times)
        done = subprocess.run(
            [sys.executable, "-c", code, "stats", str(tmp_path / "pages.jsonl")], capture_output=True, check=True, timeout=60
        )
        assert f"{2000 * times:,}  pages" in done.stdout.decode()
        peaks.append(int(done.stderr))
    assert peaks[1] - peaks[0] < 2048


# --- the output ---


@pytest.mark.parametrize("columns", [40, 60, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal(counted: tuple[Path, str], tmp_path: Path, columns: int) -> None:
    """No line is wider than the terminal, every number is shown, and columns without room are named."""
    status, printed = on_terminal("stats", "-q", counted[0], columns=columns)
    text = ESCAPE.sub("", printed)
    assert status == 0
    assert max(map(cell_len, text.splitlines())) <= columns
    assert counts(text, "Kinds") == counts(counted[1], "Kinds")
    assert ("no room for: " in text) == (columns < 200)
    hostile = write(
        tmp_path / "hostile.jsonl",
        (ARTICLE | dict.fromkeys(("newspaper", "newspaper_slug", "site"), name) for name in HOSTILE_NAMES),
    )
    _, printed = on_terminal("stats", "-q", hostile, columns=columns)
    assert max(map(cell_len, ESCAPE.sub("", printed).splitlines())) <= columns


def test_a_terminal_gets_colours_unless_they_are_not_wanted(counted: tuple[Path, str]) -> None:
    """Bars are coloured on a terminal, except with NO_COLOR or without support for colours; the words are the same."""
    printed = [on_terminal("stats", "-q", counted[0], columns=100, env=env)[1] for env in ({}, {"NO_COLOR": "1"}, {"TERM": "dumb"})]
    colour = re.compile(r"\x1b\[[\d;]*[349]\d")
    assert [colour.search(text) is not None for text in printed] == [True, False, False]
    plain = {re.sub(" +$", "", ESCAPE.sub("", text), flags=re.MULTILINE) for text in printed[:2]}
    assert plain == {counted[1]}


def test_a_pipe_gets_plain_text_of_one_width(counted: tuple[Path, str]) -> None:
    """A pipe gets no colours or control characters and at most 100 columns, the same everywhere."""
    for env in ({"COLUMNS": "40", "FORCE_COLOR": "1"}, {"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"}):
        assert run("stats", counted[0], env=env).stdout.decode() == counted[1]
    assert ACTING.search(counted[1]) is None
    assert max(map(cell_len, counted[1].splitlines())) <= 100


def test_arabic_names_are_whole_and_stand_last(counted: tuple[Path, str]) -> None:
    """A name is printed as in the record, without directional marks, at the end of its row."""
    rows = section(counted[1], "Newspapers") + section(counted[1], "Days with pages, and gaps")
    assert all(sum(row.endswith(f"  {name}") for row in rows) == 2 for name in NAMES)


def test_hostile_names_do_nothing(tmp_path: Path) -> None:
    """Escape sequences, overrides, line separators and markup in records are spelled out, on a terminal, in a pipe and on stderr."""
    pages = [ARTICLE | dict.fromkeys(("newspaper", "newspaper_slug", "site"), name) for name in HOSTILE_NAMES]
    records = write(tmp_path / "pages.jsonl", [*pages, ARTICLE | {"kind": "\x1b[31m\u202e"}])
    done = run("stats", records)
    status, printed = on_terminal("stats", "-q", records, columns=200)
    assert (done.returncode, status) == (1, 1)
    for text in (done.stdout.decode(), done.stderr.decode(), ESCAPE.sub("", printed)):
        assert ACTING.search(text) is None
    assert r"\u001b[31mred\u001b]0;title\u0007 \u009b2J" in done.stdout.decode()
    assert "[red]a[/red] [/] :smile:" in done.stdout.decode()


def test_dates_far_apart_are_bounded(tmp_path: Path) -> None:
    """Dates of the years 1 and 9999 do not make a table of all years between; years with pages are shown or counted."""
    records = write(tmp_path / "pages.jsonl", (ARTICLE | {"date": f"{year:04}-12-31"} for year in range(1, 10000, 100)))
    done = run("stats", records)
    printed = done.stdout.decode()
    assert done.returncode == 0
    assert len(counts(printed, "Years")) == 40
    assert "and 60 earlier years, 0001 to 5901, with 60 pages" in printed
    assert "  9901-12-31  " in printed


def test_months_are_rounded_or_shaded_where_numbers_have_no_room(tmp_path: Path) -> None:
    """Months show exact numbers where they fit, else four characters, and shades where the terminal is narrowest."""
    records = write(tmp_path / "pages.jsonl", (ARTICLE | {"date": "2011-02-01", "text": ""} for _ in range(12345)))
    found = [
        next(
            row
            for row in ESCAPE.sub("", on_terminal("stats", "-q", records, columns=columns)[1]).splitlines()
            if row.startswith("2011 ")
        )
        for columns in (100, 80, 40)
    ]
    assert [row.split() for row in found] == [
        ["2011", "12,345", "·", "12,345", *"··········"],
        ["2011", "12,345", "·", "12k", *"··········"],
        ["2011", "12,345", "·█··········"],
    ]


def test_an_output_in_the_directory_of_the_records_is_no_input(tmp_path: Path) -> None:
    """Neither a redirected stdout nor an older page is read as records."""
    write(tmp_path / "pages.jsonl", [ARTICLE])
    for _ in range(2):
        assert run("stats", tmp_path, "--html", tmp_path / "stats.html").returncode == 0
    (tmp_path / "stats.html").unlink()
    with (tmp_path / "stats.txt").open("wb") as out:
        subprocess.run([*COMMAND, "stats", str(tmp_path)], stdout=out, check=True, timeout=60)
    assert "1  pages" in (tmp_path / "stats.txt").read_text(encoding="utf-8")


def test_without_what_draws_pictures_it_says_how_to_have_it(tmp_path: Path) -> None:
    """Without the extra, ``--html`` gives one sentence before anything is read; the terminal does not need the extra."""
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['vl_convert'] = None\n")
    env = {"PYTHONPATH": os.pathsep.join([str(tmp_path), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]).rstrip(os.pathsep)}
    records, page = write(tmp_path / "pages.jsonl", [ARTICLE]), tmp_path / "stats.html"
    done = run("stats", records, "--html", page, env=env)
    assert (done.returncode, done.stdout, page.exists()) == (1, b"", False)
    assert complaints(done) == [
        "scraper: --html: charts need vl-convert, which is not installed; install it with: pip install 'press-scraper[stats]'"
    ]
    assert run("stats", records, env=env).returncode == 0
