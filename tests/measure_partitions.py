"""Measure open files and memory while a dump is split into a file per newspaper. Run by hand.

``--newspapers 3000 --ending .jsonl.gz 30000 300000`` compares runs of so many documents with random newspapers.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import NamedTuple

TEXT = (
    "Un titre {0}\nPublié dans Voix des Oasis le 03 - 04 - {1}\n" + "Le texte de la page est court, et personne ne le lira.\n" * 8
)


class Measured(NamedTuple):
    """The measurements of a run."""

    seconds: float
    open_files: int
    """The most open files seen in the writing process."""
    peak: int
    """Its peak memory, in bytes."""
    outputs: int
    size: int
    """The size of all outputs, in bytes."""


def dump(path: Path, count: int, newspapers: int) -> Path:
    """Write documents of newspapers in a random order that is the same each time."""
    rng = Random(7)
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            url = f"https://www.maghress.com/fr/paper{rng.randrange(newspapers)}/{number}"
            file.write(json.dumps({"text": TEXT.format(number, 2000 + number % 20), "url": url}) + "\n")
    return path


def measure(source: Path, out: str, *options: str) -> Measured:
    """Run the command and watch it."""
    began = time.monotonic()
    command = [sys.executable, "-m", "scraper", "clean", "-q", str(source), "-o", out, *options]
    open_files = peak = 0
    with subprocess.Popen(command) as process:
        place = Path(f"/proc/{process.pid}")
        while process.poll() is None:
            try:
                open_files = max(open_files, sum(1 for _ in (place / "fd").iterdir()))
                lines = (place / "status").read_text().splitlines()
                peak = max([peak, *(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))])
            except OSError:  # it has ended in the meantime
                break
            time.sleep(0.005)
    if process.wait():
        raise RuntimeError(f"it ended with {process.returncode}")
    sizes = [path.stat().st_size for path in Path(out.partition("{")[0]).rglob("*") if path.is_file()]
    return Measured(time.monotonic() - began, open_files, peak, len(sizes), sum(sizes))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("counts", type=int, nargs="+", help="how many documents")
    parser.add_argument("--newspapers", type=int, default=3000)
    parser.add_argument("--ending", default=".jsonl")
    parser.add_argument("-j", dest="jobs", default="2")
    asked = parser.parse_args()
    for count in asked.counts:
        with tempfile.TemporaryDirectory() as folder:
            source = dump(Path(folder, "dump.jsonl"), count, asked.newspapers)
            done = measure(source, f"{folder}/out/{{newspaper_slug}}{asked.ending}", "-j", asked.jobs)
        print(
            f"{count} documents, {done.outputs} files of {done.size / 1e6:.1f} MB: {done.seconds:.1f} s, "
            f"{done.open_files} files open at most, {done.peak / 1e6:.1f} MB of memory at most",
            flush=True,
        )


if __name__ == "__main__":
    main()
