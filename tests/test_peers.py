"""The comparison with other extractors: its measurements are right, and no extractor can stop it."""

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

import pytest
from lxml import html

from bench.corpus import html_pages
from bench.extractors import OTHERS, SCRAPER, Extracted, Extractor, LoadedExtractor
from bench.leaks import COLUMNS, Samples, leaks, make_samples
from bench.peers import PeerRow, compare, measure, tables
from tests.blocks import ROOT

DOCUMENT: Final = (ROOT / "docs/comparison.md").read_text(encoding="utf-8")
ROUNDS: Final = [list(html_pages(1))]
HEADS: Final = (*COLUMNS, "short", "plain text")


@pytest.fixture(scope="module")
def samples() -> Samples:
    return make_samples(1)


def _load_missing() -> LoadedExtractor:
    raise ModuleNotFoundError("No module named 'nowhere'", name="nowhere")


def _load_broken() -> LoadedExtractor:
    def extract(_: bytes) -> NoReturn:
        raise ValueError("first | line\nsecond line")

    return LoadedExtractor(extract, Extracted)


def _load_deadly() -> LoadedExtractor:
    return LoadedExtractor(lambda _: os.kill(os.getpid(), signal.SIGKILL), Extracted)


def _load_printing() -> LoadedExtractor:
    print("a line that is no table")
    return LoadedExtractor(lambda _: "", Extracted)


def _load_hanging() -> LoadedExtractor:
    signal.pause()
    return LoadedExtractor(lambda _: "", Extracted)


def _other(load: Callable[[], LoadedExtractor]) -> Extractor:
    return Extractor("other", "other", "other(page)", load)


def test_scraper_is_measured_and_keeps_what_the_stories_say(samples: Samples) -> None:
    """Measured alone, scraper has times, and every cell says that the page is right."""
    row = measure(SCRAPER, samples, ROUNDS)
    assert dict(zip(HEADS, row.cells, strict=True)) == {
        "headlines found, of 58": "58",
        "headlines in the text": "0",
        **{f"{part} in the text": "no" for part in ("notice", "footer", "dateline")},
        **dict.fromkeys(("title", "date", "newspaper"), "right"),
        "sub-headings kept, of 2": "2",
        "paragraphs kept, of 14": "14",
        "noise in the text": "0%",
        **dict.fromkeys(("short", "plain text"), "body kept"),
    }
    assert row.seconds > row.parse > 0
    assert row.scrapers == 1


def test_what_is_leaked_is_seen(samples: Samples) -> None:
    """An extractor that keeps all text of a page leaks every part of the frame."""
    everything = LoadedExtractor(
        lambda page: "\n".join(map(str, html.fromstring(page.decode().partition("?>")[2]).itertext())), Extracted
    )
    cells = dict(zip(HEADS, leaks(everything, Samples(samples.br, samples.p, samples.short, samples.br)), strict=True))
    assert (cells["headlines found, of 58"], cells["headlines in the text"]) == ("0", "58")
    assert {cells[f"{part} in the text"] for part in ("notice", "dateline")} == {"yes"}
    assert cells["title"] == cells["date"] == cells["newspaper"] == "none"
    assert cells["paragraphs kept, of 14"] == "14"
    assert int(cells["noise in the text"].partition("%")[0]) > 40
    assert cells["short"] == "body kept; leaked: headlines, notice, footer, dateline"


def test_what_is_lost_is_seen(samples: Samples) -> None:
    """An extractor that keeps only the first paragraph loses the others, and has no entry for a text without any."""
    first = samples.br[0].story.blocks[0].text
    cells = dict(
        zip(HEADS, leaks(LoadedExtractor(lambda page: first if first.encode() in page else "", Extracted), samples), strict=True)
    )
    assert (cells["paragraphs kept, of 14"], cells["sub-headings kept, of 2"], cells["noise in the text"]) == ("1", "0", "0%")
    assert (cells["short"], cells["plain text"]) == ("nothing", "body kept in part")


@pytest.mark.parametrize(
    ("load", "message"),
    [
        (_load_missing, "not installed: there is no nowhere"),
        (_load_broken, r"ValueError: first \| line second line"),
        (_load_deadly, "its process died, with status -9"),
    ],
)
def test_a_hurt_extractor_costs_its_own_row_alone(load: Callable[[], LoadedExtractor], message: str, samples: Samples) -> None:
    """An extractor that is missing, fails or dies has its reason in a row as long as the others."""
    lines = list(tables([(_other(load), compare(_other(load), samples, ROUNDS)), (SCRAPER, measure(SCRAPER, samples, ROUNDS))]))
    assert sum(message in line for line in lines) == 2
    for table in (lines[: lines.index("")], lines[lines.index("") + 1 :]):
        assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {table[0].count("|")}
        assert table[-1].startswith("| scraper | ")
        assert message not in table[-1]


def test_an_extractor_that_hangs_is_given_up(samples: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    """An extractor that never answers is killed, and its row says so."""
    monkeypatch.setattr("bench.peers._LIMIT", 1.0)
    assert compare(_other(_load_hanging), samples, ROUNDS).failure == "it did not finish within 1 s"


def test_an_extractor_prints_nothing_among_the_tables(samples: Samples, capfd: pytest.CaptureFixture[str]) -> None:
    """The output of an extractor goes to stderr."""
    assert compare(_other(_load_printing), samples, ROUNDS).failure == ""
    assert capfd.readouterr().out == ""


def _pins(path: Path) -> dict[str, str]:
    return dict(line.lower().split("==") for line in path.read_text(encoding="utf-8").split())


def test_the_document_shows_the_tables_of_the_extractors_that_are_pinned() -> None:
    """The document's tables have the columns that are printed today and the versions that would be installed."""
    pins = _pins(ROOT / "bench/peers-requirements.txt")
    assert [line for line in tables([]) if line and not line.startswith("|---")] == re.findall(
        r"^\| extractor .*", DOCUMENT, re.MULTILINE
    )
    for extractor in OTHERS:
        assert f"| {extractor.name} | {pins[extractor.distribution.lower()]} |" in DOCUMENT
        assert f" `{extractor.call}` |" in DOCUMENT


def test_the_first_table_says_what_the_measurements_say() -> None:
    """The table of six rows has the times and paragraphs of the tables below it."""

    def row(pattern: str, text: str) -> list[str]:
        found = re.search(pattern, text, re.MULTILINE)
        assert found is not None
        return [cell.strip() for cell in found[0].strip("|").split("|")]

    summary, _, measured = DOCUMENT.partition("<!-- What follows")
    times, texts = re.split(r"(?=^\| extractor \| headlines)", measured, flags=re.MULTILINE)
    _, *names = row(r"^\| \| scraper .*", summary)
    _, *short_times = row(r"^\| time, in times of scraper .*", summary)
    _, *short_paragraphs = row(r"^\| paragraphs kept, of 14 .*", summary)
    assert len(names) == len(OTHERS)  # trafilatura has two rows
    for name, time, paragraphs in zip(names, short_times, short_paragraphs, strict=True):
        named = rf"^\| {name} \|.*"
        assert round(float(row(named, times)[4])) == int(time)
        assert row(named, texts)[10] == paragraphs


def test_scraper_runs_on_the_same_libraries_as_in_its_own_tests() -> None:
    """The libraries that scraper uses while cleaning have the same versions in both lists of pins."""
    ours, theirs = _pins(ROOT / "constraints.txt"), _pins(ROOT / "bench/peers-requirements.txt")
    for name in ("charset-normalizer", "lxml", "msgspec", "w3lib"):
        assert ours[name] == theirs[name]


def test_a_row_without_a_measurement_says_why() -> None:
    """A row without a measurement shows the reason instead of figures."""
    assert "| other | ? | it hangs | | | `other(page)` |" in list(tables([(_other(_load_broken), PeerRow(failure="it hangs"))]))
