"""The step for datatrove, in pipelines of its own readers, writers and executor."""

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import pytest
from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.readers import JsonlReader, ParquetReader, WarcReader
from datatrove.pipeline.writers import JsonlWriter

from scraper import Filters
from scraper.engine.jobs import Unknown
from scraper.scale.datatrove import CleanPages
from tests.containers import FIXTURES, jsonl, parquet, record, response, twenty_pages

HTML = [(name, data) for name, data in twenty_pages() if name.endswith(".html")]
TEXT = [(name, data) for name, data in twenty_pages() if name.endswith(".txt")]
CHALLENGE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><script>_cf_chl_opt = {}</script>"


def cleaned(*inputs: Path) -> list[dict[str, Any]]:
    """Return the records of ``scraper clean``, without their input."""
    done = subprocess.run([sys.executable, "-m", "scraper", "clean", "-q", *inputs], capture_output=True, check=True)
    return [without_input(json.loads(line)) for line in done.stdout.splitlines()]


def without_input(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name != "input"}


def identified(archived: bytes, media_type: str) -> bytes:
    """Return a record with the payload type that crawlers note, without which WarcReader asks libmagic and leaves out what it mistakes."""
    return archived.replace(b"\r\n", f"\r\nWARC-Identified-Payload-Type: {media_type}\r\n".encode(), 1)


def written(directory: Path) -> list[dict[str, Any]]:
    """Return the documents that a JsonlWriter has written; it leaves out a text that is empty."""
    return [
        {"text": ""} | json.loads(line) for path in sorted(directory.glob("*.jsonl")) for line in path.read_bytes().splitlines()
    ]


def writer(directory: Path) -> JsonlWriter:
    return JsonlWriter(str(directory), compression=None, expand_metadata=True)


def execute(steps: list[PipelineStep], logs: Path, *, tasks: int = 2, workers: int = 2) -> dict[str, Any]:
    """Run a pipeline with local workers, and return the statistics of the clean step."""
    stats = LocalPipelineExecutor(pipeline=steps, tasks=tasks, workers=workers, logging_dir=str(logs)).run()
    (found,) = [step.to_dict()["stats"] for step in stats.stats if "scraper" in step.name]
    return {name: value["total"] if isinstance(value, dict) else value for name, value in found.items()}


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four web archives of pages in UTF-8 with status 200, and among them a block page."""
    directory = tmp_path_factory.mktemp("archives")
    for number in range(4):
        pages = [(f"https://www.maghress.com/slug{number}/{n}", data) for n, (_, data) in enumerate(HTML[number::4])]
        pages.append(("https://www.maghress.com/a/1", CHALLENGE))
        (directory / f"{number}.warc.gz").write_bytes(
            b"".join(gzip.compress(identified(response(data, uri=url), "text/html")) for url, data in pages)
        )
    return directory


def test_an_archive_gives_the_records_of_clean(archives: Path, tmp_path: Path) -> None:
    """With two workers the documents are clean's records but for ``input``; dropped documents and statistics have their reasons."""
    step = CleanPages(archive="warc", exclusion_writer=writer(tmp_path / "dropped"))
    found = execute([WarcReader(str(archives)), step, writer(tmp_path / "clean")], tmp_path / "logs")
    records = written(tmp_path / "clean")
    assert len(records) == len(HTML)
    wanted = {entry["url"]: entry for entry in cleaned(archives)}
    assert {entry["url"]: without_input(entry) for entry in records} == wanted
    assert {entry["input"].split("#")[0] for entry in records} == set(map(str, archives.iterdir()))
    dropped = written(tmp_path / "dropped")
    assert [(entry["filter_reason"], entry["text"]) for entry in dropped] == [("blocked", CHALLENGE.decode())] * 4
    assert (found["total"], found["forwarded"], found["dropped"], found["dropped_blocked"]) == (len(HTML) + 4, len(HTML), 4, 4)
    assert found["kind_article"] == sum(entry["kind"] == "article" for entry in records)


def test_texts_of_archives_and_dumps_give_the_records_of_clean(tmp_path: Path) -> None:
    """WET files, JSON Lines and Parquet, read by datatrove's readers, give clean's records but for ``input``."""
    pages = [(name, data) for name, data in twenty_pages() if data.strip()]
    sources = {
        "wet": b"".join(
            identified(record("conversion", data, content_type="text/plain", uri=f"https://a.example/{name}"), "text/plain")
            for name, data in TEXT
        ),
        "jsonl": jsonl(pages),
        "parquet": parquet(pages),
    }
    readers = {"wet": WarcReader, "jsonl": JsonlReader, "parquet": ParquetReader}
    for kind, data in sources.items():
        (tmp_path / kind).mkdir()
        (tmp_path / kind / f"a.{kind}").write_bytes(data)
        step = CleanPages(archive="wet" if kind == "wet" else None)
        documents = list(step.run(readers[kind](str(tmp_path / kind)).run()))
        assert [{"text": found.text, **found.metadata} for found in documents] != []
        assert [without_input({"text": found.text, **found.metadata}) for found in documents] == cleaned(tmp_path / kind)


def test_a_pipeline_that_was_broken_off_does_only_what_is_missing(archives: Path, tmp_path: Path) -> None:
    """A task that datatrove has noted as completed is not run again, and the others are."""
    steps = [WarcReader(str(archives)), CleanPages(archive="warc"), writer(tmp_path / "clean")]
    execute(steps, tmp_path / "logs", tasks=4, workers=1)
    whole = written(tmp_path / "clean")
    (tmp_path / "logs/completions/00002").unlink()
    parts = sorted((tmp_path / "clean").iterdir())
    for part in parts:
        part.unlink()
    execute(steps, tmp_path / "logs", tasks=4, workers=1)
    assert [part.name for part in (tmp_path / "clean").iterdir()] == [parts[2].name]
    assert all(entry in whole for entry in written(tmp_path / "clean"))


@pytest.mark.parametrize("treatment", ["keep", "skip", "fail"])
def test_what_is_not_wanted_or_fails_is_dropped_with_its_reason(treatment: Unknown) -> None:
    """Filters, unknown pages, empty and oversized ones are dropped, each under its own name, and the next one is still cleaned."""
    article = (FIXTURES / "arabic-article-html/source.html").read_text(encoding="utf-8")
    unknown = (FIXTURES / "unknown-page-text/source.txt").read_text(encoding="utf-8")
    dropped: list[Document] = []

    class Collector:
        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None: ...

        def write(self, document: Document, _rank: int) -> None:
            dropped.append(document)

    step = CleanPages(
        unknown=treatment,
        filters=Filters(langs=frozenset(["ar"])),
        max_bytes=len(article.encode()),
        exclusion_writer=Collector(),
    )
    french = (FIXTURES / "french-article-html/source.html").read_text(encoding="utf-8")
    texts = [unknown, french, "\u200b", article + " " * 10, article]
    (clean,) = step.run(iter([Document(text=text, id=str(n), metadata={"url": None, "n": n}) for n, text in enumerate(texts)]))
    assert (clean.metadata["kind"], clean.metadata["input"]) == ("article", "4")
    assert [(found.id, found.metadata["filter_reason"]) for found in dropped] == [
        ("0", "unknown-layout"),
        ("1", "other-lang"),
        ("2", "empty"),
        ("3", "too-large"),
    ]
    assert "raise --max-bytes" in dropped[3].metadata["filter_message"]
    assert (dropped[3].text, dropped[3].metadata["n"]) == (texts[3], 3)


def test_without_datatrove_the_step_says_how_to_install_it() -> None:
    """Importing the step without datatrove is one sentence that names the extra."""
    code = "import sys; sys.modules['datatrove'] = None; import scraper.scale.datatrove"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1].endswith("install it with: pip install 'press-scraper[datatrove]'")
