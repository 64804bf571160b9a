"""Write what the examples of the README and docs print into them: ``scripts/test --update-docs``."""

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.blocks import ROOT, CodeBlock, ConsoleStep, play, prepare
from tests.test_docs import PLAYED


def filled(markdown: str, played: list[tuple[CodeBlock, list[ConsoleStep]]]) -> str:
    """Return a document with the output of its examples as they ran; what was not run stays as it is."""
    for block, steps in played:
        if block.kind == "console":
            shown = "".join(f"$ {step.command}\n{step.shown if step.status is None else step.printed}" for step in steps)
            markdown = markdown.replace(f"```console\n{block.code}```", f"```console\n{shown}```")
        elif block.output and steps[0].status is not None:
            program = f"```{block.kind}\n{block.code}```\n\n```text\n"
            markdown = markdown.replace(f"{program}{block.output}```", f"{program}{steps[0].printed}```")
    return markdown


def main() -> None:
    """Update all documents that are played, and show the difference."""
    for name in PLAYED:
        path = ROOT / name
        with tempfile.TemporaryDirectory() as directory:
            prepare(Path(directory))
            markdown = path.read_text(encoding="utf-8")
            path.write_text(filled(markdown, play(markdown, Path(directory))), encoding="utf-8")
    sys.exit(subprocess.run(["git", "--no-pager", "diff", "--stat", "--", *PLAYED], cwd=ROOT, check=False).returncode)


if __name__ == "__main__":
    main()
