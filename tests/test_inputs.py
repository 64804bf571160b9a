"""What users bring is read, or refused by name; it never becomes a false record. Through the command, as users run it."""

import base64
import csv
import gzip
import io
import json
import quopri
import random
import tracemalloc
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from scraper.errors import BadAddress
from scraper.fetch.addresses import prepare
from scraper.models import Page
from scraper.sources import Failed, ReadOptions
from scraper.sources.containers import read_dump
from scraper.sources.delimited import read_delimited
from scraper.sources.items import Guard, Place
from scraper.sources.json_objects import split_values
from scraper.sources.sniffing import Kind
from scraper.sources.streams import Stream
from tests.containers import delimited, json_array, jsonl, record, response, twenty_pages, zipped
from tests.test_cli import HTML as PAGE
from tests.test_cli import complaints, records, run
from tests.test_containers import peak

PAGES = twenty_pages()
LINE = json.dumps({"text": "سطر من النص.", "url": "https://www.masress.com/a/1", "seen": 1620284889}, ensure_ascii=False).encode()
NUMBERED = [json.dumps({"text": f"page {n}"}).encode() for n in range(4)]


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def every_way(path: Path, data: bytes, *options: str) -> tuple[list[dict[str, Any]], list[str], int]:
    """Return what a file gives, after checking that one process and two, pipe, compression and --resume give the same."""
    write(path, data)
    packed = path.with_suffix(".gz")
    packed.write_bytes(gzip.compress(data))
    out = path.with_suffix(".out")
    runs = [run("clean", path, "-j", jobs, *options) for jobs in ("1", "2")]
    runs.append(run("clean", *options, data=data))
    runs.append(run("clean", packed, "-j2", *options))
    resumed = run("clean", path, "-o", out, "--resume", *options)
    first = results = (records(runs[0]), complaints(runs[0]), runs[0].returncode)
    for done, name in zip(runs, [path, path, "-", packed], strict=True):
        text = done.stdout.decode().replace(f'"{name}#', f'"{path}#')
        said = [line.replace(f"scraper: {name}", f"scraper: {path}", 1) for line in complaints(done)]
        assert (records_of(text), said, done.returncode) == first
    assert (out.read_bytes() if out.exists() else b"", resumed.returncode) == (runs[0].stdout, first[2])
    return results


def records_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


# --- dumps ---


@pytest.mark.parametrize(
    "first",
    [
        b'{"text": "half of it',
        b'{"id": 1,',
        b'half of it", "url": null}',
        b'{"text": "a bad byte \xff"}',
        b'\xff{"text": "a bad byte"}',
        b'{"text": ' + b"1" * 5000 + b"}",
        b'{"text": "no end"',
    ],
)
def test_a_damaged_first_line_costs_only_itself(tmp_path: Path, first: bytes) -> None:
    """A dump is a dump although its first line is cut off at either end, has a bad byte or a huge number."""
    done = run("clean", write(tmp_path / "dump", b"\n".join([first, *NUMBERED])))
    assert [row["text"] for row in records(done)] == ["page 0", "page 1", "page 2", "page 3"]
    assert [row["input"][-2:] for row in records(done)] == ["#2", "#3", "#4", "#5"]
    (message,) = complaints(done)
    assert message.startswith(f"scraper: {tmp_path / 'dump'}#1: bad-record: ")
    assert done.returncode == 1


@pytest.mark.parametrize("value", [b'"a bad byte \xff"', b"1" * 5000], ids=["byte", "number"])
@pytest.mark.parametrize("form", [b"%b\n%b", b"[%b, %b]"], ids=["lines", "array"])
def test_damage_in_a_field_that_is_not_read_costs_nothing(tmp_path: Path, value: bytes, form: bytes) -> None:
    """A bad byte or a huge number in another field of the first record prevents reading neither this page nor the others."""
    done = run("clean", write(tmp_path / "dump", form % (b'{"id": ' + value + b', "text": "one"}', b'{"text": "two"}')))
    assert ([row["text"] for row in records(done)], complaints(done), done.returncode) == (["one", "two"], [], 0)


def test_a_large_dump_with_a_damaged_first_line_is_shared(tmp_path: Path) -> None:
    """A dump that is cut into chunks is recognised in spite of its first line, compressed or not, by any number of processes."""
    pages = [(name, data + random.Random(n).randbytes(40_000).hex().encode()) for n, (name, data) in enumerate(PAGES * 4)]
    rows, said, _ = every_way(tmp_path / "dump", b'{"text": "half\n' + jsonl(pages))
    assert (len(rows), len(said)) == (80, 1)


def test_a_lone_object_is_a_dump_of_one(tmp_path: Path) -> None:
    """A file of one JSON object is one record, on one line or on many, and fails by name if it does not hold a page."""
    fields = {"url": "https://a.example/1", "text": "one page", "more": {"a": [1, {}]}}
    for indent in (None, 2):
        done = run("clean", write(tmp_path / "x", json.dumps(fields, indent=indent).encode()))
        assert [(row["text"], row["url"]) for row in records(done)] == [("one page", fields["url"])]
        assert (complaints(done), done.returncode) == ([], 0)
    done = run("clean", write(tmp_path / "x", json.dumps({"title": "one"}, indent=2).encode()))
    assert "x#1: bad-record: there is no field 'text'" in complaints(done)[0]
    assert done.returncode == 1


def test_a_bad_element_of_an_array_costs_only_itself(tmp_path: Path) -> None:
    """An element that is damaged, too large or no object is named by its number, and the others are read."""
    values = {
        NUMBERED[0]: "",
        b'{"text": "bad \xff"}': "bad-record",
        b'{"text": NaN}': "bad-record",
        b'{"n": NaN, "text": "x"}': "",
        b'{"text": "' + b"long " * 30_000 + b'"}': "too-large",
        b'"text"': "bad-record",
        b"null": "bad-record",
        b"[]": "bad-record",
        b'{"text": "\\"], {\\\\", "x": ["]"]}': "",
        b'{"text" "no colon"}': "bad-record",
        NUMBERED[1]: "",
    }
    data = b"[\n  " + b",\n  ".join(values) + b"\n]\n"
    rows, said, status = every_way(tmp_path / "x", data, "--max-bytes", "100000")
    place = f"{tmp_path / 'x'}#"
    assert [row["input"].removeprefix(place) for row in rows] == [str(n) for n, code in enumerate(values.values(), 1) if not code]
    found = {line.split(": ")[1].removeprefix(place): line.split(": ")[2] for line in said}
    assert found == {str(n): code for n, code in enumerate(values.values(), 1) if code}
    assert status == 1


def test_an_array_that_breaks_off_gives_what_is_whole(tmp_path: Path) -> None:
    """Of an array that breaks off, the whole elements are read, and the last of them is named; an empty one is a failure."""
    rows, said, status = every_way(tmp_path / "x", json_array(PAGES[:5])[:-40])
    assert (len(rows), len(said), status) == (4, 2, 1)
    assert said[0].startswith(f"scraper: {tmp_path / 'x'}#5: bad-record: invalid JSON")
    assert said[1] == f"scraper: {tmp_path / 'x'}: damaged: after value 5, it is truncated: the JSON has no end"
    assert "x: empty: the JSON array has no elements" in complaints(run("clean", write(tmp_path / "x", b"[ ]\n")))[0]


def table(*rows: list[str], delimiter: str = ",") -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter).writerows([["id", "text", "url"], *rows])
    return file.getvalue().encode()


def test_rows_of_a_table_are_pages(tmp_path: Path) -> None:
    """A row is named by its number, its cells may have lines and quotation marks, and its address is taken."""
    cells = ["1", 'one\n"two", three', "https://a.example/1"], ["2", "four", ""]
    for delimiter in (",", "\t", ";"):
        path = write(tmp_path / "x", table(*cells, delimiter=delimiter))
        done = run("clean", path)
        assert [(row["input"], row["text"], row["url"]) for row in records(done)] == [
            (f"{path}#1", 'one\n"two", three', "https://a.example/1"),
            (f"{path}#2", "four", None),
        ]
        assert (complaints(done), done.returncode) == ([], 0)


def test_a_bad_row_costs_only_itself(tmp_path: Path) -> None:
    """A row that is damaged, too large or not UTF-8 is named by its number, and the rows around it are read."""
    bad = {
        b'2,"unescaped "marks" in it",': "bad-record: the row has other separators than the header",
        b"3,too,many,cells": "bad-record: the row has 4 cells, and the header 3",
        b"4,few": "bad-record: the row has 2 cells, and the header 3",
        "5,un café,".encode("cp1252"): "bad-record: the row is not UTF-8",
        b'6,"' + b'long, ""quoted"" line\n' * 10_000 + b'",': "too-large: the row has more than 100000 bytes",
        b'7,"' + b'long, ""quoted"" text' * 10_000 + b'",': "too-large: the row has more than 100000 bytes",
        b"8," + b"long text" * 30_000 + b",": "too-large: the row has more than 100000 bytes",
    }
    data = b"\r\n".join([table(["1", "one", ""]) + b"\r\n".join(bad), b"9,nine,\r\n"])
    rows, said, status = every_way(tmp_path / "x", data, "--max-bytes", "100000")
    assert [(row["input"][-2:], row["text"]) for row in rows] == [("#1", "one"), ("#9", "nine")]
    for number, (words, line) in enumerate(zip(bad.values(), said, strict=True), 2):
        assert line.startswith(f"scraper: {tmp_path / 'x'}#{number}: {words}")
    assert status == 1


def test_a_table_that_breaks_off_within_a_quotation_is_damaged(tmp_path: Path) -> None:
    """A quotation without end takes no rows with it in silence: the rows before are read, and the last of them is named."""
    rows, said, _ = every_way(tmp_path / "x", table(["1", "one", ""]) + b'2,"two\r\n3,three,\r\n')
    assert [row["text"] for row in rows] == ["one"]
    assert said == [f"scraper: {tmp_path / 'x'}: damaged: after row 1, it is truncated: a quoted field has no end"]


@pytest.mark.parametrize("name", ["json", "csv"])
def test_arrays_and_tables_are_read_in_constant_memory(tmp_path: Path, name: str) -> None:
    """Four times as many pages need no more memory, and a page of 100 MB is refused without being held."""
    makers: dict[str, Callable[[Sequence[tuple[str, bytes]]], bytes]] = {"json": json_array, "csv": delimited}
    make = makers[name]
    small, large = write(tmp_path / "small", make(PAGES * 30)), write(tmp_path / "large", make(PAGES * 120))
    before, after = (peak("clean", path, "-j", "1")[0] for path in (small, large))
    assert after <= before * 1.15, f"{before} and {after} KiB"
    begin, end = {"json": (b'[{"text": "', b'"}]'), "csv": (b'id,text\n1,"', b'"\n2,two\n')}[name]
    bomb = write(tmp_path / "x", zstandard.compress(begin + (b"a" * 1023 + b"\n") * (100 << 10) + end))
    memory, status, stderr = peak("clean", bomb, "--max-bytes", "1000000")
    assert (status, ": too-large: " in stderr) == (1, True)
    assert memory < 100 << 10, f"{memory} KiB"


# --- wrong fields ---


def dump(count: int, **fields: object) -> bytes:
    return b"".join(json.dumps({"id": n, **fields}).encode() + b"\n" for n in range(count))


def test_a_wrong_text_field_stops_the_run_and_names_the_keys_once(tmp_path: Path) -> None:
    """After 20 failures without one page the run stops; the keys are named once, and an output that is there stays as it was."""
    data = dump(300, content="text " * 2000, meta={"uri": "https://a.example/"})
    rows, said, status = every_way(tmp_path / "dump", data)
    assert (rows, status, len(said)) == ([], 1, 21)
    assert "#1: bad-record: there is no field 'text': there are 'id', 'content', 'meta.uri'; --text-field" in said[0]
    assert "".join(said).count("there are") == 1
    assert said[-1] == "scraper: stopped after 20 failures without a single page; use --keep-going to continue"
    out = write(tmp_path / "pages.jsonl", b"old\n")
    for jobs in ("1", "2"):
        done = run("clean", tmp_path / "dump", "-o", out, "-j", jobs, "--failures", tmp_path / "failed")
        assert (done.returncode, out.read_bytes()) == (1, b"old\n")
        assert b"scraper: 0 pages; failed: 20 bad-record" in done.stderr
        assert not (tmp_path / "pages.jsonl.part").exists()
        done = run("clean", tmp_path / "dump", "-o", out, "-j", jobs, "--keep-going")
        assert (done.returncode, out.read_bytes()) == (1, b"old\n")
        assert b"pages.jsonl: no record was written, so the file that is there stays as it is" in done.stderr
        assert b"scraper: 0 pages; failed: 300 bad-record" in done.stderr
    assert run("clean", tmp_path / "dump", "-o", out, "--text-field", "content").returncode == 0
    assert out.read_bytes().count(b"\n") == 300


def test_a_run_with_one_page_goes_on_after_any_number_of_failures(tmp_path: Path) -> None:
    """One page before the twentieth failure shows that the options are right, also if a filter leaves it out."""
    data = dump(19, body="x") + LINE + b"\n" + dump(300, body="x" * 20_000)
    rows, said, _ = every_way(tmp_path / "dump", data)
    assert (len(rows), len(said)) == (1, 319)
    done = run("clean", tmp_path / "dump", "--site", "maghress.com")
    assert b"left out: 1 other-site; failed: 319 bad-record" in done.stderr


def test_fields_may_be_paths(tmp_path: Path) -> None:
    """A dotted name leads into an object, unless a key has that very name; in lines, arrays and columns of Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        {
            "doc": {"body": {"html": "<html><p>one</html>"}},
            "warc.headers": {"at": "2021-05-06T07:08:09Z"},
            "a.b": "https://a.example/1",
        }
    ]
    options = ("--html-field", "doc.body.html", "--date-field", "warc.headers.at", "--url-field", "a.b")
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "table")
    for path in (
        write(tmp_path / "lines", json.dumps(rows[0]).encode()),
        write(tmp_path / "array", json.dumps(rows).encode()),
        tmp_path / "table",
    ):
        done = run("clean", path, *options)
        (record,) = records(done)
        assert (record["text"], record["fetched_at"], record["url"]) == ("one", "2021-05-06T07:08:09Z", "https://a.example/1")
        assert (complaints(done), done.returncode) == ([], 0)


def test_a_named_field_that_no_record_has_is_an_error(tmp_path: Path) -> None:
    """A field that the user names and no record has is reported once with the keys that are there; one that some have is not."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    lines = [{"text": f"page {n}", "meta": {"uri": "https://a.example/"}, **({"at": 5} if n else {})} for n in range(3)]
    options = ("--url-field", "meta.url", "--date-field", "at")
    rows, said, status = every_way(tmp_path / "x", b"".join(json.dumps(line).encode() + b"\n" for line in lines), *options)
    sentence = "no record has the field 'meta.url' of --url-field: there are 'text', 'meta.uri'"
    assert (len(rows), said, status) == (3, [f"scraper: {tmp_path / 'x'}: bad-record: {sentence}"], 1)
    pq.write_table(pa.Table.from_pylist(lines[1:]), tmp_path / "table")
    said = complaints(run("clean", tmp_path / "table", *options))
    assert said == [
        f"scraper: {tmp_path / 'table'}: bad-record: there is no column 'meta.url' for --url-field: there are 'text', 'meta.uri', 'at'"
    ]
    said = complaints(run("clean", write(tmp_path / "x", table(["1", "one", ""])), "--date-field", "seen"))
    assert said == [
        f"scraper: {tmp_path / 'x'}: bad-record: no record has the field 'seen' of --date-field: there are 'id', 'text', 'url'"
    ]


def test_a_missing_field_of_a_large_dump_is_named_early(tmp_path: Path) -> None:
    """Missing fields are reported after the first megabyte, at the same place for any -j."""
    rows, said, _ = every_way(tmp_path / "x", dump(120, text="word " * 6000), "--url-field", "uri")
    (message,) = said
    assert len(rows) == 120
    assert "none of the first 35 records has the field 'uri' of --url-field: there are 'id', 'text'" in message


# --- other formats and addresses ---


def office(*members: str) -> bytes:
    return zipped([(name, b"<x/>" * 50) for name in members])


def typed(media_type: str) -> bytes:
    return zipped([("mimetype", media_type.encode()), ("content.xml", b"<x/>")], zipfile.ZIP_STORED)


FOREIGN = {
    "a PDF document; convert it to text first": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\n" * 30,
    "a Word document (DOCX); save it as": office("[Content_Types].xml", "_rels/.rels", "word/document.xml"),
    "a PowerPoint presentation (PPTX); save it as": office("_rels/.rels", "ppt/presentation.xml", "[Content_Types].xml"),
    "an Excel workbook (XLSX); save the sheet as CSV": office("[Content_Types].xml", "xl/workbook.xml"),
    "a Word, Excel or PowerPoint document in the old format; save it as": bytes.fromhex("d0cf11e0a1b11ae1") + b"W\0o\0r\0d\0" * 99,
    "a document in RTF; save it as": b"{\\rtf1\\ansi un texte}",
    "an e-book (EPUB); convert it to HTML": typed("application/epub+zip"),
    "an OpenDocument text (ODT); save it as": typed("application/vnd.oasis.opendocument.text"),
    "an OpenDocument spreadsheet (ODS); save the sheet as CSV": typed("application/vnd.oasis.opendocument.spreadsheet"),
}


def test_documents_of_other_programs_are_refused_by_name(tmp_path: Path) -> None:
    """PDF, Office, OpenDocument and EPUB give no record: named, they are failures that say what to do; found, they are counted."""
    paths = [write(tmp_path / str(n), data) for n, data in enumerate(FOREIGN.values())]
    done = run("clean", *paths, PAGE)
    assert (done.returncode, len(records(done))) == (1, 1)
    for path, what, line in zip(paths, FOREIGN, complaints(done), strict=True):
        assert line.startswith(f"scraper: {path}: not-text: it is {what}")
    found = run("clean", tmp_path)
    assert (found.returncode, found.stdout, complaints(found)) == (0, b"", [])
    assert f"left out: {len(FOREIGN)} not-text" in found.stderr.decode()
    piped = run(
        "clean",
        write(
            tmp_path / "x.zip",
            zipped([("a.docx", office("word/a", "[Content_Types].xml")), ("b.html", b"<p>b")], zipfile.ZIP_STORED),
        ),
    )
    assert (piped.returncode, len(records(piped))) == (0, 1)


def test_an_archive_of_pages_is_no_document(tmp_path: Path) -> None:
    """A zip archive with a directory named like one of Word is read."""
    done = run("clean", write(tmp_path / "x.zip", zipped([("word/a.html", b"<p>a"), ("xl/b.html", b"<p>b")])))
    assert (done.returncode, len(records(done))) == (0, 2)


def test_what_wget_stores_of_itself_is_left_out(tmp_path: Path) -> None:
    """The arguments, log and manifest in a web archive of wget are counted, and are no pages."""
    own = [
        record("resource", b"wget --warc-file x", uri=f"metadata://gnu.org/software/wget/warc/{name}", content_type="text/plain")
        for name in ("MANIFEST.txt", "wget_arguments.txt", "wget.log")
    ]
    done = run("clean", write(tmp_path / "x.warc", b"".join([response(b"<html><p>one"), *own])))
    assert (done.returncode, [row["text"] for row in records(done)]) == (0, ["one"])
    assert b"left out: 3 other-record" in done.stderr


def test_an_address_is_fetched_and_not_cleaned() -> None:
    """``clean`` refers an address to ``fetch``."""
    done = run("clean", "https://www.maghress.com/almanara/1")
    assert done.returncode == 1
    assert complaints(done)[0].endswith(": missing: it is an address, not a file; use `scraper fetch` to read it")


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("maghress.com", "https://maghress.com/"),
        (" www.Maghress.com/almanara/1?a=b ", "https://www.maghress.com/almanara/1?a=b"),
        ("maghress.com:8080/x", "https://maghress.com:8080/x"),
        ("http://maghress.com", "http://maghress.com/"),
    ],
)
def test_https_is_assumed(given: str, sent: str) -> None:
    """An address without a scheme is requested by https; one with a scheme stays as it is."""
    assert prepare(given) == sent


@pytest.mark.parametrize(
    "given", ["maghress", "mailto:a@maghress.com", "pages/saved.html", "javascript:alert(1)", "1.5", "ftp://a.example"]
)
def test_other_words_are_no_addresses(given: str) -> None:
    """What does not begin with a host is refused, and not requested."""
    with pytest.raises(BadAddress):
        prepare(given)


def test_a_piece_of_a_dump_is_explained(tmp_path: Path) -> None:
    """``explain`` takes the fields of a dump, and shows one piece of it."""
    path = write(tmp_path / "dump.jsonl", dump(9, body="<html><p>nine", link="https://a.example/9"))
    done = run("explain", f"{path}#5", "--html-field", "body", "--url-field", "link")
    assert done.returncode == 0
    assert f"{path}#5" in done.stdout.decode()
    assert "https://a.example/9" in done.stdout.decode()


# --- single files of browsers ---

STORY = "<html><body><h1>Une école</h1><p>Le vélo répare la ville. صباح الخير</p></body></html>"


def mhtml(*parts: tuple[str, bytes], start: str = "", location: str = "https://www.djazairess.com/fr/x/1") -> bytes:
    """Return a message as Chrome writes it."""
    header = f"From: <Saved by Blink>\r\nSnapshot-Content-Location: {location}\r\nSubject: =?utf-8?Q?=C3=A9cole?=\r\n"
    header += (
        'Date: Mon, 3 May 2021 12:34:56 +0100\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\ttype="text/html";\r\n'
    )
    header += f'\t{start}boundary="----Multipart"\r\n\r\n\r\n'
    body = b"".join(b"------Multipart\r\n" + head.encode() + b"\r\n\r\n" + data + b"\r\n" for head, data in parts)
    return header.encode() + body + b"------Multipart--\r\n"


def html_part(
    text: str, location: str = "https://www.djazairess.com/fr/x/1", coding: str = "quoted-printable"
) -> tuple[str, bytes]:
    encode = quopri.encodestring if coding == "quoted-printable" else base64.encodebytes
    head = f"Content-Type: text/html\r\nContent-ID: <{location}>\r\nContent-Transfer-Encoding: {coding}\r\nContent-Location: {location}"
    return head, encode(text.encode()).replace(b"\n", b"\r\n")


IMAGE = (
    "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\nContent-Location: https://a.example/x.png",
    b"iVBORw0KGgo=",
)
FRAME = html_part("<p>an advertisement", "cid:frame-1@mhtml.blink")


@pytest.mark.parametrize(
    "data",
    [
        mhtml(html_part(STORY), IMAGE),
        mhtml(html_part(STORY, coding="base64"), FRAME),
        mhtml(FRAME, IMAGE, html_part(STORY)),
        mhtml(FRAME, html_part(STORY), start='start="<https://www.djazairess.com/fr/x/1>"; ', location="https://a.example/"),
        gzip.compress(mhtml(html_part(STORY))),
        mhtml(html_part(STORY)).replace(b"\r\n", b"\n"),
    ],
)
def test_a_page_in_mhtml_is_read(tmp_path: Path, data: bytes) -> None:
    """The main part of an MHTML file is the page, decoded, with its own address and the time at which it was saved."""
    done = run("clean", write(tmp_path / "page.mht", data))
    (row,) = records(done)
    assert (row["input"], row["url"], row["fetched_at"]) == (
        str(tmp_path / "page.mht"),
        "https://www.djazairess.com/fr/x/1",
        "2021-05-03T11:34:56Z",
    )
    assert (done.returncode, complaints(done), "Le vélo répare la ville. صباح الخير" in row["text"]) == (0, [], True)
    (row,) = records(run("clean", "-", "--url", "https://www.djazairess.com/fr/x/2", data=data))
    assert row["url"] == "https://www.djazairess.com/fr/x/2"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (mhtml(IMAGE), "bad-record: it is MHTML, and none of its parts is a page"),
        (mhtml(html_part(STORY))[:-80], "damaged: the page in this MHTML is damaged or truncated"),
        (mhtml(html_part(STORY, coding="base64"))[:-60], "damaged: the page in this MHTML is damaged or truncated"),
    ],
)
def test_mhtml_without_a_whole_page_is_a_failure(tmp_path: Path, data: bytes, words: str) -> None:
    """MHTML that breaks off in the page, or has none, gives no record."""
    done = run("clean", write(tmp_path / "page.mht", data))
    assert (done.returncode, done.stdout) == (1, b"")
    assert words in complaints(done)[0]


@pytest.mark.parametrize(
    "text", ["From: Rabat\nTo: Fes\n\nA story about trains.", "Note: the text follows.\n\nMIME-Version: 1.0\n"]
)
def test_a_text_that_begins_like_a_message_is_a_page(tmp_path: Path, text: str) -> None:
    """A text whose first line has a colon is a page."""
    (row,) = records(run("clean", write(tmp_path / "x", text.encode())))
    assert row["text"].startswith(text[:10])


# --- directories and parts of inputs ---


def saved_folder(directory: Path) -> None:
    """Write pages as a browser saves them, and a folder that only resembles theirs."""
    for name in ("a.html", "b.htm", "deep/c.html", "d.txt"):
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PAGE.read_bytes())
    for name in ("a_files/x.js", "a_files/deep/frame.html", "b_fichiers/x.html", "deep/c_files/x.css", "d_files/kept.html"):
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("<p>an advertisement")


def zipped_folder(directory: Path) -> bytes:
    paths = sorted(path for path in directory.rglob("*") if path.is_file())
    return zipped([(str(path.relative_to(directory)), path.read_bytes()) for path in paths])


def test_what_browsers_save_beside_a_page_is_left_out(tmp_path: Path) -> None:
    """Files in ``x_files`` beside ``x.html`` in a directory or a zip archive are counted, and read only if they are named."""
    saved_folder(tmp_path / "saved")
    archive = write(tmp_path / "saved.zip", zipped_folder(tmp_path / "saved"))
    for source, border in ((tmp_path / "saved", "/"), (archive, "#")):
        for jobs in ("1", "2"):
            done = run("clean", source, "-j", jobs)
            names = [row["input"].removeprefix(f"{source}{border}") for row in records(done)]
            assert (sorted(names), done.returncode) == (["a.html", "b.htm", "d.txt", "d_files/kept.html", "deep/c.html"], 0)
            assert b"left out: 4 saved-beside-a-page" in done.stderr
    named = run("clean", tmp_path / "saved" / "b_fichiers", tmp_path / "saved" / "a_files" / "deep" / "frame.html")
    assert len(records(named)) == 2


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (("--include", "*.html"), ["a.html", "d_files/kept.html", "deep/c.html"]),
        (("--include", "*.htm", "--include", "deep/*"), ["b.htm", "deep/c.html"]),
        (("--exclude", "d_*/*", "--exclude", "a.*"), ["b.htm", "d.txt", "deep/c.html"]),
        (("--include", "*.html", "--exclude", "deep/*"), ["a.html", "d_files/kept.html"]),
        (("--include", "A.HTML"), []),
    ],
)
def test_files_are_chosen_by_pattern(tmp_path: Path, options: tuple[str, ...], names: list[str]) -> None:
    """Patterns choose among files that are found, by their name or, with a slash, by their path; named files are always read."""
    saved_folder(tmp_path / "saved")
    archive = write(tmp_path / "saved.zip", zipped_folder(tmp_path / "saved"))
    for source, border in ((tmp_path / "saved", "/"), (archive, "#")):
        done = run("clean", source, *options)
        assert sorted(row["input"].removeprefix(f"{source}{border}") for row in records(done)) == names
        assert f"{5 - len(names)} excluded".encode() in done.stderr
        assert done.returncode == 0
    assert len(records(run("clean", PAGE, "--exclude", "*"))) == 1


def test_a_part_of_the_pages_can_be_read(tmp_path: Path) -> None:
    """--limit reads the first pages, --sample any, by a seed and in their order; for any number of processes, and from a pipe."""
    data = b"".join(json.dumps({"text": f"page {n} {'word ' * 400}"}).encode() + b"\n" for n in range(1000))
    path = write(tmp_path / "dump", data)

    def numbers(*options: str, source: bytes | None = None) -> list[int]:
        done = run("clean", *([path] if source is None else []), *options, data=source)
        assert (done.returncode, complaints(done)) == (0, [])
        return [int(row["input"].partition("#")[2]) for row in records(done)]

    assert numbers("--limit", "3") == numbers("--limit", "3", "-j", "2") == numbers("--limit", "3", source=data) == [1, 2, 3]
    sample = numbers("--sample", "50", "--seed", "7")
    assert sample == numbers("--sample", "50", "--seed", "7", "-j", "2", source=data) == sorted(set(sample))
    assert (len(sample), sample == numbers("--sample", "50")) == (50, False)
    assert 300 < sum(sample) / 50 < 700
    assert numbers("--limit", "10", "--sample", "20") == list(range(1, 11))
    refused = run("clean", path, "--limit", "3", "--resume", "-o", tmp_path / "out")
    assert (refused.returncode, (tmp_path / "out.part").exists()) == (2, False)


# --- what programs note in the pages that they save ---

ADDRESS = "https://www.djazairess.com/fr/x/1"
BROWSER = f"<!DOCTYPE html>\n<!-- saved from url=(0033){ADDRESS} -->\n<html><head>"
SINGLE_FILE = (
    f"<!DOCTYPE html> <html><!--\n Page saved with SingleFile \n url: {ADDRESS} \n"
    " saved date: Mon May 03 2021 12:34:56 GMT+0100 (heure normale)\n--><head>"
)
ARCHIVED = f"https://web.archive.org/web/20200315081522/{ADDRESS}"
CANONICAL = '<link rel="canonical" href="https://www.djazairess.com/fr/x/2">'


@pytest.mark.parametrize(
    ("head", "url", "time"),
    [
        (BROWSER, ADDRESS, None),
        (SINGLE_FILE, ADDRESS, "2021-05-03T11:34:56Z"),
        (BROWSER.replace(ADDRESS, ARCHIVED), ADDRESS, "2020-03-15T08:15:22Z"),
        (SINGLE_FILE.replace(ADDRESS, ARCHIVED), ADDRESS, "2020-03-15T08:15:22Z"),
        (BROWSER + CANONICAL, "https://www.djazairess.com/fr/x/2", None),
        (SINGLE_FILE + CANONICAL, "https://www.djazairess.com/fr/x/2", "2021-05-03T11:34:56Z"),
        (SINGLE_FILE.replace("May", "Foo"), ADDRESS, None),
        ("<!-- saved from url=(0014)about:internet --><html><head>", None, None),
        (f"<html><head><body><!-- saved from url=(0033){ADDRESS} -->", None, None),
        (f"<!-- not saved from url=(0033){ADDRESS} --><html><head>", None, None),
    ],
)
def test_a_saved_page_tells_where_it_is_from(tmp_path: Path, head: str, url: str | None, time: str | None) -> None:
    """The note of a browser or SingleFile gives address and time; an address that the page declares comes before."""
    (row,) = records(run("clean", write(tmp_path / "x.html", f"{head}<body><p>{STORY}".encode())))
    assert (row["url"], row["fetched_at"]) == (url, time)


# --- records of this program ---


def test_records_of_this_program_are_no_pages(tmp_path: Path) -> None:
    """``clean`` refuses its own records in one sentence, in whatever format; found in a directory they are counted."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    names = ["pages.jsonl", "pages.jsonl.gz", "pages.csv", "pages.parquet"]
    for name in names:
        assert run("clean", PAGE, PAGE, "-o", folder / name).returncode == 0
    rows = [json.loads(line) for line in (folder / "pages.jsonl").read_bytes().splitlines()]
    write(folder / "array", json.dumps(rows, indent=1).encode())
    for name in [*names, "array"]:
        done = run("clean", folder / name)
        sentence = "it holds records of this program, not pages; `scraper headlines` and `scraper stats` read them"
        assert (done.returncode, done.stdout) == (1, b"")
        assert complaints(done) == [f"scraper: {folder / name}: bad-record: {sentence}"]
    assert (
        run("clean", PAGE, tmp_path / "nowhere", "-o", "/dev/null", "--spans", folder / "s", "--failures", folder / "f").returncode
        == 1
    )
    assert run("headlines", PAGE, "-o", folder / "h").returncode == 0
    said = complaints(run("clean", folder / "s", folder / "f", folder / "h"))
    assert [line.split(": ", 3)[3].partition(";")[0] for line in said] == [
        "it holds pieces of pages that this program has labelled",
        "it holds failures of an earlier run, not pages",
        "it holds headlines of this program, not pages",
    ]
    done = run("clean", folder)
    assert (done.returncode, done.stdout, complaints(done)) == (0, b"", [])
    assert b"left out: 8 own-records" in done.stderr


def test_records_of_other_versions_are_no_pages_either(tmp_path: Path) -> None:
    """A record with a key more or fewer is not taken for a page of a dump, and ``headlines`` names what it lacks."""
    row = json.loads(run("clean", PAGE).stdout)
    newer, older = {**row, "words": 5}, {key: value for key, value in row.items() if key != "author"}
    for name, other in {"newer": newer, "older": older}.items():
        path = write(tmp_path / name, json.dumps(other).encode())
        (complaint,) = complaints(run("clean", path))
        assert complaint.startswith(f"scraper: {path}: bad-record: it holds records of this program, not pages")
    (complaint,) = complaints(run("headlines", tmp_path / "older"))
    assert complaint.startswith(f"scraper: {tmp_path / 'older'}#1: bad-record: it is not a page record")
    assert "`author`" in complaint
    assert run("headlines", tmp_path / "newer").stdout == run("headlines", PAGE).stdout


def test_headlines_are_made_of_records(tmp_path: Path) -> None:
    """``headlines`` reads the records of ``clean``, compressed or piped, and writes what it writes for the pages themselves."""
    expected = run("headlines", PAGE)
    path = tmp_path / "pages.jsonl.zst"
    assert run("clean", PAGE, "-o", path).returncode == 0
    lines = run("clean", PAGE).stdout
    for done in (run("headlines", path), run("headlines", data=lines), run("headlines", "-j", "2", write(tmp_path / "x", lines))):
        assert (done.returncode, done.stdout, complaints(done)) == (0, expected.stdout, [])
        assert b"scraper: 1 page: 1 article; layout: arabress" in done.stderr
    assert run("headlines", "--unique", path).stdout == run("headlines", "--unique", PAGE).stdout
    assert b"left out: 1 other-lang" in run("headlines", path, "--lang", "fr").stderr
    done = run("headlines", write(tmp_path / "x", lines + b'{"schema": 1, "id": 5}\n' + lines))
    assert (done.returncode, done.stdout) == (1, 2 * expected.stdout)
    assert "x#2: bad-record: it is not a page record" in complaints(done)[0]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_dumps_in_utf16_are_dumps(tmp_path: Path, encoding: str) -> None:
    """A dump or table in UTF-16, as PowerShell and Excel write it, is no text page; a page in UTF-16 stays one."""
    mark = "\ufeff".encode(encoding)
    lines = "".join(json.dumps({"text": f"صفحة {n}"}, ensure_ascii=False) + "\r\n" for n in range(200))
    for text, count in ((lines, 200), ("id\ttext\r\n1\tصفحة\r\n", 1), ("صفحة\nسطر آخر\n", 1)):
        done = run("clean", write(tmp_path / "x", mark + text.encode(encoding)))
        assert (done.returncode, complaints(done), len(records(done))) == (0, [], count)
        assert records(done)[0]["input"] == f"{tmp_path / 'x'}{'' if text.startswith('ص') else '#1'}"
    own = run("clean", PAGE).stdout.decode()
    assert b"it holds records of this program" in run("clean", write(tmp_path / "x", mark + own.encode(encoding))).stderr


class InPieces:
    """A source that returns a few bytes at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data, self._size = io.BytesIO(data), size

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes."""
        return self._data.read(min(size, self._size))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='a"\\{}[],: \né'),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet='a"\\{'), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(VALUES, max_size=5), st.sampled_from([None, 0, 2]), st.integers(1, 9))
def test_an_array_is_split_as_a_parser_reads_it(values: list[object], indent: int | None, size: int) -> None:
    """Wherever the pieces of a stream end, the values are those that Python's parser finds."""
    stream = Stream(InPieces(json.dumps(values, indent=indent, ensure_ascii=False).encode(), size))
    assert [json.loads(value or b"") for value in split_values(stream, 10**6)] == values


@given(st.lists(st.dictionaries(st.text(alphabet='a"\\{', min_size=1), VALUES), max_size=4), st.integers(1, 9))
def test_objects_in_a_row_are_split_as_a_parser_reads_them(values: list[object], size: int) -> None:
    """Objects that follow each other, each on many lines, are split where each ends."""
    stream = Stream(InPieces("\n".join(json.dumps(value, indent=1) for value in values).encode(), size))
    assert [json.loads(value or b"") for value in split_values(stream, 10**6)] == values


CELLS = st.text(alphabet='a",;\té\r\n ', max_size=6)


@given(st.lists(st.tuples(CELLS, CELLS), max_size=5), st.sampled_from([",", "\t", ";"]), st.integers(1, 9))
def test_rows_are_those_of_the_csv_module(rows: list[tuple[str, str]], delimiter: str, size: int) -> None:
    """Each row gives its cell, wherever the pieces of a stream end; a row that is too large is the only one lost."""
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter).writerows([("id", "text"), *rows, ("big", 'x"\n' * 40), ("last", "one")])
    stream = Stream(InPieces(file.getvalue().encode(), size))
    items = list(read_delimited(stream, Place("x", True), ReadOptions(max_bytes=100), Guard()))
    pages = [item.data for item in items if isinstance(item, Page)]
    assert pages == [text for _, text in rows] + ["one"]
    assert [item.input for item in items if isinstance(item, Failed)] == [f"x#{len(rows) + 1}"]


@pytest.mark.parametrize("form", ["json", "csv"])
def test_bad_values_and_rows_take_no_memory(form: Kind) -> None:
    """What is kept of a value or row that is not read is its error, not its text."""
    text = "x" * 50_000
    data = ("[" + ",".join([f'{{"text": {text}}}'] * 200) + "]" if form == "json" else "n,text\n" + f"1,2,{text}\n" * 200).encode()
    tracemalloc.start()
    try:
        items = list(read_dump(form, Stream(io.BytesIO(data)), Place("x", True), ReadOptions(), Guard()))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [isinstance(item, Failed) for item in items] == [True] * 200
    assert kept < 1 << 20
