"""Remote files, on a real S3 server and a real web server of our own, and ranges of web archives."""

import gzip
import json
import os
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import duckdb
import pytest
import zstandard
from moto.server import ThreadedMotoServer

import scraper
from scraper import ScraperError
from tests.containers import CONTAINERS, jsonl, response, twenty_pages, warc
from tests.test_cli import HTML, complaints, records, run

PAGES = twenty_pages()
KINDS = ("warc-gzip-by-record", "jsonl", "jsonl-zstd", "csv", "zip", "parquet")


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    """A client of an empty S3 server, which the environment names."""
    import boto3

    server = ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield boto3.client("s3")
    server.stop()


@pytest.fixture
def bucket(s3: Any, request: pytest.FixtureRequest) -> str:
    """A bucket for one test."""
    name = f"b{abs(hash(request.node.name))}"
    s3.create_bucket(Bucket=name)
    return name


def keys(s3: Any, bucket: str) -> list[str]:
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def without_input(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in record.items() if name != "input"} for record in found]


def test_a_remote_directory_gives_the_records_of_a_local_one(s3: Any, bucket: str, tmp_path: Path) -> None:
    """Objects of all formats, small and large, give the records of the same files; ``input`` is the object's address."""
    for kind in KINDS:
        data = CONTAINERS[kind](PAGES * (12 if kind in ("jsonl", "jsonl-zstd") else 1))
        (tmp_path / kind).write_bytes(data)
        s3.put_object(Bucket=bucket, Key=f"in/{kind}", Body=data)
    local, remote = run("clean", "-q", tmp_path), run("clean", "-q", f"s3://{bucket}/in", "-j", "2")
    assert (complaints(remote), remote.returncode) == ([], local.returncode)
    assert remote.stdout == local.stdout.replace(str(tmp_path).encode(), f"s3://{bucket}/in".encode())


def test_one_object_and_a_piece_of_it_are_read(s3: Any, bucket: str) -> None:
    """An object is named by its address, and a piece of it by what records have in ``input``."""
    s3.put_object(Bucket=bucket, Key="dump.jsonl", Body=jsonl(PAGES))
    whole = records(run("clean", f"s3://{bucket}/dump.jsonl"))
    assert len(whole) == len(PAGES)
    assert records(run("clean", f"s3://{bucket}/dump.jsonl#7")) == [whole[6]]


def test_outputs_appear_only_when_the_run_has_finished(s3: Any, bucket: str, tmp_path: Path) -> None:
    """Records, spans, failures, summary, patterns and tables become objects; nothing is left in TMPDIR."""
    place, environment = f"s3://{bucket}/out", {"TMPDIR": str(tmp_path)}
    files = ("--failures", f"{place}/f.jsonl", "--summary", f"{place}/s.json", "--spans", f"{place}/spans.jsonl")
    done = run("clean", HTML, "missing.html", "-o", f"{place}/pages.jsonl.gz", *files, env=environment)
    assert (done.returncode, len(complaints(done))) == (1, 1)
    body = s3.get_object(Bucket=bucket, Key="out/pages.jsonl.gz")["Body"].read()
    assert gzip.decompress(body) == run("clean", "-q", HTML).stdout
    assert json.loads(s3.get_object(Bucket=bucket, Key="out/s.json")["Body"].read())["pages"] == 1
    run("headlines", HTML, "-o", f"{place}/headlines.parquet", env=environment)
    run("clean", HTML, "-o", f"{place}/by/{{site}}/{{lang}}.jsonl", env=environment)
    names = ["by/maghress.com/ar.jsonl", "f.jsonl", "headlines.parquet", "pages.jsonl.gz", "s.json", "spans.jsonl"]
    assert keys(s3, bucket) == [f"out/{name}" for name in names]
    assert list(tmp_path.iterdir()) == []


def test_an_object_stays_as_it_was_if_the_run_fails_or_has_no_record(s3: Any, bucket: str, tmp_path: Path) -> None:
    """A run that is refused, or has no record, replaces nothing; a bucket that does not exist is one sentence."""
    s3.put_object(Bucket=bucket, Key="pages.jsonl", Body=b"old")
    done = run("clean", "missing.html", "-o", f"s3://{bucket}/pages.jsonl", env={"TMPDIR": str(tmp_path)})
    assert done.returncode == 1
    assert s3.get_object(Bucket=bucket, Key="pages.jsonl")["Body"].read() == b"old"
    assert list(tmp_path.iterdir()) == []
    (line,) = complaints(run("clean", HTML, "-o", "s3://no-such-bucket/a.jsonl"))
    assert line.startswith(
        "scraper: s3://no-such-bucket/a.jsonl: the output cannot be written (The specified bucket does not exist); it is kept"
    )
    for arguments in (["-o", f"s3://{bucket}/pages.jsonl", "--resume"], ["-o", "https://a.example/pages.jsonl"]):
        assert run("clean", HTML, *arguments, env={"TMPDIR": str(tmp_path)}).returncode in (1, 2)
    assert list(tmp_path.iterdir()) == []


def test_what_is_wrong_with_a_remote_input_is_one_sentence(bucket: str) -> None:
    """Missing objects, unknown schemes and pages on web servers fail by name, and the others are still read."""
    names = [f"s3://{bucket}/none.jsonl", "gopher://a.example/dump.jsonl", "https://www.maghress.com/difaf/1"]
    done = run("clean", *names, HTML)
    assert len(records(done)) == 1
    missing, unknown, page = complaints(done)
    assert missing == f"scraper: {names[0]}: missing: there is no such file or directory; check the address"
    assert unknown.startswith(f"scraper: {names[1]}: unreadable: gopher:// addresses cannot be read")
    assert page == f"scraper: {names[2]}: missing: it is an address, not a file; use `scraper fetch` to read it"


def test_stats_read_and_write_remote_files(s3: Any, bucket: str) -> None:
    """Records on S3 give the counts of local ones, and the report is written there."""
    run("clean", HTML, "-o", f"s3://{bucket}/pages.jsonl")
    done = run("stats", "--json", f"s3://{bucket}/pages.jsonl")
    assert json.loads(done.stdout)["pages"] == 1
    assert run("stats", f"s3://{bucket}/pages.jsonl", "--html", f"s3://{bucket}/report.html").returncode == 0
    assert s3.get_object(Bucket=bucket, Key="report.html")["Body"].read().startswith(b"<!")


def test_python_programs_write_remote_files_and_fetch_does_not(s3: Any, bucket: str, tmp_path: Path) -> None:
    """``run`` from Python writes objects, too; commands that append to their outputs refuse addresses."""
    scraper.run(HTML, f"s3://{bucket}/pages.jsonl", report=print)
    assert s3.get_object(Bucket=bucket, Key="pages.jsonl")["Body"].read() == run("clean", "-q", HTML).stdout
    with pytest.raises(ScraperError, match="cannot be resumed"):
        scraper.run(HTML, f"s3://{bucket}/pages.jsonl", resume=True)
    done = run("fetch", "https://www.maghress.com/", "-o", f"s3://{bucket}/a.jsonl", cwd=tmp_path)
    assert done.returncode == 2
    assert "is remote, and this command writes local files" in done.stderr.decode()
    assert list(tmp_path.iterdir()) == []


def test_without_the_library_one_sentence_says_how_to_install_it(tmp_path: Path) -> None:
    """The core works without fsspec and s3fs, and names the extra where they are needed."""
    for library in ("fsspec", "s3fs"):
        (tmp_path / f"{library}.py").write_text("raise ImportError")
    environment = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    done = run("clean", "s3://b/dump.jsonl", HTML, env=environment)
    sentence = "the library for s3:// is not installed; install it with: pip install 'press-scraper[remote]'"
    assert complaints(done) == [f"scraper: s3://b/dump.jsonl: unreadable: {sentence}"]
    assert len(records(done)) == 1
    assert complaints(run("clean", HTML, "-o", "s3://b/a.jsonl", env=environment)) == [f"scraper: s3://b/a.jsonl: {sentence}"]


def test_file_addresses_are_local_files(tmp_path: Path) -> None:
    """``file://`` names a local file, as input and as output."""
    assert run("clean", f"file://{HTML}", "-o", f"file://{tmp_path}/pages.jsonl").returncode == 0
    assert (tmp_path / "pages.jsonl").read_bytes() == run("clean", "-q", HTML).stdout


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("archives")
    (directory / "a.warc.gz").write_bytes(warc(PAGES[:10], gzip.compress))
    (directory / "b.warc.zst").write_bytes(warc(PAGES[10:], zstandard.compress))
    (directory / "c.warc").write_bytes(warc(PAGES[:3]))
    return directory


@pytest.fixture(scope="module")
def site(archives: Path) -> Iterator[str]:
    """The address of a web server with the archives. It sends whole files only, whatever part is asked for."""

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(archives))

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def ranges(archives: Path) -> tuple[list[tuple[str, int, int]], list[dict[str, Any]]]:
    """Return the ranges of every second page of the archives, and their records."""
    found = records(run("clean", "-q", archives))[::2]
    wanted = []
    for record in found:
        name, offset = record["input"].split("#")
        data = Path(name).read_bytes()[int(offset) :]
        magic = b"WARC/" if name.endswith("warc") else data[:4]
        wanted.append((name, int(offset), (data.find(magic, 1) + len(data) + 1) % (len(data) + 1)))
    return wanted, found


@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl", "index"])
def test_ranges_give_the_records_that_the_whole_archives_give(archives: Path, tmp_path: Path, form: str) -> None:
    """A list of file, offset and length, in any form that DuckDB writes, gives exactly those records, in its order."""
    wanted, found = ranges(archives)
    assert len(wanted) > 10
    listed = tmp_path / "ranges"
    names = ("warc_filename", "warc_record_offset", "warc_record_length") if form == "index" else ("file", "offset", "length")
    options = {"csv": "HEADER", "tsv": "HEADER, DELIMITER '\t'"}.get(form, "FORMAT json")
    with duckdb.connect() as database:
        database.execute("""CREATE TABLE t ("{}" VARCHAR, "{}" BIGINT, "{}" BIGINT)""".format(*names))
        database.executemany("INSERT INTO t VALUES (?, ?, ?)", wanted)
        database.execute(f"COPY (SELECT 'x' AS host, * FROM t) TO '{listed}' ({options})")  # noqa: S608 - the names are the test's own
    done = run("clean", "--from-list", listed, "-j", "1" if form in ("csv", "index") else "2")
    assert (complaints(done), done.returncode) == ([], 0)
    assert records(done) == found


def test_ranges_of_remote_archives(archives: Path, site: str, s3: Any, bucket: str) -> None:
    """Ranges of objects, and of files on a web server even if that sends more than was asked for, give the same records; so does a remote list."""
    wanted, found = ranges(archives)
    for path in archives.iterdir():
        s3.put_object(Bucket=bucket, Key=path.name, Body=path.read_bytes())
    for place in (site, f"s3://{bucket}"):
        rows = [f"{place}/{Path(name).name},{offset},{length}\n" for name, offset, length in wanted]
        s3.put_object(Bucket=bucket, Key="list.csv", Body="".join(["file,offset,length\n", *rows]).encode())
        done = run("clean", "--from-list", f"s3://{bucket}/list.csv")
        assert (complaints(done), done.returncode) == ([], 0)
        assert without_input(records(done)) == without_input(found)
        assert records(done)[0]["input"] == f"{place}/a.warc.gz#{wanted[0][1]}"


def test_a_wrong_range_is_named_and_costs_only_itself(archives: Path, tmp_path: Path) -> None:
    """Rows that are no ranges, ranges behind the end, too short, or at no record fail by name, and the others are read."""
    (name, offset, length), *_ = ranges(archives)[0]
    rows = [
        f"{name},a,10",
        f"{name},5",
        f"{name},99999999,10",
        f"{name},{offset},40",
        f"{name},{offset + 1},{length}",
        "none.warc,0,9",
    ]
    (tmp_path / "list.csv").write_text("\n".join(["file,offset,length", *rows, f"{name},{offset},{length}"]))
    done = run("clean", "--from-list", tmp_path / "list.csv", "--failures", tmp_path / "failures.jsonl")
    assert [found["input"] for found in records(done)] == [f"{name}#{offset}"]
    failures = [json.loads(line) for line in (tmp_path / "failures.jsonl").read_bytes().splitlines()]
    assert [failure["code"] for failure in failures] == ["bad-record", "bad-record", "missing", "damaged", "damaged", "missing"]
    assert "'a' and '10' are not a range; give the offset and the length" in failures[0]["message"]


def test_a_range_is_read_without_the_rest_of_its_file(tmp_path: Path) -> None:
    """Only the bytes of the range are looked at: damage before and after it is not met."""
    one = gzip.compress(response(HTML.read_bytes()))
    (tmp_path / "a.warc.gz").write_bytes(b"damage" + one + b"damage")
    done = run("clean", f"{tmp_path}/a.warc.gz#range=6,{len(one)}")
    assert (complaints(done), [found["input"] for found in records(done)]) == ([], [f"{tmp_path}/a.warc.gz#6"])


@pytest.fixture
def scheduler(s3: Any) -> Iterator[str]:
    """The address of a scheduler with a worker process that knows the S3 server."""
    from distributed import LocalCluster

    assert s3 is not None
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0") as cluster:
        yield cluster.scheduler_address


def test_parts_of_a_dask_run_are_objects(s3: Any, bucket: str, scheduler: str) -> None:
    """With --dask, remote inputs give remote parts and a manifest; a second run makes only what was lost; --dedup works there, too."""
    for n in range(2):
        s3.put_object(Bucket=bucket, Key=f"in/{n}.jsonl", Body=jsonl(PAGES * 14))
    command = ("clean", "-q", f"s3://{bucket}/in/", "--dask", scheduler, "-o")
    names = ["manifest.json", "part-00000000.jsonl", "part-00000001.jsonl"]
    times = []
    for lost in (None, names[1]):
        if lost is not None:
            s3.delete_object(Bucket=bucket, Key=f"out/{lost}")
        done = run(*command, f"s3://{bucket}/out")
        assert (complaints(done), done.returncode) == ([], 0)
        assert [key for key in keys(s3, bucket) if key.startswith("out")] == [f"out/{name}" for name in names]
        times.append(s3.head_object(Bucket=bucket, Key=f"out/{names[2]}")["LastModified"])
    assert times[0] == times[1]
    run(*command, f"s3://{bucket}/few", "--dedup")
    for place, options in (("out", ()), ("few", ("--dedup",))):
        bodies = [s3.get_object(Bucket=bucket, Key=f"{place}/{name}")["Body"].read() for name in names[1:]]
        assert b"".join(bodies) == run("clean", "-q", f"s3://{bucket}/in/", "-j", "1", *options).stdout
        assert (bodies[1] == b"") is bool(options)
