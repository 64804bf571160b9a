"""The same pages give the same records in every container, and damage loses only what is damaged."""

import bz2
import gzip
import io
import json
import lzma
import os
import random
import stat
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator
from warcio.warcwriter import WARCWriter

from scraper.engine.planning import LARGE
from scraper.models import Page
from scraper.provenance import utc_time
from scraper.sources import Failed, Item, ReadOptions, Skipped, read_inputs, read_list
from scraper.sources.compression import Decompressor
from scraper.sources.items import Guard, Place
from scraper.sources.sniffing import kind_of
from scraper.sources.streams import Stream
from scraper.sources.warc import read_warc
from tests.containers import CONTAINERS, SEEKING, in_pieces, jsonl, parquet, response, twenty_pages, warc, zipped
from tests.test_cli import COMMAND, PNG, complaints, records, run

PAGES = twenty_pages()
SMALL = 200_000


def read(path: Path, **request: Any) -> list[Item]:
    return list(read_inputs([str(path)], ReadOptions(**{"max_bytes": SMALL, **request})))


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def outcome(item: Item, path: Path) -> str:
    """Return the result of an item in short: ``#12 page``, ``#13 damaged``, ``#14 http-status``."""
    word = item.error.code if isinstance(item, Failed) else item.reason if isinstance(item, Skipped) else "page"
    return f"{item.input.removeprefix(str(path))} {word}"


def outcomes(path: Path, **request: Any) -> list[str]:
    return [outcome(item, path) for item in read(path, **request)]


def contents(rows: list[dict[str, Any]], *, without: tuple[str, ...] = ("input", "fetched_at")) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key not in without} for row in rows]


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    directory = tmp_path_factory.mktemp("pages")
    paths = [write(directory / name.replace("/", "-"), data) for name, data in PAGES]
    rows = records(run("clean", *paths))
    assert len(rows) == len(PAGES) == 20
    assert len({row["kind"] for row in rows}) > 1
    return contents(rows)


@pytest.mark.parametrize("name", CONTAINERS)
def test_the_same_pages_give_the_same_records_in_every_container(tmp_path: Path, name: str, expected: list[dict[str, Any]]) -> None:
    """A page gives the same record from every container, ``input`` says where it lies, and the file's name does not matter."""
    done = run("clean", write(tmp_path / "pages.html", CONTAINERS[name](PAGES)))
    assert (done.returncode, complaints(done)) == (0, [])
    rows = records(done)
    assert contents(rows) == expected
    inputs = [row["input"] for row in rows]
    assert len(set(inputs)) == len(inputs)
    assert all(place.startswith(f"{tmp_path / 'pages.html'}#") for place in inputs)


@pytest.mark.parametrize("name", sorted(set(CONTAINERS) - SEEKING))
def test_every_stream_can_come_in_by_stdin(name: str, expected: list[dict[str, Any]]) -> None:
    """Containers that need no seeking are read from a pipe."""
    done = run("clean", data=CONTAINERS[name](PAGES))
    assert (done.returncode, contents(records(done))) == (0, expected)
    assert records(done)[0]["input"].startswith("-#")


@pytest.mark.parametrize("name", ["zip", "parquet"])
def test_what_needs_seeking_is_read_from_a_file_only(tmp_path: Path, name: str, expected: list[dict[str, Any]]) -> None:
    """A container that needs seeking is refused from a pipe in one sentence, and read from a redirected file."""
    path = write(tmp_path / "x", CONTAINERS[name](PAGES))
    done = run("clean", data=path.read_bytes())
    assert done.returncode == 1
    assert "-: unreadable: it is a" in complaints(done)[0]
    with path.open("rb") as file:
        redirected = subprocess.run([*COMMAND, "clean"], stdin=file, capture_output=True, check=True, timeout=60)
    assert contents(records(redirected)) == expected


@pytest.mark.parametrize(
    "pack", [gzip.compress, zstandard.compress, bz2.compress, lzma.compress, lambda data: gzip.compress(bz2.compress(data))]
)
def test_a_compressed_page_is_a_page(tmp_path: Path, pack: Callable[[bytes], bytes], expected: list[dict[str, Any]]) -> None:
    """A compressed page has its file's name as ``input``, and --url can give its address."""
    path = write(tmp_path / "page", pack(PAGES[0][1]))
    (row,) = records(run("clean", path))
    assert (contents([row]), row["input"]) == (expected[:1], str(path))
    assert records(run("clean", path, "--url", "https://www.masress.com/a/1"))[0]["url"] == "https://www.masress.com/a/1"


def test_an_address_for_many_pages_is_refused(tmp_path: Path) -> None:
    """--url with a container is refused, since all its pages would get one address."""
    done = run("clean", write(tmp_path / "x", jsonl(PAGES)), "--url", "https://www.masress.com/a/1")
    assert done.returncode == 1
    assert "--url is the address of one page" in complaints(done)[0]


# --- web archives ---


@pytest.mark.filterwarnings("ignore:Unclosed file <tempfile:ResourceWarning")  # warcio leaves closing to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_place_of_a_record_is_the_offset_that_an_index_has(tmp_path: Path) -> None:
    """The offsets in ``input`` are those at which warcio finds the records of an archive that it wrote."""
    path = tmp_path / "a.warc.gz"
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        for number in range(5):
            payload = io.BytesIO(f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><p>{number}".encode())
            writer.write_record(writer.create_warc_record(f"https://a.example/{number}", "response", payload=payload))
    with path.open("rb") as file:
        archive = ArchiveIterator(file)
        offsets = [archive.get_record_offset() for _ in archive]
    found = read(path)
    assert [item.input for item in found] == [f"{path}#{offset}" for offset in offsets]
    assert [item.url for item in found if isinstance(item, Page)] == [f"https://a.example/{number}" for number in range(5)]


def test_what_a_record_says_of_its_page_is_kept(tmp_path: Path) -> None:
    """Address, time, charset and media type come from the archive; times have one format."""
    data = response(
        "مرحبا".encode("cp1256"),
        ("content-type", 'Text/HTML; Charset="windows-1256"'),
        uri="<https://www.masress.com/a/1>",
        date="2021-05-06T07:08:09.123456Z",
    )
    (page,) = read(write(tmp_path / "x", data))
    assert isinstance(page, Page)
    assert (page.url, page.fetched_at) == ("https://www.masress.com/a/1", "2021-05-06T07:08:09Z")
    assert (page.charset, page.media_type) == ("windows-1256", "text/html")


def chunked(data: bytes) -> bytes:
    return b"".join(b"%X\r\n%s\r\n" % (len(piece), piece) for piece in (data[:10], data[10:])) + b"0\r\n\r\n"


def deflated(data: bytes) -> bytes:
    import zlib

    return zlib.compress(data)


def brotlied(data: bytes) -> bytes:
    import brotli

    packed: bytes = brotli.compress(data)
    return packed


BODY = b"<html><body><p>" + b"one page " * 300


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Encoding": "gzip"}, gzip.compress(BODY)),
        ({"Content-Encoding": "x-gzip"}, gzip.compress(BODY)),
        ({"Content-Encoding": "GZIP"}, gzip.compress(BODY)),
        ({"Content-Encoding": "br"}, brotlied(BODY)),
        ({"Content-Encoding": "zstd"}, zstandard.compress(BODY)),
        ({"Content-Encoding": "deflate"}, deflated(BODY)),
        ({"Content-Encoding": "deflate"}, deflated(BODY)[2:-4]),
        ({"Content-Encoding": "deflate, gzip"}, gzip.compress(deflated(BODY))),
        ({"Content-Encoding": "identity"}, BODY),
        ({"Transfer-Encoding": "chunked"}, chunked(BODY)),
        ({"Transfer-Encoding": "chunked", "Content-Encoding": "gzip"}, chunked(gzip.compress(BODY))),
        ({"Transfer-Encoding": "chunked", "Content-Encoding": "gzip"}, BODY),
        ({"Transfer-Encoding": "chunked"}, BODY),
        *(({"Content-Encoding": coding}, BODY) for coding in ("gzip", "br", "zstd", "deflate")),
    ],
)
def test_what_http_wrapped_around_a_page_is_taken_off(tmp_path: Path, headers: dict[str, str], body: bytes) -> None:
    """HTTP codings are undone; a body that is already decoded, under headers that say otherwise, is taken as it is."""
    data = response(body, ("Content-Type", "text/html"), *headers.items())
    (page,) = read(write(tmp_path / "x", data))
    assert isinstance(page, Page)
    assert page.octets == BODY


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        ({"Content-Encoding": "gzip"}, gzip.compress(BODY)[:-20], "damaged"),
        ({"Content-Encoding": "br"}, brotlied(BODY)[:-5], "damaged"),
        ({"Content-Encoding": "deflate"}, deflated(BODY)[:-8], "damaged"),
        ({"Transfer-Encoding": "chunked"}, chunked(BODY)[:-30], "damaged"),
        ({"Content-Encoding": "rot13"}, BODY, "bad-record"),
        ({"Content-Encoding": "gzip"}, gzip.compress(bytes(SMALL + 1)), "too-large"),
        ({"Content-Encoding": "br"}, brotlied(bytes(SMALL + 1)), "too-large"),
        ({"Content-Encoding": "deflate"}, deflated(bytes(SMALL + 1)), "too-large"),
        ({"Content-Encoding": "zstd"}, zstandard.compress(bytes(SMALL + 1)), "too-large"),
        ({"Content-Encoding": "gzip, gzip"}, gzip.compress(gzip.compress(bytes(SMALL + 1))), "too-large"),
        ({}, bytes(SMALL + 1), "too-large"),
        ({}, bytes(4 * SMALL), "too-large"),
    ],
)
def test_a_page_that_cannot_be_unwrapped_costs_only_itself(tmp_path: Path, headers: dict[str, str], body: bytes, code: str) -> None:
    """A page with a broken, unknown or too large coding is reported, and the next one is read."""
    first = response(body, ("Content-Type", "text/html"), *headers.items())
    path = write(tmp_path / "x", first + response(BODY))
    assert outcomes(path) == [f"#0 {code}", f"#{len(first)} page"]


def test_what_is_no_page_is_left_out_and_counted() -> None:
    """Other records, other statuses, other media types and robots.txt are counted, not failures."""
    done = run("clean", data=warc(PAGES[:1], gzip.compress))
    assert done.returncode == 0
    stderr = done.stderr.decode()
    assert "left out: 3 other-record, 1 robots.txt, 1 http-status, 1 media-type" in stderr


GOOD = [response(BODY, uri=f"https://a.example/{number}") for number in range(5)]


def broken(how: str) -> bytes:
    """Return the third of five records, damaged."""
    whole = GOOD[2]
    return {
        "too-short": response(BODY, length=10),
        "too-long": response(BODY, length=len(whole)),
        "far-too-long": response(BODY, length=300_000),
        "longer-than-any-page": response(BODY, length=10**12),
        "no-number": response(BODY, length="many"),
        "no-length": whole.replace(b"Content-Length", b"Content-Width"),
        "no-header": b"\r\n" + b"nothing that anybody knows\r\n" * 40,
        "cut": whole[:-700],
    }[how]


@pytest.mark.parametrize("how", ["too-short", "too-long", "far-too-long", "no-number", "no-length", "no-header", "cut"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
def test_a_broken_record_in_the_middle_costs_only_itself(tmp_path: Path, how: str, pack: Callable[[bytes], bytes]) -> None:
    """A broken record is reported with its place, and those before and after it are read."""
    parts = [*GOOD[:2], broken(how), *GOOD[3:]]
    packed = [pack(part) for part in parts]
    path = write(tmp_path / "x", b"".join(packed))
    found = read(path)
    assert [item.url[-1] for item in found if isinstance(item, Page) and item.url] == ["0", "1", "3", "4"]
    (error,) = [item for item in found if isinstance(item, Failed)]
    assert error.error.code == "damaged"
    place = error.input.removeprefix(f"{path}#").partition("+")[0]
    start = sum(map(len, packed[:2]))
    assert int(place) in (start, start + 2) or (how == "no-header" and int(place) == start - len(packed[1]))


@pytest.mark.parametrize("length", ["9" * 5000, "0" * 5000, "9" * 20])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_length_of_thousands_of_digits_costs_only_its_record(
    tmp_path: Path, length: str, pack: Callable[[bytes], bytes], jobs: str
) -> None:
    """A Content-Length that no file can have is damage of that record, reported once, with any number of processes."""
    large = [response(BODY + random.Random(n).randbytes(4000).hex().encode(), uri=f"https://a.example/{n}") for n in range(300)]
    parts = [*large[:150], response(BODY, length=length), *large[150:]]
    path = write(tmp_path / "x", b"".join(map(pack, parts)))
    assert path.stat().st_size > LARGE
    done = run("clean", path, "-j", jobs)
    place = sum(len(pack(part)) for part in parts[:150])
    assert complaints(done) == [f"scraper: {path}#{place}: damaged: the header of this record is damaged"]
    assert (done.returncode, len(records(done))) == (1, 300)
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("kilobytes", [33, 100, 200])
def test_long_http_headers_are_read(tmp_path: Path, kilobytes: int) -> None:
    """HTTP headers of any realistic length are read: servers send long cookies and policies, and archives keep them."""
    headers = [("Content-Type", "text/html"), *((f"Set-Cookie-{n}", "x" * 1000) for n in range(kilobytes))]
    first = response(BODY, *headers)
    assert outcomes(write(tmp_path / "x", first + response(BODY))) == ["#0 page", f"#{len(first)} page"]


def test_headers_that_never_end_are_refused(tmp_path: Path) -> None:
    """The size of a header is limited, and the record after it is read."""
    first = response(BODY, ("Content-Type", "text/html"), ("X", "x" * 300_000))
    assert outcomes(write(tmp_path / "x", first + response(BODY))) == ["#0 bad-record", f"#{len(first)} page"]


def test_a_lie_within_a_compressed_record_stays_within_it(tmp_path: Path) -> None:
    """A wrong length spoils only its own record where each is compressed on its own."""
    parts = [*GOOD[:2], broken("longer-than-any-page"), *GOOD[3:]]
    found = outcomes(write(tmp_path / "x", b"".join(map(gzip.compress, parts))))
    assert [line.split()[1] for line in found] == ["page", "page", "too-large", "page", "page"]


@pytest.mark.parametrize("where", [0, 1, 30, 90, -9, -5, -1])
def test_flipped_bits_in_a_compressed_record_cost_only_that_record(tmp_path: Path, where: int) -> None:
    """Damage in magic, header, data, checksum or length is reported, and the other records are read."""
    packed = [gzip.compress(part) for part in GOOD]
    damaged = bytearray(packed[2])
    damaged[where] ^= 0x55
    start = sum(map(len, packed[:2]))
    path = write(tmp_path / "x", b"".join([*packed[:2], bytes(damaged), *packed[3:]]))
    assert outcomes(path) == [
        *("#0 page", f"#{len(packed[0])} page", f"#{start} damaged"),
        *(f"#{start + len(packed[2])} page", f"#{start + len(packed[2]) + len(packed[3])} page"),
    ]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
def test_a_truncated_archive_gives_every_whole_record(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    """A cut archive gives each whole record before the cut, no partial one, and an error unless nothing is missing."""
    packed = [pack(part) for part in GOOD]
    data = b"".join(packed)
    ends = [sum(map(len, packed[: number + 1])) for number in range(5)]
    path = tmp_path / "x"
    for cut in range(len(packed[0]), len(data) + 1, 7 if pack is not bytes else 101):
        found = read(write(path, data[:cut]))
        pages = [item for item in found if isinstance(item, Page)]
        whole = sum(end <= cut for end in ends)
        missing_line_ends = pack is bytes and any(end - 4 <= cut < end for end in ends)
        assert len(pages) == whole + missing_line_ends
        assert [item.error.code for item in found if isinstance(item, Failed)] == ["damaged"] * (
            cut not in ends and not missing_line_ends
        )


# --- JSON Lines ---


LINE = json.dumps({"text": "سطر من النص.", "url": "https://www.masress.com/a/1", "at": 1620284889, "html": "<html><p>one</html>"})


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"text": "one"}\n', "jsonl"),
        ('{"text": "one"}', "jsonl"),
        ('\n  \n {"text": null}\n', "jsonl"),
        ('\ufeff{"text": "one"}\n', "jsonl"),
        ('{"text": "one"}\nnot json\n', "jsonl"),
        ('{"content": "one"}\n\n{"content": "two"', "jsonl"),
        ('{"content": "one"}\n', "jsonl"),
        ('{"text": "one"\n', "jsonl"),
        ('{"text": "half of\n{"text": "one"}\n', "jsonl"),
        ('{"id": 1,\n{"text": "one"}\n', "jsonl"),
        ('{"n": ' + "1" * 5000 + ', "text": "one"}\n{"text": "two"}\n', "jsonl"),
        ('the end of one"}\n{"text": "two"}\n', "jsonl"),
        ("{}\n{}\n", "jsonl"),
        ('{"text": "' + "long " * 50_000 + '"}\n', "jsonl"),
        ('{\n  "text": "one"\n}\n', "json"),
        ('{\r\n\t"text": "one",\r\n\t"n": 1\r\n}\r\n{\r\n\t"text": "two"\r\n}', "json"),
        ('[{"text": "one"}]', "json"),
        ('\ufeff[\n  {\n    "text": "one"\n  }\n]\n', "json"),
        ("[]\n", "json"),
        ('["one", "two"]', "json"),
        ("{ a page that opens with a brace }\n", "page"),
        ("{ long " + "text " * 50_000, "page"),
        ("{quoted} words\nand more", "page"),
        ("[1]\n[2]\n", "page"),
        ("[] an empty box\n", "page"),
        ("[photo] a caption\n", "page"),
        ('"text"\n', "page"),
        ('a line\n{"text": "one"}\n', "page"),
        ('{{ a template }}\n{"text": "one"}\n', "jsonl"),
        ("url,text\nhttps://a.example/,one\n", "csv"),
        ("url\ttext\n", "csv"),
        ('\ufeff"id";"text"\r\n1;"one\r\ntwo"\r\n', "csv"),
        (",text,url\n0,one,two\n", "csv"),
        ('id,content,date\n1,one,2020\n2,"one, two\nthree",2021\n', "csv"),
        ('text\n"one, two"\n', "csv"),
        ("text\none\n", "page"),
        ("Rabat, Fes\nTwo towns, one story\n", "page"),
        ("Rabat,Fes\nA story without commas\nof two towns\n", "page"),
        ("one word\tand another\nthe text\n", "page"),
        ("id,content\n", "page"),
        ("", "page"),
    ],
)
def test_a_dump_is_told_from_a_page(text: str, kind: str) -> None:
    """What begins with a key of an object is JSON, also if it is damaged; a table has a header and rows; all else is a page."""
    assert kind_of(Stream(io.BytesIO(text.encode())), ReadOptions(max_bytes=10**6)) == kind


def test_fields_are_named_by_the_user(tmp_path: Path) -> None:
    """The HTML field is taken unless it is empty, else the text field; address and time only if they are valid."""
    path = write(tmp_path / "x", f'{LINE}\n{{"html": "", "text": "two", "url": "no address", "at": "never"}}\n'.encode())
    one, two = read(path, html_field="html", date_field="at")
    assert isinstance(one, Page)
    assert isinstance(two, Page)
    assert (one.octets, one.media_type, one.url) == (b"<html><p>one</html>", "text/html", "https://www.masress.com/a/1")
    assert one.fetched_at == "2021-05-06T07:08:09Z"
    assert (two.octets, two.media_type, two.url, two.fetched_at) == (b"two", None, None, None)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("not json", "invalid JSON"),
        ('{"text": "half', "invalid JSON"),
        ("[1, 2]", "not an object"),
        ('{"url": "https://a.example/"}', "there is no field 'text'"),
        ('{"text": null}', "the field 'text' is empty"),
        ('{"text": 5}', "a number"),
        ('{"text": ["a"]}', "a list"),
        ('{"x": ' + "[" * 100_000, "nested too deep"),
        ('{"text": "' + "x" * SMALL + '"}', "too-large"),
    ],
)
def test_a_bad_line_fails_alone_and_is_named_by_its_number(tmp_path: Path, line: str, words: str) -> None:
    """A bad line fails with its number, the lines around it are read, blank ones are counted, and the status is 1."""
    path = write(tmp_path / "x", f"{LINE}\n\n{line}\n{LINE}\n".encode())
    done = run("clean", path, "--max-bytes", str(SMALL))
    assert done.returncode == 1
    assert [row["input"] for row in records(done)] == [f"{path}#1", f"{path}#4"]
    (message,) = complaints(done)
    assert message.startswith(f"scraper: {path}#3: ")
    assert words in message


def test_bytes_that_are_no_utf8_spoil_one_line(tmp_path: Path) -> None:
    """A bad byte in a field that is not read does no harm; in the text it fails its line only."""
    good, bad = b'{"text": "one", "x": "\xff"}', b'{"text": "o\xffne"}'
    assert outcomes(write(tmp_path / "x", b"\n".join([LINE.encode(), bad, good]))) == ["#1 page", "#2 bad-record", "#3 page"]


def test_a_damaged_record_is_named_wherever_the_reads_of_the_archive_end() -> None:
    """A record whose last compressed bytes are damaged is no page, also if it was decompressed before the damage was reached."""
    chance = random.Random(3)
    for _ in range(12):
        damaged = bytearray(gzip.compress(response(PAGES[0][1] + chance.randbytes(500).hex().encode())))
        damaged[-1 - chance.randrange(12)] ^= 1 << chance.randrange(8)
        with suppress(OSError, EOFError, zlib.error):
            gzip.decompress(damaged)
            continue  # bits after the last block of deflate mean nothing
        data = bytes(damaged) + gzip.compress(response(PAGES[1][1]))
        codes = set()
        for end in range(len(damaged) - 40, len(damaged) + 1):
            items = list(read_warc(_Reads([data[:end], data[end:]]), "gzip", Place("x", True), ReadOptions(), Guard()))
            codes.add(tuple((item.input, item.error.code if isinstance(item, Failed) else "page") for item in items))
        assert codes == {(("x#0", "damaged"), (f"x#{len(damaged)}", "page"))}


class _Reads:
    """A source that returns pieces as they are given."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    def read(self, _: int, /) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""


@given(st.text(alphabet=st.characters()), st.booleans())
@example(text="\ud800", is_ascii=False)
@example(text="\ud83d\ude00", is_ascii=False)
@example(text="\ud83d\ude00", is_ascii=True)
def test_any_string_of_a_dump_comes_out_as_it_is(text: str, is_ascii: bool) -> None:
    """A string's characters are the page's, escaped or not; half a surrogate pair becomes one bad byte."""
    line = json.dumps({"text": "x", "html": text}, ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")
    stream = Stream(io.BytesIO(line))
    from scraper.sources.json_objects import read_jsonl

    (item,) = read_jsonl(stream, Place("x", True), ReadOptions(max_bytes=10**6, html_field="html"), Guard())
    assert isinstance(item, Page)
    if text:
        # Only escaped halves of a pair join to one character.
        read = _joined(text) if is_ascii else text
        pieces = "".join(chr(ord(c)) if not "\ud800" <= c <= "\udfff" else "\ufffd" for c in read)
        assert item.octets.decode("utf-8", "replace") == pieces


def _joined(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


@pytest.mark.parametrize(
    ("value", "time"),
    [
        ("2021-05-06T07:08:09Z", "2021-05-06T07:08:09Z"),
        ("2021-05-06 07:08:09", "2021-05-06T07:08:09Z"),
        ("2021-05-06T07:08", "2021-05-06T07:08:00Z"),
        ("2021-05-06T07:08:09.987654321Z", "2021-05-06T07:08:09Z"),
        ("2021-05-06T09:08:09+02:00", "2021-05-06T07:08:09Z"),
        ("2021-05-06T09:08:09 +0200", "2021-05-06T07:08:09Z"),
        (1620284889, "2021-05-06T07:08:09Z"),
        (1620284889.9, "2021-05-06T07:08:09Z"),
        ("2021-05-06", None),
        ("06/05/2021 07:08", None),
        ("1620284889", None),
        (1620284889000, None),
        (-5, None),
        (0, None),
        (True, None),
        (float("nan"), None),
        (float("inf"), None),
        ("2021-02-30T07:08:09Z", None),
        ("", None),
        (None, None),
        ({"$date": 1}, None),
    ],
)
def test_what_is_not_plainly_a_time_is_none(value: object, time: str | None) -> None:
    """Days without a time, milliseconds and other notations give no time."""
    assert utc_time(value) == time


# --- zip ---


def odd_zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("../../escape.html", BODY)
        archive.writestr("/etc/absolute.html", BODY)
        archive.writestr("a/", b"")
        archive.writestr("a/b.html", BODY)
        archive.writestr("a/logo.png", PNG)
        archive.writestr("a/empty.html", b"")
        archive.writestr("a/more.zip", zipped(PAGES[:1]))
        archive.writestr("\x1b[31mred\u202e.html", BODY)
        link = zipfile.ZipInfo("link.html")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, b"/etc/passwd")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a/b.html", BODY + b"again")
    data = bytearray(file.getvalue())
    return bytes(data)


def test_members_of_a_zip_archive_are_labels_and_nothing_is_unpacked(tmp_path: Path) -> None:
    """Member names that lead out of the archive, links, nested archives and duplicate names do no harm."""
    place = tmp_path / "deep" / "down"
    place.mkdir(parents=True)
    path = write(place / "x.zip", odd_zip())
    before = sorted(tmp_path.rglob("*"))
    done = run("clean", path)
    assert done.returncode == 1
    sentence = "it is a zip archive, which cannot be read from a pipe or out of another file; save it and name it"
    assert complaints(done) == [f"scraper: {path}#a/more.zip: unreadable: {sentence}"]
    inputs = [row["input"].removeprefix(f"{path}#") for row in records(done)]
    assert inputs == ["../../escape.html", "/etc/absolute.html", "a/b.html", "\x1b[31mred\u202e.html", "a/b.html"]
    assert b"\x1b" not in done.stderr
    assert "left out: 1 not-text, 1 empty, 1 link" in done.stderr.decode()
    assert sorted(tmp_path.rglob("*")) == before


def encrypted(data: bytes) -> bytes:
    """Set the flag of an encrypted member in both of its headers."""
    damaged = bytearray(data)
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = damaged.find(magic) + offset
        damaged[at : at + 2] = struct.pack("<H", struct.unpack("<H", damaged[at : at + 2])[0] | 1)
    return bytes(damaged)


def test_members_that_cannot_be_read_cost_only_themselves(tmp_path: Path) -> None:
    """A member that is encrypted, damaged or too large is reported, and the next is read."""
    pages = [("a.html", BODY), ("b.html", BODY), ("c.html", bytes(SMALL + 1)), ("d.html", BODY)]
    data = bytearray(encrypted(zipped(pages, zipfile.ZIP_STORED)))
    data[data.find(b"b.html") + 50] ^= 1
    path = write(tmp_path / "x", bytes(data))
    assert outcomes(path) == ["#a.html unreadable", "#b.html damaged", "#c.html too-large", "#d.html page"]


# --- Parquet ---


def test_parquet_without_pyarrow_says_how_to_get_it(tmp_path: Path) -> None:
    """Without pyarrow, the error names the extra to install."""
    path = write(tmp_path / "x", parquet(PAGES[:1]))
    code = "import sys; sys.modules['pyarrow'] = None; from scraper.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", code, "clean", str(path)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "pip install 'press-scraper[parquet]'" in done.stderr


def test_rows_are_read_by_row_group_and_named_by_number(tmp_path: Path) -> None:
    """Columns are chosen like fields, timestamps are accepted, and a row without a page fails alone."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    when = datetime(2021, 5, 6, 7, 8, 9, tzinfo=UTC)
    table = pa.table({"body": ["one", None, "x" * (SMALL + 1), "two"], "at": [when] * 4, "link": ["https://a.example/"] * 4})
    path = tmp_path / "x"
    pq.write_table(table, path, row_group_size=3)
    found = read(path, text_field="body", date_field="at", url_field="link")
    assert [outcome(item, path) for item in found] == ["#1 page", "#2 bad-record", "#3 too-large", "#4 page"]
    first, missing = found[0], read(path)[0]
    assert isinstance(first, Page)
    assert isinstance(missing, Failed)
    assert (first.fetched_at, first.url) == ("2021-05-06T07:08:09Z", "https://a.example/")
    assert "there are 'body', 'at', 'link'" in str(missing.error)


def test_a_broken_row_group_costs_only_itself(tmp_path: Path) -> None:
    """A broken row group is reported, and the rows before and after it are read."""
    data = bytearray(parquet(PAGES, compression="zstd"))
    import pyarrow.parquet as pq

    column = pq.ParquetFile(io.BytesIO(bytes(data))).metadata.row_group(1).column(1)
    middle = column.dictionary_page_offset + column.total_compressed_size // 2
    data[middle : middle + 64] = bytes(64)
    found = outcomes(write(tmp_path / "x", bytes(data)))
    assert found == [*(f"#{n} page" for n in range(1, 8)), "#8 damaged", *(f"#{n} page" for n in range(15, 21))]


def test_a_value_that_cannot_be_converted_costs_its_row(tmp_path: Path) -> None:
    """A row with a date after the year 9999, which a file can hold and Python cannot, is damaged, and all others are read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    days = [18_000] * 100 + [10**7] + [18_000] * 99
    pq.write_table(pa.table({"text": ["<p>1"] * 200, "day": pa.array(days, pa.date32())}), tmp_path / "x")
    found = [outcome(item, tmp_path / "x") for item in read(tmp_path / "x", date_field="day")]
    assert found == [f"#{number} {'damaged' if number == 101 else 'page'}" for number in range(1, 201)]


def test_damage_is_noticed_where_a_table_has_checksums(tmp_path: Path) -> None:
    """A letter that was changed in a page with a checksum is damage, though the table can be decoded."""
    plain: dict[str, Any] = {"compression": "none", "use_dictionary": False, "write_statistics": False}
    data = parquet([(name, b"a story") for name, _ in PAGES], **plain, write_page_checksum=True)
    found = outcomes(write(tmp_path / "x", data.replace(b"a story", b"a glory", 1)))
    assert found == ["#1 damaged", *(f"#{n} page" for n in range(8, 21))]


# --- damage, bombs, lists ---


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstandard.compress])
def test_a_truncated_file_gives_what_is_whole(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    """A truncated dump gives the lines before the cut and an error with its place; a truncated page gives nothing."""
    data = in_pieces(jsonl(PAGES), pack, 20_000)
    done = run("clean", write(tmp_path / "x", data[: len(data) * 3 // 4]))
    assert done.returncode == 1
    rows = records(done)
    assert 0 < len(rows) < len(PAGES)
    (message,) = complaints(done)
    assert f": damaged: after line {len(rows)}, it is truncated: the " in message
    alone = run("clean", write(tmp_path / "y", pack(PAGES[0][1])[:-10]))
    assert (alone.returncode, alone.stdout) == (1, b"")
    assert "y: damaged: it is truncated" in complaints(alone)[0]


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04 and no more",
        zipped(PAGES)[:-300],
        b"PAR1 and no more",
        parquet(PAGES)[:-100],
        b"\x1f\x8b\x08 and no more",
        b"\x28\xb5\x2f\xfd and no more",
        b"\xfd7zXZ\x00 and no more",
        b"BZh9 and no more",
        b"WARC/1.0 and no more",
    ],
)
def test_what_only_begins_like_a_container_is_named(tmp_path: Path, data: bytes) -> None:
    """A broken container gives one sentence and status 1, and the page beside it is read."""
    done = run("clean", write(tmp_path / "x", data), write(tmp_path / "y", PAGES[0][1]))
    assert (done.returncode, len(records(done))) == (1, 1)
    (message,) = complaints(done)
    assert "x: damaged: " in message or "x#0: damaged: " in message


def test_packing_has_an_end(tmp_path: Path) -> None:
    """A file that is compressed too many times over is refused."""
    data = BODY
    for _ in range(5):
        data = gzip.compress(data)
    assert "packed more than" in complaints(run("clean", write(tmp_path / "x", data)))[0]


def test_a_tar_archive_is_named_as_such(tmp_path: Path) -> None:
    """A tar archive is refused, since it would be read as one long page."""
    subprocess.run(["tar", "czf", str(tmp_path / "x"), "-C", str(Path(__file__).parent), "containers.py"], check=True)
    assert "tar archive" in complaints(run("clean", tmp_path / "x"))[0]


def zeros(count: int) -> Iterator[bytes]:
    piece = bytes(1 << 20)
    for _ in range(count >> 20):
        yield piece


def gzip_bomb(path: Path, before: bytes, count: int, after: bytes) -> Path:
    with gzip.open(path, "wb", compresslevel=1) as file:
        for piece in (before, *zeros(count), after):
            file.write(piece)
    return path


def bomb(path: Path, kind: str, size: int) -> Path:  # noqa: PLR0911
    """Write a file that decompresses to ``size`` bytes in one page."""
    line, end = b'{"text": "', b'"}\n'
    if kind == "gzip-page":
        return gzip_bomb(path, b"text", size, b"")
    if kind == "gzip-line":
        return gzip_bomb(path, LINE.encode() + b"\n" + line, size, end + LINE.encode())
    if kind == "zstd-page":
        return write(path, zstandard.compress(bytes(size)))
    if kind == "bzip2-page":
        return write(path, bz2.compress(bytes(size)))
    if kind == "xz-page":
        return write(path, lzma.compress(bytes(size), preset=0))
    if kind == "zip-member":
        return write(path, zipped([("big.html", bytes(size)), ("a.html", BODY)]))
    if kind == "parquet-cell":
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.table({"text": ["x" * size, "two"]}), path, compression="zstd", row_group_size=1)
        return path
    body = gzip.compress(bytes(size), 1)
    record_ = response(body, ("Content-Type", "text/html"), ("Content-Encoding", "gzip"))
    if kind == "warc-body":
        return write(path, record_ + response(BODY))
    return write(path, gzip.compress(response(bytes(size)), 1) + gzip.compress(response(BODY)))


MEASURE = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, done.returncode)
sys.stderr.buffer.write(done.stderr)
"""


def peak(*args: str | Path) -> tuple[int, int, str]:
    """Return a command's peak resident memory in KiB, its status, and its stderr."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *COMMAND, *map(str, args)], capture_output=True, text=True, check=True, timeout=120
    )
    memory, status = map(int, done.stdout.split())
    return memory, status, done.stderr


BOMBS = ["gzip-page", "gzip-line", "zstd-page", "bzip2-page", "xz-page", "zip-member", "parquet-cell", "warc-body", "warc-record"]


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_stopped_in_bounded_memory(tmp_path: Path, kind: str) -> None:
    """A page of 200 MB out of a few kilobytes is too large, those beside it are read, and memory stays bounded."""
    size = 200 << 20
    memory, status, stderr = peak("clean", bomb(tmp_path / "x", kind, size), "--max-bytes", "1000000")
    assert status == 1
    assert ": too-large: " in stderr
    assert ("0 pages" in stderr) == (kind in {"gzip-page", "zstd-page", "bzip2-page", "xz-page"})
    assert memory < size >> 10, f"{memory} KiB"


@pytest.mark.parametrize("name", ["jsonl", "jsonl-gzip", "warc-gzip-by-record", "jsonl-zstd"])
def test_memory_does_not_grow_with_the_input(tmp_path: Path, name: str) -> None:
    """Four times as many pages need no more memory."""
    small = write(tmp_path / "small", CONTAINERS[name](PAGES * 20))
    large = write(tmp_path / "large", CONTAINERS[name](PAGES * 80))
    before, after = peak("clean", small)[0], peak("clean", large)[0]
    assert after <= before * 1.15, f"{before} and {after} KiB"


def test_failures_are_a_list_that_can_be_read_again(tmp_path: Path) -> None:
    """--failures lists what failed, and --from-list reads exactly these items again."""
    dump = write(tmp_path / "dump", f"{LINE}\nbroken\n{LINE}\n".encode())
    archive = write(tmp_path / "a.zip", zipped([("a.html", BODY), ("big.html", b"x" * 30_000)]))
    command = ("clean", dump, archive, tmp_path / "nowhere", "--max-bytes", "20000", "--failures", tmp_path / "failed")
    assert run(*command).returncode == 1
    rows = [json.loads(line) for line in (tmp_path / "failed").read_text().splitlines()]
    assert [list(row) for row in rows] == [["input", "url", "code", "message"]] * 3
    assert [row["input"] for row in rows] == [f"{dump}#2", f"{archive}#big.html", str(tmp_path / "nowhere")]
    assert [row["code"] for row in rows] == ["bad-record", "too-large", "missing"]
    dump.write_text(f"{LINE}\n{LINE}\n{LINE}\n")
    done = run("clean", "--from-list", tmp_path / "failed", "--failures", tmp_path / "failed")
    assert [row["input"] for row in records(done)] == [f"{dump}#2", f"{archive}#big.html"]
    assert [json.loads(line)["code"] for line in (tmp_path / "failed").read_text().splitlines()] == ["missing"]


def test_a_list_names_inputs_line_by_line(tmp_path: Path) -> None:
    """A list, from a file or stdin, names a path per line, in any characters; blank lines are ignored, a missing list is an error."""
    names = [tmp_path / "{odd} name.txt", tmp_path / "b#1.txt", tmp_path / "\u0645.txt"]
    for name in names:
        name.write_bytes(PAGES[-1][1])
    listed = "\n\n".join(map(str, names)) + "\r\n"
    (tmp_path / "list").write_text(listed)
    for done in (run("clean", "--from-list", tmp_path / "list"), run("clean", "--from-list", "-", data=listed.encode())):
        assert [row["input"] for row in records(done)] == list(map(str, names))
    assert list(read_list(str(tmp_path / "list"))) == list(map(str, names))
    missing = run("clean", "--from-list", tmp_path / "nowhere")
    assert (missing.returncode, "nowhere: missing: " in missing.stderr.decode()) == (1, True)
    assert run("clean", "-", "--from-list", "-", data=b"").returncode == 2


def test_a_piece_can_be_named_on_the_command_line(tmp_path: Path) -> None:
    """``dump#2`` is the second line; a missing item is an error; a file of that very name takes precedence."""
    path = write(tmp_path / "x", jsonl(PAGES))
    (row,) = records(run("clean", f"{path}#2"))
    assert row["input"] == f"{path}#2"
    assert "x#99: missing: " in complaints(run("clean", f"{path}#99"))[0]
    write(tmp_path / "x#3", PAGES[0][1])
    assert records(run("clean", f"{path}#3"))[0]["input"] == f"{path}#3"


def test_containers_in_a_directory_are_read_too(tmp_path: Path) -> None:
    """Files in a directory are sniffed like named ones; empty items in them are not failures."""
    write(tmp_path / "a", jsonl(PAGES[:2]))
    write(tmp_path / "b", gzip.compress(b""))
    write(tmp_path / "c", zipped(PAGES[:1]))
    done = run("clean", tmp_path)
    assert (done.returncode, len(records(done))) == (0, 3)
    assert "left out: 1 empty" in done.stderr.decode()


@pytest.mark.parametrize(("suffix", "unpack"), [(".gz", gzip.decompress), (".zst", zstandard.decompress)])
def test_the_output_is_compressed_by_its_name(tmp_path: Path, suffix: str, unpack: Callable[[bytes], bytes]) -> None:
    """The name's suffix chooses the compression, and the same lines always give the same bytes."""
    path = write(tmp_path / "x", jsonl(PAGES))
    packed = []
    for number in range(2):
        out = tmp_path / f"out{number}.jsonl{suffix}"
        assert run("clean", path, "-o", out).returncode == 0
        packed.append(out.read_bytes())
    assert packed[0] == packed[1]
    stream = Stream(Decompressor(io.BytesIO(packed[0]), "gzip" if suffix == ".gz" else "zstd"))
    assert stream.read_page(10**8) == run("clean", path).stdout
    if suffix == ".gz":
        assert unpack(packed[0]) == run("clean", path).stdout


def test_the_summary_is_json(tmp_path: Path) -> None:
    """--summary counts kinds, layouts, warnings, failures and omissions, and names the program's version."""
    path = write(tmp_path / "x", warc(PAGES))
    run("clean", path, tmp_path / "nowhere", "--summary", tmp_path / "sum.json")
    summary = json.loads((tmp_path / "sum.json").read_bytes())
    assert summary["pages"] == sum(summary["kinds"].values()) == sum(summary["layouts"].values()) == 20
    assert summary["failures"] == {"missing": 1}
    assert summary["left_out"] == {"http-status": 1, "media-type": 1, "other-record": 22, "robots.txt": 1}
    assert (summary["exit_status"], summary["version"]) == (1, run("--version").stdout.decode().split()[1])


@pytest.mark.parametrize("option", ["--failures", "--summary"])
def test_a_file_is_not_two_things_at_once(tmp_path: Path, option: str) -> None:
    """No output may be an input or another output."""
    path = write(tmp_path / "x", PAGES[0][1])
    assert run("clean", path, option, path).returncode == 2
    assert run("clean", path, option, tmp_path / "out", "-o", tmp_path / "out").returncode == 2
    assert path.read_bytes() == PAGES[0][1]


def test_lines_of_a_live_pipe_are_handed_on_at_once() -> None:
    """A dump that is still being written gives its first record before its second line arrives."""
    with subprocess.Popen([*COMMAND, "clean", "-q"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in (1, 2):
            process.stdin.write(LINE.encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["input"] == f"-#{number}"
        process.stdin.close()
        assert process.wait(timeout=60) == 0


@pytest.mark.parametrize("command", [["clean", str(Path(__file__))], ["clean", "--help"]])
def test_a_plain_page_loads_no_library_of_containers(command: list[str]) -> None:
    """Cleaning a plain page imports no library for containers."""
    code = (
        "import sys\nfrom scraper.__main__ import main\nsys.argv[1:] = sys.argv[2:]\n"
        "try:\n    main()\nfinally:\n    print(*sorted({'fastwarc', 'zstandard', 'pyarrow', 'isal', 'brotli'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "-", *command],
        capture_output=True,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
        timeout=60,
        check=False,
    )
    assert done.stderr.splitlines()[-1] == ""
    if "--help" not in command:
        assert "rich" not in done.stderr
