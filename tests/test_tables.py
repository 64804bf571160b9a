"""Tables: the records of a run as CSV, TSV and Parquet, chosen by the output's name."""

import csv
import gzip
import io
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pyarrow.parquet as pq
import pytest
import zstandard

from scraper import run as run_from_python
from tests.site import Site
from tests.test_cli import COMMAND, FIXTURES, HTML, TEXT, complaints, run

csv.field_size_limit(1 << 30)

TableRow = dict[str, Any]
NO_STRINGS = {"schema", "position", "pages", "headings", "headlines", "teasers", "images", "removed", "warnings"}
"""Keys whose values are numbers or lists."""


def unzstd(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True).read()


def cells(data: bytes, delimiter: str = ",") -> list[TableRow]:
    """Return the rows of CSV with the values that a JSON line has: JSON cells decoded, and empty cells null but for ``text``."""
    rows = csv.DictReader(io.StringIO(data.decode(), newline=""), delimiter=delimiter)
    return [{key: _value(key, cell) for key, cell in row.items()} for row in rows]


def _value(key: str, cell: str) -> Any:
    if key in NO_STRINGS:
        return json.loads(cell)
    return cell if cell or key == "text" else None


READERS: dict[str, Callable[[bytes], list[TableRow]]] = {
    ".csv": cells,
    ".tsv": lambda data: cells(data, "\t"),
    ".csv.gz": lambda data: cells(gzip.decompress(data)),
    ".tsv.zst": lambda data: cells(unzstd(data), "\t"),
    ".parquet": lambda data: pq.read_table(io.BytesIO(data)).to_pylist(),
}
CASES = sorted(FIXTURES.glob("*/source.*"))[::6]


def lines(path: Path) -> list[TableRow]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def flat(done: CompletedProcess[bytes]) -> str:
    return " ".join(done.stderr.decode().replace("│", " ").split())


@cache
def _lines_of(*command: str) -> str:
    """Return the array of the lines of a command."""
    return f"[{','.join(run(*command, *CASES).stdout.decode().splitlines())}]"


@pytest.mark.parametrize("ending", READERS)
@pytest.mark.parametrize(
    "command",
    [
        ["clean"],
        ["clean", "--keys", "content=text,teasers,day=date"],
        ["headlines", "-j", "2"],
        ["headlines", "--unique", "--keys", "pages,headline"],
    ],
    ids=" ".join,
)
def test_a_table_has_the_values_of_the_lines(tmp_path: Path, ending: str, command: list[str]) -> None:
    """A table has a row for each line of JSON, with the same columns in the same order and the same values."""
    table = tmp_path / f"out{ending.upper()}"
    assert run(*command, *CASES, "-o", table).returncode in (0, 1)
    found, expected = READERS[ending](table.read_bytes()), json.loads(_lines_of(*command))
    assert list(found[0]) == list(expected[0])
    if "content" in found[0]:  # as `text`, the one string that is empty and not null
        found = [{**row, "content": row["content"] or ""} for row in found]
    assert found == expected
    assert list(tmp_path.iterdir()) == [table]


def test_the_pages_of_a_parquet_table_have_checksums(tmp_path: Path) -> None:
    """A table of this program that was damaged by a single bit is not read as if it were whole."""
    table = tmp_path / "out.parquet"
    run("clean", *CASES, "-o", table)
    data = bytearray(table.read_bytes())
    group = pq.ParquetFile(io.BytesIO(bytes(data))).metadata.row_group(0)
    column = max(map(group.column, range(group.num_columns)), key=lambda column: column.total_compressed_size)
    data[column.data_page_offset + column.total_compressed_size // 4] ^= 1
    with pytest.raises(OSError, match="CRC checksum verification failed"):
        pq.ParquetFile(io.BytesIO(bytes(data)), page_checksum_verification=True).read()


@pytest.mark.parametrize("ending", [".csv.gz", ".parquet"])
def test_a_pattern_makes_many_tables(tmp_path: Path, ending: str) -> None:
    """Each table of a pattern has the rows of the JSON Lines of the same values."""
    for name in (ending, ".jsonl"):
        run("clean", *CASES, "-j2", "-o", f"{tmp_path}/{name[1:]}/{{site}}/{{kind}}{name}")
    expected = {path.relative_to(tmp_path / "jsonl"): lines(path) for path in tmp_path.glob("jsonl/*/*.jsonl")}
    tables = [path for path in (tmp_path / ending[1:]).rglob("*") if path.is_file()]
    assert {path.relative_to(tmp_path / ending[1:]): READERS[ending](path.read_bytes()) for path in tables} == {
        path.with_name(path.name.replace(".jsonl", ending)): rows for path, rows in expected.items()
    }
    assert len(tables) > 5


def test_a_table_without_rows_has_its_columns(tmp_path: Path) -> None:
    """A run that writes no record gives a table with all columns and no row, and the columns are the same as with rows."""
    none, some = tmp_path / "none.parquet", tmp_path / "some.parquet"
    assert run("clean", HTML, "--only", "listing", "-o", none).returncode == 0
    assert run("clean", HTML, "-o", some).returncode == 0
    assert (pq.read_metadata(none).num_rows, pq.read_metadata(some).num_rows) == (0, 1)
    assert pq.read_schema(none) == pq.read_schema(some)
    run("clean", HTML, "--only", "listing", "-o", tmp_path / "none.csv")
    assert (tmp_path / "none.csv").read_text().startswith("schema,id,input,url,")


def test_fetched_records_become_tables(tmp_path: Path) -> None:
    """`scraper fetch` writes pages and headlines as tables."""
    with Site() as site:
        addresses = [site.url(f"/difaf/{n}") for n in range(3)]
        for out, more in (("pages.parquet", []), ("ticker.csv", ["--ticker-only"])):
            assert run("fetch", *addresses, "--delay", "0", "-o", tmp_path / out, *more).returncode == 0
    assert [row["url"] for row in pq.read_table(tmp_path / "pages.parquet").to_pylist()] == addresses
    assert {row["page_url"] for row in cells((tmp_path / "ticker.csv").read_bytes())} == set(addresses)


def test_python_programs_write_tables(tmp_path: Path) -> None:
    """`scraper.run` goes by the name of the output, too."""
    run_from_python([HTML, TEXT], tmp_path / "out.parquet")
    assert [row["input"] for row in pq.read_table(tmp_path / "out.parquet").to_pylist()] == [str(HTML), str(TEXT)]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["-o", "pages.xlsx"], ".xlsx is not a format of outputs; choose .jsonl, .csv, .tsv, "),
        (["-o", "pages.jsonl.BZ2"], ".bz2 is not a format of outputs"),
        (["-o", "{site}/{lang}.feather"], ".feather is not a format of outputs"),
        (["-o", "pages.db.gz"], ".db is not a format of outputs"),
        (["-o", "pages.parquet.gz"], "Parquet is compressed inside; leave .gz out"),
        (["-o", "pages.parquet", "--resume"], "a Parquet file cannot be appended to; use a name for -o that ends in .jsonl"),
        (["-o", "{lang}.csv.gz", "--resume"], "a CSV file cannot be appended to"),
        (["--spans", "spans.parquet"], "it is written as JSON Lines, not as .parquet"),
        (["--failures", "failures.csv"], "it is written as JSON Lines, not as .csv"),
    ],
)
def test_a_name_that_promises_what_is_not_written_is_refused(tmp_path: Path, args: list[str], message: str) -> None:
    """A name of a format that an output does not have is wrong usage, and nothing is written."""
    done = subprocess.run([*COMMAND, "clean", str(HTML), *args], cwd=tmp_path, capture_output=True, timeout=60, check=False)
    assert (done.returncode, message in flat(done)) == (2, True), flat(done)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["pages.2024", "v1.0", "pages.txt", "pages.ndjson", "pages.json.zst", "maghress.com"])
def test_other_endings_are_json_lines(tmp_path: Path, name: str) -> None:
    """A name that promises no other format gets JSON Lines."""
    assert run("clean", HTML, "-o", tmp_path / name).returncode == 0
    data = (tmp_path / name).read_bytes()
    assert json.loads(unzstd(data) if name.endswith(".zst") else data)["kind"] == "article"


def test_a_state_appends_to_no_table(tmp_path: Path) -> None:
    """`fetch --state`, which appends, refuses tables."""
    done = run("fetch", "https://example.org/", "--state", tmp_path / "db", "-o", tmp_path / "out.parquet")
    assert (done.returncode, "a Parquet file cannot be appended to" in flat(done)) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_a_pipe_takes_no_table(tmp_path: Path) -> None:
    """A table is not written to a pipe, which says so at once instead of waiting for a reader."""
    os.mkfifo(tmp_path / "out.csv")
    done = run("clean", HTML, "-o", tmp_path / "out.csv")
    assert done.returncode == 1
    assert complaints(done) == [f"scraper: {tmp_path}/out.csv: CSV is not written to pipes and devices; name a file"]


def test_without_pyarrow_the_remedy_is_named_before_anything_is_read(tmp_path: Path) -> None:
    """Without pyarrow, a Parquet output is refused with the extra to install; CSV needs nothing."""
    code = "import sys; sys.modules['pyarrow'] = None; from scraper.__main__ import main; main()"
    for out, status in (("out.parquet", 2), ("out.csv", 0)):
        command = [sys.executable, "-c", code, "clean", str(HTML), "-o", str(tmp_path / out)]
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
        assert (done.returncode, b"[parquet]'" in done.stderr) == (status, status == 2)
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_a_stopped_run_leaves_the_old_table(tmp_path: Path, number: signal.Signals, status: int) -> None:
    """After a signal the old table is unchanged, and after Ctrl-C the records are in the part file, which is named."""
    out, pipe = tmp_path / "out.parquet", tmp_path / "never"
    out.write_text("old")
    os.mkfifo(pipe)
    command = [*COMMAND, "clean", str(TEXT), str(pipe), "-o", str(out)]
    # The run opens the pipe when it has done the first page.
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process, pipe.open("wb"):
        process.send_signal(number)
        _, stderr = process.communicate(timeout=60)
    assert (process.returncode, out.read_text()) == (status, "old")
    if number == signal.SIGINT:
        assert json.loads(unzstd((tmp_path / "out.parquet.part").read_bytes()))["input"] == str(TEXT)
        assert b"out.parquet.part\nscraper: records that were to become Parquet are JSON Lines there" in stderr
    assert run("clean", TEXT, "-o", out).returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["never", "out.parquet"]


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_table_that_does_not_fit_leaves_the_old_one(tmp_path: Path, ending: str) -> None:
    """Where the table cannot be written, the old one is unchanged, the records stay in the part file, and nothing else is left."""
    out = tmp_path / f"out{ending}"
    out.write_text("old")
    # The part file is compressed, and smaller than the table of the same lines; longer files are refused by the system.
    done = subprocess.run(
        [*COMMAND, "clean", *[str(TEXT)] * 40, "-o", str(out)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4500, 4500)),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, out.read_text()) == (1, "old")
    assert b"Traceback" not in done.stderr
    assert f"{out}: the output cannot be written (File too large)".encode() in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"out{ending}", f"out{ending}.part"]
    assert unzstd((tmp_path / f"out{ending}.part").read_bytes()).count(b"\n") == 40


@pytest.mark.parametrize(("name", "fitting"), [("out.jsonl", range(1, 40)), ("{kind}.jsonl", range(1))])
def test_a_full_disk_leaves_whole_records(tmp_path: Path, name: str, fitting: range) -> None:
    """Where no more can be written, a part file has only whole records: of a single output those that fitted, of many none."""
    done = subprocess.run(
        [*COMMAND, "clean", *[str(TEXT)] * 40, "-o", str(tmp_path / name)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert b"the output cannot be written (File too large)" in done.stderr
    (part,) = tmp_path.glob("[!.]*.part")
    lines = part.read_bytes().splitlines(keepends=True)
    assert len(lines) in fitting
    assert [json.loads(line)["kind"] for line in lines if line.endswith(b"\n")] == ["article"] * len(lines)
