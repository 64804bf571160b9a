"""Times, peaks of memory, and their ratios."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import NamedTuple


class Ratio(NamedTuple):
    """Our time over the floor's for each round, and both as text."""

    each: Sequence[float]
    ours: str
    floor: str


def compare(ours: Callable[[], object], floor: Callable[[], object], rounds: int, count: int) -> Ratio:
    """Time both in turn and return the ratios; ``count`` is the number of pages of each."""
    times = [(_seconds(ours), _seconds(floor)) for _ in range(rounds + 1)][1:]  # the first round warms caches
    return Ratio([one / other for one, other in times], *(_per_page([pair[n] for pair in times], count) for n in (0, 1)))


def compare_processes(path: os.PathLike[str], count: int, rounds: int) -> Ratio:
    """Time the command on a file with one process over the same with two: how many times as fast two are."""
    one, two = (lambda n=n: run("-m", "scraper", "clean", "-q", path, "-j", n, "-o", f"{path}.out") for n in "12")
    return compare(one, two, rounds, count)


def compare_runs_at_once(path: os.PathLike[str], count: int, rounds: int) -> Ratio:
    """Time one run over two independent runs at once, times two: how much two processors get done in the time of one.

    Less than 2 shows that the processors share something, or that something else runs: no pool of two processes can do better.
    """

    def clean(number: int) -> int:
        return run("-m", "scraper", "clean", "-q", path, "-j1", "-o", f"{path}.out{number}")

    with ThreadPoolExecutor(2) as threads:
        ratio = compare(lambda: clean(1), lambda: list(threads.map(clean, (1, 2))), rounds, count)
    return ratio._replace(each=[2 * one for one in ratio.each])


# The peak of a process includes its parent's memory at the fork, so a small process starts it.
_MEASURED = """
import resource, subprocess, sys
status = subprocess.call([sys.executable, *sys.argv[1:]], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)
"""


def run(*command: str | os.PathLike[str]) -> int:
    """Run a command to its end, and return its peak resident memory in bytes.

    Raises:
        RuntimeError: if it fails, since its time would mean nothing.
    """
    done = subprocess.run([sys.executable, "-c", _MEASURED, *command], stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise RuntimeError(f"{command} ended with {done.returncode}")
    return int(done.stdout) * 1024


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _per_page(seconds: Sequence[float], count: int) -> str:
    return f"{median(seconds) / count * 1e3:.3f} ms a page"
