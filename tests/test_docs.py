"""Every command in the README and docs runs and prints what they show. See :mod:`tests.blocks`."""

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, get_args

import pytest

from scraper import errors
from scraper.layouts import schema
from scraper.records import PageKind, RecordName, Warning_, json_schema
from tests.blocks import FENCED, KINDS, ROOT, ConsoleStep, blocks_of, check, play, prepare, program, run

DOCUMENTS: Final = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
}
PLAYED: Final = [
    name
    for name, text in DOCUMENTS.items()
    if name != "docs/python.md" and any(block.kind in ("console", "r") for block in blocks_of(text))  # test_python_docs.py has that
]
BLOCKS: Final = [
    (name, block.line) for name in PLAYED for block in blocks_of(DOCUMENTS[name]) if block.kind in ("console", "python", "r")
]
RECORDS: Final = DOCUMENTS["docs/records.md"]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int], list[ConsoleStep]]:
    """The steps of all blocks by document and line, run in order in a directory with the files of a clone."""
    directories = [tmp_path_factory.mktemp("docs") for _ in PLAYED]
    for directory in directories:
        prepare(directory)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        done = list(pool.map(play, [DOCUMENTS[name] for name in PLAYED], directories))
    return {(name, block.line): steps for name, blocks in zip(PLAYED, done, strict=True) for block, steps in blocks}


@pytest.mark.parametrize(("name", "line"), BLOCKS, ids=str)
def test_a_block_prints_what_the_document_shows(name: str, line: int, played: dict[tuple[str, int], list[ConsoleStep]]) -> None:
    """Each command prints what is shown below it and exits with 0, unless the next one asks for its status."""
    check(played[name, line])


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_block_is_of_a_known_kind(name: str) -> None:
    """Every block is of a known kind, and every fence is closed."""
    assert {block.kind for block in blocks_of(DOCUMENTS[name])} <= set(KINDS)
    fences = sum(line.lstrip().startswith(("```", "~~~")) for line in DOCUMENTS[name].splitlines())
    assert fences == 2 * len(FENCED.findall(DOCUMENTS[name]))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name: str) -> None:
    """Every linked file exists, relative to the document, and has the heading that the link names."""
    for target in re.findall(r"\]\(([^)\s]+)\)", DOCUMENTS[name]):
        if "://" in target:
            continue
        path, _, heading = target.partition("#")
        file = (ROOT / name).parent / path if path else ROOT / name
        assert file.is_file(), target
        if heading:
            assert heading in anchors(file.read_text(encoding="utf-8")), target


def anchors(markdown: str) -> set[str]:
    """Return the names by which links reach the headings of a document."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", markdown), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_document_is_in_the_readme() -> None:
    """The README links every document."""
    linked = set(re.findall(r"\]\((docs/[\w.]+)\)", DOCUMENTS["README.md"]))
    assert linked == set(DOCUMENTS) - {"README.md"}


def test_every_option_in_the_prose_exists(tmp_path: Path) -> None:
    """Every option that a document mentions alone is in the ``--help`` of a command or script."""
    listed = "for command in '' clean headlines fetch crawl state explain stats 'layouts check'; do scraper $command --help; done"
    scripts = f"cd {ROOT} && python -m tests.fidelity --help"
    known = set(re.findall(r"(?<![\w-])--?[a-zA-Z][a-z-]*", run([program("bash"), "-c", f"{listed}; {scripts}"], tmp_path).stdout))
    for name, text in DOCUMENTS.items():
        quoted = re.findall(r"`(-[^`]+)`", FENCED.sub("", text))
        mentioned = {option for words in quoted for option in re.findall(r"(?<![\w-])--?[a-z][a-z-]*", words)}
        assert mentioned <= known, name


def test_the_tables_of_the_record_are_the_record() -> None:
    """docs/records.md names every key of both records in their order, every kind and every warning."""
    tables: dict[str, RecordName] = {"The page record": "page", "The headline record": "headline"}
    for title, record in tables.items():
        section = RECORDS.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
        keys = section.partition("\n### ")[0]
        rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| (.+) \|$", keys, re.MULTILINE)
        assert [key for names, _ in rows for key in re.findall(r"\w+", names)] == list(json_schema(record)["properties"])
    assert all(f"`{kind}`" in RECORDS for kind in get_args(PageKind))
    warnings = RECORDS.partition("\n### Warnings\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `([\w-]+)` \|", warnings, re.MULTILINE) == list(get_args(Warning_))


def test_the_table_of_exit_statuses_is_complete() -> None:
    """docs/records.md names every exit status of a run and no other."""
    section = RECORDS.partition("\n## Exit statuses\n")[2].partition("\n## ")[0]
    statuses = [int(number) for row in re.findall(r"^\| ([\d, ]+) \|", section, re.MULTILINE) for number in row.split(", ")]
    known = [errors.OK, errors.FAILED, errors.USAGE, errors.INTERRUPTED, errors.TERMINATED, errors.READER_GONE]
    assert sorted(statuses) == sorted(known)


def test_the_table_of_error_codes_is_the_tree_of_errors() -> None:
    """docs/records.md names every error code once, and says which ones another run tries again."""
    section = RECORDS.partition("\n## Error codes\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([\w-]+)` \| .+? \|(?: (yes|no)[^|]*\|)?$", section, re.MULTILINE)
    tree = {kind.code: kind for kind in subclasses(errors.PageError) if hasattr(kind, "code")}
    assert sorted(code for code, _ in rows) == sorted(tree)
    fetched = {code: again == "yes" for code, again in rows if again}
    assert fetched == {
        code: issubclass(kind, errors.FetchError) and kind.is_transient
        for code, kind in tree.items()
        if issubclass(kind, errors.FetchError | errors.NoHeadlines)
    }


def subclasses(kind: type[errors.PageError]) -> Iterator[type[errors.PageError]]:
    """Yield all classes below one."""
    for below in kind.__subclasses__():
        yield below
        yield from subclasses(below)


def test_the_tables_name_every_key_and_label() -> None:
    """docs/layouts.md names every key and label that the types allow."""
    documented = set(re.findall(r"`\[*([a-z_-]+)", DOCUMENTS["docs/layouts.md"]))
    keys = {*schema.LayoutFile.__struct_fields__, *schema.ExtensionFile.__struct_fields__} - {"say"}
    assert keys <= documented
    assert set(get_args(schema.ElementLabel)) <= documented
    assert set(get_args(schema.WordingLabel)) <= documented
    rules = (schema.ElementRule, schema.WordingRule, schema.TickerRule, schema.AddressRule)
    assert {field for rule in rules for field in rule.__struct_fields__} <= documented


def test_every_path_in_the_contributing_guide_exists() -> None:
    """CONTRIBUTING.md names only files and directories that exist, and every package in its table."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = re.findall(r"(?<![\w/])(?:scraper|tests|docs|examples|scripts)/[\w./-]*(?![\w./<-])", text)
    assert len(paths) > 40
    assert [path for path in paths if not (ROOT / path).exists()] == []
    table = {name for row in re.findall(r"^\| (`[a-z`, ]+`) \|", text, re.MULTILINE) for name in re.findall(r"[a-z]+", row)}
    packages = {path.parent.name for path in (ROOT / "scraper").glob("*/__init__.py")}
    modules = {path.stem for path in (ROOT / "scraper").glob("*.py")}
    assert packages <= table <= packages | modules
