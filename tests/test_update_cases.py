"""The command that rewrites the expectations of cases."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cases import FIXTURES
from tests.update_cases import show, update

CASE = "french-article-text"


@pytest.fixture
def fixtures(tmp_path: Path) -> Path:
    """A copy of a case whose record is wrong and whose spans are missing."""
    shutil.copytree(FIXTURES / CASE, tmp_path / "fixtures" / CASE)
    record = tmp_path / "fixtures" / CASE / "record.json"
    record.write_text(record.read_text(encoding="utf-8").replace('"kind": "article"', '"kind": "page"'), encoding="utf-8")
    (record.parent / "spans.jsonl").unlink()
    return tmp_path / "fixtures"


def test_wrong_and_missing_expectations_are_written(fixtures: Path) -> None:
    """An update gives a case the expectations that were reviewed, reports the files it wrote, and touches no other."""
    before = (fixtures / CASE / "keep.txt").stat()
    assert update(fixtures) == [fixtures / CASE / "record.json", fixtures / CASE / "spans.jsonl"]
    for name in ("record.json", "spans.jsonl"):
        assert (fixtures / CASE / name).read_bytes() == (FIXTURES / CASE / name).read_bytes()
    assert (fixtures / CASE / "keep.txt").stat() == before
    assert update(fixtures) == []


def test_changed_files_are_named_outside_git(
    fixtures: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outside a git work tree, the changed files are listed and nothing else is printed."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(fixtures.parent))
    show(fixtures, update(fixtures))
    assert capfd.readouterr() == (f"{CASE}/record.json\n{CASE}/spans.jsonl\n2 expectations changed\n", "")


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_difference_is_shown_in_git(fixtures: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """In a git work tree, the lines that changed are shown too."""
    for arguments in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", "-C", fixtures.parent, *arguments], check=True)
    show(fixtures, update(fixtures))
    out, _ = capfd.readouterr()
    assert f"{CASE}/record.json" in out
    assert '\n-  "kind": "page",\n+  "kind": "article",\n' in out
