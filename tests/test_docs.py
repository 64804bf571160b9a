"""The documents under test: every command in them is run, and prints what they show. See :mod:`tests.blocks`."""

import re
import shutil
from pathlib import Path
from typing import Final, get_args

import pytest

from scraper.layouts import schema
from tests.blocks import FENCED, ROOT, Block, Step, blocks_of, check, play_console, play_python, play_toml

DOCUMENT: Final = (ROOT / "docs/layouts.md").read_text(encoding="utf-8")
BLOCKS: Final = list(blocks_of(DOCUMENT))
PLAY: Final = {"console": play_console, "python": play_python, "toml": play_toml}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[Step]]:
    """All blocks, run in order in a directory that holds what a clone does, by their lines."""
    directory = tmp_path_factory.mktemp("layouts")
    shutil.copytree(ROOT / "tests/fixtures", directory / "tests/fixtures")
    shutil.copytree(ROOT / "examples", directory / "examples")
    return {block.line: PLAY[block.kind](block, directory) for block in BLOCKS}


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.kind != "toml"], ids=lambda block: f"line-{block.line}")
def test_a_block_prints_what_the_document_shows(block: Block, played: dict[int, list[Step]]) -> None:
    """Each command prints what is shown below it and exits with 0, unless the next one asks for its status."""
    check(played[block.line])


def test_every_block_is_of_a_kind_that_is_played() -> None:
    """A block of another kind would be shown to users and tried by nobody."""
    assert {block.kind for block in BLOCKS} <= set(PLAY)
    assert sum(line.lstrip().startswith(("```", "~~~")) for line in DOCUMENT.splitlines()) == 2 * len(FENCED.findall(DOCUMENT))


def test_the_tables_name_every_key_and_label() -> None:
    """What a file may say is what the types say."""
    said = set(re.findall(r"`\[*([a-z_-]+)", DOCUMENT))
    keys = {*schema.LayoutFile.__struct_fields__, *schema.ExtensionFile.__struct_fields__} - {"say"}
    assert keys <= said
    assert set(get_args(schema.ElementLabel)) <= said
    assert set(get_args(schema.WordingLabel)) <= said
    rules = (schema.ElementRule, schema.WordingRule, schema.TickerRule, schema.AddressRule)
    assert {field for rule in rules for field in rule.__struct_fields__} <= said


def test_every_file_that_is_linked_exists() -> None:
    """A link leads to a file, from where the document stands."""
    files = [target for target in re.findall(r"\]\(([^)\s]+)\)", DOCUMENT) if "://" not in target]
    assert files
    assert all(Path(ROOT / "docs" / file).is_file() for file in files)
