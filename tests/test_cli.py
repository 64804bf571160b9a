"""The command line as users run it: files, directories, pipes, signals, and everything that can be wrong with them."""

import json
import os
import pty
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from scraper.records import PageRecord
from tests.fork_server import quick_command

FIXTURES = Path(__file__).parent / "fixtures"
TEXT = FIXTURES / "arabic-article-text" / "source.txt"
HTML = FIXTURES / "arabic-article-html" / "source.html"
UNKNOWN = FIXTURES / "unknown-page-text" / "source.txt"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))

COMMAND = [sys.executable, "-m", "scraper"]


def run(
    *args: str | Path, data: bytes | None = None, env: dict[str, str] | None = None, cwd: Path | None = None
) -> CompletedProcess[bytes]:
    environment = {**os.environ, **(env or {})}
    is_plain = not any(name.startswith(("PYTHON", "LC_", "LANG")) for name in env or {})  # those matter when Python starts
    command = [*(quick_command() if is_plain else COMMAND), *map(str, args)]
    given: Any = {"stdin": subprocess.DEVNULL} if data is None else {"input": data}
    return subprocess.run(command, **given, capture_output=True, timeout=60, env=environment, cwd=cwd, check=False)


def records(done: CompletedProcess[bytes]) -> list[dict[str, Any]]:
    assert done.stdout == b"" or done.stdout.endswith(b"\n")
    return [json.loads(line) for line in done.stdout.split(b"\n") if line]


def complaints(done: CompletedProcess[bytes]) -> list[str]:
    """Return the lines of stderr without the summary, and assert that there is no traceback."""
    stderr = done.stderr.decode()
    assert "Traceback" not in stderr
    return [line for line in stderr.splitlines() if re.match(r"scraper: \d+ pages?\b", line) is None]


def test_a_page_becomes_one_line_with_every_key_in_order() -> None:
    """One page gives one line in UTF-8, with the keys in the documented order, and a summary on stderr."""
    done = run("clean", HTML)
    assert (done.returncode, done.stdout.count(b"\n")) == (0, 1)
    assert "تعاونية".encode() in done.stdout
    (record,) = records(done)
    assert list(record) == ["schema", *PageRecord.__struct_fields__[1:]]
    characters = r"[\d,]+ characters: [\d,]+ kept, [\d,]+ removed"
    assert re.fullmatch(rf"scraper: 1 page: 1 article; {characters}; layout: arabress [0-9a-f]{{12}}\n", done.stderr.decode())


def test_quiet_silences_all_but_errors(tmp_path: Path) -> None:
    """With -q a good run prints nothing to stderr, and a failure is still reported."""
    assert run("clean", HTML, "-q").stderr == b""
    done = run("clean", "-q", tmp_path / "nowhere.html", HTML)
    assert done.returncode == 1
    assert done.stderr.decode().count("\n") == 1


@pytest.mark.parametrize("args", [["-"], []])
def test_stdin_is_read_by_its_name_or_when_something_is_piped_in(args: list[str]) -> None:
    """``-`` and no input at all both mean stdin, and the record's input is ``-``."""
    done = run("clean", *args, data=TEXT.read_bytes())
    (record,) = records(done)
    assert (done.returncode, record["input"], record["kind"]) == (0, "-", "article")


def test_without_input_on_a_terminal_the_usage_is_explained() -> None:
    """Without input on a terminal, the usage is printed instead of waiting."""
    controller, terminal = pty.openpty()
    done = subprocess.run([*COMMAND, "clean"], stdin=terminal, capture_output=True, timeout=60, check=False)
    os.close(controller)
    os.close(terminal)
    assert done.returncode == 2
    assert b"INPUT" in done.stderr


def test_the_output_is_in_the_order_of_the_input() -> None:
    """The output has the order in which inputs were named."""
    assert [record["input"] for record in records(run("clean", HTML, TEXT, HTML))] == [str(HTML), str(TEXT), str(HTML)]


def test_a_directory_gives_its_files_sorted_by_path_and_skips_what_is_no_page(tmp_path: Path) -> None:
    """Directories are read recursively, in the order of ``LC_ALL=C sort``; binary and empty files in them are counted, not failures."""
    for name in ("b/two.txt", "a.html", "b-1.txt", "b/a/deep.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(TEXT.read_bytes())
    (tmp_path / "logo.png").write_bytes(PNG)
    (tmp_path / "empty.html").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path)
    done = run("clean", tmp_path)
    assert done.returncode == 0
    names = [record["input"].removeprefix(f"{tmp_path}/") for record in records(done)]
    assert names == ["a.html", "b-1.txt", "b/a/deep.txt", "b/two.txt"]
    assert "left out: " in done.stderr.decode()
    assert "1 not-text" in done.stderr.decode()


def test_an_output_within_the_input_directory_is_no_input(tmp_path: Path) -> None:
    """Neither OUT, nor its part file, nor a redirected stdout is read as a page of the directory that contains it."""
    (tmp_path / "a.txt").write_bytes(TEXT.read_bytes())
    (tmp_path / "out.jsonl").write_text("old\n")
    assert run("clean", tmp_path, "-o", tmp_path / "out.jsonl").returncode == 0
    assert (tmp_path / "out.jsonl").read_bytes().count(b"\n") == 1
    with (tmp_path / "std.jsonl").open("wb") as out:
        (tmp_path / "out.jsonl").unlink()
        subprocess.run([*COMMAND, "clean", str(tmp_path)], stdout=out, check=True, timeout=60, stderr=subprocess.DEVNULL)
    assert (tmp_path / "std.jsonl").read_bytes().count(b"\n") == 1


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda _path: None, "missing"),
        (lambda path: path.write_bytes(b""), "empty"),
        (lambda path: path.write_bytes(b" \n\xc2\xa0"), "empty"),
        (lambda path: path.write_bytes(b"<html><script>x</script></html>"), "empty"),
        (lambda path: path.write_bytes(PNG), "not-text"),
        (lambda path: path.write_bytes(b"x" * 20_001), "too-large"),
        (lambda path: path.mkdir(), "empty"),
        (lambda path: path.symlink_to(path), "unreadable"),
    ],
)
def test_a_bad_input_is_named_and_costs_nobody_else(tmp_path: Path, make: Any, code: str) -> None:
    """A bad input is reported in one sentence with name and code, the status is 1, and the page beside it is cleaned."""
    make(tmp_path / "bad.html")
    done = run("clean", tmp_path / "bad.html", TEXT, "--max-bytes", "20000")
    assert done.returncode == 1
    assert len(records(done)) == 1
    (sentence,) = complaints(done)
    assert sentence.startswith(f"scraper: {tmp_path / 'bad.html'}: {code}: ")
    assert sentence.count(": ") >= 3


def test_a_page_in_stdin_over_the_limit_is_refused_without_reading_on() -> None:
    """An endless stream is stopped at the limit."""
    with subprocess.Popen(["yes", "x"], stdout=subprocess.PIPE) as endless:
        done = subprocess.run(
            [*COMMAND, "clean", "-", "--max-bytes", "100000"], stdin=endless.stdout, capture_output=True, timeout=30, check=False
        )
        endless.kill()
    assert done.returncode == 1
    assert b"-: too-large: " in done.stderr


@pytest.mark.parametrize(("choice", "status", "lines"), [("keep", 0, 2), ("skip", 0, 1), ("fail", 1, 1)])
def test_unknown_pages_are_kept_left_out_or_called_failures(choice: str, status: int, lines: int) -> None:
    """--unknown keeps, omits or fails pages of unknown layout, and they are counted."""
    done = run("clean", UNKNOWN, TEXT, "--unknown", choice)
    assert (done.returncode, len(records(done))) == (status, lines)
    assert b"unknown" in done.stderr


def test_the_address_of_a_single_page_can_be_given() -> None:
    """--url sets url, site, slug and id, and resolves the page's relative links."""
    (record,) = records(run("clean", "-", "--url", "https://www.masress.com/almanara/7", data=HTML.read_bytes()))
    assert (record["url"], record["site"], record["newspaper_slug"]) == (
        "https://www.masress.com/almanara/7",
        "masress.com",
        "almanara",
    )
    assert record["headlines"][0]["url"].startswith("https://www.masress.com/almanara/")


@pytest.mark.parametrize(
    "args",
    [
        ["clean", "--no-such-option"],
        ["no-such-command"],
        ["clean", "x", "--unknown", "perhaps"],
        ["clean", "x", "--max-bytes", "0"],
        ["clean", "x", "--max-bytes", "many"],
        ["clean", "a", "b", "--url", "https://a.example/"],
        ["clean", ".", "--url", "https://a.example/"],
        ["clean", "x", "--url", "no address"],
        ["schema", "book"],
    ],
)
def test_wrong_usage_exits_2(args: list[str]) -> None:
    """Wrong usage ends with status 2 and a message, and writes nothing."""
    done = run(*args)
    assert (done.returncode, done.stdout) == (2, b"")
    assert complaints(done)


def test_headlines_are_one_line_each() -> None:
    """Each headline is a record with its position, its address and its page."""
    rows = records(run("headlines", HTML))
    (page,) = records(run("clean", HTML))
    assert [(row["headline"], row["url"]) for row in rows] == [(line["text"], line["url"]) for line in page["headlines"]]
    assert [row["position"] for row in rows] == list(range(len(rows)))
    assert {(row["page_id"], row["page_url"], row["newspaper_slug"]) for row in rows} == {(page["id"], page["url"], "almanara")}


@pytest.mark.parametrize(("args", "key"), [([], "removed"), (["page"], "removed"), (["headline"], "position")])
def test_schema_prints_a_json_schema(args: list[str], key: str) -> None:
    """The default schema is that of the page, and it requires every key, since every line has it."""
    schema = json.loads(run("schema", *args).stdout)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert key in schema["required"]
    assert schema["required"] == list(schema["properties"])


def test_version_and_module_and_script_agree() -> None:
    """``scraper`` and ``python -m scraper`` are one program."""
    script = Path(sys.executable).with_name("scraper")
    assert subprocess.run([script, "--version"], capture_output=True, check=True).stdout == run("--version").stdout
    assert subprocess.run([script, "clean", TEXT], capture_output=True, check=True).stdout == run("clean", TEXT).stdout


# --- outputs ---


def test_an_output_file_appears_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    """-o writes the same bytes as stdout, keeps the mode of the file it replaces, and follows a link."""
    real, link = tmp_path / "real.jsonl", tmp_path / "link.jsonl"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    done = run("clean", TEXT, "-o", link)
    assert (done.returncode, done.stdout) == (0, b"")
    assert real.read_bytes() == run("clean", TEXT).stdout
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert link.is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.jsonl", "real.jsonl"]


def test_a_run_with_failures_still_finishes_its_output(tmp_path: Path) -> None:
    """A failed page gives status 1, and all other records are still written."""
    done = run("clean", tmp_path / "nowhere", TEXT, "-o", tmp_path / "out.jsonl")
    assert done.returncode == 1
    assert (tmp_path / "out.jsonl").read_bytes().count(b"\n") == 1


@pytest.mark.parametrize("name", ["file/out.jsonl", "."])
def test_an_output_that_cannot_be_opened_is_named(tmp_path: Path, name: str) -> None:
    """An output that cannot be opened gives one sentence and status 1."""
    (tmp_path / "file").touch()
    done = run("clean", TEXT, "-o", tmp_path / name)
    assert done.returncode == 1
    assert "the output cannot be written" in complaints(done)[0]


def test_an_output_in_a_missing_directory_is_refused(tmp_path: Path) -> None:
    """An output whose directory is missing cannot be written: status 1, and the directory is not made."""
    done = run("clean", TEXT, "-o", tmp_path / "a/b/out.jsonl")
    assert (done.returncode, list(tmp_path.iterdir())) == (1, [])


def test_a_full_disk_is_named() -> None:
    """When stdout or a device takes no more bytes, the run ends with status 1 and a reason."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*COMMAND, "clean", TEXT], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == 1
    assert b"No space left" in done.stderr
    assert b"Traceback" not in done.stderr
    named = run("clean", TEXT, "-o", "/dev/full")
    assert (named.returncode, b"/dev/full" in named.stderr) == (1, True)


def test_a_device_and_a_pipe_are_written_directly(tmp_path: Path) -> None:
    """A device stays a device, and a named pipe gets the lines."""
    assert run("clean", TEXT, "-o", "/dev/null", "--failures", "/dev/null").returncode == 0
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen([*COMMAND, "clean", "-q", str(TEXT), "-o", str(pipe)]) as writer:
        assert pipe.read_bytes() == run("clean", TEXT).stdout
        assert writer.wait(timeout=60) == 0
    assert pipe.is_fifo()


@pytest.mark.parametrize("args", [["--help"], ["clean", "--help"], ["--version"]])
def test_help_for_a_reader_that_is_gone_ends_quietly_with_141(args: list[str]) -> None:
    """Help and version end with 141 and no message if nobody reads them."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as pipe:
        done = subprocess.run([*COMMAND, *args], stdout=pipe, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_closed_pipe_ends_the_run_quietly_with_141() -> None:
    """A closed pipe ends the run without a message and with the status of a broken pipe, as in other shell tools."""
    with subprocess.Popen([*COMMAND, "clean", *[str(HTML)] * 50], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 141


def test_each_line_is_handed_on_at_once(tmp_path: Path) -> None:
    """A reader gets the first record while the second page is still being read."""
    pipe = tmp_path / "slow"
    os.mkfifo(pipe)
    with subprocess.Popen([*COMMAND, "clean", str(TEXT), str(pipe)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["input"] == str(TEXT)
        pipe.write_bytes(TEXT.read_bytes())
        assert json.loads(process.stdout.readline())["input"] == str(pipe)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_the_run_cleanly(tmp_path: Path, number: signal.Signals, status: int) -> None:
    """After a signal the old output is unchanged, the part file has whole lines and is named, and the status tells the signal."""
    out, pipe = tmp_path / "out.jsonl", tmp_path / "never"
    out.write_text("old\n")
    os.mkfifo(pipe)
    command = [*COMMAND, "clean", str(TEXT), str(pipe), "-o", str(out)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        part = tmp_path / "out.jsonl.part"
        deadline = time.monotonic() + 30
        while not (part.exists() and part.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(number)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == status
    assert out.read_text() == "old\n"
    assert json.loads(part.read_bytes())["input"] == str(TEXT)
    assert str(part).encode() in stderr
    assert b"Traceback" not in stderr


def test_line_ends_of_unicode_are_escaped(tmp_path: Path) -> None:
    """U+0085, U+2028 and U+2029 are escaped, since many readers break lines at them; a file name may contain them."""
    path = tmp_path / "a\u2028b\u0085c\u2029.txt"
    path.write_bytes(TEXT.read_bytes())
    done = run("clean", path)
    assert len(done.stdout.decode().splitlines()) == 1
    assert records(done)[0]["input"] == str(path)


def test_a_name_that_is_no_text_is_shown_and_never_reaches_the_terminal_raw(tmp_path: Path) -> None:
    """Bytes of a name that are not UTF-8 become U+FFFD in the record; control characters are escaped on stderr."""
    path = os.fsencode(tmp_path) + b"/\xff.txt"
    Path(os.fsdecode(path)).write_bytes(TEXT.read_bytes())
    assert records(run("clean", tmp_path))[0]["input"].endswith("/\ufffd.txt")
    done = run("clean", "\x1b[31mred\u202e")
    assert b"\x1b" not in done.stderr
    assert "\\u001b[31mred\\u202e" in done.stderr.decode()


def test_help_lists_only_what_exists() -> None:
    """The help lists the commands that exist and no others."""
    stdout = run("--help", env={"COLUMNS": "100", "NO_COLOR": "1"}).stdout.decode()
    assert all(command in stdout for command in ("clean", "headlines", "schema", "fetch", "crawl", "state", "explain", "layouts"))
    assert "learn" not in run("layouts", "--help").stdout.decode()
    assert b"\x1b" not in run("clean", "--help", env={"NO_COLOR": "1"}).stdout


def shell(line: str, cwd: Path) -> CompletedProcess[bytes]:
    scraper = f"{sys.executable} -m scraper"
    return subprocess.run(["bash", "-c", line.replace("scraper", scraper)], capture_output=True, timeout=60, cwd=cwd, check=False)


@pytest.mark.parametrize(
    ("line", "status", "lines"),
    [
        ("scraper clean a.txt 2>&-", 0, 1),
        ("scraper clean - <&-", 1, 0),
        ("scraper clean a.txt >&-", 1, 0),
        ("scraper clean a.txt --max-bytes 9000000000000000000", 0, 1),
        ("scraper clean --help >/dev/full", 1, 0),
        ("scraper --version >/dev/full", 1, 0),
        ("set -o pipefail; scraper clean a.txt a.txt a.txt | true", 141, 0),
    ],
)
def test_closed_streams_and_huge_limits_are_no_surprise(tmp_path: Path, line: str, status: int, lines: int) -> None:
    """Messages never reach the data, and no traceback is printed, whichever stream is closed or full."""
    (tmp_path / "a.txt").write_bytes(TEXT.read_bytes())
    done = shell(line, tmp_path)
    assert (done.returncode, len(records(done))) == (status, lines)
    assert complaints(done) or status in (0, 141)


def test_two_runs_do_not_share_an_output(tmp_path: Path) -> None:
    """A second run with the same output is refused, and the first is not disturbed."""
    out, pipe = tmp_path / "out.jsonl", tmp_path / "slow"
    os.mkfifo(pipe)
    with subprocess.Popen([*COMMAND, "clean", "-q", str(TEXT), str(pipe), "-o", str(out)]) as first:
        deadline = time.monotonic() + 30
        while not (tmp_path / "out.jsonl.part").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        second = run("clean", TEXT, "-o", out)
        pipe.write_bytes(TEXT.read_bytes())
        assert first.wait(timeout=60) == 0
    assert second.returncode == 1
    assert b"another run is writing it" in second.stderr
    assert out.read_bytes().count(b"\n") == 2


def test_a_part_file_follows_no_link(tmp_path: Path) -> None:
    """A link in the place of the part file is not followed."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "out.jsonl.part").symlink_to(victim)
    assert run("clean", TEXT, "-o", tmp_path / "out.jsonl").returncode == 1
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("ending", ["", ".part", ".part.new", ".checkpoint", ".checkpoint-wal"])
@pytest.mark.parametrize("command", [["clean", "-o"], ["explain", "--html"], ["clean", "--resume", "-o"]], ids=" ".join)
def test_no_file_that_a_run_writes_or_removes_can_be_its_input(tmp_path: Path, command: list[str], ending: str) -> None:
    """An input with the name of an output, of its part files or of its checkpoint is refused, and stays as it is."""
    place = tmp_path / f"out.csv{ending}"
    place.write_bytes(HTML.read_bytes())
    done = run(command[0], place, *command[1:], tmp_path / "out.csv")
    assert done.returncode == 2
    assert b"is an input and would be lost" in done.stderr
    assert place.read_bytes() == HTML.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == [place.name]


@pytest.mark.parametrize("ending", ["", ".part", ".checkpoint"])
def test_no_two_outputs_share_a_file(tmp_path: Path, ending: str) -> None:
    """An output with the name of another one, of its part file or of its checkpoint is refused."""
    done = run("clean", HTML, "-o", tmp_path / "out.jsonl", "--failures", tmp_path / f"out.jsonl{ending}")
    assert done.returncode == 2
    assert b"is also the file of -o" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"the checkpoint of a model", b""])
def test_a_file_with_the_name_of_a_checkpoint_stays(tmp_path: Path, content: bytes) -> None:
    """A run removes the checkpoint of an earlier run, and no other file with such a name."""
    other = tmp_path / "out.jsonl.checkpoint"
    other.write_bytes(content)
    assert run("clean", HTML, "-o", tmp_path / "out.jsonl").returncode == 0
    assert other.read_bytes() == content
    other.unlink()
    (tmp_path / "out.jsonl").unlink()
    for args in (["--resume"], []):
        assert run("clean", HTML, *args, "-o", tmp_path / "out.jsonl").returncode == 0
        assert other.exists() == bool(args)
