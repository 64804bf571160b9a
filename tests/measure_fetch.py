"""How fast is a fetch without delay? Compares ``scraper fetch`` with a bare httpx loop that gets the same pages and drops them.

Both run in processes of their own against the test site, in turns; a process's start does not count, on either side. The medians
and their ratio are printed.
"""

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

_BARE = """
import sys, time, httpx
addresses = open(sys.argv[1]).read().split()
with httpx.Client() as client:
    client.get(addresses[0])
    began = time.perf_counter()
    for address in addresses:
        client.get(address).content
    print(time.perf_counter() - began)
"""
_OURS = """
import sys, time, atexit
from scraper.cli import app
from scraper.cli import fetches
import httpx, protego, scraper.cleaning
began = time.perf_counter()
atexit.register(lambda: print(time.perf_counter() - began, file=sys.stderr))
app(prog_name="scraper")
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        subprocess.Popen(
            [sys.executable, "-m", "tests.site", "--port", "8791"], stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent
        ) as site,
    ):
        assert site.stdout is not None
        site.stdout.readline()
        folder = Path(name)
        addresses = [f"http://127.0.0.1:8791/difaf/{number % 400}?{number}" for number in range(asked.pages)]
        (folder / "list").write_text("\n".join(addresses))
        warm = subprocess.run([sys.executable, "-c", _BARE, folder / "list"], capture_output=True, text=True, check=True)
        assert warm.stdout
        ways = {
            "bare loop": None,
            "fetch": [],
            "fetch --state --save": ["--state", str(folder / "state"), "--save", str(folder / "raw.warc.gz")],
        }
        times: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(asked.rounds):
            for way, options in ways.items():
                for old in folder.glob("[!l]*"):
                    old.unlink()
                if options is None:
                    command = [sys.executable, "-c", _BARE, str(folder / "list")]
                else:
                    out = str(folder / "out.jsonl")
                    command = [
                        sys.executable,
                        "-c",
                        _OURS,
                        "fetch",
                        "--from-list",
                        str(folder / "list"),
                        "--delay",
                        "0",
                        "-q",
                        "-o",
                        out,
                        *options,
                    ]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                found = re.search(r"\d+\.\d+", done.stdout + done.stderr)
                assert found is not None
                times[way].append(float(found[0]))
                if options is not None:
                    assert (folder / "out.jsonl").read_bytes().count(b"\n") == asked.pages
        site.terminate()
    bare = statistics.median(times["bare loop"])
    for way, each in times.items():
        middle = statistics.median(each)
        print(
            f"{way}: {1000 * middle / asked.pages:.2f} ms a page, {bare / middle:.2f} of the bare loop's rate ({min(each):.2f}-{max(each):.2f} s)"
        )


if __name__ == "__main__":
    main()
