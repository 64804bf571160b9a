"""``headlines --unique``: the history of each headline, for any order, number of processes and number of headlines."""

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import jsonschema
import pytest

from scraper import Page, PageError, clean
from scraper.engine import headlines as gathering
from scraper.engine.headlines import HeadlineStore
from scraper.output.dedup import headline_key
from scraper.records import HeadlineHistory, json_schema, to_json_line
from tests.test_cli import FIXTURES, records, run

CASES = sorted(FIXTURES.glob("*/source.*"))


def page(site: str, headlines: Sequence[tuple[str, str]]) -> str:
    """Return a page with a ticker of addresses and words."""
    items = "&nbsp;&nbsp;&nbsp;&nbsp;".join(f'<a href="{href}">{words}</a>' for href, words in headlines)
    return (
        f'<html><body><form id="aspnetForm"><span class="marquee">{items}</span><div id="mainContent">'
        f'<span class="articletitle">عنوان الخبر في {site}</span><br><span class="articlecontent">فقرة من كلام كثير.</span>'
        "</div></form></body></html>"
    )


def dump(path: Path, pages: Sequence[tuple[str, str | None, Sequence[tuple[str, str]]]]) -> Path:
    """Write a dump of pages: address, time, headlines."""
    rows = [{"url": url, "seen": time, "html": page(url, headlines)} for url, time, headlines in pages]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def unique(*args: str | Path, **options: Any) -> list[dict[str, Any]]:
    done = run("headlines", "--unique", *args, "--html-field", "html", "--date-field", "seen", **options)
    assert done.returncode == 0, done.stderr
    return records(done)


def expected(rows: Sequence[dict[str, Any]], ids: Sequence[object]) -> list[dict[str, Any]]:
    """Compute the histories of headline records in the simplest way; ``ids`` has the page of each record."""
    found: dict[str, list[tuple[dict[str, Any], object]]] = {}
    for row, page_ in zip(rows, ids, strict=True):
        found.setdefault(headline_key(row["site"], row["url"], row["headline"]), []).append((row, page_))
    histories = []
    for shown in found.values():
        first = shown[0][0]
        times = sorted(row["fetched_at"] for row, _ in shown if row["fetched_at"] is not None) or [None]
        histories.append(
            {"schema": 1, **{key: first[key] for key in ("headline", "url", "lang", "site", "newspaper_slug")}}
            | {"first_fetched_at": times[0], "last_fetched_at": times[-1], "pages": len({page_ for _, page_ in shown})}
            | {"first_page_id": first["page_id"]}
        )
    return histories


def test_a_headline_has_one_line_with_its_history(tmp_path: Path) -> None:
    """A history has first and last time, the number of pages, and the other fields of the first page; unknown times are ignored."""
    one, two = "https://www.maghress.com/difaf/1", "https://www.maghress.com/difaf/2"
    rain, port = ("/almanara/90000", "أمطار متفرقة على الساحل"), ("/fr/marsa/90001", "ميناء الواحة يستقبل سفينة")
    pages = [
        (one, None, [rain]),
        (two, "2024-05-03T06:00:00Z", [port, rain]),
        (one, "2024-05-01T06:00:00Z", [rain, ("http://maghress.com/almanara/90000", rain[1]), ("/almanara/90001", rain[1])]),
        (two, "2024-05-02T06:00:00Z", [rain]),
        ("https://www.masress.com/difaf/1", None, [rain]),
    ]
    found = unique(dump(tmp_path / "dump.jsonl", pages))
    tell = ("headline", "url", "site", "newspaper_slug", "first_fetched_at", "last_fetched_at", "pages")
    assert [tuple(record[key] for key in tell) for record in found] == [
        (rain[1], "https://www.maghress.com/almanara/90000", "maghress.com", "almanara", "2024-05-01T06:00:00Z", "2024-05-03T06:00:00Z", 4),
        (port[1], "https://www.maghress.com/fr/marsa/90001", "maghress.com", "marsa", "2024-05-03T06:00:00Z", "2024-05-03T06:00:00Z", 1),
        (rain[1], "https://www.maghress.com/almanara/90001", "maghress.com", "almanara", "2024-05-01T06:00:00Z", "2024-05-01T06:00:00Z", 1),
        (rain[1], "https://www.masress.com/almanara/90000", "masress.com", "almanara", None, None, 1),
    ]  # fmt: skip
    ids = [record["id"] for record in records(run("clean", tmp_path / "dump.jsonl", "--html-field", "html"))]
    assert [record["first_page_id"] for record in found] == [ids[0], ids[1], ids[2], ids[4]]


def test_every_line_is_as_the_schema_says(tmp_path: Path) -> None:
    """A line has all keys in the order of the schema, or those that ``--keys`` chooses."""
    schema = json.loads(run("schema", "headline-history").stdout)
    assert schema == json_schema("headline-history")
    validator = jsonschema.Draft202012Validator(schema)
    found = unique(*CASES)
    assert len(found) > 100
    for record in found:
        validator.validate(record)
        assert list(record) == schema["required"]
    chosen = unique(*CASES, "--keys", "shown=pages,headline")
    assert chosen == [{"shown": record["pages"], "headline": record["headline"]} for record in found]
    out = tmp_path / "out"
    unique(*CASES, "-o", out)
    assert [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()] == found


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dump of several megabytes: slowly changing tickers, not in the order of time."""
    rng = Random(5)
    slots = [(f"/difaf/{n}", f"خبر رقم {n} من يوم بعيد") for n in range(60)]
    pages: list[tuple[str, str | None, Sequence[tuple[str, str]]]] = []
    for n in range(1000):
        for slot in rng.sample(range(60), 2):
            slots[slot] = (f"/difaf/{n}{slot:02}", f"خبر رقم {n} في الموضع {slot}")
        time = None if rng.random() < 0.2 else f"2024-{n % 12 + 1:02}-{n % 28 + 1:02}T00:00:00Z"
        pages.append((f"https://www.maghress.com/difaf/{n}", time, tuple(slots)))
    for at in range(0, len(pages), 7):  # repeats from far away
        other = rng.randrange(len(pages))
        pages[at], pages[other] = pages[other], pages[at]
    return dump(tmp_path_factory.mktemp("history") / "dump.jsonl", pages)


def test_histories_are_those_of_the_headlines_one_by_one(history: Path) -> None:
    """The histories are those of the single headline records, in the order of first appearance, for any ``-j``."""
    assert history.stat().st_size > 2 * (4 << 20)  # enough for more than one process
    rows = records(run("headlines", history, "--html-field", "html", "--date-field", "seen"))
    wanted = expected(rows, [row["input"] for row in rows])
    assert len(wanted) > 2000
    for jobs in "12":
        assert unique(history, "-j", jobs) == wanted


def test_choosing_leaves_out_the_headlines_of_a_page() -> None:
    """The headlines of omitted pages do not count."""
    rows = records(run("headlines", *CASES, "--lang", "fr"))
    found = unique(*CASES, "--lang", "fr")
    assert found == expected(rows, [row["input"] for row in rows])
    assert 0 < len(found) < len(unique(*CASES))


@pytest.mark.parametrize("most", [1, 50, 10**6])
def test_little_memory_gives_the_same(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """The lines do not depend on how many headlines are held in memory, and no more are held than allowed."""
    monkeypatch.setattr(gathering, "_MOST", most)
    gathered = gathering.HeadlineCollector()
    with HeadlineStore() as histories:
        for path in CASES[::3]:
            with suppress(PageError):
                for lines in gathered(clean(Page(data=path.read_bytes()))):
                    histories.write(lines)
                assert len(gathered._as_written) <= most
        histories.write(gathered.flush())
        found = [json.loads(line) for line in b"".join(histories.lines()).splitlines()]
    assert found == unique(*CASES[::3])


def test_parts_of_histories_in_any_number_make_the_same() -> None:
    """The lines do not depend on how the pages are split into chunks."""
    rng = Random(1)
    lines = []
    for n in range(3000):
        time = rng.choice((None, f"2024-01-{rng.randint(1, 28):02}T00:00:00Z"))
        lines.append(
            to_json_line(
                HeadlineHistory(
                    headline=f"خبر {rng.randrange(200)}",
                    url=None,
                    lang="ar",
                    site="maghress.com",
                    newspaper_slug=None,
                    first_fetched_at=time,
                    last_fetched_at=time,
                    pages=1,
                    first_page_id=f"{n:016x}",
                )
            )
        )
    with HeadlineStore() as whole:
        whole.write(b"".join(lines))
        wanted = b"".join(whole.lines())
    with HeadlineStore() as parts:
        for line in lines:
            parts.write(line)
        assert b"".join(parts.lines()) == wanted
    assert wanted.count(b"\n") == 200


def test_a_full_disk_is_told_in_a_sentence() -> None:
    """On a full disk the store raises an OutputError with a remedy."""
    code = (
        "import resource; from scraper.engine.headlines import HeadlineStore; from scraper.errors import OutputError\n"
        "from scraper.records import HeadlineHistory as H, to_json_line\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))\n"
        "others = dict(url=None, lang=None, site=None, newspaper_slug=None, first_fetched_at=None, last_fetched_at=None, pages=1)\n"
        "try:\n"
        "    with HeadlineStore() as histories:\n"
        "        for n in range(10**6): histories.write(to_json_line(H(headline=str(n) * 99, first_page_id='0' * 16, **others)))\n"
        "except OutputError as error:\n"
        "    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "cannot be stored (" in done.stdout
