"""Runs on a Dask cluster: parts that joined are the output of one process, whatever dies on the way."""

import gzip
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import Client, LocalCluster

from tests.containers import CONTAINERS, jsonl, parquet, twenty_pages, warc
from tests.test_cli import COMMAND, HTML, complaints, run
from tests.test_running import ENDLESS

PAGES = twenty_pages()


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    """A scheduler with two worker processes."""
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0") as cluster:
        yield cluster


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pages in all formats; files of more than 1 MiB become parts of their own."""
    directory = tmp_path_factory.mktemp("corpus")
    for kind in ("warc", "warc-zstd-by-record", "csv", "zip", "json", "jsonl-xz"):
        (directory / kind).write_bytes(CONTAINERS[kind](PAGES))
    many = [(f"{n}{name}", data + b"%d" % n) for n in range(14) for name, data in PAGES]
    (directory / "big.jsonl").write_bytes(jsonl(many))
    (directory / "big.parquet").write_bytes(parquet(many, compression="none"))
    (directory / "big.warc.gz").write_bytes(warc(many, lambda data: gzip.compress(data, 0)))
    (directory / "big.jsonl.gz").write_bytes(gzip.compress(jsonl(many), 0))
    (directory / "empty.html").write_bytes(b"<p>\n")
    return directory


def parts(out: Path) -> bytes:
    """Return the parts of a run, joined in the order of the manifest."""
    entries = json.loads((out / "manifest.json").read_bytes())["parts"]
    return b"".join((out / file["name"]).read_bytes() for entry in entries for file in entry["files"])


def files(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())


def summary_of(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def test_parts_joined_are_the_output_of_one_process(cluster: LocalCluster, corpus: Path, tmp_path: Path) -> None:
    """Records, spans, failures and summary of several workers, with filters and chosen keys, are those of -j1."""
    options = ["--lang", "ar", "--lang", "en", "--unknown", "fail", "--keys", "id,input,content=text"]
    for name, arguments in (("one", ["-j", "1", "-o", "one.jsonl"]), ("many", ["--dask", cluster.scheduler_address, "-o", "many"])):
        listed = ["--failures", f"{name}.failures", "--summary", f"{name}.json", "--spans", f"{name}.spans"]
        done = run("clean", corpus, *options, *listed, *arguments, cwd=tmp_path)
        assert done.returncode == 1
    assert len(files(tmp_path / "many")) == 1 + 5
    assert parts(tmp_path / "many") == (tmp_path / "one.jsonl").read_bytes()
    assert (
        b"".join(path.read_bytes() for path in sorted((tmp_path / "many.spans").iterdir())) == (tmp_path / "one.spans").read_bytes()
    )
    assert (tmp_path / "many.failures").read_bytes() == (tmp_path / "one.failures").read_bytes() != b""
    assert summary_of(tmp_path / "many.json") == summary_of(tmp_path / "one.json")


def test_repeated_pages_are_left_out_by_a_second_pass(cluster: LocalCluster, corpus: Path, tmp_path: Path) -> None:
    """With --dedup the first of equal pages stays, in whichever part it is, and each output of a pattern has its parts."""
    run("clean", corpus, "-q", "--dedup", "-j", "1", "-o", "one/{site}/{lang}.jsonl", "--summary", "one.json", cwd=tmp_path)
    options = ["--dedup", "--dask", cluster.scheduler_address, "-o", "many/{site}/{lang}.jsonl", "--summary", "many.json"]
    run("clean", corpus, "-q", *options, cwd=tmp_path)
    assert summary_of(tmp_path / "many.json") == summary_of(tmp_path / "one.json")
    assert summary_of(tmp_path / "many.json")["left_out"]["repeated-text"] > 300
    outputs = files(tmp_path / "one")
    assert len(outputs) > 2
    for name in outputs:
        found = sorted((tmp_path / "many" / name).iterdir())
        assert b"".join(path.read_bytes() for path in found) == (tmp_path / "one" / name).read_bytes()
    assert sorted({os.path.dirname(name) for name in files(tmp_path / "many")} - {""}) == outputs


def slow(directory: Path, count: int) -> Path:
    """Make inputs that take a second each, every one a part."""
    for n in range(count):
        rows = [(f"{n}-{m}", data + b"%d-%d" % (n, m)) for m in range(14) for _, data in PAGES]
        (directory / f"{n}.jsonl").write_bytes(jsonl(rows))
    return directory


def wait_for(condition: Any) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def start(*arguments: str | Path, cwd: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([*COMMAND, *map(str, arguments)], cwd=cwd, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)


def test_a_worker_that_is_killed_costs_nothing(tmp_path: Path) -> None:
    """While a worker is killed with -9 in the middle, the engine does its parts again, and the result is the same."""
    (tmp_path / "in").mkdir()
    slow(tmp_path / "in", 5)
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0") as cluster:
        process = start("clean", tmp_path / "in", "-o", "out", "--dask", cluster.scheduler_address, cwd=tmp_path)
        wait_for(lambda: list(tmp_path.glob("out/.scratch-*/records.jsonl.part")))
        os.kill(cluster.workers[0].pid, signal.SIGKILL)
        _, stderr = process.communicate(timeout=120)
    assert (process.returncode, stderr.count(b"\n")) == (0, 1), stderr
    assert parts(tmp_path / "out") == run("clean", "-q", tmp_path / "in").stdout
    assert len(files(tmp_path / "out")) == 6
    assert not list(tmp_path.glob("out/.*"))


def test_a_client_that_was_killed_does_only_what_is_missing(cluster: LocalCluster, tmp_path: Path) -> None:
    """The same command goes on after the client was killed: parts that are there stay, and only the others are made."""
    (tmp_path / "in").mkdir()
    slow(tmp_path / "in", 5)
    command = ("clean", tmp_path / "in", "-o", "out", "--dask", cluster.scheduler_address)
    process = start(*command, cwd=tmp_path)
    wait_for(lambda: len(list(tmp_path.glob("out/.parts/*.json"))) >= 2)
    process.kill()
    process.communicate()
    with Client(cluster) as client:
        wait_for(lambda: not any(client.processing().values()))
    before = {
        path: path.stat().st_ino for path in tmp_path.glob("out/part-*") if (tmp_path / f"out/.parts/{path.stem[5:]}.json").exists()
    }
    assert 2 <= len(before) < 5
    assert not (tmp_path / "out/manifest.json").exists()
    assert run(*command, cwd=tmp_path).returncode == 0
    assert {path: path.stat().st_ino for path in before} == before
    assert parts(tmp_path / "out") == run("clean", "-q", tmp_path / "in").stdout


def test_a_second_run_makes_what_is_new_changed_or_lost(cluster: LocalCluster, tmp_path: Path) -> None:
    """Complete parts stay; a lost file, a changed input and a new one give new parts; other options are refused."""
    (tmp_path / "in").mkdir()
    for n in range(3):
        (tmp_path / f"in/{n}.jsonl").write_bytes(jsonl([(f"{n}", data + b"%d" % n + b" " * 60000) for _, data in PAGES]))
    command: list[str | Path] = ["clean", tmp_path / "in", "-o", "out", "--dask", cluster.scheduler_address]
    run(*command, cwd=tmp_path)
    names = [f"part-{n:08d}.jsonl" for n in range(4)]
    inodes = [(tmp_path / "out" / name).stat().st_ino for name in names[:3]]
    assert run(*command, cwd=tmp_path).returncode == 0
    assert [(tmp_path / "out" / name).stat().st_ino for name in names[:3]] == inodes
    (tmp_path / "out" / names[0]).unlink()
    (tmp_path / "in/2.jsonl").write_bytes((tmp_path / "in/2.jsonl").read_bytes() + b"\n")
    (tmp_path / "in/3.jsonl").write_bytes((tmp_path / "in/0.jsonl").read_bytes())
    assert run(*command, cwd=tmp_path).returncode == 0
    after = [(tmp_path / "out" / name).stat().st_ino for name in names]
    assert after[1] == inodes[1]
    assert after[2] != inodes[2]
    assert parts(tmp_path / "out") == run("clean", "-q", tmp_path / "in").stdout
    done = run(*command, "--unknown", "skip", cwd=tmp_path)
    assert done.returncode == 2
    assert "it holds parts of a run with other options; delete it" in complaints(done)[0]


def test_a_page_that_takes_too_long_fails_alone(tmp_path: Path) -> None:
    """--page-timeout interrupts the threads of workers, too: the page fails under that name, and the others are cleaned."""
    (tmp_path / "sitecustomize.py").write_text(ENDLESS)
    place = tmp_path / "dump.jsonl"
    place.write_bytes(jsonl([*PAGES, ("a.txt", b"endless"), *PAGES]))
    options = ("-o", tmp_path / "out", "--dask", "local", "-j", "1", "--page-timeout", "2")
    done = run("clean", place, *options, env={"PYTHONPATH": f"{tmp_path}:{os.getcwd()}"})
    assert done.returncode == 1
    assert done.stderr.splitlines()[0].startswith(f"scraper: {place}#{len(PAGES) + 1}: page-timeout: ".encode())
    assert parts(tmp_path / "out").count(b"\n") == 2 * len(PAGES)


def test_tables_and_compression_by_the_name_of_the_directory(cluster: LocalCluster, tmp_path: Path) -> None:
    """``--dask local`` starts a cluster; parts are of the format and compression that the directory's name tells."""
    import pyarrow.parquet as pq

    run("clean", HTML, "-o", "pages.jsonl.gz", "--dask", "local", "-j", "1", cwd=tmp_path)
    assert gzip.decompress((tmp_path / "pages.jsonl.gz/part-00000000.jsonl.gz").read_bytes()) == run("clean", "-q", HTML).stdout
    run("clean", HTML, "-o", "pages.parquet", "--dask", cluster.scheduler_address, cwd=tmp_path)
    assert pq.read_table(tmp_path / "pages.parquet/part-00000000.parquet").num_rows == 1


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["a.html"], 2, "it writes parts of the output to a directory; name one with -o"),
        (["-", "-o", "out"], 2, "workers cannot read stdin"),
        (["a.html", "-o", "out", "--resume"], 2, "a run with --dask resumes by itself"),
        (["a.html", "-o", "out", "--limit", "3"], 2, "pages are counted by one process"),
        ([".", "-o", "out"], 2, "is in the input '.'"),
        (["a.html", "-o", "a.html"], 2, "is a file, and --dask writes a directory"),
        (["a.html", "-o", "other"], 2, "it holds other files; name a new directory"),
        (["a.html", "-o", "out"], 1, "a.html: a worker sees other files than this machine, or none; name inputs by absolute paths"),
        (["a.html", "-o", "out"], -1, "no scheduler answers"),
    ],
)
def test_what_does_not_go_together_is_one_sentence(
    cluster: LocalCluster, tmp_path: Path, arguments: list[str], status: int, sentence: str
) -> None:
    """Wrong usage ends before anything is done, and leaves everything as it is."""
    (tmp_path / "a.html").write_bytes(HTML.read_bytes())
    (tmp_path / "other").mkdir()
    (tmp_path / "other/notes.txt").write_text("mine")
    address = "tcp://127.0.0.1:1" if status < 0 else cluster.scheduler_address
    done = run("clean", *arguments, "--dask", address, cwd=tmp_path)
    assert done.returncode == abs(status)
    assert sentence in " ".join(done.stderr.decode().replace("│", " ").split())
    assert files(tmp_path) == ["a.html", "other/notes.txt"]


def test_without_distributed_one_sentence_says_how_to_install_it(tmp_path: Path) -> None:
    """A missing extra is named with its command."""
    (tmp_path / "distributed.py").write_text("raise ImportError")
    environment = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    done = run("clean", HTML, "-o", tmp_path / "out", "--dask", "local", env=environment)
    assert complaints(done) == [
        "scraper: --dask needs distributed, which is not installed; install it with: pip install 'press-scraper[dask]'"
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_processes_and_names_what_is_done(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C, which reaches all processes, and SIGTERM end the run without a traceback, with the status of the signal."""
    (tmp_path / "in").mkdir()
    slow(tmp_path / "in", 5)
    command = [*COMMAND, "clean", "in", "-o", "out", "--dask", "local", "-j", "2"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, start_new_session=True)
    wait_for(lambda: list(tmp_path.glob("out/.parts/*.json")))
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    first, last = stderr.decode().splitlines()
    assert first == f"scraper: stopped before the end; what was written so far is in {tmp_path / 'out'}"
    assert last.startswith("scraper: ")
