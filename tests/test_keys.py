"""``--keys``: lines with other keys and the same values."""

import json
from pathlib import Path

import pytest

from scraper import Page, clean
from scraper.records import PageRecord, to_json_line
from tests.containers import jsonl, twenty_pages
from tests.test_cli import FIXTURES, HTML, records, run

CASES = sorted(FIXTURES.glob("*/source.*"))


@pytest.mark.parametrize(
    ("command", "keys", "pairs"),
    [
        (
            "clean",
            "content=text,author,date,newspaper",
            [("content", "text"), *((key, key) for key in ("author", "date", "newspaper"))],
        ),
        ("clean", "headlines, version = schema ,id", [("headlines", "headlines"), ("version", "schema"), ("id", "id")]),
        ("clean", "text,body=text", [("text", "text"), ("body", "text")]),
        ("headlines", "schema,عنوان=headline,url", [("schema", "schema"), ("عنوان", "headline"), ("url", "url")]),
    ],
)
def test_lines_have_the_keys_that_were_named(command: str, keys: str, pairs: list[tuple[str, str]]) -> None:
    """Lines have the chosen keys in the chosen order, with the values of the whole record."""
    whole = records(run(command, *CASES))
    found = records(run(command, *CASES, "--keys", keys))
    assert [list(record) for record in found] == [[new for new, _ in pairs]] * len(whole)
    assert found == [{new: record[old] for new, old in pairs} for record in whole]


def test_all_keys_in_their_order_give_the_very_line() -> None:
    """Choosing every key changes no byte, for any page."""
    names = [(name.replace("schema_version", "schema"), name) for name in PageRecord.__struct_fields__]
    for _, data in twenty_pages():
        record = clean(Page(data=data)).record
        assert to_json_line(record, names) == to_json_line(record)


def test_line_ends_of_unicode_are_escaped_in_keys_too() -> None:
    """Characters that some readers take for line ends are escaped in every key and value."""
    record = clean(Page(data="سطر\u2028سطر".encode())).record
    line = to_json_line(record, [("a\u2028\x85b", "text")])
    assert line.count(b"\n") == 1
    assert len(line.decode().splitlines()) == 1
    assert json.loads(line) == {"a\u2028\x85b": record.text}


def test_keys_are_the_same_in_every_process(tmp_path: Path) -> None:
    """The lines do not depend on the number of processes."""
    dump = tmp_path / "dump.jsonl"
    dump.write_bytes(jsonl(twenty_pages() * 20))
    one, two = (run("clean", dump, "--keys", "n=input,title", "-j", jobs) for jobs in "12")
    assert (one.stdout, one.stderr) == (two.stdout, two.stderr)
    assert one.stdout.count(b"\n") == 400


@pytest.mark.parametrize(
    ("command", "keys", "message"),
    [
        ("clean", "text,content", "'content' is not a key; write KEY or NEW=KEY, where KEY is one of schema, id, input,"),
        ("clean", "text=content", "'text=content' is not a key"),
        ("clean", "schema_version", "'schema_version' is not a key"),
        ("clean", "text,", "'' is not a key"),
        ("clean", "=text", "'=text' is not a key"),
        ("clean", "a\nb=text", "is not a key"),
        ("clean", "\udcff=text", "is not a key"),
        ("clean", "date,date=newspaper", "'date' would be in a line twice"),
        ("headlines", "text", "where KEY is one of schema, headline, url, position,"),
    ],
)
def test_keys_that_cannot_be_meant_are_usage_errors(command: str, keys: str, message: str) -> None:
    """An invalid key ends with status 2, and the message names it and the valid ones."""
    done = run(command, HTML, "--keys", keys, env={"COLUMNS": "600"})
    assert (done.returncode, done.stdout) == (2, b"")
    assert message in done.stderr.decode()
