"""The wheel, installed as a user would."""

import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.blocks import ROOT
from tests.test_cli import run

PAGE = ROOT / "tests/fixtures/arabic-article-html/source.html"


def test_the_wheel_has_all_that_the_command_needs(tmp_path: Path) -> None:
    """The command of an installed wheel gives the same record as that of the clone, and brings its manual page."""
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("press_scraper-*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "env"], cwd=tmp_path, check=True)
    install = ["-m", "pip", "--python", "env", "install", "--quiet", "--no-index", "--no-deps", wheel.name]
    subprocess.run([sys.executable, *install], cwd=tmp_path, check=True)
    (packages,) = (tmp_path / "env/lib").glob("python*/site-packages")
    # The libraries of this environment, but not its scraper, which is only a link to the clone.
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    done = subprocess.run([tmp_path / "env/bin/scraper", "clean", PAGE], cwd=tmp_path, env={}, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, run("clean", PAGE).stdout)
    assert (packages / "scraper/layouts/arabress.toml").is_file()
    assert (tmp_path / "env/share/man/man1/scraper.1").is_file()
