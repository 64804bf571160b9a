"""Figures of dumps in JSON Lines, measured with the command itself."""

import gzip
import zipfile
from collections.abc import Iterable
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Literal, get_args

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from bench.corpus import foreign_texts, texts
from bench.measuring import Ratio, compare, compare_processes, compare_runs_at_once, run

_TYPED = str(Path(__file__).with_name("typed_pass.py"))
Form = Literal["JSON Lines, gzip", "JSON Lines, Zstandard", "Parquet", "Parquet, small row groups", "zip of a dump", "zip of pages"]
FORMS: tuple[Form, ...] = get_args(Form)
_ROWS = 500
"""Rows of a small row group."""
_DISTINCT = 500
"""The number of different documents of a dump, which are repeated: inventing one takes longer than cleaning it."""


def texts_dump(folder: Path, count: int) -> Path:
    """Write a dump of text pages."""
    return _write(folder / f"texts-{count}.jsonl", _addressed("www.maghress.com", texts(min(count, _DISTINCT))), count)


def foreign_dump(folder: Path, count: int) -> Path:
    """Write a dump in which one text in a thousand comes from the network's sites."""
    few = _addressed("www.maghress.com", texts(max(_DISTINCT // 1000, 1)))
    foreign = _addressed("news.example", foreign_texts(min(count, _DISTINCT)))
    return _write(folder / f"foreign-{count}.jsonl", chain(few, foreign), count)


def compare_with_typed_pass(dump: Path, count: int, rounds: int, *options: str) -> Ratio:
    """Time the command over a typed decode and encode of the same dump, both as processes that write their lines."""
    out = dump.with_suffix(".out")
    return compare(
        lambda: run("-m", "scraper", "clean", "-q", "-j1", dump, "-o", out, *options), lambda: run(_TYPED, dump, out), rounds, count
    )


def text(folder: Path, count: int, rounds: int) -> Ratio:
    """Return the figure of text pages."""
    return compare_with_typed_pass(texts_dump(folder, count), count, rounds)


def foreign(folder: Path, count: int, rounds: int) -> Ratio:
    """Return the figure of texts that are omitted."""
    return compare_with_typed_pass(foreign_dump(folder, count), count, rounds, "--unknown", "skip")


def jobs(folder: Path, count: int, rounds: int) -> Ratio:
    """Return how many times as fast two processes clean a dump as one."""
    return compare_processes(texts_dump(folder, count), count, rounds)


def runs_at_once(folder: Path, count: int, rounds: int) -> Ratio:
    """Return how much two independent runs get done in the time of one."""
    return compare_runs_at_once(texts_dump(folder, count), count, rounds)


def packed_jobs(folder: Path, form: Form, count: int, rounds: int) -> Ratio:
    """Return how many times as fast two processes clean a compressed dump, a table or an archive as one."""
    dump = texts_dump(folder, count)
    path = folder / f"packed-{count}"
    if form.startswith("Parquet"):
        rows = map(msgspec.json.decode, dump.read_bytes().splitlines())
        pq.write_table(pa.Table.from_pylist(list(rows)), path, row_group_size=_ROWS if form.endswith("small row groups") else None)
    elif form == "zip of a dump":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(dump, dump.name)
    elif form == "zip of pages":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for n, line in enumerate(dump.read_bytes().splitlines()):
                archive.writestr(f"{n}.txt", msgspec.json.decode(line)["text"])
    else:
        path.write_bytes((gzip.compress if form.endswith("gzip") else zstandard.compress)(dump.read_bytes()))
    return compare_processes(path, count, rounds)


def memory(folder: Path, count: int, more: int) -> Ratio:
    """Return the peak memory for a long dump over that for a short one."""
    peaks = []
    for size in (more, count):
        dump = foreign_dump(folder, size)
        peaks.append(run("-m", "scraper", "clean", "-q", "-j1", "--unknown", "skip", dump, "-o", folder / "memory.out"))
        dump.unlink()
    return Ratio([peaks[0] / peaks[1]], *(f"{peak / 1e6:.1f} MB" for peak in peaks))


def _addressed(host: str, documents: Iterable[str]) -> Iterable[dict[str, str]]:
    return ({"text": text, "url": f"https://{host}/difaf/{n}"} for n, text in enumerate(documents))


def _write(path: Path, documents: Iterable[dict[str, str]], count: int) -> Path:
    lines = [msgspec.json.encode(document) for document in documents]
    with path.open("wb") as file:
        for line in islice(chain.from_iterable(repeat(lines)), count):
            file.write(line + b"\n")
    return path
