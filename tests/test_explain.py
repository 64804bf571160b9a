"""``scraper explain``: every piece of a page, with its label, rule, fate and reason, as text, on a terminal and as JSON."""

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from scraper import Outcome, Page, clean
from scraper.explain import pieces_of, report_on, to_html, to_lines
from scraper.extract.spans import FATES
from scraper.layouts import Layout, builtin_layouts
from scraper.records import WARNINGS_MEAN
from scraper.text import shown
from tests.cases import ARABRESS, CASES, FIXTURES, source_of
from tests.test_cli import COMMAND, HTML, TEXT, UNKNOWN, complaints, records, run

ROOT = Path(__file__).parent.parent
ESCAPE = re.compile(r"\x1b\[[\d;]*m")
ACTING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""Characters that may not be printed raw: controls, directional marks and overrides, line separators. Line feeds are ours."""

HOSTILE = (
    "نشر في المنارة يوم 03 - 11 - 2021\n"
    "[red]a[/red] [/] :smile: \x1b[31mred\x1b]0;title\x07 \x9b2J \u202egnp.exe\u202c \u2066x\u2069 \u200f\u200e \u061c a\u2028b\u2029c\x85d \x00\x7f\n"
)


def outcome_of(case: str) -> Outcome:
    source = source_of(FIXTURES / case)
    return clean(Page(data=source.read_bytes(), input=source.name))


def on_terminal(*args: str | Path, columns: int = 80, env: dict[str, str] | None = None) -> tuple[int, str]:
    """Run the program on a terminal, and return its status and everything that it printed there."""
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR")}
    environment = {**inherited, "TERM": "xterm-256color", **(env or {})}
    with subprocess.Popen(
        [*COMMAND, *map(str, args)], stdin=terminal, stdout=terminal, stderr=terminal, env=environment
    ) as process:
        os.close(terminal)
        printed = b""
        while True:
            try:
                read = os.read(controller, 1 << 16)
            except OSError:  # raised by Linux when no process has the terminal open any more
                break
            printed += read
    os.close(controller)
    return process.returncode, printed.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("case", CASES)
def test_every_piece_of_every_case_is_shown_with_its_reason(case: str) -> None:
    """The pieces join to the readable text; each that is not blank is a line, under a rule with a reason."""
    outcome = outcome_of(case)
    pieces = list(pieces_of(outcome))
    assert "".join(piece.text for piece in pieces) == outcome.document.text
    assert [piece.start for piece in pieces] == [0, *(piece.end for piece in pieces[:-1])]
    report = report_on(outcome, builtin_layouts())
    visible = [piece for piece in pieces if piece.fate != "blank"]
    assert [piece for group in report.groups for piece in group.pieces] == visible
    assert all(group.because for group in report.groups)
    lines = list(to_lines(report))
    assert [line.split()[:3] for line in lines[: len(visible)]] == [[piece.fate, piece.label, piece.rule] for piece in visible]
    assert lines[len(visible)] == ""
    assert to_html(report).count('<p class="piece ') == len(visible)


def test_json_is_the_readable_text_in_pieces() -> None:
    """JSON has one line per piece, keys in the documented order, and offsets in characters of the joined texts."""
    done = run("explain", HTML, "--json")
    rows = records(done)
    assert (done.returncode, done.stderr) == (0, b"")
    assert all(list(row) == ["start", "end", "label", "rule", "fate", "text"] for row in rows)
    text = "".join(row["text"] for row in rows)
    assert text == clean(Page(data=HTML.read_bytes())).document.text
    assert all(text[row["start"] : row["end"]] == row["text"] for row in rows)
    assert {row["fate"] for row in rows} == {"field", "body", "removed", "blank"}


def test_a_pipe_gets_plain_text_whole() -> None:
    """In a pipe, each piece is one line for grep: no escapes, no folding, no wrapping."""
    done = run("explain", "-", data=TEXT.read_bytes(), env={"COLUMNS": "40", "FORCE_COLOR": "1"})
    assert (done.returncode, done.stderr) == (0, b"")
    printed = done.stdout.decode()
    assert ACTING.search(printed) is None
    record = clean(Page(data=TEXT.read_bytes())).record
    lines = printed.splitlines()
    for text in (record.title, *record.text.split("\n\n"), *(headline.text for headline in record.headlines)):
        assert any(line.endswith(f"  {text}") for line in lines)


def test_a_terminal_gets_colours_and_a_folded_ticker() -> None:
    """Each fate has its colour, a long ticker shows some headlines and counts the others, and everything else is complete."""
    status, printed = on_terminal("explain", HTML)
    assert status == 0
    assert len(set(re.findall(r"\x1b\[1;(3\d)m(?:field|body|removed)", printed))) == 3
    text = ESCAPE.sub("", printed)
    assert "field  headline  arabress/ticker  12 pieces" in text
    assert "… 7 more headlines" in text
    for name in ("Record", "Visible characters", "Counts", "Removed", "Warnings", "Decoding", "Layout arabress", "Rules"):
        assert f"\n{name}\n" in text


@pytest.mark.parametrize("columns", [30, 40, 80, 200])
@pytest.mark.parametrize("page", [HTML, TEXT, UNKNOWN])
def test_no_line_is_wider_than_the_terminal(page: Path, columns: int) -> None:
    """No line is wider than the terminal."""
    _, printed = on_terminal("explain", page, columns=columns)
    assert max(cell_len(ESCAPE.sub("", line)) for line in printed.splitlines()) <= columns


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colours_are_left_out_on_demand(env: dict[str, str]) -> None:
    """There are no colours with NO_COLOR or on a terminal that has none."""
    status, printed = on_terminal("explain", HTML, env=env)
    assert status == 0
    assert re.search(r"\x1b\[[\d;]*[349]\d", printed) is None


def test_json_cannot_act_on_a_terminal_and_is_the_text_all_the_same() -> None:
    """JSON escapes the characters that a terminal obeys, and decodes to the page's own characters."""
    done = run("explain", "-", "--json", data=HOSTILE.encode())
    assert ACTING.search(done.stdout.decode()) is None
    assert "".join(row["text"] for row in records(done)) == clean(Page(data=HOSTILE.encode())).document.text
    assert "\u202e" in "".join(row["text"] for row in records(done))


@pytest.mark.parametrize("columns", [0, 40, 100])
def test_a_page_cannot_act_on_a_terminal(tmp_path: Path, columns: int) -> None:
    """Escape sequences, controls and overrides of a page are spelled out, and brackets are not markup, in a pipe and on a terminal."""
    page = tmp_path / "hostile.txt"
    page.write_text(HOSTILE, encoding="utf-8", newline="")
    printed = on_terminal("explain", page, columns=columns)[1] if columns else run("explain", page).stdout.decode()
    text = ESCAPE.sub("", printed)
    assert ACTING.search(text) is None
    for wanted in ("[red]a[/red]", ":smile:", r"\u001b[31mred", r"\u202egnp", r"\u200f"):
        assert wanted in re.sub(r"\n│? *", "", text)


@given(st.text() | st.text(alphabet="\u202e\u2066\x1b\x9b\u2028\u200c\u06dd\u00a0\n\t \\a<&\"'ن\U000e0041\ud800"))
def test_what_is_shown_is_one_printable_line(text: str) -> None:
    """Any text is shown on one line without control characters; letters stay, in their order."""
    line = shown(text)
    assert ACTING.search(line) is None
    assert len(line.splitlines()) <= 1
    assert "\n" not in line
    kept = [char for char in text if char.isprintable() and not char.isspace()]
    rest = iter(line)
    assert all(char in rest for char in kept)


def test_joiners_and_signs_of_the_script_are_shown_as_they_are() -> None:
    """Characters that belong to the spelling, such as joiners and the end of an ayah, are shown as they are."""
    assert shown(" كتاب\u200cها \u06dd١\u00a0\u00a0ن\r\n\t م\n") == "كتاب\u200cها \u06dd١ ن ↵ م"


@pytest.mark.parametrize(
    ("html", "sentence"),
    [
        ("<p>خبر", "no sign of it; an HTML page needs 2, and one of them strong"),
        ("<div id=mainContent><p>خبر</div>", "nearly fits, by 1 sign, none of them strong; an HTML page needs 2"),
        ("<p>خبر<p>انقر هنا لقراءة الخبر من مصدره.", "nearly fits, by 1 sign; an HTML page needs 2"),
        ("<div id=mainContent><p>خبر<p>انقر هنا لقراءة الخبر من مصدره.</div>", "it fits by 2 signs"),
    ],
)
def test_it_says_what_fits_and_what_nearly_did(html: str, sentence: str) -> None:
    """Each layout is listed with the evidence for it, whether it matched or not, and with what it lacked."""
    lines = run("explain", "-", data=html.encode()).stdout.decode().splitlines()
    at = lines.index("Layout arabress")
    assert sentence in lines[at + 1]
    assert ("not chosen" in lines[at + 1]) == (not sentence.startswith("it fits"))
    assert all(re.match(r"  \S+ +(weak|strong): \S", line) for line in lines[at + 2 : lines.index("", at)])


def test_every_layout_is_weighed() -> None:
    """Besides the layout that matches, others are listed with their evidence, the nearest ones first."""
    footer = [rule for rule in ARABRESS.file.wordings if rule.id == "source-footer"]
    near = Layout(msgspec.structs.replace(ARABRESS.file, name="near", hosts=[], elements=[], wordings=footer))
    far = Layout(msgspec.structs.replace(ARABRESS.file, name="far", hosts=[], elements=[], wordings=[]))
    layouts = [far, near, ARABRESS]
    outcome = clean(Page(data=HTML.read_bytes()), layouts)
    found = [section for section in report_on(outcome, layouts).sections if section.title.startswith("Layout ")]
    assert [section.title for section in found] == ["Layout arabress", "Layout near", "Layout far"]
    assert [[row.name for row in section.rows] for section in found[1:]] == [["not chosen", "source-footer"], ["not chosen"]]
    assert found[1].rows[0].value == "nearly fits, by 1 sign; an HTML page needs 2, and one of them strong"


def test_the_address_of_a_page_is_a_sign() -> None:
    """The host in --url is evidence for a layout, in the explanation as in the record."""
    stdout = run("explain", "-", "--url", "https://www.masress.com/a/1", data=b"<div id=mainContent><p>story</div>").stdout.decode()
    assert re.search(r"^  host +strong: ", stdout, re.MULTILINE)
    assert re.search(r"^  layout +arabress$", stdout, re.MULTILINE)


def test_words_for_warnings_are_those_of_the_document() -> None:
    """The program and docs/records.md describe each warning in the same words."""
    document = (ROOT / "docs/records.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([\w-]+)` \| (.+) \|$", document, re.MULTILINE))
    assert {name: rows[name] for name in WARNINGS_MEAN} == WARNINGS_MEAN


# --- what goes wrong ---


@pytest.mark.parametrize("option", [[], ["--json"], ["--html", "old.html"]])
@pytest.mark.parametrize(
    ("data", "code"), [(b" \n", "empty"), (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not-text"), (b"x" * 99, "too-large")]
)
def test_a_page_that_fails_is_one_sentence(tmp_path: Path, option: list[str], data: bytes, code: str) -> None:
    """A failed page gives status 1, the input and the code on stderr, nothing on stdout, and leaves an older file as it was."""
    page, old = tmp_path / "page.html", tmp_path / "old.html"
    page.write_bytes(data)
    old.write_text("old")
    done = run(
        "explain",
        page,
        "--max-bytes",
        "50" if code == "too-large" else "5000",
        *[tmp_path / name if name == old.name else name for name in option],
    )
    assert (done.returncode, done.stdout) == (1, b"")
    assert re.fullmatch(rf"scraper: {re.escape(str(page))}: {code}: .+\n", done.stderr.decode())
    assert old.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old.html", "page.html"]


def test_wrong_usage_exits_2(tmp_path: Path) -> None:
    """Two pages, two formats, or an output that is the page end with status 2."""
    page = tmp_path / "page.html"
    page.write_bytes(HTML.read_bytes())
    for args in (
        [tmp_path],
        [page, page],
        [page, "--json", "--html", tmp_path / "x"],
        [page, "--html", page],
        [page, "--url", "x"],
    ):
        done = run("explain", *args)
        assert (done.returncode, done.stdout) == (2, b"")
        assert complaints(done)
    assert page.read_bytes() == HTML.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_a_closed_pipe_ends_it_quietly() -> None:
    """``scraper explain | true`` prints nothing and exits with 141."""
    line = f"set -o pipefail; {sys.executable} -m scraper explain {HTML} --json | true"
    done = subprocess.run(["bash", "-c", line], capture_output=True, check=False, timeout=60)
    assert (done.returncode in (0, 141), done.stderr) == (True, b"")


def test_a_page_is_written_like_any_output(tmp_path: Path) -> None:
    """--html gets its name when complete; ``-`` is stdout; a path that cannot be written is reported."""
    out = tmp_path / "out.html"
    assert run("explain", HTML, "--html", out).returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out.html"]
    assert out.read_bytes() == run("explain", HTML, "--html", "-").stdout
    for place in (out / "where.html", Path("/dev/full")):
        done = run("explain", HTML, "--html", place)
        assert done.returncode == 1
        assert "the output cannot be written" in complaints(done)[0]


# --- clean --spans ---


def test_spans_of_a_run_are_keyed_by_the_id_of_the_record(tmp_path: Path) -> None:
    """--spans has the pieces of every page in order, as ``explain --json`` gives them, each with its page's id first."""
    spans = tmp_path / "spans.jsonl"
    done = run("clean", HTML, tmp_path / "nowhere", TEXT, UNKNOWN, "--spans", spans)
    assert done.returncode == 1
    rows = [json.loads(line) for line in spans.read_bytes().splitlines()]
    expected: list[dict[str, Any]] = []
    for record, page in zip(records(done), (HTML, TEXT, UNKNOWN), strict=True):
        expected += ({"id": record["id"], **row} for row in records(run("explain", page, "--json")))
    assert [list(row.items()) for row in rows] == [list(row.items()) for row in expected]
    assert [path.name for path in tmp_path.iterdir()] == ["spans.jsonl"]


def test_spans_are_of_the_pages_that_have_a_record(tmp_path: Path) -> None:
    """A page without a record has no spans, and the records are the same with spans or without."""
    spans = tmp_path / "spans.jsonl"
    done = run("clean", UNKNOWN, TEXT, "--unknown", "skip", "--spans", spans)
    (record,) = records(done)
    assert {json.loads(line)["id"] for line in spans.read_bytes().splitlines()} == {record["id"]}
    assert done.stdout == run("clean", UNKNOWN, TEXT, "--unknown", "skip").stdout


def test_without_spans_nothing_is_computed() -> None:
    """Without --spans, ``clean`` does not import the explain package."""
    code = "import sys; sys.argv = ['scraper', 'clean', '-q', sys.argv[1]]\nfrom scraper.__main__ import main\ntry: main()\nexcept SystemExit: pass\n"
    code += "print(*[name for name in sys.modules if name.startswith(('scraper.explain', 'scraper.cli.terminal', 'rich'))], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code, str(TEXT)], capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr.strip() == ""


@pytest.mark.parametrize(
    ("out", "spans"),
    [
        ("out.jsonl", "out.jsonl"),
        ("out.jsonl", "./link.jsonl"),
        ("out.jsonl", "out.jsonl.part"),
        ("out.jsonl.part", "out.jsonl"),
        ("out.jsonl", "page.txt"),
        ("page.txt", "spans.jsonl"),
        ("out.jsonl", "page.txt.part/../page.txt"),
        (None, "page.txt"),
    ],
)
def test_two_outputs_and_an_input_are_never_one_file(tmp_path: Path, out: str | None, spans: str) -> None:
    """Records and spans go to two files, neither of them an input under any name."""
    page = tmp_path / "page.txt"
    page.write_bytes(TEXT.read_bytes())
    (tmp_path / "page.txt.part").mkdir()
    (tmp_path / "link.jsonl").symlink_to("out.jsonl")
    before = sorted(path.name for path in tmp_path.iterdir())
    done = run("clean", page, *(["-o", f"{tmp_path}/{out}"] if out else []), "--spans", f"{tmp_path}/{spans}")
    assert (done.returncode, done.stdout) == (2, b"")
    assert page.read_bytes() == TEXT.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_an_output_whose_part_file_would_be_an_input_is_refused(tmp_path: Path) -> None:
    """An output is refused if its part file would replace an input."""
    page = tmp_path / "a.jsonl.part"
    page.write_bytes(TEXT.read_bytes())
    assert run("clean", page, "-o", tmp_path / "a.jsonl").returncode == 2
    assert run("clean", page, "--spans", tmp_path / "a.jsonl").returncode == 2
    assert page.read_bytes() == TEXT.read_bytes()


def test_spans_that_are_the_redirected_stdout_are_refused(tmp_path: Path) -> None:
    """--spans may not be the file to which the shell redirects the records."""
    out = tmp_path / "out.jsonl"
    with out.open("wb") as stdout:
        done = subprocess.run(
            [*COMMAND, "clean", str(TEXT), "--spans", str(out)], stdout=stdout, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 2


def test_spans_in_the_input_directory_are_no_input(tmp_path: Path) -> None:
    """Neither the spans nor their part file are read as pages of the directory that contains them."""
    (tmp_path / "a.txt").write_bytes(TEXT.read_bytes())
    for _ in range(2):
        done = run("clean", tmp_path, "--spans", tmp_path / "b.jsonl", "-o", tmp_path / "c.jsonl")
        assert (done.returncode, done.stderr.decode().partition(";")[0]) == (0, "scraper: 1 page: 1 article")


def test_a_signal_leaves_both_outputs_as_they_were(tmp_path: Path) -> None:
    """After a signal both outputs are unchanged, and both part files have whole lines and are named."""
    out, spans, pipe = tmp_path / "out.jsonl", tmp_path / "spans.jsonl", tmp_path / "never"
    for old in (out, spans):
        old.write_text("old\n")
    os.mkfifo(pipe)
    part = tmp_path / "out.jsonl.part"
    with subprocess.Popen(
        [*COMMAND, "clean", str(TEXT), str(pipe), "-o", str(out), "--spans", str(spans)], stderr=subprocess.PIPE
    ) as process:
        deadline = time.monotonic() + 30
        while not (part.exists() and part.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 143
    assert (out.read_text(), spans.read_text()) == ("old\n", "old\n")
    (record,) = [json.loads(line) for line in part.read_bytes().splitlines()]
    pieces = [json.loads(line) for line in (tmp_path / "spans.jsonl.part").read_bytes().splitlines()]
    assert {piece["id"] for piece in pieces} == {record["id"]}
    assert {piece["fate"] for piece in pieces} <= set(FATES.values())
    assert all(f"{path}.part" in stderr.decode() for path in (out, spans))


def test_a_failed_write_of_the_spans_withholds_the_records_too(tmp_path: Path) -> None:
    """Records whose spans could not be written do not get their name."""
    done: CompletedProcess[bytes] = run("clean", TEXT, "-o", tmp_path / "out.jsonl", "--spans", "/dev/full")
    assert done.returncode == 1
    assert b"/dev/full" in done.stderr
    assert not (tmp_path / "out.jsonl").exists()


def test_spans_go_to_a_pipe_that_the_shell_has_opened(tmp_path: Path) -> None:
    """``--spans >(gzip > FILE)`` works, although the name of an open pipe resolves to no path."""
    reader, writer = os.pipe()
    done = subprocess.Popen(
        [*COMMAND, "clean", "-q", str(TEXT), "-o", str(tmp_path / "out.jsonl"), "--spans", f"/dev/fd/{writer}"], pass_fds=[writer]
    )
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as pipe:
        spans = [json.loads(line) for line in pipe]
    assert done.wait(60) == 0
    assert "".join(span["text"] for span in spans) == TEXT.read_text(encoding="utf-8")
