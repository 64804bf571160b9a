"""Many processes give the bytes, the messages and the status of one process."""

import contextlib
import gzip
import json
import os
import pty
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import zstandard

from scraper.engine.chunks import FileChunk, LineChunk, MemberChunk
from scraper.engine.deaths import SharedProgress, do_stepwise
from scraper.engine.jobs import ItemResult, Job, page_lines
from scraper.engine.loop import run_job
from scraper.engine.planning import plan
from scraper.engine.tasks import ChunkResult, Task, encode_result
from scraper.sources import ReadOptions
from scraper.sources.files import InputEntry
from scraper.sources.inputs import find_entries
from tests.containers import delimited, json_array, jsonl, parquet, response, twenty_pages, warc, zipped
from tests.test_cli import COMMAND, PNG, run

PAGES = twenty_pages()
MANY = PAGES * 40


@pytest.fixture(scope="module")
def mix(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Inputs of every kind, large enough to be split, some of them damaged."""
    place = tmp_path_factory.mktemp("mix")
    saved = place / "saved"
    saved.mkdir()
    for number, (name, data) in enumerate(PAGES * 4):
        (saved / f"{number:03} {name}").write_bytes(data)
    (saved / "001 logo.png").write_bytes(PNG)
    (saved / "002 empty.html").write_bytes(b"")
    padding = random.Random(1)  # a record that is cut elsewhere may be two failures
    lines = jsonl(MANY).split(b"\n")
    lines[7] = lines[600] = lines[-40] = b"broken"
    lines[700] = b""
    (place / "dump.jsonl").write_bytes(b"\n".join(lines))
    (place / "dump.jsonl.gz").write_bytes(gzip.compress(jsonl(MANY[:400]), 1))
    records = [gzip.compress(response(data + padding.randbytes(6000).hex().encode())) for _, data in MANY]
    records[300] = records[300][:-9] + b"\xff" + records[300][-8:]
    inner = b"".join(gzip.compress(response(b"<html><p>an archive in an archive")) for _ in range(8000))
    hidden = gzip.compress(response(inner, ("Content-Type", "application/warc")), 0)
    (place / "crawl.warc.gz").write_bytes(b"".join([*records[:400], hidden, *records[400:]])[:-100])
    plain = [response(data + padding.randbytes(9000).hex().encode()) for _, data in MANY[:600]]
    plain[200] = plain[200].replace(b"Content-Length: ", b"Content-Length: 9", 1)
    inside = b"".join(response(b"<html><p>an archive in an archive") for _ in range(20000))
    plain.insert(100, response(inside, ("Content-Type", "application/warc")))
    (place / "crawl.warc").write_bytes(b"".join(plain)[:-100])
    (place / "crawl.warc.zst").write_bytes(warc(MANY, zstandard.compress))
    (place / "whole.warc.gz").write_bytes(gzip.compress(warc(MANY[:300]), 1))
    (place / "pages.zip").write_bytes(zipped([(f"{number}{name}", data) for number, (name, data) in enumerate(MANY[:200])]))
    names = [
        "saved",
        "dump.jsonl",
        "nowhere",
        "dump.jsonl.gz",
        "crawl.warc.gz",
        "crawl.warc.zst",
        "crawl.warc",
        "whole.warc.gz",
        "pages.zip",
    ]
    return [place / name for name in names]


@pytest.fixture
def temporary() -> Iterator[Path]:
    """An empty directory for TMPDIR; its path must be short, since sockets are made there."""
    with TemporaryDirectory(prefix="k") as directory:
        yield Path(directory)


def results(directory: Path, jobs: int, *args: str | Path) -> tuple[int, bytes, bytes, bytes, bytes]:
    files = [directory / f"{name}{jobs}" for name in ("out", "failures", "summary")]
    done = run("clean", *args, "-j", str(jobs), "-o", files[0], "--failures", files[1], "--summary", files[2])
    return done.returncode, done.stderr, *(file.read_bytes() for file in files)  # type: ignore[return-value]


def test_any_number_of_processes_gives_the_same(tmp_path: Path, mix: list[Path]) -> None:
    """Any number of processes gives the same records, failures, messages, counts and status, in the same order."""
    one = results(tmp_path, 1, *mix)
    assert one[0] == 1
    assert one[2].count(b"\n") > 3_100
    assert one[3].count(b"\n") == 8
    assert results(tmp_path, 3, *mix) == one


def test_the_mix_is_really_split(mix: list[Path]) -> None:
    """Directories are split by files, dumps by lines, archives by members; no large input is a single chunk if it can be split."""
    chunks = list(plan(find_entries(map(str, mix), ReadOptions()), ReadOptions(max_bytes=10**7)))
    kinds = [type(chunk) for chunk in chunks]
    assert kinds.count(LineChunk) >= 2
    assert kinds.count(MemberChunk) >= 8
    assert kinds.count(FileChunk) >= 6


class KeepingSink:
    """A sink that keeps what it receives."""

    def __init__(self) -> None:
        self.taken: list[ItemResult] = []

    def take(self, result: ItemResult, /) -> None:
        """Keep what became of an item."""
        self.taken.append(result)

    def end_task(self) -> None:
        """Do nothing."""


def test_a_sink_is_given_the_same_items_by_workers(mix: list[Path]) -> None:
    """A sink gets what became of every item, in order, with the lines of each for itself, from this process and from workers."""
    given: list[list[ItemResult]] = []
    for processes in (1, 2):
        sink = KeepingSink()
        job = Job(ReadOptions(max_bytes=10**7), "keep", page_lines, writes_spans=True)
        run_job(job, [str(path) for path in mix[:4]], sink, processes=processes)
        given.append(sink.taken)
    assert len(given[0]) > 1_200
    assert [(encode_result(result), result.lines, result.spans) for result in given[0]] == [
        (encode_result(result), result.lines, result.spans) for result in given[1]
    ]
    pages = [result for result in given[1] if result.page is not None]
    assert len(pages) > 1_200
    for result in pages:
        assert result.page is not None
        assert json.loads(result.lines)["kind"] == result.page.count.kind
        assert {json.loads(span)["id"] for span in result.spans.splitlines()} == {json.loads(result.lines)["id"]}


@pytest.mark.parametrize(
    "args",
    [
        ["headlines"],
        ["headlines", "--unique"],
        ["clean", "--unknown", "skip"],
        ["clean", "--unknown", "fail", "-q"],
        ["clean", "--dedup", "--only", "article"],
    ],
)
def test_every_option_holds_in_every_process(mix: list[Path], args: list[str]) -> None:
    """Commands, filters and the treatment of unknown pages are the same in every process."""
    one, two = (run(*args, mix[0], mix[8], "-j", jobs) for jobs in ("1", "2"))
    assert (one.returncode, one.stdout, one.stderr) == (two.returncode, two.stdout, two.stderr)
    assert one.stdout


def test_few_pages_start_no_process(tmp_path: Path) -> None:
    """Below 64 pages no pool is started, since it would cost more than it saves."""
    for number, (_, data) in enumerate((PAGES * 4)[:63]):
        (tmp_path / f"{number:02}").write_bytes(data)
    code = (
        "import sys\nfrom scraper.__main__ import main\n"
        "try:\n    main()\nfinally:\n    print('multiprocessing' in sys.modules, file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, "clean", str(tmp_path), "-j2"]
    few = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert few.stderr.splitlines()[-1] == "False"
    (tmp_path / "64").write_bytes(PAGES[0][1])
    many = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert many.stderr.splitlines()[-1] == "True"


def children(pid: int) -> Iterator[int]:
    """Yield the processes below ``pid``."""
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((directory / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if parent == pid:
            yield int(directory.name)
            yield from children(int(directory.name))


def workers(pid: int) -> list[int]:
    """Return the workers below ``pid``: the processes that its fork server has forked."""
    direct = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    found = []
    for child in children(pid):
        try:
            command = Path(f"/proc/{child}/cmdline").read_bytes()
        except OSError:
            continue
        if b"forkserver" in command and child not in direct:
            found.append(child)
    return found


def wait_for(condition: object, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


# A worker is killed half a second after the time of a page, not a minute.
IMPATIENT = """
import scraper.engine.workers as workers
workers._PATIENCE, workers._INTERVAL = 0.5, 0.1
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_workers_that_are_killed_or_stopped_cost_nothing(tmp_path: Path, mix: list[Path], number: signal.Signals) -> None:
    """The chunk of a worker that was killed or stopped is done again, and the result is the same."""
    expected = run("clean", mix[1], "-j1")
    (tmp_path / "sitecustomize.py").write_text(IMPATIENT)
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{os.getcwd()}"}
    command = [*COMMAND, "clean", str(mix[1]), "-j2", "--page-timeout", "2"]
    with (
        (tmp_path / "out").open("wb") as out,
        subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE, env=environment) as process,
    ):
        for _ in range(3):
            wait_for(lambda: workers(process.pid) or process.poll() is not None)
            for pid in workers(process.pid)[:1]:
                os.kill(pid, number)
            time.sleep(0.15)
        _, stderr = process.communicate(timeout=60)
    assert (process.returncode, (tmp_path / "out").read_bytes(), stderr) == (1, expected.stdout, expected.stderr)


KILLER = """
import os, signal
import scraper.extract.cleaning
true = scraper.extract.cleaning.decode
def decode(page):
    if b"deadly page" in page.octets:
        os.kill(os.getpid(), signal.SIGKILL)
    return true(page)
scraper.extract.cleaning.decode = decode
"""


@pytest.mark.parametrize("form", ["jsonl", "files", "warc"])
def test_a_page_that_kills_costs_only_itself(tmp_path: Path, form: str) -> None:
    """A page that kills its worker is reported, and all others are cleaned.

    The killer is a module that Python loads at the start of each process (``sitecustomize``), not code of the program.
    """
    (tmp_path / "sitecustomize.py").write_text(KILLER)
    pages = [(f"{number:04}.html", data) for number, (_, data) in enumerate(PAGES * 20)]
    pages[150] = pages[333] = ("deadly.html", b"<html><body><p>a deadly page")
    place = tmp_path / "in"
    if form == "jsonl":
        place.write_bytes(jsonl(pages * 2))
        expected = [f"{place}#{number * 400 + at}" for number in range(2) for at in (151, 334)]
    elif form == "warc":
        place.write_bytes(b"".join(gzip.compress(response(data + os.urandom(1500).hex().encode())) for _, data in pages))
        expected = None
    else:
        place.mkdir()
        for number, (_, data) in enumerate(pages):
            (place / f"{number:04}.html").write_bytes(data)
        expected = [f"{place}/0150.html", f"{place}/0333.html"]
    out, failures = tmp_path / "out", tmp_path / "failures"
    environment = {"PYTHONPATH": f"{tmp_path}:{os.getcwd()}"}
    done = run("clean", place, "-j2", "-o", out, "--failures", failures, env=environment)
    assert done.returncode == 1
    found = [json.loads(line) for line in failures.read_bytes().splitlines()]
    assert {row["code"] for row in found} == {"worker-died"}
    assert expected is None or [row["input"] for row in found] == expected
    assert len(found) == (4 if form == "jsonl" else 2)
    inputs = {row["input"] for row in found}
    whole = run("clean", place, "-j1").stdout.splitlines(keepends=True)
    assert out.read_bytes().splitlines(keepends=True) == [line for line in whole if json.loads(line)["input"] not in inputs]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_a_signal_ends_all_processes(tmp_path: Path, temporary: Path, mix: list[Path], number: signal.Signals, status: int) -> None:
    """No process outlives the run, however it ends, and no temporary file does."""
    command = [*COMMAND, "clean", *map(str, mix), "-j2", "-o", str(tmp_path / "out")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, env={**os.environ, "TMPDIR": str(temporary)}) as process:
        wait_for(lambda: len(workers(process.pid)) == 2 and list(tmp_path.glob("out.part")))
        below = list(children(process.pid))
        process.send_signal(number)
        assert process.stderr is not None
        stderr = process.stderr.read()
        assert process.wait(timeout=60) == status
    assert b"Traceback" not in stderr
    wait_for(lambda: not any(map(is_alive, below)), 10)
    assert not list(temporary.iterdir())


def test_results_are_in_no_named_file(tmp_path: Path, temporary: Path, mix: list[Path]) -> None:
    """When all processes are killed at once, only the socket of the fork server stays, and the next run removes it."""
    environment = {**os.environ, "TMPDIR": str(temporary)}
    long = tmp_path / "long.jsonl"
    long.write_bytes(mix[1].read_bytes() * 10)  # the run must not end before it is killed
    command = [*COMMAND, "clean", str(long), "-j2", "-o", str(tmp_path / "out")]
    part = tmp_path / "out.part"
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment, start_new_session=True) as process:
        wait_for(lambda: part.exists() and part.stat().st_size > 4 << 20)
        os.killpg(process.pid, signal.SIGKILL)
    assert [path.name[:5] for path in temporary.iterdir()] == ["pymp-"]
    assert sum(path.stat().st_size for path in temporary.rglob("*") if path.is_file()) == 0
    assert subprocess.run(
        [*COMMAND, "clean", str(mix[0]), "-j2"], env=environment, capture_output=True, timeout=60, check=True
    ).stdout
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("form", ["jsonl", "warc"])
def test_a_compressed_file_is_written_as_it_is_read(tmp_path: Path, temporary: Path, form: str) -> None:
    """Of one compressed file, records are in the part file long before the end, little is in TMPDIR, and Ctrl-C keeps what there is."""
    part, source = tmp_path / "out.part", tmp_path / "in"
    chance = random.Random(7)
    noise = "".join(chance.choices("ابتثجحخدذرزسش ", k=1 << 20))
    starts = (chance.randrange(len(noise) - 3000) for _ in range(8000))
    pages = [(f"{number}.txt", noise[start : start + 3000].encode()) for number, start in enumerate(starts)]
    source.write_bytes(zstandard.compress({"jsonl": jsonl, "warc": warc}[form](pages), 1))
    command = [*COMMAND, "clean", str(source), "-j2", "-o", str(tmp_path / "out")]
    largest = 0
    with subprocess.Popen(command, stderr=subprocess.PIPE, env={**os.environ, "TMPDIR": str(temporary)}) as process:
        while process.poll() is None and not (part.exists() and part.stat().st_size > 8 << 20):
            with contextlib.suppress(FileNotFoundError):
                largest = max(largest, sum(path.stat().st_size for path in temporary.rglob("*")))
            time.sleep(0.01)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"what was written so far is in {part}".encode() in stderr
    kept = part.read_bytes()
    assert kept.endswith(b"\n")
    texts = [json.loads(line)["text"] for line in kept.splitlines()]
    assert texts == [" ".join(page.decode().split()) for _, page in pages[: len(texts)]]
    assert largest < 8 << 20
    assert not list(temporary.iterdir())


def test_a_closed_pipe_ends_all_processes(temporary: Path, mix: list[Path]) -> None:
    """A closed pipe ends all processes at once, without a message and with status 141."""
    environment = {**os.environ, "TMPDIR": str(temporary)}
    command = [*COMMAND, "clean", str(mix[5]), str(mix[0]), "-j2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        below = list(children(process.pid))
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 141
    wait_for(lambda: not any(map(is_alive, below)), 10)
    assert not list(temporary.iterdir())


def on_a_terminal(*args: str | Path, env: dict[str, str] | None = None) -> str:
    """Run the command with a terminal as stderr, and return what it printed there."""
    controller, terminal = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "160", **(env or {})}
    command = [*COMMAND, *map(str, args)]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=terminal, env=environment
    ) as process:
        os.close(terminal)
        shown = b""
        with contextlib.suppress(OSError):  # a terminal that is no longer used by any process
            while piece := os.read(controller, 1 << 16):
                shown += piece
        assert process.wait(timeout=60) in (0, 1)
    os.close(controller)
    return shown.decode()


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_terminal_shows_progress_and_whole_messages(mix: list[Path], jobs: str) -> None:
    """The terminal shows pages, rates, the share read and the time left; messages get lines of their own and are all that remains."""
    shown = on_a_terminal("clean", mix[1], "-j", jobs)
    assert re.search(r"[\d,]+ pages  [\d,]+/s  [\d.]+ MB/s  \d+% known", shown)
    assert re.search(r"\d+%\S* \S*(\d+:\d\d:\d\d|-:--:--)", shown)  # a run that ends so soon has no time left to show
    expected = run("clean", mix[1], "-j", jobs).stderr.decode().splitlines()
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).replace("\r", "\n").splitlines()
    assert [line for line in lines if line.startswith("scraper: ")] == expected
    assert shown.rstrip().endswith(expected[-1])


@pytest.mark.parametrize(("args", "env"), [(["-q"], {}), ([], {"TERM": "dumb"})])
def test_who_wants_quiet_has_it(mix: list[Path], args: list[str], env: dict[str, str]) -> None:
    """There is no progress with -q or on a dumb terminal."""
    shown = on_a_terminal("clean", mix[0], "-j1", *args, env=env)
    assert "\x1b" not in shown
    assert "MB/s" not in shown


def test_what_lies_in_the_working_directory_is_not_loaded(tmp_path: Path, mix: list[Path]) -> None:
    """A directory or file in the working directory is not imported, even if it has the name of a module."""
    for name in ("scraper", "msgspec", "lxml"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('loaded')")
    script = Path(sys.executable).with_name("scraper")
    done = subprocess.run([script, "clean", mix[0], "-j2"], cwd=tmp_path, capture_output=True, timeout=60, check=True)
    assert done.stdout == run("clean", mix[0], "-j1").stdout


def test_processes_that_cannot_start_end_the_run(tmp_path: Path, mix: list[Path]) -> None:
    """If workers cannot start, the run ends with a reason and a remedy."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\nif 'forkserver' in str(sys.orig_argv): import scraper.engine.workers as w; w.serve = None"
    )
    done = run("clean", mix[0], "-j2", env={"PYTHONPATH": f"{tmp_path}:{os.getcwd()}"})
    assert done.returncode == 1
    assert b"try -j 1" in done.stderr


def test_an_interrupt_while_processes_start_prints_no_traceback(tmp_path: Path, mix: list[Path]) -> None:
    """Ctrl-C while workers are loading ends the run as at any other moment, without a traceback."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, signal, sys\nif 'forkserver' in str(sys.orig_argv): os.killpg(0, signal.SIGINT)"
    )
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{os.getcwd()}"}
    command = [*COMMAND, "clean", str(mix[1]), "-j2", "-o", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, env=environment, start_new_session=True, timeout=60, check=False)
    assert done.returncode == 130
    assert b"Traceback" not in done.stderr


def test_too_few_open_files_end_the_run_with_a_sentence(tmp_path: Path, mix: list[Path]) -> None:
    """With too few open files allowed, the run ends with a sentence instead of failing in a worker."""
    command = ["sh", "-c", 'ulimit -n 15; exec "$@"', "sh", *COMMAND, "clean", str(mix[1]), "-j2", "-o", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(b"scraper: no process can be started: only 15 files may be open")
    assert b"Traceback" not in done.stderr


ENDLESS = """
import scraper.extract.cleaning as cleaning
true = cleaning.decode
def decode(page):
    while b"endless" in page.octets:
        pass
    return true(page)
cleaning.decode = decode
"""


STUCK = f"""
import itertools
import os
import signal
import scraper.engine.chunks
import scraper.extract.cleaning
from scraper.engine.chunks import ChunkReader
from scraper.sources.warc import WarcSlice
{IMPATIENT}
def hang():
    sum(itertools.repeat(0))  # never comes back to Python code, where signals are handled

true = scraper.extract.cleaning.decode
def decode(page):
    if b"stuck over" in page.octets:
        hang()
    return true(page)
scraper.extract.cleaning.decode = decode

def hanging(read):
    def read_and_hang(*args, **options):
        for item in read(*args, **options):
            octets = getattr(item, "octets", b"")
            if b"deadly before" in octets:
                os.kill(os.getpid(), signal.SIGKILL)
            if b"stuck before" in octets:
                hang()
            yield item
    return read_and_hang

for name in ("read_jsonl", "read_entry"):
    setattr(scraper.engine.chunks, name, hanging(getattr(scraper.engine.chunks, name)))
ChunkReader._read_part = hanging(ChunkReader._read_part)
WarcSlice.__iter__ = hanging(WarcSlice.__iter__)
"""


def test_a_page_over_which_a_library_hangs_costs_only_itself(tmp_path: Path) -> None:
    """A page in which a library hangs, so that nothing can interrupt it, fails, and the others are cleaned."""
    (tmp_path / "sitecustomize.py").write_text(STUCK)
    place = tmp_path / "dump.jsonl"
    place.write_bytes(jsonl([*MANY[:40], ("a.txt", b"stuck over"), *MANY[:400]]))
    environment = {"PYTHONPATH": f"{tmp_path}:{os.getcwd()}"}
    done = run("clean", place, "-j", "2", "--page-timeout", "2", env=environment)
    assert done.returncode == 1
    assert done.stderr.splitlines()[0].startswith(f"scraper: {place}#41: worker-died: ".encode())
    assert b"Traceback" not in done.stderr
    assert done.stdout.count(b"\n") == 440


@pytest.mark.parametrize("form", ["files", "rows", "lines", "unpacked lines", "records", "compressed records"])
def test_reading_that_hangs_or_kills_costs_as_little_as_can_be_read(tmp_path: Path, form: str) -> None:
    """A file, a row, a line or a record over whose reading a library hangs or crashes fails by name, and all else is cleaned."""
    (tmp_path / "sitecustomize.py").write_text(STUCK)
    place = tmp_path / "in"
    bad = ("a.txt", b"stuck before" if form == "records" else b"deadly before")
    count = 100 if form == "files" else 400 if form == "rows" else 800
    last = [(name, data + b"\n" + os.urandom(1500).hex().encode()) for name, data in MANY[:count]]
    pages = [*MANY[:40], bad, *MANY[:3], bad, *last, bad, MANY[0]]
    left = ["the rest of it was not read"] * 3 if form == "files" else [""] * 3
    if form == "files":
        place.mkdir()
        for number, (_, data) in enumerate(pages, 1):
            (place / f"{number:04}").write_bytes(data)
        names = ["/0041", "/0045", "/0146"]
    elif form == "rows":
        place.write_bytes(parquet(pages))
        names = ["#41", "#45", "#446"]
    elif form.endswith("lines"):
        lines = jsonl(pages).splitlines(keepends=True)
        data = b"".join([*lines[:43], b"\n", *lines[43:]])
        place.write_bytes(gzip.compress(data) if form == "unpacked lines" else data)
        names = ["#41", "#46", "#847"]
    else:
        pack = gzip.compress if form == "compressed records" else bytes
        records = [pack(response(data)) for _, data in pages]
        place.write_bytes(b"".join(records))
        names = [f"#{sum(map(len, records[:number]))}" for number in (40, 44, 845)]
    environment = {"PYTHONPATH": f"{tmp_path}:{os.getcwd()}"}
    done = run("clean", place, "-j", "2", "--page-timeout", "2", env=environment)
    assert done.returncode == 1
    messages = done.stderr.decode().splitlines()[:3]
    start = "worker-died: the process that read it"
    assert [message.partition(f": {start}")[0] for message in messages] == [f"scraper: {place}{name}" for name in names]
    assert [text for text, message in zip(left, messages, strict=True) if text not in message] == []
    assert b"failed: 3 worker-died" in done.stderr
    whole = run("clean", place, "-j1").stdout.splitlines()
    assert done.stdout.splitlines() == whole[:40] + whole[41:44] + whole[45:-2] + whole[-1:]


def test_reading_small_dumps_costs_no_more_than_reading_large_ones(tmp_path: Path) -> None:
    """Of a small dump or archive among many files, only the page fails over whose reading a process dies."""
    (tmp_path / "sitecustomize.py").write_text(STUCK)
    place = tmp_path / "in"
    place.mkdir()
    pages = [*MANY[:5], ("a.txt", b"deadly before"), *MANY[5:10]]
    records = [response(data) for _, data in pages]
    offset = len(b"".join(records[:5]))
    members = [gzip.compress(record) for record in records]
    dumps = {
        "a.jsonl": (jsonl(pages), "#6"),
        "b.jsonl.gz": (gzip.compress(jsonl(pages)), "#6"),
        "c.warc.gz": (b"".join(members), f"#{len(b''.join(members[:5]))}"),
        "d.zip": (zipped([(f"{number}-{name}", data) for number, (name, data) in enumerate(pages)]), "#5-a.txt"),
        "e.csv": (delimited(pages), "#6"),
        "f.json.gz": (gzip.compress(json_array(pages)), "#6"),
        "g.zip": (zipped([("a.csv", delimited(pages)), ("b.json", json_array(pages[:3]))]), "#a.csv#6"),
        "h.parquet": (parquet(pages), "#6"),
        "i.zip": (zipped([("a.warc", b"".join(records))]), f"#a.warc#{offset}"),
        "j.warc.gz": (gzip.compress(b"".join(records)), f"#0+{offset}"),
    }
    for number in range(70):
        (place / f"{number}.html").write_bytes(MANY[0][1])
    for name, (data, _) in dumps.items():
        (place / name).write_bytes(data)
    whole = run("clean", place, "-j1").stdout.splitlines()
    environment = {"PYTHONPATH": f"{tmp_path}:{os.getcwd()}"}
    done = run("clean", place, "-j2", env=environment)
    messages = [line.partition(": worker-died: ") for line in done.stderr.decode().splitlines()]
    assert [place for place, found, _ in messages if found] == [f"scraper: {place}/{name}{at}" for name, (_, at) in dumps.items()]
    found = done.stdout.splitlines()
    assert len(found) == 70 + 10 * len(dumps) + 3
    assert found == [line for line in whole if line in set(found)]


@pytest.mark.parametrize("skip", [1, 5])
def test_a_retry_that_cannot_read_as_far_as_before_says_so(tmp_path: Path, skip: int) -> None:
    """If an input has gone when a worker is to go on after some of its items, that is a failure, not the end of the input."""
    job = Job(ReadOptions(), "keep", page_lines)
    chunk = FileChunk([InputEntry(str(tmp_path / "gone"))], 1, 0)
    task = Task(0, chunk, skip=skip, is_stepwise=True)
    answers = list(do_stepwise(job, task, SharedProgress()))
    assert isinstance(answers[-1], ChunkResult)
    codes = [result.failure.code for result in answers[-1].results() if result.failure is not None]
    assert codes == (["unreadable"] if skip == 1 else ["unreadable", "worker-died"])


def test_a_page_that_takes_too_long_fails_alone(tmp_path: Path) -> None:
    """A page that takes longer than --page-timeout fails under that name, here and in a worker, and the others are cleaned."""
    (tmp_path / "sitecustomize.py").write_text(ENDLESS)
    place = tmp_path / "dump.jsonl"
    place.write_bytes(jsonl([*MANY[:40], ("a.txt", b"endless"), *MANY[:400]]))
    environment = {"PYTHONPATH": f"{tmp_path}:{os.getcwd()}"}
    outs = []
    for jobs in "12":
        done = run("clean", place, "-j", jobs, "--page-timeout", "2", env=environment)
        assert done.returncode == 1
        assert done.stderr.splitlines()[0].startswith(f"scraper: {place}#41: page-timeout: ".encode())
        assert done.stdout.count(b"\n") == 440
        outs.append(done.stdout)
    assert outs[0] == outs[1]
