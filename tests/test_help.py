"""The help: what it lists, how it looks in narrow and wide terminals, and that its examples run."""

import gzip
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from scraper.errors import FAILED, INTERRUPTED, OK, READER_GONE, TERMINATED, USAGE
from scraper.output.formats import FORMATS
from tests.blocks import ROOT, missing_tools, program
from tests.manual import PATH, STATUSES, manual
from tests.site import Site
from tests.test_cli import COMMAND, FIXTURES, HTML, TEXT, run

COMMANDS = (
    (),
    ("clean",),
    ("headlines",),
    ("schema",),
    ("fetch",),
    ("crawl",),
    ("state",),
    ("explain",),
    ("stats",),
    ("layouts",),
    ("layouts", "list"),
    ("layouts", "show"),
    ("layouts", "check"),
)


def help_of(*command: str, columns: int = 200) -> str:
    done = run(*command, "--help", env={"COLUMNS": str(columns)})
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode()


def panels_of(text: str) -> dict[str, str]:
    """Return the parts of a help by their titles."""
    parts = re.split(r"^(\w[\w ]*):$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def examples_of(text: str) -> list[str]:
    return [line.strip() for line in panels_of(text).get("Examples", "").splitlines() if line.strip()]


def test_every_command_is_helped() -> None:
    """The commands of these tests are those that the help lists."""
    found = [()]
    for command in ((), ("layouts",)):
        found += [(*command, name) for name in re.findall(r"^  (\w+) ", panels_of(help_of(*command))["Commands"], re.MULTILINE)]
    assert set(found) == set(COMMANDS)


@pytest.mark.parametrize("columns", [60, 80, 200])
@pytest.mark.parametrize("command", COMMANDS, ids="-".join)
def test_the_help_fits_and_has_no_noise(command: tuple[str, ...], columns: int) -> None:
    """No line is longer than the terminal or than 100 columns, and neither types nor empty defaults are shown."""
    text = help_of(*command, columns=columns)
    assert max(map(len, text.splitlines())) <= min(columns, 100)
    assert not re.search(r"<\w+>|None|False|\[default: \]|x>=|list\[", text)
    assert all(line == line.rstrip() for line in text.splitlines())


@pytest.mark.parametrize("command", [("clean",), ("headlines",), ("fetch",), ("crawl",)], ids="-".join)
def test_options_stand_under_their_subject(command: tuple[str, ...]) -> None:
    """Each option has a subject, except for those of every program, and what is shown is the same for short and long forms."""
    panels = panels_of(help_of(*command))
    titles = ["Examples", "Arguments", "Input", "Choosing", "Output", "Dumps", "Long runs", "Options"]
    if command in (("fetch",), ("crawl",)):
        titles[5] = "Network"
    assert list(panels) == titles
    assert re.findall(r"--[a-z-]+", panels["Options"]) == ["--quiet", "--help"]
    assert "--since DAY" in panels["Choosing"]
    assert run(*command, "-h").stdout == run(*command, "--help").stdout


def test_an_option_that_must_be_given_says_so() -> None:
    """A crawl needs a state, and its help says it; no other option is required."""
    texts = {command: help_of(*command) for command in COMMANDS}
    assert {command: text.count("[required]") for command, text in texts.items() if "[required]" in text} == {("crawl",): 1}
    assert re.search(r"--state DB [^-]*\[required\]", texts["crawl",])
    assert b"--state" in run("crawl", "maghress.com").stderr


def test_a_crawl_offers_only_the_format_that_it_writes() -> None:
    """The help of a crawl, which appends, names no table and no compression."""
    assert not [ending for ending in (*FORMATS, ".zst") if ending in help_of("crawl")]
    assert "Append to this file, as JSON Lines" in panels_of(help_of("crawl"))["Output"]


def test_the_short_forms_of_help_and_version() -> None:
    """-h and -V are --help and --version; -h of a command is its own help."""
    assert run("-V").stdout == run("--version").stdout
    assert run("-h").stdout == run("--help").stdout
    assert run("clean", "-h").stdout.startswith(b"Usage: scraper clean ")


def test_a_terminal_shows_styles_and_nothing_else_does(tmp_path: Path) -> None:
    """Titles are bold in a terminal, but not with NO_COLOR or in a dumb one, and the text is the same."""

    def in_terminal(**environment: str) -> str:
        kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
        env = {**kept, "TERM": "xterm", "COLUMNS": "80", **environment}
        line = f"{sys.executable} -m scraper clean --help"
        script = [program("script"), "-qec", line, str(tmp_path / "typescript")]
        return subprocess.run(script, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=True).stdout.decode()

    plain = help_of("clean", columns=80).splitlines()
    styled = in_terminal()
    assert "\x1b[1mChoosing:" in styled
    assert re.sub(r"\x1b\[\d+m", "", styled).splitlines() == plain
    assert in_terminal(NO_COLOR="1").splitlines() == plain
    assert in_terminal(TERM="dumb").splitlines() == plain


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """A directory with the files that the examples name, and an environment in which the test site is the web."""
    directory = tmp_path_factory.mktemp("desk")
    shutil.copytree(FIXTURES, directory / "saved", ignore=lambda _, names: [name for name in names if name.endswith(".json")])
    shutil.copytree(ROOT / "examples" / "layouts", directory / "my-layouts")
    shutil.copy(HTML, directory / "page.html")
    dump = "".join(json.dumps({"text": TEXT.read_text(encoding="utf-8")}) + "\n" for _ in range(3))
    (directory / "dump.jsonl.gz").write_bytes(gzip.compress(dump.encode()))
    (directory / "pages.jsonl").write_bytes(run("clean", HTML, TEXT).stdout)
    (directory / "urls.txt").write_text("https://www.maghress.com/difaf/1\n")
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("www.maghress.com").configure_cert(context)
    authority.cert_pem.write_to_path(directory / "ca.pem")
    bin_ = directory / "bin"
    bin_.mkdir()
    (bin_ / "scraper").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m scraper "$@"\n')
    (bin_ / "scraper").chmod(0o755)
    with Site(tls=context, addresses=("127.0.0.1",)) as site:
        proxy = {"https_proxy": f"http://127.0.0.1:{site.port}", "SSL_CERT_FILE": str(directory / "ca.pem")}
        kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        env = {**kept, **proxy, "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "SCRAPER_DELAY": "0"}
        # It fails, and is in the state.
        subprocess.run(
            [str(bin_ / "scraper"), "fetch", "https://www.maghress.com/fault/403", "--state", "news.db"],
            cwd=directory,
            env=env,
            check=False,
        )
        yield directory, env


@pytest.mark.parametrize("command", COMMANDS, ids="-".join)
def test_the_examples_run(command: tuple[str, ...], desk: tuple[Path, dict[str, str]]) -> None:
    """Each command has two or three examples (a group has none), each fits 60 columns, runs and writes something."""
    directory, env = desk
    examples = examples_of(help_of(*command, columns=60))
    assert len(examples) == 0 if command == ("layouts",) else 2 <= len(examples) <= 3
    for example in examples:
        if missing_tools(example):
            pytest.skip(f"{example}: {missing_tools(example)} is missing")
        before = set(directory.rglob("*"))
        line = f"set -o pipefail; {example}"
        done = subprocess.run([program("bash"), "-c", line], cwd=directory, env=env, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, (example, done.stderr.decode())
        assert done.stdout or set(directory.rglob("*")) - before or "-o pages.jsonl" in example, example


def test_what_was_typed_wrongly_is_named_with_its_remedy() -> None:
    """Wrong usage is one sentence with the option and the value, a near name or the command whose help tells more."""
    for arguments, sentence in (
        (["clean", "--no-such"], "no such option: --no-such; see scraper clean --help"),
        (["clean", "--max-byte", "4"], "no such option: --max-byte; did you mean --max-bytes?"),
        (["clen"], "no such command 'clen'; did you mean 'clean'?"),
        (["clean", "x", "--max-bytes", "many"], "--max-bytes: 'many' is not a whole number"),
        (["clean", "x", "-j", "0"], "--jobs: '0' is out of range; it must be at least 1"),
        (["fetch", "x", "--delay", "1e9"], "--delay: '1e9' is out of range; it must be at most 86400"),
        (["fetch", "x", "--delay", "fast"], "--delay: 'fast' is not a number"),
        (["clean", "x", "--unknown", "perhaps"], "--unknown: 'perhaps' is not one of 'keep', 'skip', 'fail'"),
        (["clean", "x", "--since", "2024-02-30"], "--since: '2024-02-30' is not a date; write it as YYYY-MM-DD"),
        (["schema", "book"], "RECORD: 'book' is not one of 'page', 'headline', 'headline-history'"),
        (["layouts", "show"], "missing argument 'NAME'; see scraper layouts show --help"),
    ):
        done = run(*arguments)
        assert (done.returncode, done.stdout, done.stderr.decode()) == (2, b"", f"scraper: {sentence}\n")


@pytest.mark.parametrize("arguments", [[], ["layouts"]])
def test_a_group_without_a_command_shows_its_help(arguments: list[str]) -> None:
    """Without a command, the help goes to stderr, since it is not what was asked for, with status 2."""
    done = run(*arguments, env={"COLUMNS": "200"})
    assert (done.returncode, done.stdout, done.stderr.decode()) == (2, b"", help_of(*arguments))


# --- completion ---


def completions(*words: str) -> list[str]:
    """Return what bash offers for the last of the words."""
    env = {"_SCRAPER_COMPLETE": "complete_bash", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    return run(env=env).stdout.decode().split()


def test_commands_options_and_values_are_completed() -> None:
    """Bash completes commands, options and the values of options that are chosen from a list."""
    assert {"clean", "headlines", "fetch", "layouts"} <= set(completions("scraper", ""))
    assert completions("scraper", "cl") == ["clean"]
    assert set(completions("scraper", "clean", "--si")) == {"--site", "--since"}
    assert completions("scraper", "clean", "--unknown", "") == ["keep", "skip", "fail"]
    assert completions("scraper", "layouts", "") == ["list", "show", "check"]


@pytest.mark.parametrize(
    ("shell", "sign"), [("bash", "complete -o default -F"), ("zsh", "compdef"), ("fish", "complete --command")]
)
def test_each_shell_gets_its_script(shell: str, sign: str) -> None:
    """The script that a shell sources is printed on request."""
    done = run(env={"_SCRAPER_COMPLETE": f"source_{shell}"})
    assert done.returncode == 0
    assert sign in done.stdout.decode()


ASK = {
    "bash": 'COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _scraper_completion scraper; echo "${{COMPREPLY[@]}}"',
    "zsh": "words=({words}); CURRENT=${{#words}}; _scraper_completion",
    "fish": "complete -C '{words}'",
}
"""How a shell is asked, without a keyboard, for what may follow."""


@pytest.mark.parametrize(("words", "offered"), [("scraper head", "headlines"), ("scraper clean --newsp", "--newspaper")])
@pytest.mark.parametrize("shell", ASK)
def test_a_shell_completes_with_its_script(tmp_path: Path, shell: str, words: str, offered: str) -> None:
    """A shell that has read its script completes commands and options; their help does no harm to its syntax."""
    if missing_tools(shell):
        assert not os.environ.get("SCRAPER_REQUIRE_TOOLS"), f"{shell} is missing"
        pytest.skip(f"{shell} is not installed (Debian, Ubuntu: apt-get install {shell})")
    script = run(env={"_SCRAPER_COMPLETE": f"source_{shell}"}).stdout.decode()
    (tmp_path / "scraper").write_text(f'#!/bin/sh\nexec {" ".join(COMMAND)} "$@"\n')
    (tmp_path / "scraper").chmod(0o755)
    own = 'compdef() {}\n_arguments() { print -r -- "$@" }\n' if shell == "zsh" else ""
    env = {
        **os.environ,
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
    }
    line = f"{own}{script}\n{ASK[shell].format(words=words)}"
    done = subprocess.run([program(shell), "-c", line], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stderr, set(re.findall(r"headlines|--[a-z-]+", done.stdout))) == ("", {offered})


# --- the manual page ---


def test_the_manual_page_is_that_of_the_commands() -> None:
    """man/scraper.1 says what the help says; scripts/man writes it again."""
    assert PATH.read_text(encoding="utf-8") == manual(), "run scripts/man"


def test_the_manual_page_has_every_option_and_status() -> None:
    """Each option of each command has an entry, and each exit status."""
    page = PATH.read_text(encoding="utf-8").replace("\\", "")
    for command in COMMANDS:
        options = set(re.findall(r"(?<![\w-])--[a-z-]+", "".join(panels_of(help_of(*command)).values())))
        assert not {option for option in options if option not in page}
    assert set(re.findall(r"\d+", " ".join(STATUSES))) == {
        str(status) for status in (OK, FAILED, USAGE, INTERRUPTED, TERMINATED, READER_GONE)
    }


def test_the_manual_page_is_valid() -> None:
    """The linter finds nothing to warn of but the date, which the page leaves out so that it changes only with the help."""
    if missing_tools("mandoc"):
        assert not os.environ.get("SCRAPER_REQUIRE_TOOLS"), "mandoc is missing"
        pytest.skip("mandoc is not installed (Debian, Ubuntu: apt-get install mandoc)")
    done = subprocess.run([program("mandoc"), "-T", "lint", "-W", "warning", PATH], capture_output=True, text=True, check=False)
    assert [line for line in done.stdout.splitlines() if "missing date" not in line] == []
