"""Runs that are killed at any moment and go on with ``--resume`` give the result of an uninterrupted run."""

import gzip
import json
import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
import zstandard

from scraper.errors import ResumeError
from scraper.output.journal import Journal, Position
from tests.blocks import ROOT
from tests.containers import jsonl, parquet, twenty_pages, warc, zipped
from tests.test_cli import COMMAND, complaints

KILLS = int(os.environ.get("SCRAPER_KILLS", "104"))
SEED = os.environ.get("SCRAPER_SEED", "20261")
PAGES = twenty_pages()

# Cuts small inputs into as many chunks as large ones, with as many checkpoints.
QUICK = """
import scraper.engine.checkpoint as resuming, scraper.engine.chunks as chunks
resuming.PAUSE = resuming.LONG_PAUSE = 0.02
chunks.LARGE = chunks.STRETCH = chunks.UNPACKED = 1 << 17
"""

# The N-th part file that is to be renamed kills the process.
FATAL = """
import os, signal
true, left = os.replace, [int(os.environ["FATAL"])]
def replace(source, target, **options):
    if str(source).endswith(".part"):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    true(source, target, **options)
os.replace = replace
"""


def environment(place: Path, code: str = QUICK) -> dict[str, str]:
    """Return an environment in which each process runs some code first."""
    place.mkdir(exist_ok=True)
    (place / "sitecustomize.py").write_text(code)
    return {"PYTHONPATH": f"{place}:{os.getcwd()}"}


class Case(NamedTuple):
    """A command that is killed."""

    inputs: Sequence[str]
    out: str
    options: Sequence[str] = ()

    @property
    def command(self) -> list[str]:
        """Return its arguments."""
        return [*COMMAND, "clean", "-q", *self.inputs, "-o", self.out, "--summary", "summary.json", *self.options]


CASES = {
    "jsonl": Case(["dump.jsonl"], "out/pages.jsonl", ["--failures", "out/failures.jsonl"]),
    "warc": Case(["crawl.warc.gz"], "out/pages.jsonl"),
    "many": Case(["crawl.warc.gz", "saved", "dump.jsonl"], "out/{lang}/{newspaper_slug}.jsonl", ["--failures", "out/failures.gz"]),
    "many-gzip": Case(["dump.jsonl"], "out/{year}/{kind}.jsonl.gz", ["--dedup"]),
    "one-gzip": Case(["dump.jsonl.gz"], "out/pages.jsonl.gz"),
    "containers": Case(["pages.parquet", "dump.jsonl.gz", "pages.zip"], "out/pages.jsonl"),
    "zstd": Case(["crawl.warc.gz", "dump.jsonl"], "out/pages.jsonl.zst", ["--spans", "out/spans.jsonl.gz"]),
    "dedup": Case(["dump.jsonl", "saved"], "out/pages.jsonl", ["--dedup"]),
    "files": Case(["saved"], "out/pages.jsonl"),
}


@pytest.fixture(scope="module", autouse=True)
def temporary() -> Iterator[None]:
    """Use a temporary directory that is removed in the end; its path must be short, since sockets are made there."""
    with TemporaryDirectory(prefix="k") as directory, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", directory)
        yield


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with inputs."""
    place = tmp_path_factory.mktemp("resuming")
    lines = jsonl(PAGES * 25).split(b"\n")
    lines[7] = lines[300] = lines[-30] = b"broken"
    (place / "dump.jsonl").write_bytes(b"\n".join(lines))
    (place / "dump.jsonl.gz").write_bytes(gzip.compress(jsonl(PAGES * 30), 1))
    numbered = [(name, data + f"<p>{number}".encode()) for number, (name, data) in enumerate(PAGES * 30)]
    (place / "crawl.warc.gz").write_bytes(warc(numbered, lambda record: gzip.compress(record, 0)))
    (place / "pages.zip").write_bytes(zipped([(f"{number:04} {name}", data) for number, (name, data) in enumerate(numbered)]))
    (place / "pages.parquet").write_bytes(parquet(numbered, 50))
    (place / "saved").mkdir()
    for number, (name, data) in enumerate(numbered):
        (place / "saved" / f"{number:04} {name}").write_bytes(data)
    return place


def unpack(name: str, data: bytes) -> bytes:
    """Return the content of a file, decompressed according to its name."""
    decompress: dict[str, Callable[[bytes], bytes]] = {
        ".gz": gzip.decompress,
        ".zst": lambda data: zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True).read(),
    }
    return decompress.get(Path(name).suffix, bytes)(data)


def unpacked(place: Path) -> dict[str, bytes]:
    """Return the contents of the outputs and the summary."""
    files = [place / "summary.json", *(path for path in sorted((place / "out").rglob("*")) if path.is_file())]
    return {str(path.relative_to(place)): unpack(path.name, path.read_bytes()) for path in files}


def clear(place: Path) -> None:
    subprocess.run(["rm", "-rf", "out", "summary.json"], cwd=place, check=True)
    (place / "out").mkdir()


def journals(place: Path) -> list[Path]:
    return [*place.glob("out/[!.]*.journal"), *place.glob("out/.*.journal")]


def progress(place: Path) -> int:
    """Return the number of entries in the journal of a run, or -1 if there is none."""
    try:
        return max((path.read_bytes().count(b"\n") for path in journals(place)), default=-1)
    except OSError:
        return -1


def reached(place: Path) -> int:
    """Return the number of the last complete entry of a journal; 0 if there is none."""
    lines = [line for path in journals(place) for line in path.read_bytes().splitlines(keepends=True)]
    numbers: list[int] = [json.loads(line).get("number", 0) for line in lines if line.endswith(b"\n")]
    return max(numbers, default=0)


def is_written(place: Path) -> bool:
    """Return True if a run has written something and has not renamed it yet."""
    parts = [path for path in place.glob("out/**/*.part") if path.name != ".partitions.part"]
    return progress(place) >= 0 and any(path.stat().st_size for path in parts)


def kill(command: list[str], place: Path, env: dict[str, str], rng: random.Random) -> tuple[int, bytes]:
    """Run a command and kill it, mostly soon after a checkpoint; return its status and stderr."""
    before = progress(place)
    with subprocess.Popen(command, cwd=place, env={**os.environ, **env}, stderr=subprocess.PIPE) as process:
        if rng.random() < 0.9:
            began = time.monotonic()
            while process.poll() is None and time.monotonic() - began < 20:
                now = progress(place)
                if now >= 0 and now != before and now > 2:
                    break
                time.sleep(0.002)
            time.sleep(rng.random() * 0.15)
        else:
            time.sleep(rng.random())
        process.send_signal(signal.SIGKILL)
        _, stderr = process.communicate()
        return process.returncode, stderr


class CaseCounts(NamedTuple):
    """The counts of a case."""

    kills: int
    within: int
    """Kills between first write and rename."""
    resumed: int
    """Runs that went on where another had stopped."""
    compared: int
    """Results that were compared with that of an uninterrupted run."""


def kill_repeatedly(name: str, inputs: Path, place: Path) -> CaseCounts:
    """Kill the command of a case again and again, and compare each result."""
    case = CASES[name]
    (place / "out").mkdir(parents=True)
    for path in inputs.iterdir():
        if path.name in ("dump.jsonl", "dump.jsonl.gz", "crawl.warc.gz", "pages.parquet", "pages.zip", "saved"):
            (place / path.name).symlink_to(path)
    status = subprocess.run(case.command, cwd=place, capture_output=True, check=False, timeout=120).returncode
    expected = unpacked(place)
    clear(place)
    env = environment(place / "site")
    rng = random.Random(f"{SEED} {name}")
    kills = within = resumed = compared = 0
    while kills < -(-KILLS // len(CASES)):
        resumed += reached(place) > 0
        ended, stderr = kill([*case.command, "--resume", "-j", rng.choice("12")], place, env, rng)
        if ended == -signal.SIGKILL:
            kills += 1
            within += is_written(place)
        else:
            compared += 1
            assert ended in (0, status), (name, stderr)
            assert all(b": bad-record: " in line for line in stderr.splitlines()), (name, stderr)
            assert unpacked_without_mark(place) == expected, name
            clear(place)
    is_whole = progress(place) < 0 and ((place / case.out).exists() or (place / "out/.partitions").exists())
    command = [*case.command, "--resume", "-j2"]
    last = subprocess.run(command, cwd=place, env={**os.environ, **env}, capture_output=True, check=False, timeout=120)
    assert last.returncode == (0 if is_whole else status), (name, last.stderr)
    assert all(b": bad-record: " in line for line in last.stderr.splitlines()), (name, last.stderr)
    assert unpacked_without_mark(place) == expected, name
    return CaseCounts(kills, within, resumed, compared + 1)


def test_killed_at_random_moments_the_result_is_the_same(place: Path, tmp_path: Path) -> None:
    """Killed at seeded moments, mostly between first write and rename, runs of all inputs, outputs and processes give the same result."""
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda name: kill_repeatedly(name, place, tmp_path / name), CASES))
    for name, case in zip(CASES, done, strict=True):
        print(name, *zip(CaseCounts._fields, case, strict=True))
    kills, within, resumed, compared = map(sum, zip(*done, strict=True))
    print(f"{kills} kills, {within} of them between first write and rename; {resumed} runs went on; {compared} results compared")
    assert kills >= KILLS
    assert within >= KILLS * 0.8
    assert resumed >= KILLS * 0.7


def unpacked_without_mark(place: Path) -> dict[str, bytes]:
    """Return the contents of the outputs, without the mark with their pattern that a complete run leaves."""
    found = unpacked(place)
    assert found.pop("out/.partitions", b"out/{").startswith(b"out/{")
    return found


def test_the_names_are_given_once_more(place: Path, tmp_path: Path) -> None:
    """A run that was killed while renaming its outputs only renames them; no input is read again."""
    for name, fatal in (("many", 1), ("many", 5), ("jsonl", 1), ("jsonl", 2), ("zstd", 2)):
        case = CASES[name]
        clear(place)
        status = subprocess.run(case.command, cwd=place, capture_output=True, check=False, timeout=120).returncode
        expected = unpacked(place)
        clear(place)
        command = [*case.command, "--resume", "-j1"]
        env = {**os.environ, **environment(tmp_path, FATAL), "FATAL": str(fatal + 1)}  # the summary is renamed first
        assert subprocess.run(command, cwd=place, env=env, capture_output=True, check=False, timeout=120).returncode == -9
        assert list(place.glob("out/**/*.part"))
        dump = place / "dump.jsonl"
        dump.rename(place / "away")
        last = subprocess.run(command, cwd=place, capture_output=True, check=False, timeout=120)
        (place / "away").rename(dump)
        assert (last.returncode, last.stderr) == (status, b"")
        assert unpacked_without_mark(place) == expected


@pytest.fixture
def stopped(place: Path, tmp_path: Path) -> Path:
    """A directory in which a run was killed after a checkpoint."""
    (tmp_path / "dump.jsonl").write_bytes((place / "dump.jsonl").read_bytes())
    (tmp_path / "out").mkdir()
    env = environment(tmp_path / "site")
    command = [*COMMAND, "clean", "dump.jsonl", "-o", "out/pages.jsonl", "--resume", "-j1"]
    while reached(tmp_path) < 3:
        assert kill(command, tmp_path, env, random.Random(1))[0] == -signal.SIGKILL
    return tmp_path


def resume(place: Path, *args: str) -> subprocess.CompletedProcess[bytes]:
    env = {**os.environ, **environment(place / "site")}
    command = [*COMMAND, "clean", *(args or ("dump.jsonl", "-o", "out/pages.jsonl")), "--resume"]
    return subprocess.run(command, cwd=place, env=env, capture_output=True, check=False, timeout=120)


def uninterrupted(place: Path) -> bytes:
    command = [*COMMAND, "clean", "dump.jsonl"]
    return subprocess.run(command, cwd=place, capture_output=True, check=False, timeout=120).stdout


@pytest.mark.parametrize(
    ("name", "target"),
    [("pages.gz", "data"), ("pages.zst", "data.gz"), ("pages.jsonl", "data.gz")],
)
def test_the_given_name_decides_the_compression(place: Path, tmp_path: Path, name: str, target: str) -> None:
    """The target of a symbolic link may have another suffix, or none, in the first run and in the one that resumes it."""
    (tmp_path / "dump.jsonl").symlink_to(place / "dump.jsonl")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).symlink_to(target)
    args = ("dump.jsonl", "-o", f"out/{name}")
    env = environment(tmp_path / "site")
    while reached(tmp_path) < 3:
        assert kill([*COMMAND, "clean", *args, "--resume", "-j1"], tmp_path, env, random.Random(1))[0] == -signal.SIGKILL
    assert resume(tmp_path, *args).returncode == 1  # three lines are broken
    assert unpack(name, (tmp_path / "out" / target).read_bytes()) == uninterrupted(tmp_path)


def test_headlines_are_resumed(place: Path, tmp_path: Path) -> None:
    """`headlines --resume` goes on where it was killed; pages are not taken for its result, and --unique refuses it."""
    (tmp_path / "dump.jsonl").symlink_to(place / "dump.jsonl")
    (tmp_path / "out").mkdir()
    command = [*COMMAND, "headlines", "dump.jsonl", "-o", "out/pages.jsonl", "-j1"]
    env = environment(tmp_path / "site")
    while reached(tmp_path) < 3:
        assert kill([*command, "--resume"], tmp_path, env, random.Random(1))[0] == -signal.SIGKILL
    assert b"other inputs or options" in resume(tmp_path).stderr
    done = [
        subprocess.run([*command, *more], cwd=tmp_path, env={**os.environ, **env}, capture_output=True, check=False, timeout=120)
        for more in (["--resume"], ["--resume", "--unique"], ["-o", "out/again.jsonl"])
    ]
    assert [each.returncode for each in done] == [1, 2, 1]  # three lines are broken
    assert (tmp_path / "out/pages.jsonl").read_bytes() == (tmp_path / "out/again.jsonl").read_bytes() != b""


def test_other_options_or_inputs_are_refused(stopped: Path) -> None:
    """Other options or inputs end with one sentence and status 2, and leave the output as it is."""
    before = {path: path.read_bytes() for path in (stopped / "out").iterdir()}
    dump = stopped / "dump.jsonl"
    data, times = dump.read_bytes(), (dump.stat().st_atime_ns, dump.stat().st_mtime_ns)
    for options in (
        ["--unknown", "skip"],
        ["--max-bytes", "1000000"],
        ["--keys", "text"],
        ["--dedup"],
        ["--layouts", str(ROOT / "examples/layouts")],
    ):
        (done) = resume(stopped, "dump.jsonl", "-o", "out/pages.jsonl", *options)
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
        assert b"pages.jsonl.part.journal: it is of a run with other inputs or options" in done.stderr
    (stopped / "other.jsonl").write_bytes(data)
    assert resume(stopped, "other.jsonl", "-o", "out/pages.jsonl").returncode == 2
    dump.write_bytes(data.replace(b"broken", b"beaten"))
    done = resume(stopped)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert b"its inputs have changed since it stopped" in done.stderr
    dump.write_bytes(data[:1000])
    assert resume(stopped).returncode == 2
    assert reached(stopped) == max(
        json.loads(line).get("number", 0) for line in before[stopped / "out/pages.jsonl.part.journal"].splitlines()
    )
    dump.write_bytes(data)
    os.utime(dump, ns=times)
    assert resume(stopped).returncode == 1
    assert (stopped / "out/pages.jsonl").read_bytes() == uninterrupted(stopped)


def test_outputs_are_whole_for_their_own_pattern_alone(tmp_path: Path) -> None:
    """Outputs of another pattern in the same directory do not make a run complete."""
    (tmp_path / "page.html").write_bytes(PAGES[0][1])
    for pattern, name in (("out/{kind}.jsonl", "article.jsonl"), ("out/a-{kind}.jsonl", "a-article.jsonl")):
        subprocess.run([*COMMAND, "clean", "page.html", "-o", pattern, "--resume"], cwd=tmp_path, check=True)
        assert (tmp_path / "out" / name).exists()


def test_a_whole_output_needs_nothing(stopped: Path) -> None:
    """If the output is complete, the next run says so in one sentence and ends with 0, also with many outputs."""
    for out in ("out/pages.jsonl", "new/deep/{kind}.jsonl"):
        assert resume(stopped, "dump.jsonl", "-o", out).returncode == 1  # three lines are broken
        done = resume(stopped, "dump.jsonl", "-o", out)
        assert (done.returncode, len(done.stderr.splitlines())) == (0, 1)
        assert b"already complete" in done.stderr
        assert resume(stopped, "dump.jsonl", "-o", out, "-q").stderr == b""
    assert not journals(stopped)


def test_what_is_torn_or_lost_is_noticed(stopped: Path) -> None:
    """A torn line of the journal does not count; if an output is shorter than the journal says, the run starts anew and says so."""
    (journal,) = journals(stopped)
    with journal.open("ab") as file:
        file.write(b'{"number":77,"position":{"un')
    expected = uninterrupted(stopped)
    part = stopped / "out/pages.jsonl.part"
    os.truncate(part, 1000)
    done = resume(stopped)
    assert b"it knows more than the outputs hold; the run starts anew" in done.stderr
    assert done.returncode == 1
    assert (stopped / "out/pages.jsonl").read_bytes() == expected


def test_a_run_without_the_option_starts_anew(stopped: Path) -> None:
    """A run without --resume starts anew and leaves nothing that a later one could resume."""
    command = [*COMMAND, "clean", "dump.jsonl", "-o", "out/pages.jsonl"]
    subprocess.run(command, cwd=stopped, capture_output=True, check=False, timeout=120)
    assert [path.name for path in (stopped / "out").iterdir()] == ["pages.jsonl"]


def test_what_cannot_be_read_or_written_again_is_refused(tmp_path: Path) -> None:
    """With stdout, stdin, pipes or devices, --resume ends with one sentence and status 2."""
    (tmp_path / "page.html").write_bytes(PAGES[0][1])
    os.mkfifo(tmp_path / "pipe")
    for args, message in (
        (["page.html"], "name a file with -o"),
        (["-", "-o", "out"], "stdin cannot be read again"),
        (["-o", "out"], "stdin cannot be read again"),
        (["--from-list", "-", "-o", "out"], "'-' is not a file"),
        (["page.html", "-o", "/dev/null"], "is not a file"),
        (["page.html", "-o", "out", "--failures", "pipe"], "is not a file"),
        (["page.html", "pipe", "-o", "out"], "pipe: it cannot be read again"),
    ):
        done = resume(tmp_path, *args)
        assert done.returncode == 2, args
        assert message in re.sub(r"[\s│]+", " ", done.stderr.decode()), done.stderr
    assert resume(tmp_path, "page.html", "-o", "out").returncode == 0  # the refused runs left nothing to resume


def test_one_run_at_a_time_goes_on(stopped: Path) -> None:
    """A second run with the same journal says so, changes nothing and ends with 1."""
    (path,) = journals(stopped)
    run = json.loads(path.read_bytes().splitlines()[0])["run"]
    with Journal(path, run):
        done = resume(stopped)
    assert (done.returncode, b"another run is writing it" in done.stderr) == (1, True)


def test_a_journal_stays_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal is rewritten before it is long, and still has the length of each output."""
    monkeypatch.setattr("scraper.output.journal._SLACK", 10_000)
    path = tmp_path / "journal"
    with Journal(path, "run") as journal:
        for number in range(1000):
            journal.append(Position(number), {f"out{number % 10}": number}, {})
            assert path.stat().st_size < 25_000
    with Journal(path, "run") as journal:
        assert journal.last.lengths == {f"out{number}": 990 + number for number in range(10)}
        assert (journal.last.number, journal.last.position.chunks) == (1000, 999)
    with pytest.raises(ResumeError), Journal(path, "another"):
        pass


def test_outputs_and_journal_are_no_inputs(tmp_path: Path) -> None:
    """A directory can be cleaned into itself, also by a resumed run."""
    for number, (name, data) in enumerate(PAGES * 100):
        (tmp_path / f"{number} {name}").write_bytes(data)
    for out in ("one.jsonl", "{lang}.jsonl"):
        env, command = environment(tmp_path.with_name("site")), [*COMMAND, "clean", ".", "-o", out, "--resume", "--dedup", "-j1"]
        process = subprocess.Popen(command, cwd=tmp_path, env={**os.environ, **env}, stderr=subprocess.DEVNULL)
        while not [*tmp_path.glob("*.journal"), *tmp_path.glob(".*.journal")]:
            time.sleep(0.01)
        time.sleep(0.2)
        assert process.poll() is None  # there must be something to resume
        process.kill()
        process.wait()
        done = subprocess.run(command, cwd=tmp_path, env={**os.environ, **env}, capture_output=True, check=False, timeout=60)
        assert (done.returncode, complaints(done)) == (0, [])
        written = b"".join(path.read_bytes() for path in tmp_path.glob("*.jsonl"))
        assert b".journal" not in written
        assert b".part" not in written
        for path in tmp_path.glob("*.jsonl"):
            path.unlink()
