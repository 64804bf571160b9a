"""docs/python.md: every piece of code in it runs, and prints what the command would write."""

import doctest
import json
import os
import re
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from scraper import Filters, NewspaperArchive, Politeness, ReadOptions, __version__, fetch_pages, run
from scraper.engine import planning
from scraper.errors import OutputError
from tests.blocks import ROOT
from tests.containers import jsonl, twenty_pages
from tests.site import Site

BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "python.md").read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a working directory with saved pages and a dump."""
    saved = tmp_path / "saved"
    saved.mkdir()
    for name, data in twenty_pages():
        (saved / name).write_bytes(data)
    (saved / "article.html").write_bytes((ROOT / "tests/fixtures/arabic-article-html/source.html").read_bytes())
    (saved / "dump.jsonl").write_bytes(jsonl(twenty_pages()).replace(b'"text"', b'"content"'))
    monkeypatch.chdir(tmp_path)


def printed(code: str) -> list[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.usefixtures("place")
def test_one_page() -> None:
    """A page gives its record."""
    (line,) = printed(BLOCKS[0])
    record = json.loads((ROOT / "tests/fixtures/arabic-article-html/record.json").read_text(encoding="utf-8"))
    assert line == f"article {record['date']} {record['title']}"


@pytest.mark.usefixtures("place")
def test_many_pages() -> None:
    """What run writes is what the command writes with the same filters."""
    *_, line = printed(BLOCKS[1])
    command = [sys.executable, "-m", "scraper", "clean", "saved", "--only", "article", "--lang", "ar", "--failures", "f.jsonl"]
    done = subprocess.run([*command, "-o", "command.jsonl.gz"], capture_output=True, check=False)
    assert done.returncode == 1
    assert Path("articles.jsonl.gz").read_bytes() == Path("command.jsonl.gz").read_bytes()
    assert Path("failures.jsonl").read_bytes() == Path("f.jsonl").read_bytes()
    failures = len(Path("f.jsonl").read_bytes().splitlines())
    assert line.endswith(f" articles; {failures} failures")


def written_by_command(*args: str) -> dict[str, bytes]:
    """Return the files that a command writes to the directory ``command``, by name."""
    directory = Path("command")
    directory.mkdir()
    subprocess.run([sys.executable, "-m", "scraper", *args], capture_output=True, check=False)
    return {path.name: path.read_bytes() for path in directory.iterdir()}


@pytest.mark.usefixtures("place")
def test_headlines_of_each_site() -> None:
    """What run writes for a pattern is what the command writes."""
    Path("headlines").mkdir()
    printed(BLOCKS[2])
    expected = written_by_command("headlines", "saved", "--dedup", "--keys", "headline,url", "-o", "command/{site}.csv")
    assert {path.name: path.read_bytes() for path in Path("headlines").iterdir()} == expected


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        (["clean", "--dedup"], {"dedup": True}),
        (["clean", "--spans", "command/s"], {"spans": "python/s"}),
        (["clean", "--lang", "ar"], {"filters": Filters(langs=frozenset(["ar"]))}),
        (["clean", "--limit", "30"], {"options": ReadOptions(limit=30)}),
        (["headlines", "--unique"], {"records": "headline-history"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
@pytest.mark.usefixtures("place")
def test_what_a_command_does_a_program_can_do(command: list[str], arguments: dict[str, Any]) -> None:
    """With the same choice, run gives the bytes of the command: records, spans, failures and counts."""
    Path("python").mkdir()
    counts = run("saved", "python/o.jsonl", failures="python/f", report=len, **arguments)
    expected = written_by_command(*command, "saved", "-o", "command/o.jsonl", "--failures", "command/f", "--summary", "command/j")
    assert json.loads(counts.to_json(__version__)) == json.loads(expected.pop("j"))
    assert {path.name: path.read_bytes() for path in Path("python").iterdir()} == expected


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("output", "more", "wrong"),
    [
        ("saved/dump.jsonl", {}, "output: 'saved/dump.jsonl' is an input and would be lost"),
        ("saved/{kind}.jsonl", {}, "output: 'saved/dump.jsonl' is an input and could be lost"),
        ("{site}.jsonl", {"failures": "maghress.com.jsonl"}, "failures: 'maghress.com.jsonl' could also be a file of output"),
        ("{sit}.jsonl", {}, "{sit}"),
        ("o.jsonl", {"spans": "o.jsonl.part"}, "spans: 'o.jsonl.part' is also the file of output"),
    ],
)
def test_run_replaces_no_input_and_no_other_output(output: str, more: dict[str, Any], wrong: str) -> None:
    """An output that would replace an input or another output is an error, and so is a wrong pattern; nothing is written."""
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    with pytest.raises(OutputError, match=re.escape(wrong)):
        run(["saved/dump.jsonl"], output, **more)
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before


@pytest.mark.usefixtures("place")
def test_an_own_loop() -> None:
    """Items of all inputs are read, those of a dump by the name of their field."""
    lines = printed(BLOCKS[3])
    assert sum(line.startswith("maghress.com ") for line in lines) > 50


@pytest.mark.usefixtures("place")
def test_a_fetch_and_the_next_one() -> None:
    """What fetch_pages writes, saves and counts is what the command does, and a second call with the same state fetches nothing."""
    with Site() as site:
        code = BLOCKS[4].replace("https://www.maghress.com/", site.url("/")).replace("delay=1.0", "delay=0")
        (summary,) = printed(code)
        (again,) = printed(code)
        options = ["--only", "article", "--state", "s.db", "--save", "s.warc.gz", "--delay", "0", "-o", "command.jsonl"]
        command = [sys.executable, "-m", "scraper", "fetch", site.url("/"), site.url("/difaf/1"), *options]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == f"scraper: {summary}\n"
    assert again == "0 pages; left out: 2 fetched before"
    ours, theirs = (
        [{**json.loads(line), "fetched_at": None} for line in Path(name).read_bytes().splitlines()]
        for name in ("pages.jsonl", "command.jsonl")
    )
    assert len(ours) == 1
    assert ours == theirs
    cleaned = run("raw.warc.gz", "raw.jsonl", filters=Filters(kinds=frozenset(["article"])))
    assert cleaned.kinds["article"] == 1


@pytest.mark.usefixtures("place")
def test_a_crawl() -> None:
    """What fetch_pages writes and counts for a crawl is what the command does."""
    with Site() as site:
        (summary,) = printed(
            BLOCKS[5].replace("https://www.maghress.com/", site.url("/")).replace('contact)"', 'contact)", delay=0')
        )
        options = ["--depth", "2", "--newspaper", "difaf", "--max-pages", "200", "--delay", "0", "--state", "s.db"]
        command = [sys.executable, "-m", "scraper", "crawl", site.url("/"), *options, "-o", "command.jsonl"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1].startswith(f"scraper: {summary}")
    ours, theirs = (
        sorted(json.loads(line)["url"] for line in Path(name).read_bytes().splitlines())
        for name in ("crawl.jsonl", "command.jsonl")
    )
    assert len(ours) > 20
    assert ours == theirs


@pytest.mark.usefixtures("place")
def test_an_archive() -> None:
    """What fetch_pages writes for the numbers of a newspaper is what the command does; without a state, neither is possible."""
    with Site() as site:
        archive = NewspaperArchive(site.url("/"), "difaf", first=12, last=5)
        polite = Politeness("me/1", [("Accept-Language", "ar")], delay=0)
        with pytest.raises(OutputError, match="a crawl needs a state"):
            fetch_pages(archive, "out.jsonl", polite)
        with pytest.raises(ValueError, match="not a valid header"):
            fetch_pages(archive, "out.jsonl", Politeness("me/1\nX: y"), state="python.db")
        fetch_pages(archive, "out.jsonl", polite, state="python.db")
        assert {(asked.headers["user-agent"], asked.headers["accept-language"]) for asked in site.log} == {("me/1", "ar")}
        numbers = ["--archive", "difaf", "--from", "12", "--to", "5"]
        options = ["--delay", "0", "--state", "s.db", "-o", "command.jsonl"]
        subprocess.run(
            [sys.executable, "-m", "scraper", "crawl", site.url("/"), *numbers, *options], capture_output=True, check=True
        )
    ours, theirs = (
        [json.loads(line)["url"] for line in Path(name).read_bytes().splitlines()] for name in ("out.jsonl", "command.jsonl")
    )
    assert ours == theirs == [site.url(f"/difaf/{number}") for number in range(12, 4, -1)]


@pytest.mark.usefixtures("place")
def test_statistics() -> None:
    """The counts of records are those of the command."""
    run(["saved"], "articles.jsonl.gz", report=str)
    lines = printed(BLOCKS[7])
    command = [sys.executable, "-m", "scraper", "stats", "--json", "articles.jsonl.gz"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert lines == [*done.stdout.splitlines(), ""]


@pytest.mark.usefixtures("place")
def test_the_live_web() -> None:
    """The parts of a fetch give a page for each address, in order."""
    with Site() as site:
        lines = printed(BLOCKS[6].replace("https://www.maghress.com/", site.url("/")).replace("delay=1.0", "delay=0"))
        assert [line.partition(" ")[0] for line in lines] == [site.url("/"), site.url("/difaf/1")]


@pytest.mark.usefixtures("place")
def test_an_interrupted_run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that was interrupted is resumed from Python, and its file is that of a run without a break."""
    monkeypatch.setattr("scraper.engine.resumable.PAUSE", 0.0)
    monkeypatch.setattr(planning, "BATCH", 5)
    options = ReadOptions(text_field="content")
    whole = run(["saved"], "whole.jsonl", options=options, report=str)
    seen = 0

    class StopError(OutputError):
        """The interruption."""

    def stop(*_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == 12:
            raise StopError

    with monkeypatch.context() as patch:
        patch.setattr("scraper.engine.jobs.Filters.skip_reason", stop)
        with pytest.raises(StopError):
            run(["saved"], "out.jsonl", options=options, resume=True, report=str)
    assert not Path("out.jsonl").exists()
    counts = run(["saved"], "out.jsonl", options=options, resume=True, report=str)
    assert Path("out.jsonl").read_bytes() == Path("whole.jsonl").read_bytes()
    assert counts.kinds == whole.kinds


def test_the_same_arguments_resume_in_any_process(tmp_path: Path) -> None:
    """Filters of several values mean the same run, whatever order their sets have in a process; a complete output is reported."""
    code = """
import sys
from scraper import Filters, ReadOptions, run
import scraper.engine.resumable as module
true = module.ResumableRun
def spy(out, digest, *rest, **more):
    print(digest)
    return true(out, digest, *rest, **more)
module.ResumableRun = spy
run("saved.txt", "out.jsonl", filters=Filters(kinds=frozenset(["article", "listing", "page"])), resume=True)
"""
    (tmp_path / "saved.txt").write_text("نص")
    said = []
    for seed in "123":
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        )
        said.append(done.stdout.splitlines())
    assert len({lines[0] for lines in said}) == 1
    assert said[1][1:] == ["out.jsonl: already complete; delete it to run again"]


def test_run_gives_the_signal_of_its_time_limit_back(tmp_path: Path) -> None:
    """A run leaves the program its own handler of SIGALRM, and no timer."""

    def handle(_signal: int, _frame: object) -> None:
        """Do nothing."""

    before = signal.signal(signal.SIGALRM, handle)
    try:
        for name in ("one.jsonl", "two.jsonl"):
            run(ROOT / "tests/fixtures/english-article-html/source.html", tmp_path / name)
            assert signal.getsignal(signal.SIGALRM) is handle
            assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    finally:
        signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("place")
def test_complete_outputs_of_a_pattern_are_reported() -> None:
    """What is to be deleted so that they are made anew is the checkpoint of the pattern."""
    said: list[str] = []
    for _ in range(2):
        run(["saved"], "by/{kind}.jsonl", resume=True, failures="failed.jsonl", report=said.append)
    _, _, mark = said[-1].partition("already complete; delete ")
    Path(mark.removesuffix(" to run again")).unlink()


@pytest.mark.parametrize("module", ["scraper", "scraper.fetch.addresses"])
def test_the_examples_in_docstrings_are_true(module: str) -> None:
    """What a docstring shows is what the function returns."""
    done = doctest.testmod(import_module(module))
    assert (done.failed, done.attempted > 0) == (0, True)
