"""Every command in the documents runs and prints what they show. See :mod:`tests.blocks`."""

import re
import shutil
from pathlib import Path
from typing import Final, get_args

import pytest

from scraper.layouts import schema
from tests.blocks import FENCED, ROOT, Step, blocks_of, check, play_console, play_python, play_r, play_toml

DOCUMENTS: Final = {
    name: (ROOT / "docs" / name).read_text(encoding="utf-8")
    for name in ("layouts.md", "inputs.md", "choosing.md", "outputs.md", "runs.md", "config.md")
}
BLOCKS: Final = [(name, block) for name, text in DOCUMENTS.items() for block in blocks_of(text)]
PLAY: Final = {"console": play_console, "python": play_python, "r": play_r, "toml": play_toml}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int], list[Step]]:
    """The steps of all blocks by document and line, run in order in a directory with the files of a clone."""
    done: dict[tuple[str, int], list[Step]] = {}
    for name in DOCUMENTS:
        directory = tmp_path_factory.mktemp("docs")
        shutil.copytree(ROOT / "tests/fixtures", directory / "tests/fixtures")
        shutil.copytree(ROOT / "examples", directory / "examples")
        done |= {(name, block.line): PLAY[block.kind](block, directory) for there, block in BLOCKS if there == name}
    return done


@pytest.mark.parametrize(("name", "line"), [(name, block.line) for name, block in BLOCKS if block.kind != "toml"], ids=str)
def test_a_block_prints_what_the_document_shows(name: str, line: int, played: dict[tuple[str, int], list[Step]]) -> None:
    """Each command prints what is shown below it and exits with 0, unless the next one asks for its status."""
    check(played[name, line])


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_block_is_of_a_kind_that_is_played(name: str) -> None:
    """Every block is of a kind that the tests run."""
    assert {block.kind for there, block in BLOCKS if there == name} <= set(PLAY)
    fences = sum(line.lstrip().startswith(("```", "~~~")) for line in DOCUMENTS[name].splitlines())
    assert fences == 2 * len(FENCED.findall(DOCUMENTS[name]))


def test_the_tables_name_every_key_and_label() -> None:
    """docs/layouts.md names every key and label that the types allow."""
    documented = set(re.findall(r"`\[*([a-z_-]+)", DOCUMENTS["layouts.md"]))
    keys = {*schema.LayoutFile.__struct_fields__, *schema.ExtensionFile.__struct_fields__} - {"say"}
    assert keys <= documented
    assert set(get_args(schema.ElementLabel)) <= documented
    assert set(get_args(schema.WordingLabel)) <= documented
    rules = (schema.ElementRule, schema.WordingRule, schema.TickerRule, schema.AddressRule)
    assert {field for rule in rules for field in rule.__struct_fields__} <= documented


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_file_that_is_linked_exists(name: str) -> None:
    """Every linked file exists, relative to the document."""
    files = [target for target in re.findall(r"\]\(([^)\s]+)\)", DOCUMENTS[name]) if "://" not in target]
    assert all(Path(ROOT / "docs" / file).is_file() for file in files)


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
