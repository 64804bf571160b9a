"""Dumps, tables and archives of every kind are shared among processes, with the result of one."""

import bz2
import gzip
import json
import lzma
import os
import pickle
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from scraper.engine.chunks import Chunk, FileChunk, ItemChunk, PartChunk, UnpackedChunk
from scraper.engine.planning import UNPACKED, plan
from scraper.models import Page
from scraper.sources import ReadOptions
from scraper.sources.files import InputEntry, read_entry
from scraper.sources.inputs import find_entries
from tests.containers import delimited, json_array, jsonl, parquet, twenty_pages, warc, zipped
from tests.test_cli import run

PAGES = twenty_pages()
RANDOM = Random(7)
MANY = [(name, data + RANDOM.randbytes(3000).hex().encode()) for name, data in PAGES * 15]
OPTIONS = ReadOptions(max_bytes=1 << 25)
PACK: dict[str, Callable[[bytes], bytes]] = {
    "gz": partial(gzip.compress, compresslevel=1),
    "zst": zstandard.compress,
    "bz2": bz2.compress,
    "xz": partial(lzma.compress, preset=0),
}


def chunks(path: Path) -> list[Chunk]:
    return list(plan(find_entries([str(path)], OPTIONS), OPTIONS))


def cleaned(path: Path, jobs: int, *args: str) -> tuple[int, bytes, bytes, bytes]:
    files = [path.with_name(f"{name}{jobs}") for name in ("out", "failures")]
    done = run("clean", path, "-j", str(jobs), "-o", files[0], "--failures", files[1], *args)
    return done.returncode, done.stderr, files[0].read_bytes(), files[1].read_bytes()


@pytest.mark.parametrize("form", PACK)
def test_a_compressed_dump_is_cut_at_line_ends(tmp_path: Path, form: str) -> None:
    """A compressed dump gives the same bytes, failures and status with any number of processes."""
    lines = jsonl([(name, data + os.urandom(4000).hex().encode()) for name, data in MANY]).split(b"\n")
    lines[5] = lines[200] = b"broken"
    lines[100] = b""
    path = tmp_path / f"dump.jsonl.{form}"
    path.write_bytes(PACK[form](b"\n".join(lines)))
    parts = chunks(path)
    assert len(parts) > 1
    assert all(isinstance(part, UnpackedChunk) and part.data.endswith(b"\n") for part in parts[:-1])
    assert sum(part.size for part in parts) <= path.stat().st_size
    one, two = cleaned(path, 1), cleaned(path, 2)
    assert one == two
    assert one[3].count(b"bad-record") == 2


def test_a_damaged_dump_gives_what_stands_before_the_damage(tmp_path: Path) -> None:
    """A truncated compressed dump gives all complete lines, and the failure names the last of them."""
    path = tmp_path / "dump.jsonl.gz"
    path.write_bytes(gzip.compress(jsonl(MANY), 1)[:-40_000])
    one, two = cleaned(path, 1), cleaned(path, 2)
    assert one == two
    last = json.loads(one[3].splitlines()[-1])
    assert last["code"] == "damaged"
    assert f"after line {len(one[2].splitlines())}, " in last["message"]


def test_a_line_too_long_is_held_in_part(tmp_path: Path) -> None:
    """A line longer than a page may be is refused by its number, and is not held in memory as a whole."""
    path = tmp_path / "dump.jsonl.gz"
    lines = jsonl(MANY).split(b"\n")
    lines.insert(3, b'{"text": "' + b"a" * 9_000_000 + b'"}')
    path.write_bytes(gzip.compress(b"\n".join(lines), 1))
    parts = list(plan(find_entries([str(path)], OPTIONS), ReadOptions(max_bytes=1_000_000)))
    assert max(len(part.data) for part in parts if isinstance(part, UnpackedChunk)) < UNPACKED + 2_500_000
    one, two = cleaned(path, 1, "--max-bytes", "1000000"), cleaned(path, 2, "--max-bytes", "1000000")
    assert one == two
    assert [json.loads(line)["input"] for line in one[3].splitlines()] == [f"{path}#4"]


@pytest.mark.parametrize("rows", [7, 40])
def test_a_table_is_shared_by_row_groups(tmp_path: Path, rows: int) -> None:
    """Row groups of a Parquet table are cleaned by several processes, and rows keep their numbers."""
    path = tmp_path / "pages.parquet"
    path.write_bytes(parquet(MANY * 3, rows))
    parts = chunks(path)
    assert len(parts) > 1
    assert all(isinstance(part, PartChunk) for part in parts)
    one, two = cleaned(path, 1), cleaned(path, 2)
    assert one == two
    inputs = [json.loads(line)["input"] for line in one[2].splitlines()]
    assert inputs == [f"{path}#{n}" for n in range(1, len(MANY) * 3 + 1)]


def test_a_zip_archive_is_shared_by_members(tmp_path: Path) -> None:
    """Members of a zip archive are cleaned by several processes, each under its name."""
    path = tmp_path / "pages.zip"
    path.write_bytes(zipped([(f"{n}{name}", data) for n, (name, data) in enumerate(MANY * 4)]))
    parts = chunks(path)
    assert len(parts) > 1
    assert all(isinstance(part, PartChunk) for part in parts)
    assert cleaned(path, 1) == cleaned(path, 2)


MORE = [(f"{n:04}{name}", data) for n, (name, data) in enumerate(MANY)]
BROKEN_LINES = jsonl(PAGES) + b"broken\n" + jsonl(MANY) + b"[1]\n"
LONG = b'{"text": "' + b"a" * 3_000_000 + b'"}\n'
LARGE_MEMBERS: dict[str, list[tuple[str, bytes]]] = {
    "one dump": [("dump.jsonl", BROKEN_LINES)],
    "a compressed dump": [("dump.jsonl.gz", gzip.compress(BROKEN_LINES, 1))],
    "a dump among pages": [*MORE[:70], ("dump.jsonl", BROKEN_LINES + LONG), ("x.bin", os.urandom(500)), *MORE[70:90]],
    "dumps of other kinds": [
        ("a.csv", delimited(MANY)),
        ("b.warc", warc(MANY)),
        ("c.jsonl", jsonl(MANY)),
        ("d.jsonl", jsonl(PAGES)),
    ],
}


@pytest.mark.parametrize("members", LARGE_MEMBERS.values(), ids=LARGE_MEMBERS)
def test_a_large_member_is_shared_by_its_pages(tmp_path: Path, members: list[tuple[str, bytes]]) -> None:
    """A zip archive whose bytes are mainly in few members is unpacked by one process, and its pages are cleaned by several."""
    path = tmp_path / "dump.zip"
    path.write_bytes(zipped(members))
    parts = chunks(path)
    assert len(parts) > 1
    assert all(isinstance(part, UnpackedChunk | ItemChunk) for part in parts)
    assert max(len(part.data) for part in parts if isinstance(part, UnpackedChunk)) < UNPACKED + 4_000_000
    one, two = cleaned(path, 1, "--max-bytes", "1000000"), cleaned(path, 2, "--max-bytes", "1000000")
    assert one == two
    assert one[2].count(b"\n") >= len(MANY)
    first = {json.loads(line)["input"].split("#")[1] for line in one[2].splitlines()}
    assert first >= {name for name, data in members if len(data) > 1 << 20}


def test_a_large_member_that_is_damaged_gives_what_stands_before(tmp_path: Path) -> None:
    """Of a dump that is damaged within a zip archive, the lines before the damage are read, and then the other members."""
    packed = bytearray(zipped([("dump.jsonl", jsonl(MANY)), ("last.html", PAGES[0][1])]))
    packed[len(packed) // 2 : len(packed) // 2 + 30] = b"x" * 30
    path = tmp_path / "dump.zip"
    path.write_bytes(packed)
    assert len(chunks(path)) > 1
    one, two = cleaned(path, 1), cleaned(path, 2)
    assert one == two
    assert "dump.jsonl: damaged: after line" in one[1].decode()
    assert 10 < one[2].count(b"\n") < len(MANY)
    assert json.loads(one[2].splitlines()[-1])["input"] == f"{path}#last.html"


def one_row_group(pages: list[tuple[str, bytes]], **options: int) -> bytes:
    """Return a table as pandas writes it: without a size, a row group takes a million rows."""
    return parquet(pages, 1 << 20, **options)


@pytest.mark.parametrize("is_damaged", [False, True])
def test_a_table_of_one_row_group_is_shared_by_its_rows(tmp_path: Path, *, is_damaged: bool) -> None:
    """The rows of a single row group are cleaned by several processes under their numbers, up to where it is damaged."""
    path = tmp_path / "pages.parquet"
    packed = bytearray(one_row_group([*MANY, ("empty", b""), *MANY], write_batch_size=64))
    middle, quarter = len(packed) // 2, len(packed) // 4
    if (
        is_damaged
    ):  # so much that the header of a data page is within: a hole in the data of a page without a checksum is not noticed
        packed[middle : middle + quarter] = bytes(quarter)
    path.write_bytes(packed)
    parts = chunks(path)
    assert len(parts) > 1
    assert all(isinstance(part, UnpackedChunk) or (isinstance(part, ItemChunk) and is_damaged) for part in parts)
    one, two = cleaned(path, 1), cleaned(path, 2)
    assert one == two
    rows = [int(json.loads(line)["input"].rpartition("#")[2]) for line in one[2].splitlines()]
    everything = [n for n in range(1, 2 * len(MANY) + 2) if n != len(MANY) + 1]
    assert rows == everything[: len(rows)]
    assert (len(rows) < len(everything)) == is_damaged


def test_rows_of_any_type_are_handed_to_other_processes(tmp_path: Path) -> None:
    """Rows that one process decodes and others convert give what they give in one process; a value that is none costs its row."""
    path = tmp_path / "pages.parquet"
    count = len(MANY)
    texts = [data.decode("utf-8", "replace") for _, data in MANY]
    lengths = [n % 40 * 1000 for n in range(count)]
    dates = pa.array([253402300800 if n == count // 2 else 1_700_000_000 + n for n in range(count)], pa.timestamp("s", "UTC"))
    newspapers = [f"https://www.maghress.com/newspaper{n // 50}/1" for n in range(count)]
    table = pa.table(
        {
            "page": pa.array([{"html": text + "x" * length} for text, length in zip(texts, lengths, strict=True)]),
            "url": pa.array(newspapers).dictionary_encode(),
            "date": dates,
        }
    )
    pq.write_table(table, path, write_batch_size=32)
    options = ("--html-field", "page.html", "--date-field", "date")
    parts = list(plan(find_entries([str(path)], OPTIONS), OPTIONS._replace(html_field="page.html", date_field="date")))
    assert len(parts) > 1
    assert all(isinstance(part, UnpackedChunk) for part in parts)
    one, two = cleaned(path, 1, *options), cleaned(path, 2, *options)
    assert one == two
    records = [json.loads(line) for line in one[2].splitlines()]
    assert [record["url"] for record in records] == [url for n, url in enumerate(newspapers) if n != count // 2]
    assert [json.loads(line)["input"] for line in one[3].splitlines()] == [f"{path}#{count // 2 + 1}"]


def test_a_row_group_is_read_in_pieces(tmp_path: Path) -> None:
    """However large a row group is, only a few megabytes of it are read at once, so that memory is bounded."""
    path = tmp_path / "pages.parquet"
    path.write_bytes(one_row_group([("x", os.urandom(5000).hex().encode()) for _ in range(2000)], write_batch_size=64))
    reads: list[int] = []
    assert sum(1 for _ in read_entry(InputEntry(str(path)), OPTIONS, reads.append)) == 2000
    assert max(reads) < 5 << 20 < path.stat().st_size / 2


@pytest.mark.parametrize("name", ["pages.parquet", "dump.zip"])
def test_what_is_shipped_is_read_where_it_arrives(tmp_path: Path, name: str) -> None:
    """A chunk for another machine has no data, even where the file is one large piece."""
    path = tmp_path / name
    path.write_bytes(one_row_group(MANY * 2) if name.endswith("parquet") else zipped([("dump.jsonl", jsonl(MANY * 2))]))
    parts = list(plan(find_entries([str(path)], OPTIONS), OPTIONS, are_shipped=True))
    assert [type(part) for part in parts] == [PartChunk]


@pytest.mark.parametrize("data", [b"\xff", "plain", "\u0645\u0642", "\u0645\U0001f600", "\ud83d\ude00", "\u0645\ud800", ""])
def test_a_page_is_the_same_in_every_process(data: bytes | str) -> None:
    """What a process sends to another is not changed on the way, even text that no encoding has."""
    page = Page(data=data, input="dump.json#1", url="https://a.example/", media_type="text/html")
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(page, protocol)) == page  # noqa: S301 - its own data


READ_BY_ONE: dict[str, Callable[[], bytes]] = {
    "dump.json": lambda: json_array(MANY).replace(b'"n": 7,', b'"n": NaN!,'),
    "dump.json.zst": lambda: zstandard.compress(json_array(MANY * 2)),
    "dump.csv": lambda: delimited(MANY).replace(b"\n7,", b"\n7,7,"),
    "dump.csv.gz": lambda: gzip.compress(delimited(MANY), 1)[:-30_000],
    "dump.tsv": lambda: delimited(MANY, "\t"),
    "crawl.warc.xz": lambda: lzma.compress(warc(MANY), preset=0),
    "crawl.warc.gz": lambda: gzip.compress(warc(MANY), 1),
}


@pytest.mark.parametrize("name", READ_BY_ONE)
def test_what_one_process_must_read_all_clean(tmp_path: Path, name: str) -> None:
    """The pages of a file that can be read only from its start on are shared, with the same bytes, failures and status."""
    path = tmp_path / name
    path.write_bytes(READ_BY_ONE[name]())
    parts = chunks(path)
    assert len(parts) > 1
    assert all(isinstance(part, ItemChunk) for part in parts)
    assert sum(part.size for part in parts) == path.stat().st_size
    one, two = cleaned(path, 1), cleaned(path, 2)
    assert one == two
    assert one[2].count(b"\n") > len(MANY) / 2


@pytest.mark.parametrize("name", ["pages.parquet", "pages.zip", "dump.jsonl.gz"])
def test_a_file_that_cannot_be_split_is_read_whole(tmp_path: Path, name: str) -> None:
    """A broken container is one chunk, whose reader reports the damage, with any number of processes."""
    path = tmp_path / name
    begin = {"pages.parquet": b"PAR1", "pages.zip": b"PK\x03\x04", "dump.jsonl.gz": gzip.compress(b"{}")[:10]}[name]
    path.write_bytes(begin + os.urandom(1 << 21))
    assert [type(part) for part in chunks(path)] == [FileChunk]
    one, two = cleaned(path, 1), cleaned(path, 2)
    assert one == two
    assert one[0] == 1


@pytest.mark.parametrize("form", ["bz2", "xz"])
def test_as_much_of_damaged_data_is_read_by_any_number_of_processes(tmp_path: Path, form: str) -> None:
    """Libraries that lose what one call was to return lose the same, however many processes there are."""
    lines = jsonl([(name, data + os.urandom(4000).hex().encode()) for name, data in MANY])
    packed = bytearray(PACK[form](lines))
    packed[len(packed) // 2 : len(packed) // 2 + 30] = b"x" * 30
    path = tmp_path / f"dump.jsonl.{form}"
    path.write_bytes(packed)
    one, two = cleaned(path, 1), cleaned(path, 2)
    assert one == two
    assert 0 < one[2].count(b"\n") < len(MANY)


def test_a_broken_member_costs_only_itself(tmp_path: Path) -> None:
    """A member whose bzip2 data are broken fails under its name, and all others are read."""
    pages = [(f"p{n}.txt", data) for n, (_, data) in enumerate(MANY)]
    packed = bytearray(zipped(pages, zipfile.ZIP_BZIP2))
    at = packed.index(b"p7.txt") + 60
    packed[at : at + 40] = bytes(40)
    path = tmp_path / "pages.zip"
    path.write_bytes(packed)
    one, two = cleaned(path, 1), cleaned(path, 2)
    assert one == two
    assert [json.loads(line)["input"] for line in one[3].splitlines()] == [f"{path}#p7.txt"]
    assert one[2].count(b"\n") == len(pages) - 1


def test_a_table_without_the_column_fails_once(tmp_path: Path) -> None:
    """That no column holds the page is one failure of the table, with any number of processes."""
    path = tmp_path / "pages.parquet"
    for data in (parquet(MANY * 3, 20), one_row_group(MANY * 3)):
        path.write_bytes(data)
        for out in tmp_path.glob("out*"):
            out.unlink()
        one, two = cleaned(path, 1, "--text-field", "body"), cleaned(path, 2, "--text-field", "body")
        assert one == two
        assert one[3].count(b"\n") == 1
