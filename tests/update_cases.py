"""Rewrite the expectations of all cases from what the program gives now, and show the difference: ``scripts/test --update-cases``."""

import subprocess
import sys
from pathlib import Path

from tests.cases import EXPECTATIONS, FIXTURES


def update(fixtures: Path) -> list[Path]:
    """Write the expectations of each case folder, and return the files that were wrong or missing."""
    changed = []
    for folder in sorted(fixtures.iterdir()):
        for name, render in EXPECTATIONS.items():
            file, actual = folder / name, render(folder).encode()
            if not file.exists() or file.read_bytes() != actual:
                file.write_bytes(actual)
                changed.append(file)
    return changed


def show(fixtures: Path, changed: list[Path]) -> None:
    """Print the names of the changed files and, in a git work tree, what ``git diff`` says of all cases."""
    for file in changed:  # git does not show new files
        print(file.relative_to(fixtures))
    print(f"{len(changed)} expectations changed", flush=True)
    git = ["git", "-C", str(fixtures)]
    if subprocess.run([*git, "rev-parse"], capture_output=True, check=False).returncode == 0:
        subprocess.run([*git, "diff", "--stat", "--patch", "--", "."], check=False)


if __name__ == "__main__":
    if sys.argv[1:]:
        sys.exit("--update-cases takes no further arguments")
    show(FIXTURES, update(FIXTURES))
