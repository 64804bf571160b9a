"""Twenty pages in every container and compression that is read."""

import bz2
import csv
import gzip
import hashlib
import io
import json
import lzma
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import zstandard

FIXTURES = Path(__file__).parent / "fixtures"


def twenty_pages() -> list[tuple[str, bytes]]:
    """Return the names and bytes of pages in UTF-8, half of them HTML and half text.

    They are chosen by digests of their names, so that a new case rarely changes the choice.
    """
    pages = []
    for form in ("html", "txt"):
        paths = [path for path in sorted(FIXTURES.glob(f"*/source.{form}")) if not path.with_name("page.json").exists()]
        good = [(f"{path.parent.name}.{form}", path.read_bytes()) for path in paths if _is_utf8(path.read_bytes())]
        pages += sorted(good, key=lambda page: hashlib.sha256(page[0].encode()).digest())[:10]
    return pages


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in data


def media_type(name: str) -> str:
    return "text/html" if name.endswith(".html") else "text/plain"


def record(
    kind: str,
    block: bytes,
    *,
    uri: str = "urn:page",
    date: str = "2021-05-06T07:08:09Z",
    content_type: str = "application/http; msgtype=response",
    length: object = None,
) -> bytes:
    """Return a WARC record, valid or not."""
    head = (
        f"WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {uri}\r\nWARC-Date: {date}\r\n"
        "WARC-Record-ID: <urn:uuid:01234567-89ab-cdef-0123-456789abcdef>\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {len(block) if length is None else length}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def response(body: bytes, *headers: tuple[str, str], status: str = "200 OK", **others: Any) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers or [("Content-Type", "text/html; charset=utf-8")])
    return record("response", f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body, **others)


def warc(pages: Sequence[tuple[str, bytes]], pack: Callable[[bytes], bytes] = bytes) -> bytes:
    """Return an archive with the records that archives hold besides pages, each record compressed on its own."""
    records = [record("warcinfo", b"software: a test\r\n", content_type="application/warc-fields")]
    for name, data in pages:
        records.append(record("request", b"GET / HTTP/1.1\r\n\r\n", content_type="application/http; msgtype=request"))
        records.append(response(data, ("Content-Type", media_type(name))))
    records.append(response(b"User-agent: *", ("Content-Type", "text/plain"), uri="https://www.maghress.com/robots.txt"))
    records.append(response(b"gone", ("Content-Type", "text/html"), status="404 Not Found"))
    records.append(response(b"\x89PNG", ("Content-Type", "image/png")))
    records.append(record("revisit", b"HTTP/1.1 200 OK\r\n\r\n"))
    return b"".join(map(pack, records))


def wet(pages: Sequence[tuple[str, bytes]]) -> bytes:
    return b"".join(record("conversion", data, content_type="text/plain") for _, data in pages)


def jsonl(pages: Sequence[tuple[str, bytes]]) -> bytes:
    return b"".join(json.dumps({"n": n, "text": data.decode()}).encode() + b"\n" for n, (_, data) in enumerate(pages))


def json_array(pages: Sequence[tuple[str, bytes]], indent: int | None = 2) -> bytes:
    rows = [{"n": n, "tags": [{}, []], "text": data.decode()} for n, (_, data) in enumerate(pages)]
    return json.dumps(rows, ensure_ascii=False, indent=indent).encode()


def delimited(pages: Sequence[tuple[str, bytes]], delimiter: str = ",", **options: Any) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, **options)
    writer.writerows([("n", "text"), *((n, data.decode()) for n, (_, data) in enumerate(pages))])
    return file.getvalue().encode()


def zipped(pages: Sequence[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in pages:
            archive.writestr(name, data)
    return file.getvalue()


def parquet(pages: Sequence[tuple[str, bytes]], rows: int = 7, **options: Any) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = io.BytesIO()
    table = pa.table({"n": list(range(len(pages))), "text": [data.decode() for _, data in pages]})
    pq.write_table(table, file, row_group_size=rows, **options)
    return file.getvalue()


def in_pieces(data: bytes, pack: Callable[[bytes], bytes], size: int = 5000) -> bytes:
    """Compress data in pieces that ignore record boundaries, as bgzip and pzstd do."""
    return b"".join(pack(data[start : start + size]) for start in range(0, len(data), size))


CONTAINERS: dict[str, Callable[[Sequence[tuple[str, bytes]]], bytes]] = {
    "warc": warc,
    "warc-gzip-by-record": lambda pages: warc(pages, gzip.compress),
    "warc-zstd-by-record": lambda pages: warc(pages, zstandard.compress),
    "warc-gzip-as-a-whole": lambda pages: gzip.compress(warc(pages)),
    "warc-zstd-as-a-whole": lambda pages: zstandard.compress(warc(pages)),
    "warc-gzip-in-pieces": lambda pages: in_pieces(warc(pages), gzip.compress),
    "warc-bzip2": lambda pages: bz2.compress(warc(pages)),
    "wet-gzip": lambda pages: gzip.compress(wet(pages)),
    "jsonl": jsonl,
    "jsonl-without-last-line-end": lambda pages: jsonl(pages)[:-1],
    "jsonl-crlf-and-blank-lines": lambda pages: jsonl(pages).replace(b"\n", b"\r\n\r\n"),
    "jsonl-gzip": lambda pages: gzip.compress(jsonl(pages)),
    "jsonl-gzip-in-pieces-and-padded": lambda pages: in_pieces(jsonl(pages), gzip.compress) + bytes(512),
    "jsonl-zstd": lambda pages: zstandard.compress(jsonl(pages)),
    "jsonl-zstd-in-pieces": lambda pages: in_pieces(jsonl(pages), zstandard.compress),
    "jsonl-bzip2-in-pieces": lambda pages: in_pieces(jsonl(pages), bz2.compress),
    "jsonl-xz": lambda pages: lzma.compress(jsonl(pages), preset=0),
    "jsonl-xz-gzip": lambda pages: gzip.compress(lzma.compress(jsonl(pages))),
    "json": json_array,
    "json-on-one-line": lambda pages: json_array(pages, None),
    "json-objects": lambda pages: b"".join(json_array([page])[1:-1] for page in pages),
    "json-zstd": lambda pages: zstandard.compress(json_array(pages)),
    "csv": delimited,
    "csv-all-quoted-with-a-mark": lambda pages: b"\xef\xbb\xbf" + delimited(pages, ";", quoting=csv.QUOTE_ALL),
    "tsv-gzip": lambda pages: gzip.compress(delimited(pages, "\t", lineterminator="\n")),
    "zip": zipped,
    "zip-stored": lambda pages: zipped(pages, zipfile.ZIP_STORED),
    "zip-of-gzip": lambda pages: zipped([(f"{name}.gz", gzip.compress(data)) for name, data in pages]),
    "zip-of-jsonl": lambda pages: zipped([("dump.jsonl", jsonl(pages))]),
    "parquet": parquet,
    "parquet-zstd": lambda pages: parquet(pages, compression="zstd"),
}
SEEKING = {"zip", "zip-stored", "zip-of-gzip", "zip-of-jsonl", "parquet", "parquet-zstd"}
