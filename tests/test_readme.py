"""Every command in the README runs and prints what the README shows. See :mod:`tests.blocks`."""

import gzip
import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Final, get_args

import pytest

from scraper.engine import counts as tally
from scraper.records import Kind, Warning_, json_schema
from tests.blocks import FENCED, KINDS, ROOT, Block, Step, blocks_of, check, play_console, play_python, program, run
from tests.containers import warc

README: Final = (ROOT / "README.md").read_text(encoding="utf-8")

_SCHEDULED: Final = re.compile(r"(?:\S+ ){5}(?P<command>.+)")
_SET_UP: Final = re.compile(
    r"(?P<script>scripts/\w+)|pipx install \.|python3 -m venv (?P<venv>\S+)|(?P<in_venv>\S+)/bin/pip install \."
    r"|\.venv/bin/(python -m tests\.site &|scraper fetch .+)|kill \$!"  # run by test_fetch_docs.py
)


BLOCKS: Final = list(blocks_of(README))
PLAYED: Final = [block for block in BLOCKS if block.kind in ("console", "python", "cron")]


def play_cron(block: Block, directory: Path) -> list[Step]:
    """Run a crontab line in a home directory as the README describes it: the program of pipx, and a directory of pages."""
    (directory / ".local/bin").mkdir(parents=True)
    (directory / ".local/bin/scraper").symlink_to(Path(sys.executable).parent / "scraper")
    (directory / "news/saved").mkdir(parents=True)
    shutil.copy(directory / "tests/fixtures/arabic-article-html/source.html", directory / "news/saved/page.html")
    scheduled = _SCHEDULED.fullmatch(block.code.strip())
    assert scheduled is not None
    # In a crontab a bare % ends the command.
    assert not re.search(r"(?<!\\)%", scheduled["command"])
    done = run([program("sh"), "-c", scheduled["command"].replace("\\%", "%")], directory)
    return [Step(scheduled["command"], "", done.stdout, done.returncode)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the pages of the repository where the README expects them, and an archive of three."""
    directory = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "tests/fixtures", directory / "tests/fixtures")
    shutil.copytree(ROOT / "examples", directory / "examples")
    pages = [ROOT / f"tests/fixtures/{name}-article-html/source.html" for name in ("arabic", "french", "english")]
    (directory / "raw.warc.gz").write_bytes(warc([(page.name, page.read_bytes()) for page in pages], gzip.compress))
    return directory


@pytest.fixture(scope="module")
def played(home: Path) -> dict[int, list[Step]]:
    """The steps of all blocks by line, run in order."""
    play = {"console": play_console, "python": play_python, "cron": play_cron}
    return {block.line: play[block.kind](block, home) for block in PLAYED}


@pytest.mark.parametrize("block", PLAYED, ids=lambda block: f"line-{block.line}-{block.kind}")
def test_a_block_prints_what_the_readme_shows(block: Block, played: dict[int, list[Step]]) -> None:
    """Each command prints what is shown below it and exits with 0, unless the next one asks for its status."""
    check(played[block.line])


def test_the_cron_line_writes_headlines(home: Path, played: dict[int, list[Step]]) -> None:
    """The scheduled command writes a file of headlines, one JSON object per line, named by the day."""
    assert any(block.line in played for block in PLAYED if block.kind == "cron")
    (written,) = (home / "news").glob("headlines-????-??-??.jsonl")
    lines = written.read_text(encoding="utf-8").splitlines()
    assert lines
    assert all(json.loads(line)["headline"] for line in lines)


def test_every_block_is_of_a_kind_that_is_tested() -> None:
    """Every block is of a kind that the tests run, and every output block belongs to a program."""
    assert {block.kind for block in BLOCKS} <= set(KINDS) - {"text"}
    assert sum(line.lstrip().startswith(("```", "~~~")) for line in README.splitlines()) == 2 * len(FENCED.findall(README))


def test_the_steps_of_setting_up_are_real() -> None:
    """The set-up commands have a known form, their scripts exist and are executable, and their environment is the same."""
    lines = [_SET_UP.fullmatch(line) for block in BLOCKS if block.kind == "sh" for line in block.code.splitlines()]
    found = [line for line in lines if line is not None]
    assert len(found) == len(lines)
    scripts = [line["script"] for line in found if line["script"]]
    assert {"scripts/demo", "scripts/test"} <= set(scripts)
    assert all(os.access(ROOT / script, os.X_OK) for script in scripts)
    assert {line["venv"] for line in found} == {line["in_venv"] for line in found}
    assert (ROOT / "pyproject.toml").exists()


def test_the_tables_of_the_record_are_the_record() -> None:
    """The tables name every key, in the order of the record, every kind, and every warning."""
    section = README.partition("\n## The record\n")[2].partition("\n## ")[0]
    keys, _, warnings = section.partition("\n| warning |")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", keys, re.MULTILINE))
    assert list(rows) == list(json_schema("page")["properties"])
    assert set(get_args(Kind)) <= set(re.findall(r"`(\w+)`", rows["kind"]))
    assert re.findall(r"^\| `([\w-]+)` \|", warnings, re.MULTILINE) == list(get_args(Warning_))


def test_the_table_of_exit_statuses_is_complete() -> None:
    """The table names every exit status of a run and no other."""
    section = README.partition("\n### Exit status\n")[2].partition("\n## ")[0]
    statuses = [int(number) for row in re.findall(r"^\| ([\d, ]+) \|", section, re.MULTILINE) for number in row.split(", ")]
    known = [tally.OK, tally.FAILED, tally.USAGE, tally.INTERRUPTED, tally.TERMINATED, tally.READER_GONE]
    assert sorted(statuses) == sorted(known)


def test_every_option_in_the_prose_exists(tmp_path: Path) -> None:
    """Every option that the README mentions is in the ``--help`` of a command."""
    prose = FENCED.sub("", README)
    options = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", " ".join(re.findall(r"`([^`]+)`", prose))))
    listed = "for command in clean headlines explain fetch stats; do scraper $command --help; done"
    known = run([program("sh"), "-c", listed], tmp_path).stdout.split()
    assert options
    assert options <= set(known)


def test_every_file_that_is_linked_exists() -> None:
    """Every link into the repository leads to a file."""
    files = [target for target in re.findall(r"\]\(([^)\s]+)\)", README) if "://" not in target]
    assert files
    assert all((ROOT / file).is_file() for file in files)
