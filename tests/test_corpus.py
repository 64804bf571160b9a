"""A recipe: a web archive becomes a corpus with one file per newspaper, and pandas and DuckDB load it."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from tests.containers import twenty_pages, warc
from tests.test_cli import records, run

KEYS = {"content": "text", "author": "author", "date": "date", "newspaper": "newspaper"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with an archive and the corpus that a recipe makes of it."""
    directory = tmp_path_factory.mktemp("corpus")
    (directory / "raw.warc.gz").write_bytes(warc(twenty_pages() * 10, gzip.compress))
    keys = ",".join(new if new == old else f"{new}={old}" for new, old in KEYS.items())
    out = directory / "corpus/{site}/{lang}/{newspaper_slug}.json"
    done = run("clean", directory / "raw.warc.gz", "--only", "article", "--keys", keys, "-o", out, "-j2")
    assert done.returncode == 0, done.stderr
    return directory


@pytest.fixture(scope="module")
def expected(place: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the expected contents of each file, from the records themselves."""
    found: dict[str, list[dict[str, Any]]] = {}
    for record in records(run("clean", place / "raw.warc.gz", "--only", "article")):
        name = "/".join(record[key] or "unknown" for key in ("site", "lang", "newspaper_slug"))
        found.setdefault(f"{name}.json", []).append({new: record[old] for new, old in KEYS.items()})
    assert len(found) >= 3
    return found


def files(place: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted((place / "corpus").rglob("*")):
        if path.is_file():
            yield str(path.relative_to(place / "corpus")), path


def test_each_newspaper_has_its_articles(place: Path, expected: dict[str, list[dict[str, Any]]]) -> None:
    """There is a file for each newspaper, with its articles in the archive's order and the keys that were chosen."""
    found = {name: [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]] for name, path in files(place)}
    assert found == expected
    assert all(list(row) == list(KEYS) for rows in found.values() for row in rows)


def test_pandas_loads_each_file(place: Path, expected: dict[str, list[dict[str, Any]]]) -> None:
    """``read_json(lines=True)`` of pandas gives the same values."""
    for name, path in files(place):
        table = pd.read_json(path, lines=True, dtype=False)
        rows = table.astype(object).where(table.notna(), None).to_dict("records")
        assert rows == expected[name]


def test_duckdb_loads_all_files_at_once(place: Path, expected: dict[str, list[dict[str, Any]]]) -> None:
    """``read_json`` of DuckDB gives the same values and the file of each."""
    pattern = str(place / "corpus/*/*/*.json")
    columns = dict.fromkeys(KEYS, "VARCHAR")
    relation = duckdb.read_json(pattern, format="newline_delimited", columns=columns, filename=True)
    rows = relation.project(f"filename, {', '.join(KEYS)}").fetchall()
    found: dict[str, list[dict[str, Any]]] = {}
    for filename, *values in rows:
        name = str(Path(filename).relative_to(place / "corpus"))
        found.setdefault(name, []).append(dict(zip(KEYS, values, strict=True)))

    def in_order(table: dict[str, list[dict[str, Any]]]) -> dict[str, list[str]]:
        return {name: sorted(map(str, rows)) for name, rows in table.items()}

    assert in_order(found) == in_order(expected)
