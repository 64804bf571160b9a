"""The README is short, and its set-up is real. Its examples are played in test_docs.py."""

import os
import re
from typing import Final

from tests.blocks import ROOT, blocks_of

README: Final = (ROOT / "README.md").read_text(encoding="utf-8")

_SET_UP: Final = re.compile(
    r"(?P<script>scripts/\w+)|pipx install \.|pipx inject (?P<injected>\S+) pyarrow|python3 -m venv (?P<venv>\S+)"
    r"|(?P<in_venv>\S+)/bin/pip install '\.\[(?P<extra>\w+)\]'"
    r"|\.venv/bin/(python -m tests\.site &|scraper fetch .+)|kill \$!"  # run by test_fetch_docs.py
)


def test_it_can_be_read_in_a_few_minutes() -> None:
    """The README has at most 130 lines, and its first block is the demo and the tests."""
    assert README.count("\n") <= 130
    assert next(blocks_of(README)).code == "scripts/demo\nscripts/test\n"


def test_the_steps_of_setting_up_are_real() -> None:
    """The set-up commands have a known form; their scripts, their environment, the package and its extra exist."""
    lines = [_SET_UP.fullmatch(line) for block in blocks_of(README) if block.kind == "sh" for line in block.code.splitlines()]
    found = [line for line in lines if line is not None]
    assert len(found) == len(lines)
    assert all(os.access(ROOT / line["script"], os.X_OK) for line in found if line["script"])
    assert {line["venv"] for line in found} == {line["in_venv"] for line in found}
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert all(f'name = "{line["injected"]}"' in project for line in found if line["injected"])
    assert all(f'{line["extra"]} = ["pyarrow' in project for line in found if line["extra"])
