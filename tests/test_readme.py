"""The README under test: every command in it is run, and prints what the README shows.

Its blocks are one story, told from top to bottom: they run once, in order, in one directory that holds a copy of the pages, with
the program first on PATH. What a block may be is told by the word behind its fence:

    sh       sets up, and is not run: it would set up what is running; each line must be of a known form
    console  a session: commands behind ``$``, below each what it prints
    python   a program; a ``text`` block right below shows what it prints
    cron     a schedule and a command
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Final, NamedTuple, get_args

import pytest

from scraper import tally
from scraper.records import Kind, Warning_, json_schema

ROOT: Final = Path(__file__).parent.parent
README: Final = (ROOT / "README.md").read_text(encoding="utf-8")

KINDS: Final = ("sh", "console", "python", "text", "cron")
TOOLS: Final = {"jq": "apt-get install jq"}
"""What commands need beside Python and the program, and how it is had."""

_FENCED: Final = re.compile(r"^```(?P<kind>\S*)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)
_SCHEDULED: Final = re.compile(r"(?:\S+ ){5}(?P<command>.+)")
_SET_UP: Final = re.compile(
    r"(?P<script>scripts/\w+)|pipx install \.|python3 -m venv (?P<venv>\S+)|(?P<in_venv>\S+)/bin/pip install \."
    r"|\.venv/bin/(python -m tests\.site &|scraper fetch .+)|kill \$!"  # which test_fetch_docs.py runs
)


class Block(NamedTuple):
    """A code block of the README."""

    line: int
    kind: str
    code: str
    output: str
    """What the ``text`` block right below it shows."""


class Step(NamedTuple):
    """A command, what the README says that it prints, and, if it could be run, what came of it."""

    command: str
    shown: str
    printed: str = ""
    status: int | None = None


def blocks_of(markdown: str) -> Iterator[Block]:
    """Yield the code blocks of a text; a ``text`` block behind a ``python`` block is its output, and no block of its own."""
    fences = list(_FENCED.finditer(markdown))
    position = 0
    while position < len(fences):
        fence, below = fences[position], fences[position + 1 : position + 2]
        output = below[0]["code"] if fence["kind"] == "python" and below and below[0]["kind"] == "text" else ""
        position += 2 if output else 1
        yield Block(markdown.count("\n", 0, fence.start()) + 1, fence["kind"], fence["code"], output)


BLOCKS: Final = list(blocks_of(README))
PLAYED: Final = [block for block in BLOCKS if block.kind in ("console", "python", "cron")]


def missing_tools(command: str) -> list[str]:
    """Return the tools that a command needs and that are not here."""
    return [tool for tool in TOOLS if re.search(rf"\b{tool}\b", command) and shutil.which(tool) is None]


def run(arguments: list[str], directory: Path) -> subprocess.CompletedProcess[str]:
    """Run a program in ``directory`` as a user would whose home that is; what it says on stderr comes with what it prints."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        arguments,
        cwd=directory,
        env={**os.environ, "PATH": path, "HOME": str(directory), "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


def session_of(code: str) -> list[Step]:
    """Read a session: its commands, and the lines that it shows below each."""
    assert code.startswith("$ ")
    steps = []
    for piece in re.split(r"^\$ ", code, flags=re.MULTILINE)[1:]:
        command, _, shown = piece.partition("\n")
        steps.append(Step(command, shown))
    return steps


def play_console(block: Block, directory: Path) -> list[Step]:
    """Run the commands of a session in one shell, up to one whose tool is missing: what comes after may need its result."""
    steps = session_of(block.code)
    runnable = list(takewhile(lambda step: not missing_tools(step.command), steps))
    # Behind each command come NUL, its status, NUL; the next command still sees that status.
    mark = "\n{ status=$?; printf '\\0%s\\0' $status; (exit $status); }\n"
    script = "set -o pipefail\n" + "".join(f"eval {shlex.quote(step.command)}{mark}" for step in runnable)
    pieces = run([program("bash"), "-c", script], directory).stdout.split("\0")
    # A command that ends the shell leaves no status, nor do those behind it: none of them may pass.
    results = [*zip(pieces[::2], pieces[1::2], strict=False), *[(pieces[-1], "-1")] * len(runnable)]
    ran = zip(runnable, results, strict=False)
    return [step._replace(printed=printed, status=int(status)) for step, (printed, status) in ran] + steps[len(runnable) :]


def play_python(block: Block, directory: Path) -> list[Step]:
    """Run a program; a warning is an error."""
    done = run([sys.executable, "-W", "error", "-c", block.code], directory)
    return [Step(block.code, block.output, done.stdout, done.returncode)]


def play_cron(block: Block, directory: Path) -> list[Step]:
    """Run what cron would run in a home that holds what the README says it does: the program of pipx, and a directory of pages."""
    (directory / ".local/bin").mkdir(parents=True)
    (directory / ".local/bin/scraper").symlink_to(Path(sys.executable).parent / "scraper")
    (directory / "news/saved").mkdir(parents=True)
    shutil.copy(directory / "tests/fixtures/arabic-article-html/source.html", directory / "news/saved/page.html")
    scheduled = _SCHEDULED.fullmatch(block.code.strip())
    assert scheduled is not None
    # To cron a bare % ends the command.
    assert not re.search(r"(?<!\\)%", scheduled["command"])
    done = run([program("sh"), "-c", scheduled["command"].replace("\\%", "%")], directory)
    return [Step(scheduled["command"], "", done.stdout, done.returncode)]


def program(name: str) -> str:
    """Return where a program is that every system has."""
    path = shutil.which(name)
    assert path is not None
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that holds the pages of the repository where the README says they are."""
    directory = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "tests/fixtures", directory / "tests/fixtures")
    return directory


@pytest.fixture(scope="module")
def played(home: Path) -> dict[int, list[Step]]:
    """All blocks that can be run, run in order, by their lines."""
    play = {"console": play_console, "python": play_python, "cron": play_cron}
    return {block.line: play[block.kind](block, home) for block in PLAYED}


@pytest.mark.parametrize("block", PLAYED, ids=lambda block: f"line-{block.line}-{block.kind}")
def test_a_block_prints_what_the_readme_shows(block: Block, played: dict[int, list[Step]]) -> None:
    """Each command prints what is shown below it and exits with 0, unless the next one asks for its status."""
    steps = played[block.line]
    for step, after in pairwise([*steps, Step("", "")]):
        if step.status is not None:
            assert step.printed == step.shown, step.command
            assert step.status == 0 or after.command == "echo $?", step.command
    missing = {tool for step in steps for tool in missing_tools(step.command)}
    if missing:
        what = "; ".join(f"{tool} is missing: {TOOLS[tool]}" for tool in sorted(missing))
        if os.environ.get("SCRAPER_REQUIRE_TOOLS"):
            pytest.fail(what)
        pytest.skip(what)


def test_the_cron_line_writes_headlines(home: Path, played: dict[int, list[Step]]) -> None:
    """The scheduled command leaves a file of headlines, one JSON object a line, named by the day."""
    assert any(block.line in played for block in PLAYED if block.kind == "cron")
    (written,) = (home / "news").glob("headlines-????-??-??.jsonl")
    lines = written.read_text(encoding="utf-8").splitlines()
    assert lines
    assert all(json.loads(line)["headline"] for line in lines)


def test_every_block_is_of_a_kind_that_is_tested() -> None:
    """A block of another kind would be shown to users and tried by nobody; so would output that belongs to no program."""
    assert {block.kind for block in BLOCKS} <= set(KINDS) - {"text"}
    assert sum(line.lstrip().startswith(("```", "~~~")) for line in README.splitlines()) == 2 * len(_FENCED.findall(README))


def test_the_steps_of_setting_up_are_real() -> None:
    """What a user types to set up is of a known form; its scripts exist and can be run, and its environment is one."""
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
    """The table names every status with which a run ends, and no other."""
    section = README.partition("\n### Exit status\n")[2].partition("\n## ")[0]
    statuses = [int(number) for row in re.findall(r"^\| ([\d, ]+) \|", section, re.MULTILINE) for number in row.split(", ")]
    known = [tally.OK, tally.FAILED, tally.USAGE, tally.INTERRUPTED, tally.TERMINATED, tally.READER_GONE]
    assert sorted(statuses) == sorted(known)


def test_every_option_in_the_prose_exists(tmp_path: Path) -> None:
    """An option that the README mentions is one that ``scraper clean --help`` or ``scraper fetch --help`` lists."""
    prose = _FENCED.sub("", README)
    options = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", " ".join(re.findall(r"`([^`]+)`", prose))))
    known = run([program("sh"), "-c", "scraper clean --help; scraper fetch --help"], tmp_path).stdout.split()
    assert options
    assert options <= set(known)


def test_every_file_that_is_linked_exists() -> None:
    """A link into the repository leads to a file."""
    files = [target for target in re.findall(r"\]\(([^)\s]+)\)", README) if "://" not in target]
    assert files
    assert all((ROOT / file).is_file() for file in files)
