"""Partitions: many outputs, named by values of the records."""

import gzip
import json
import os
import re
import signal
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st

from scraper import Page, clean
from scraper.output.partitions import FIELDS, Pattern
from tests.containers import jsonl, response, twenty_pages
from tests.measure_partitions import dump, measure
from tests.test_cli import COMMAND, FIXTURES, HTML, complaints, run


def unzstd(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True).read()


VALUES = st.none() | st.text(max_size=300) | st.sampled_from(["..", ".", "/", "\0", "a/../b", "unknown", "a.part", "~", "%", ""])


def tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@given(VALUES, VALUES, st.sampled_from(["newspaper", "newspaper_slug"]))
@example("a" * 250, "a" * 251, "newspaper_slug")
@example("a.part", "a", "newspaper_slug")
@example("é" * 200, "é" * 201, "newspaper")
@example("unknown", None, "newspaper")
@example("a b", "a_b", "newspaper")
@example("a_b", "a%5Fb", "newspaper")
def test_no_value_leaves_its_directory_and_no_two_share_a_name(one: str | None, other: str | None, field: str) -> None:
    """Any value becomes one visible file name of a permitted length, and different values become different names."""
    pattern = Pattern.parse(f"root/{{site}}/{{{field}}}.jsonl.gz")
    names = []
    for value in (one, other):
        site, name = pattern.filled(dict.fromkeys(FIELDS, value)).removeprefix("root/").split("/")
        names.append((site, name))
        for part in (site, name):
            assert part not in ("", ".", "..")
            assert not part.startswith(".")
            assert "/" not in part
            assert "\0" not in part
            assert len(os.fsencode(f"{part}.part")) <= 255
    assert one == other or names[0][0] != names[1][0]
    assert one == other or names[0][1] != names[1][1]


@given(VALUES, VALUES)
def test_no_output_is_the_part_file_of_another(one: str | None, other: str | None) -> None:
    """No output has the name of another's part file, even if a newspaper is called ``a.part``."""
    for text in ("{site}", "{site}.{lang}", "x{site}"):
        pattern = Pattern.parse(text)
        names = [pattern.filled({"site": value, "lang": "part"}) for value in (one, other)]
        assert names[0] != f"{names[1]}.part"


@pytest.mark.parametrize(("ending", "jobs"), [("", "1"), (".gz", "2"), (".zst", "2")])
def test_each_page_goes_where_its_values_say(tmp_path: Path, ending: str, jobs: str) -> None:
    """Together the files have the lines of a single output, each the lines of its own values, in the order of the input."""
    done = run(
        "clean",
        FIXTURES,
        "--exclude",
        "page.json",
        "-j",
        jobs,
        "-o",
        f"{tmp_path}/out/{{site}}/{{lang}}/{{newspaper_slug}}.jsonl{ending}",
    )
    assert complaints(done) == []
    unpack: dict[str, Callable[[bytes], bytes]] = {"": bytes, ".gz": gzip.decompress, ".zst": unzstd}
    expected = defaultdict(list)
    for line in run("clean", FIXTURES, "--exclude", "page.json", "-j1").stdout.splitlines(keepends=True):
        record = json.loads(line)
        values = [record[key] or "unknown" for key in ("site", "lang", "newspaper_slug")]
        expected["/".join(values) + f".jsonl{ending}"].append(line)
    assert len(expected) > 20
    found = {name: unpack[ending](data) for name, data in tree(tmp_path / "out").items()}
    assert found == {name: b"".join(lines) for name, lines in expected.items()}


def test_a_newspaper_is_named_as_in_print(tmp_path: Path) -> None:
    """{newspaper} is the printed name, with _ for a space."""
    pages = [FIXTURES / f"{lang}-article-html/source.html" for lang in ("arabic", "french")]
    assert run("clean", *pages, "-o", f"{tmp_path}/{{newspaper}}.jsonl").returncode == 0
    assert set(tree(tmp_path)) == {"المنارة_اليوم.jsonl", "La_Dépêche_du_21.jsonl"}


def test_headlines_go_where_their_pages_say(tmp_path: Path) -> None:
    """Year and month are those of the page, and a page without headlines makes no file."""
    run("headlines", FIXTURES, "--exclude", "page.json", "-j2", "-o", f"{tmp_path}/{{kind}}/{{year}}-{{month}}.jsonl")
    files = tree(tmp_path)
    assert all(re.fullmatch(r"(article|listing|page)/(\d{4}-\d\d|unknown-unknown)\.jsonl", name) for name in files)
    whole = run("headlines", FIXTURES, "--exclude", "page.json", "-j1").stdout
    assert sorted(b"".join(files.values()).splitlines()) == sorted(whole.splitlines())
    assert all(files.values())


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("{paper}.jsonl", "{paper} is not a field; choose from {site}, {lang}, {newspaper}, {newspaper_slug}, {date}, {year},"),
        ("{}.jsonl", "{} is not a field"),
        ("{site!r}.jsonl", "{site!r} is not a field"),
        ("a}.jsonl", "written twice"),
        ("{site.jsonl", "written twice"),
        ("{site}" * 9, "too long for a file name"),
        ("{lang}/../../{kind}.jsonl", "'..' follows a field"),
        ("{site}/..", "'..' follows a field"),
    ],
)
def test_what_names_no_value_is_wrong_usage(tmp_path: Path, out: str, message: str) -> None:
    """An unknown field ends with status 2 and a sentence that names the valid ones."""
    done = run("clean", HTML, "-o", tmp_path / out)
    assert done.returncode == 2
    assert message in re.sub(r"[\s│]+", " ", done.stderr.decode())
    assert not tree(tmp_path)


def test_a_brace_that_is_doubled_is_a_brace(tmp_path: Path) -> None:
    """A doubled brace is a brace in the name of one output or many."""
    assert run("clean", HTML, "-o", tmp_path / "{{a}}.jsonl").returncode == 0
    assert run("clean", HTML, "-o", tmp_path / "{{{lang}}}.jsonl").returncode == 0
    assert set(tree(tmp_path)) == {"{a}.jsonl", "{ar}.jsonl"}


def test_outputs_are_no_inputs(tmp_path: Path) -> None:
    """Files in the place of outputs are not read from a directory and are refused if named; no other input is lost."""
    (tmp_path / "page.html").write_bytes(HTML.read_bytes())
    command = ("clean", tmp_path, "-o", f"{tmp_path}/out/{{lang}}.jsonl")
    for _ in range(2):
        assert run(*command).returncode == 0
        assert tree(tmp_path / "out")["ar.jsonl"].count(b"\n") == 1
    before = tree(tmp_path)
    (tmp_path / "out" / "kept.txt").write_text("not of this run")
    for options in (["out/ar.jsonl"], ["page.html", "--spans", "out/fr.jsonl"], ["page.html", "--failures", "out/x.jsonl.part"]):
        given = [tmp_path / word if "." in word else word for word in options]
        assert run("clean", *given, "-o", f"{tmp_path}/out/{{lang}}.jsonl").returncode == 2
    assert tree(tmp_path) == before | {"out/kept.txt": b"not of this run"}


def test_outputs_take_their_names_together(tmp_path: Path) -> None:
    """A stopped run leaves all named outputs as they were and reports its part files; the next run begins anew."""
    source, out = tmp_path / "dump.jsonl", tmp_path / "out"
    source.write_bytes(jsonl(twenty_pages() * 120))
    out.mkdir()
    (out / "ar.jsonl").write_text("old\n")
    command = [*COMMAND, "clean", str(source), "-j1", "-o", f"{out}/{{lang}}.jsonl"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        while not (out / ".partitions.part").exists():
            time.sleep(0.01)
        other = subprocess.run(command, capture_output=True, check=False, timeout=60)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=60)
    assert other.returncode == 1
    assert b"another run is writing it" in other.stderr
    assert process.returncode == 143
    assert f"what was written so far is in {out}/**/*.part".encode() in stderr
    assert (out / "ar.jsonl").read_text() == "old\n"
    assert (out / "ar.jsonl.part").exists()
    assert subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0
    assert set(tree(out)) == {f"{clean(Page(data=data)).record.lang or 'unknown'}.jsonl" for _, data in twenty_pages()}
    assert sum(data.count(b"\n") for data in tree(out).values()) == 2400


def test_a_name_that_cannot_be_had_ends_the_run(tmp_path: Path) -> None:
    """A directory in the place of a file, or a file in the place of a directory, gives one sentence and status 1."""
    (tmp_path / "ar.jsonl").mkdir()
    (tmp_path / "ar").write_text("a file")
    for pattern in ("{lang}.jsonl", "{lang}/{kind}.jsonl"):
        done = run("clean", HTML, "-o", tmp_path / pattern)
        assert done.returncode == 1
        (message,) = complaints(done)
        assert f"{tmp_path}/ar" in message
        assert "name another output" in message


def test_files_and_memory_do_not_grow_with_documents(tmp_path: Path) -> None:
    """With hundreds of newspapers in random order, few files are open, all buffered lines are written, and memory stays flat."""
    few, many = (
        measure(dump(tmp_path / f"{count}.jsonl", count, 600), f"{tmp_path}/{count}/{{newspaper_slug}}.jsonl", "-j1")
        for count in (1500, 6000)
    )
    assert (few.outputs, many.outputs) == (measure_papers(tmp_path / "1500.jsonl"), 600)
    assert max(few.open_files, many.open_files) < 40
    assert many.peak < few.peak + (40 << 20)


def measure_papers(source: Path) -> int:
    return len(set(re.findall(r"paper\d+", source.read_text())))


def test_an_archive_becomes_a_corpus_of_newspapers(tmp_path: Path) -> None:
    """One command makes <site>/<lang>/<newspaper>.json with the keys that pandas and DuckDB load."""
    duckdb, pandas = pytest.importorskip("duckdb"), pytest.importorskip("pandas")
    pages = [(FIXTURES / f"{lang}-article-html/source.html").read_bytes() for lang in ("arabic", "french", "english")]
    uris = [f"https://www.maghress.com/{place}/{number}" for number, place in enumerate(("almanara", "fr/difaf", "en/oasis"))]
    (tmp_path / "crawl.warc.gz").write_bytes(b"".join(map(gzip.compress, map(archived, pages, uris))))
    keys = ["content", "author", "date", "newspaper"]
    out = f"{tmp_path}/corpus/{{site}}/{{lang}}/{{newspaper_slug}}.json"
    done = run("clean", "-q", tmp_path / "crawl.warc.gz", "--keys", "content=text,author,date,newspaper", "-o", out)
    assert (done.returncode, done.stderr) == (0, b"")
    corpus = tmp_path / "corpus" / "maghress.com"
    assert set(tree(corpus)) == {"ar/almanara.json", "fr/difaf.json", "en/oasis.json"}
    frame = pandas.read_json(corpus / "en/oasis.json", lines=True, dtype=False)
    assert (list(frame.columns), frame["date"][0]) == (keys, "2013-09-19")
    rows = duckdb.read_json(f"{corpus}/*/*.json", format="newline_delimited")
    assert (rows.columns, len(rows.fetchall())) == (keys, 3)


def archived(page: bytes, uri: str) -> bytes:
    return response(page, uri=uri)
