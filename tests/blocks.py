"""Documents under test: every command in them is run, and prints what they show.

The blocks of a document are one story, told from top to bottom: they run once, in order, in one directory that holds a copy of
the pages, with the program first on PATH. What a block may be is told by the word behind its fence:

    sh       sets up, and is not run: it would set up what is running; each line must be of a known form
    console  a session: commands behind ``$``, below each what it prints
    python   a program; a ``text`` block right below shows what it prints
    cron     a schedule and a command
    toml     a file, whose name its first line gives in a comment
"""

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

ROOT: Final = Path(__file__).parent.parent
SURROUNDINGS: Final = {name: value for name, value in os.environ.items() if name not in ("XDG_CONFIG_HOME", "SCRAPER_LAYOUTS")}

KINDS: Final = ("sh", "console", "python", "text", "cron", "toml")
TOOLS: Final = {"jq": "apt-get install jq"}
"""What commands need beside Python and the program, and how it is had."""

FENCED: Final = re.compile(r"^```(?P<kind>\S*)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)
_DIGEST: Final = re.compile(r"(?<=[ \t])[0-9a-f]{12}\b")
"""The digest of a layout, which changes with each of its rules: where a document shows one, another may be printed."""


class Block(NamedTuple):
    """A code block of a document."""

    line: int
    kind: str
    code: str
    output: str
    """What the ``text`` block right below it shows."""


class Step(NamedTuple):
    """A command, what the document says that it prints, and, if it could be run, what came of it."""

    command: str
    shown: str
    printed: str = ""
    status: int | None = None


def blocks_of(markdown: str) -> Iterator[Block]:
    """Yield the code blocks of a text; a ``text`` block behind a ``python`` block is its output, and no block of its own."""
    fences = list(FENCED.finditer(markdown))
    position = 0
    while position < len(fences):
        fence, below = fences[position], fences[position + 1 : position + 2]
        output = below[0]["code"] if fence["kind"] == "python" and below and below[0]["kind"] == "text" else ""
        position += 2 if output else 1
        yield Block(markdown.count("\n", 0, fence.start()) + 1, fence["kind"], fence["code"], output)


def missing_tools(command: str) -> list[str]:
    """Return the tools that a command needs and that are not here."""
    return [tool for tool in TOOLS if re.search(rf"\b{tool}\b", command) and shutil.which(tool) is None]


def run(arguments: list[str], directory: Path) -> subprocess.CompletedProcess[str]:
    """Run a program in ``directory`` as a user would whose home that is; what it says on stderr comes with what it prints."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        arguments,
        cwd=directory,
        env={**SURROUNDINGS, "PATH": path, "HOME": str(directory), "PYTHONUTF8": "1", "COLUMNS": "100"},
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


def play_toml(block: Block, directory: Path) -> list[Step]:
    """Write a file under the name that its first line gives."""
    path = directory / block.code.partition("\n")[0].removeprefix("# ")
    assert path.suffix == ".toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.code, encoding="utf-8")
    return []


def program(name: str) -> str:
    """Return where a program is that every system has."""
    path = shutil.which(name)
    assert path is not None
    return path


def check(steps: Sequence[Step]) -> None:
    """Let each command have printed what is shown below it and ended with 0, unless the next one asks for its status.

    Where a tool was missing the rest is skipped, or fails if ``SCRAPER_REQUIRE_TOOLS`` is set.
    """
    for step, after in pairwise([*steps, Step("", "")]):
        if step.status is not None:
            assert _DIGEST.sub("0" * 12, step.printed) == _DIGEST.sub("0" * 12, step.shown), step.command
            assert step.status == 0 or after.command == "echo $?", step.command
    missing = {tool for step in steps for tool in missing_tools(step.command)}
    if missing:
        what = "; ".join(f"{tool} is missing: {TOOLS[tool]}" for tool in sorted(missing))
        if os.environ.get("SCRAPER_REQUIRE_TOOLS"):
            pytest.fail(what)
        pytest.skip(what)
