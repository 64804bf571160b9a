"""Run the code blocks of documents and compare their output with what the documents show.

The blocks of a document run once, from top to bottom, in one directory with a copy of the pages and the program first on PATH.
The word behind the fence says what a block is:

    sh       commands that need a network, a schedule or another environment; not run here
    console  a session: commands after ``$``, each followed by its output
    python   a program; a ``text`` block right below shows its output
    r        the same for R
    cron     a schedule and a command; not run here
    ini      units of systemd; not run here
    text     a drawing, or the output of the program right above it
    toml     a file whose first line gives its name in a comment
"""

import gzip
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.containers import warc

ROOT: Final = Path(__file__).parent.parent
ENVIRONMENT: Final = {name: value for name, value in os.environ.items() if name not in ("XDG_CONFIG_HOME", "SCRAPER_LAYOUTS")}

KINDS: Final = ("sh", "console", "python", "r", "toml", "cron", "ini", "text")
TOOLS: Final = {
    "jq": "apt-get install jq",
    "mandoc": "apt-get install mandoc",
    "zsh": "apt-get install zsh",
    "fish": "apt-get install fish",
    "Rscript": "apt-get install r-base-core r-cran-jsonlite",
}
"""Programs that commands need besides Python and ours, and how to install them."""

FENCED: Final = re.compile(r"^```(?P<kind>\S*)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)


class CodeBlock(NamedTuple):
    """A code block of a document."""

    line: int
    kind: str
    code: str
    output: str
    """The contents of the ``text`` block right below it."""


class ConsoleStep(NamedTuple):
    """A command, its output in the document and, if it was run, its actual output and exit status."""

    command: str
    shown: str
    printed: str = ""
    status: int | None = None


def blocks_of(markdown: str) -> Iterator[CodeBlock]:
    """Yield the code blocks of a text; a ``text`` block below a ``python`` or ``r`` block is its output, not a block of its own."""
    fences = list(FENCED.finditer(markdown))
    position = 0
    while position < len(fences):
        fence, below = fences[position], fences[position + 1 : position + 2]
        output = below[0]["code"] if fence["kind"] in ("python", "r") and below and below[0]["kind"] == "text" else ""
        position += 2 if output else 1
        yield CodeBlock(markdown.count("\n", 0, fence.start()) + 1, fence["kind"], fence["code"], output)


def missing_tools(command: str) -> list[str]:
    """Return the tools that a command needs and that are not installed."""
    return [tool for tool in TOOLS if re.search(rf"\b{tool}\b", command) and shutil.which(tool) is None]


def run(arguments: list[str], directory: Path) -> subprocess.CompletedProcess[str]:
    """Run a program in ``directory``, which is also its home; stderr is mixed into stdout."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        arguments,
        cwd=directory,
        env={**ENVIRONMENT, "PATH": path, "HOME": str(directory), "PYTHONUTF8": "1", "COLUMNS": "100"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


def session_of(code: str) -> list[ConsoleStep]:
    """Split a session into commands, each with the output shown below it."""
    assert code.startswith("$ ")
    steps = []
    for piece in re.split(r"^\$ ", code, flags=re.MULTILINE)[1:]:
        command, _, shown = piece.partition("\n")
        steps.append(ConsoleStep(command, shown))
    return steps


def play_console(block: CodeBlock, directory: Path) -> list[ConsoleStep]:
    """Run the commands of a session in one shell, up to the first whose tool is missing: later ones may need its result."""
    steps = session_of(block.code)
    runnable = list(takewhile(lambda step: not missing_tools(step.command), steps))
    # After each command print NUL, its status, NUL; the next command still gets that status.
    mark = "\n{ status=$?; printf '\\0%s\\0' $status; (exit $status); }\n"
    script = "set -o pipefail\n" + "".join(f"eval {shlex.quote(step.command)}{mark}" for step in runnable)
    pieces = run([program("bash"), "-c", script], directory).stdout.split("\0")
    # A command that ends the shell leaves no status, and neither do those after it: none of them may pass.
    results = [*zip(pieces[::2], pieces[1::2], strict=False), *[(pieces[-1], "-1")] * len(runnable)]
    ran = zip(runnable, results, strict=False)
    return [step._replace(printed=printed, status=int(status)) for step, (printed, status) in ran] + steps[len(runnable) :]


def play_python(block: CodeBlock, directory: Path) -> list[ConsoleStep]:
    """Run a program, with warnings as errors."""
    done = run([sys.executable, "-W", "error", "-c", block.code], directory)
    return [ConsoleStep(block.code, block.output, done.stdout, done.returncode)]


def play_r(block: CodeBlock, directory: Path) -> list[ConsoleStep]:
    """Run a program in R, if it is there."""
    step = ConsoleStep(f"Rscript -e {block.code}", block.output)
    if missing_tools(step.command):
        return [step]
    done = run([program("Rscript"), "-e", block.code], directory)
    return [step._replace(printed=done.stdout, status=done.returncode)]


def play_toml(block: CodeBlock, directory: Path) -> list[ConsoleStep]:
    """Write a file under the name that its first line gives."""
    path = directory / block.code.partition("\n")[0].removeprefix("# ")
    assert path.suffix == ".toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.code, encoding="utf-8")
    return []


def prepare(directory: Path) -> None:
    """Copy what the documents expect in a clone to ``directory``, and make the archive of three pages that they mention."""
    for name in ("tests/fixtures", "examples"):
        shutil.copytree(ROOT / name, directory / name)
    pages = [ROOT / f"tests/fixtures/{lang}-article-html/source.html" for lang in ("arabic", "french", "english")]
    (directory / "raw.warc.gz").write_bytes(warc([(page.name, page.read_bytes()) for page in pages], gzip.compress))


def play(markdown: str, directory: Path) -> list[tuple[CodeBlock, list[ConsoleStep]]]:
    """Run the blocks of a document in order; those of kinds that are not run have no steps."""
    players = {"console": play_console, "python": play_python, "r": play_r, "toml": play_toml}
    return [(block, players[block.kind](block, directory) if block.kind in players else []) for block in blocks_of(markdown)]


def program(name: str) -> str:
    """Return the path of a program that every system has."""
    path = shutil.which(name)
    assert path is not None
    return path


def check(steps: Sequence[ConsoleStep]) -> None:
    """Assert that each command printed what is shown and exited with 0, unless the next one asks for its status.

    If a tool was missing, skip, or fail if ``SCRAPER_REQUIRE_TOOLS`` is set.
    """
    for step, after in pairwise([*steps, ConsoleStep("", "")]):
        if step.status is not None:
            assert step.printed == step.shown, step.command
            assert step.status == 0 or after.command == "echo $?", step.command
    missing = {tool for step in steps for tool in missing_tools(step.command)}
    if missing:
        what = "; ".join(f"{tool} is missing: {TOOLS[tool]}" for tool in sorted(missing))
        if os.environ.get("SCRAPER_REQUIRE_TOOLS"):
            pytest.fail(what)
        pytest.skip(what)
