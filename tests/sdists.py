"""Test data of other projects, which are in their source distributions."""

import os
import subprocess
import sys
import tarfile
import tempfile
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import pytest

CACHE = Path(sys.prefix) / "share" / "scraper-tests"
"""In the environment, so that they are downloaded once for each."""


def sdist(project: str) -> Path:
    """Return the unpacked source distribution of an installed package, in the version that is installed."""
    place = CACHE / f"{project}-{version(project)}"
    if not place.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            _download(project, Path(scratch))
            unpacked = next(path for path in Path(scratch).iterdir() if path.is_dir())
            with suppress(OSError):  # another process of the same environment was faster
                os.rename(unpacked, place)
    return place


def _download(project: str, directory: Path) -> None:
    requirement = f"{project}=={version(project)}"
    # pip builds the metadata. For all packages, ``--no-binary`` would build setuptools and hatchling, too, which takes minutes.
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", project, requirement]
    # The set-up of old packages needs a module that setuptools has given up.
    (directory / "constraints.txt").write_text("setuptools<80\n")
    env = {**os.environ, "PIP_CONSTRAINT": str(directory / "constraints.txt")}
    done = subprocess.run(command, cwd=directory, env=env, capture_output=True, text=True, timeout=300, check=False)
    archives = list(directory.glob("*.tar.gz"))
    if not archives:
        pytest.fail(f"the test data of {requirement} cannot be downloaded; `{' '.join(command)}` printed:\n{done.stderr}")
    with tarfile.open(archives[0]) as archive:
        archive.extractall(directory, filter="data")
