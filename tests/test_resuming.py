"""Runs that are killed at any moment and go on with ``--resume`` give the result of an uninterrupted run."""

import gzip
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
import zstandard

from scraper.output.checkpoint import Checkpoint
from tests.blocks import ROOT
from tests.containers import delimited, json_array, jsonl, parquet, twenty_pages, warc, zipped
from tests.test_cli import COMMAND, complaints

KILLS = int(os.environ.get("SCRAPER_KILLS", "20"))
SEED = os.environ.get("SCRAPER_SEED", "20261")
PAGES = twenty_pages()

# Cuts small inputs into as many chunks as large ones, with as many checkpoints.
QUICK = """
import scraper.engine.resumable as resuming, scraper.engine.planning as planning
resuming.PAUSE = resuming.LONG_PAUSE = 0.02
planning.LARGE = planning.STRETCH = planning.UNPACKED = 1 << 17
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
    # The compiled code would hold the time of the file, and differ from call to call.
    return {"PYTHONPATH": f"{place}:{os.getcwd()}", "PYTHONDONTWRITEBYTECODE": "1"}


class KilledCommand(NamedTuple):
    """A command that is killed."""

    inputs: Sequence[str]
    out: str
    options: Sequence[str] = ()

    @property
    def command(self) -> list[str]:
        """Return its arguments."""
        return [*COMMAND, "clean", "-q", *self.inputs, "-o", self.out, "--summary", "summary.json", *self.options]


CASES = {
    "jsonl": KilledCommand(["dump.jsonl"], "out/pages.jsonl", ["--failures", "out/failures.jsonl"]),
    "warc": KilledCommand(["crawl.warc.gz"], "out/pages.jsonl"),
    "many": KilledCommand(
        ["crawl.warc.gz", "saved", "dump.jsonl"], "out/{lang}/{newspaper_slug}.jsonl", ["--failures", "out/failures.gz"]
    ),
    "many-gzip": KilledCommand(["dump.jsonl"], "out/{year}/{kind}.jsonl.gz", ["--dedup"]),
    "one-gzip": KilledCommand(["dump.jsonl.gz"], "out/pages.jsonl.gz"),
    "containers": KilledCommand(["pages.parquet", "dump.jsonl.gz", "pages.zip"], "out/pages.jsonl"),
    "read-by-one": KilledCommand(
        ["dump.json", "dump.csv", "table.parquet", "dump.zip"], "out/pages.jsonl", ["--failures", "out/failures.jsonl"]
    ),
    "zstd": KilledCommand(["crawl.warc.gz", "dump.jsonl"], "out/pages.jsonl.zst", ["--spans", "out/spans.jsonl.gz"]),
    "dedup": KilledCommand(["dump.jsonl", "saved"], "out/pages.jsonl", ["--dedup"]),
    "files": KilledCommand(["saved"], "out/pages.jsonl"),
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
    lines = jsonl(PAGES * 17).split(b"\n")
    lines[7] = lines[300] = lines[-30] = b"broken"
    (place / "dump.jsonl").write_bytes(b"\n".join(lines))
    (place / "dump.jsonl.gz").write_bytes(gzip.compress(jsonl(PAGES * 18), 1))
    numbered = [(name, data + f"<p>{number}".encode()) for number, (name, data) in enumerate(PAGES * 18)]
    (place / "crawl.warc.gz").write_bytes(warc(numbered, lambda record: gzip.compress(record, 0)))
    (place / "dump.json").write_bytes(json_array(numbered))
    (place / "dump.csv").write_bytes(delimited(numbered).replace(b"\n7,", b"\n7,7,"))
    members = [(f"{number:04} {name}", data) for number, (name, data) in enumerate(numbered)]
    (place / "pages.zip").write_bytes(zipped(members))
    (place / "pages.parquet").write_bytes(parquet(numbered, 50))
    (place / "table.parquet").write_bytes(parquet(numbered, 1 << 20))
    (place / "dump.zip").write_bytes(zipped([("dump.jsonl", b"\n".join(lines)), *members[:70]]))
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
    found = [path for path in sorted((place / "out").rglob("*")) if path.is_file() and path.suffix != ".checkpoint"]
    return {str(path.relative_to(place)): unpack(path.name, path.read_bytes()) for path in [place / "summary.json", *found]}


def clear(place: Path) -> None:
    subprocess.run(["rm", "-rf", "out", "summary.json"], cwd=place, check=True)
    (place / "out").mkdir()


def checkpoints(place: Path) -> list[Path]:
    return [*place.glob("out/[!.]*.checkpoint"), *place.glob("out/.*.checkpoint")]


def progress(place: Path) -> int:
    """Return the time of the last commit of a run that has not ended, or -1 if there is none."""
    times = []
    for path in [*place.glob("out/*.checkpoint-wal"), *place.glob("out/.*.checkpoint-wal")]:
        with suppress(FileNotFoundError):  # the run has just removed it
            times.append(path.stat().st_mtime_ns)
    return max(times, default=-1)


def noted(place: Path) -> tuple[str, int]:
    """Return the stage that a run that has ended has committed, and the number of chunks and items; without changing the checkpoint."""
    with TemporaryDirectory() as copy:
        for path in [*place.glob("out/*.checkpoint*"), *place.glob("out/.*.checkpoint*")]:
            shutil.copy(path, copy)
        for path in checkpoints(place):
            with closing(sqlite3.connect(Path(copy, path.name))) as database, suppress(sqlite3.OperationalError):  # no table yet
                for stage, position in database.execute("SELECT stage, position FROM run"):
                    at = json.loads(position)
                    return stage, at["chunks"] + at["items"]
    return "", 0


def reached(place: Path) -> int:
    """Return the number of chunks and items that a stopped run has committed; 0 if there is none."""
    stage, number = noted(place)
    return number if stage == "reading" else 0


def is_written(place: Path) -> bool:
    """Return True if a run has written something and has not renamed it yet."""
    parts = [path for path in place.glob("out/**/*.part") if path.name != ".partitions.part"]
    return progress(place) >= 0 and any(path.stat().st_size for path in parts)


def kill(command: list[str], place: Path, env: dict[str, str], rng: random.Random) -> tuple[int, bytes]:
    """Run a command and kill it, mostly soon after a checkpoint; return its status and stderr."""
    seen = {-1, progress(place)}
    with subprocess.Popen(command, cwd=place, env={**os.environ, **env}, stderr=subprocess.PIPE) as process:
        if rng.random() < 0.9:
            began = time.monotonic()
            while process.poll() is None and time.monotonic() - began < 20:
                seen.add(progress(place))
                if len(seen) > 4:  # beside those of earlier runs, and of making the checkpoint
                    break
                time.sleep(0.01)
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
    for source in case.inputs:
        (place / source).symlink_to(inputs / source)
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
            assert unpacked(place) == expected, name
            clear(place)
    is_whole = noted(place)[0] == "complete"
    command = [*case.command, "--resume", "-j2"]
    last = subprocess.run(command, cwd=place, env={**os.environ, **env}, capture_output=True, check=False, timeout=120)
    assert last.returncode == (0 if is_whole else status), (name, last.stderr)
    assert all(b": bad-record: " in line for line in last.stderr.splitlines()), (name, last.stderr)
    assert unpacked(place) == expected, name
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
    assert resumed >= (KILLS - len(CASES)) * 0.7  # the first run of each case cannot go on


def test_the_names_are_given_once_more(place: Path, tmp_path: Path) -> None:
    """A run that was killed while renaming its outputs only renames them; no input is read again."""
    for name, fatal in (("many", 5), ("jsonl", 1), ("zstd", 2)):
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
        assert unpacked(place) == expected


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
    before = reached(stopped)
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
        assert b"pages.jsonl.checkpoint: it belongs to a run with other inputs or options" in done.stderr
    (stopped / "other.jsonl").write_bytes(data)
    assert resume(stopped, "other.jsonl", "-o", "out/pages.jsonl").returncode == 2
    dump.write_bytes(data.replace(b"broken", b"beaten"))
    done = resume(stopped)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert b"its inputs have changed since it stopped" in done.stderr
    dump.write_bytes(data[:1000])
    assert resume(stopped).returncode == 2
    assert reached(stopped) == before
    dump.write_bytes(data)
    os.utime(dump, ns=times)
    assert resume(stopped).returncode == 1
    assert (stopped / "out/pages.jsonl").read_bytes() == uninterrupted(stopped)


def test_outputs_are_complete_for_their_own_pattern_alone(tmp_path: Path) -> None:
    """Outputs of another pattern in the same directory do not make a run complete."""
    (tmp_path / "page.html").write_bytes(PAGES[0][1])
    for pattern, name in (("out/{kind}.jsonl", "article.jsonl"), ("out/a-{kind}.jsonl", "a-article.jsonl")):
        subprocess.run([*COMMAND, "clean", "page.html", "-o", pattern, "--resume"], cwd=tmp_path, check=True)
        assert (tmp_path / "out" / name).exists()


def test_a_complete_output_needs_nothing(stopped: Path) -> None:
    """If the output is complete, the next run says so in one sentence and ends with 0, also with many outputs."""
    for out in ("out/pages.jsonl", "new/deep/{kind}.jsonl"):
        assert resume(stopped, "dump.jsonl", "-o", out).returncode == 1  # three lines are broken
        done = resume(stopped, "dump.jsonl", "-o", out)
        assert (done.returncode, len(done.stderr.splitlines())) == (0, 1)
        assert b"already complete" in done.stderr
        assert resume(stopped, "dump.jsonl", "-o", out, "-q").stderr == b""
    assert [path.stat().st_size < 20_000 for path in checkpoints(stopped)] == [True]
    assert progress(stopped) == -1


@pytest.mark.parametrize("out", ["pages.jsonl", "out/{kind}.jsonl"])
def test_a_complete_output_is_of_the_same_inputs_and_options(tmp_path: Path, out: str) -> None:
    """With more, fewer or changed inputs, with other options, or when an output was changed, the next run refuses and touches nothing."""
    saved = tmp_path / "saved"
    saved.mkdir()
    for number, (name, data) in enumerate(PAGES[:3]):
        (saved / f"{number} {name}").write_bytes(data)
    args = ("saved", "-o", out, "--failures", "failed", "--summary", "saved/summary.json")
    assert resume(tmp_path, *args).returncode == 0

    def refused(message: bytes, *more: str) -> bool:
        before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        done = resume(tmp_path, *args, *more)
        assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
        return done.returncode == 2 and message in done.stderr and b" to run again" in done.stderr

    extra = saved / "9.html"
    extra.write_bytes(PAGES[3][1])
    assert refused(b"its inputs have changed since")
    extra.rename(tmp_path / "extra")
    assert refused(b"other inputs or options", "extra")
    assert refused(b"other inputs or options", "--unknown", "skip")
    page = saved / f"0 {PAGES[0][0]}"
    times = page.stat().st_atime_ns, page.stat().st_mtime_ns
    page.write_bytes(PAGES[3][1])
    assert refused(b"its inputs have changed since")
    page.write_bytes(PAGES[0][1])
    os.utime(page, ns=times)
    assert resume(tmp_path, *args).returncode == 0
    written = next(path for path in tmp_path.rglob("*.jsonl"))
    with written.open("ab") as file:
        file.write(b"{}\n")
    assert refused(b"is missing or has changed since")
    (tmp_path / (out if "{" not in out else "out/.partitions.checkpoint")).unlink()
    assert b"already complete" not in resume(tmp_path, *args).stderr
    assert b"already complete" in resume(tmp_path, *args).stderr


def test_an_output_of_an_unknown_run_is_refused(tmp_path: Path) -> None:
    """A file of any other origin is no result of the run: it is refused with status 2, and stays."""
    (tmp_path / "page.html").write_bytes(PAGES[0][1])
    out = tmp_path / "out.jsonl"
    for content in (b"", b"garbage", b'{"schema": 1}\n'):
        out.write_bytes(content)
        done = resume(tmp_path, "page.html", "-o", "out.jsonl")
        assert (done.returncode, out.read_bytes()) == (2, content)
        assert b"the inputs and options of its run are not known; delete it to run again" in done.stderr
        assert not (tmp_path / "out.jsonl.checkpoint").exists()
    out.unlink()
    for name, content in (("out.jsonl.part.journal", b'{"run": "0"}\n'), ("out.jsonl.checkpoint", b"no database at all" * 9)):
        (tmp_path / name).write_bytes(content)
        done = resume(tmp_path, "page.html", "-o", "out.jsonl")
        assert (done.returncode, len(done.stderr.splitlines()), b"remove it to start again" in done.stderr) == (2, 1, True)
        (tmp_path / name).unlink()
    assert resume(tmp_path, "page.html", "-o", "out.jsonl").returncode == 0


def test_what_is_lost_is_noticed(stopped: Path) -> None:
    """If an output is shorter than the checkpoint says, the run starts again from the beginning and says so."""
    expected = uninterrupted(stopped)
    os.truncate(stopped / "out/pages.jsonl.part", 1000)
    done = resume(stopped)
    assert b"the outputs are shorter than it says; the run starts again from the beginning" in done.stderr
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
    """A second run with the same checkpoint says so, changes nothing and ends with 1."""
    before = reached(stopped)
    with Checkpoint(stopped / "out/pages.jsonl"):
        done = resume(stopped)
    assert (done.returncode, b"another run is writing it" in done.stderr) == (1, True)
    assert reached(stopped) == before


def test_outputs_and_checkpoint_are_no_inputs(tmp_path: Path) -> None:
    """A directory can be cleaned into itself, also by a resumed run."""
    for number, (name, data) in enumerate(PAGES * 100):
        (tmp_path / f"{number} {name}").write_bytes(data)
    for out in ("one.jsonl", "{lang}.jsonl"):
        env, command = environment(tmp_path.with_name("site")), [*COMMAND, "clean", ".", "-o", out, "--resume", "--dedup", "-j1"]
        process = subprocess.Popen(command, cwd=tmp_path, env={**os.environ, **env}, stderr=subprocess.DEVNULL)
        while not any(path.stat().st_size for path in tmp_path.glob("*.part") if path.name != ".partitions.part"):
            time.sleep(0.01)
        assert process.poll() is None  # there must be something to resume
        process.kill()
        process.wait()
        done = subprocess.run(command, cwd=tmp_path, env={**os.environ, **env}, capture_output=True, check=False, timeout=60)
        assert (done.returncode, complaints(done)) == (0, [])
        written = b"".join(path.read_bytes() for path in tmp_path.glob("*.jsonl"))
        assert b".checkpoint" not in written
        assert b".part" not in written
        for path in tmp_path.glob("*.jsonl"):
            path.unlink()
