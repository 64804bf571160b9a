"""Fetches that are killed at random moments, and the runs after them."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scraper.engine.fetch_outputs import FetchOutputs
from scraper.engine.sinks import OutputPaths
from scraper.output.fetch_state import FetchedRow, State
from tests.site import Site
from tests.test_fetch import archived

ROUNDS = int(os.environ.get("SCRAPER_KILLS", "20"))
PAGES = 400


def test_killed_at_random_moments_nothing_is_lost_and_nothing_twice(tmp_path: Path) -> None:
    """After SIGKILL at seeded moments, the finished output has each page once, the archive is valid, and the state agrees."""
    rng = random.Random(20251)
    within = 0
    with Site() as site:
        site.pause = 0.002
        listed, out, raw, db = (tmp_path / name for name in ("list", "out.jsonl", "raw.warc.gz", "db"))
        command = [sys.executable, "-m", "scraper", "fetch", "--from-list", str(listed), "--delay", "0", "-q"]
        command += ["--state", str(db), "--save", str(raw), "-o", str(out)]
        kills = 0
        cycle = 0
        while kills < ROUNDS:
            for path in (out, raw, db, db.with_name("db-wal")):
                path.unlink(missing_ok=True)
            cycle += 1
            asked = [site.url(f"/difaf/{n}?{cycle}", host=n % 3) for n in range(PAGES)]
            listed.write_text("\n".join(asked))
            while kills < ROUNDS:
                before = out.stat().st_size if out.exists() else 0
                with subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True) as process:
                    wait_for_a_line = rng.random() < 0.9
                    began = time.monotonic()
                    while wait_for_a_line and process.poll() is None and time.monotonic() - began < 20:
                        if out.exists() and out.stat().st_size > before:
                            break
                        time.sleep(0.005)
                    time.sleep(rng.random() * (0.35 if wait_for_a_line else 1.0))
                    ended = process.poll() is not None
                    if not ended:
                        process.send_signal(signal.SIGKILL)
                    _, stderr = process.communicate(timeout=30)
                # Cleaning processes that are just starting may still report that the killed run is gone.
                if ended:
                    assert (process.returncode, stderr) == (0, b"")
                    break
                kills += 1
                written = out.stat().st_size if out.exists() else 0
                within += written > before
            done = subprocess.run(command, capture_output=True, timeout=120, check=False)
            assert done.returncode == 0, done.stderr
            data = out.read_bytes()
            assert data.endswith(b"\n")
            assert [json.loads(line)["input"] for line in data.splitlines()] == asked
            responses = {url for kind, url, status in archived(raw) if kind == "response" and status == "200"}
            assert responses >= set(asked)
            with State(db) as state:
                assert state.length(out) == len(data)
                assert all((row := state.row(address, "page")) is not None and row.result == "ok" for address in asked)
    print(f"{kills} kills, {within} of them between the first write and the end, {cycle} lists")
    assert within > kills / 2


def test_an_interrupt_right_behind_the_commit_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a signal arrives between the commit of the state and the next statement, the output keeps what the state has committed."""
    out, state = tmp_path / "out.jsonl", tmp_path / "db"
    row = FetchedRow(
        address="http://x/1",
        records="page",
        final_url=None,
        fetched_at=None,
        checked_at=0.0,
        status=200,
        result="ok",
        is_transient=False,
        etag=None,
        last_modified=None,
        program="",
        layouts="",
    )
    commit = State.commit

    def interrupted(self: State) -> None:
        commit(self)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_and_commit(
            FetchOutputs(OutputPaths(out, state=state)), row, lambda: monkeypatch.setattr(State, "commit", interrupted)
        )
    monkeypatch.undo()
    assert out.read_bytes() == b'{"n": 1}\n'
    with FetchOutputs(OutputPaths(out, state=state)) as outputs:
        assert outputs.state is not None
        assert outputs.state.row("http://x/1", "page") is not None


def write_and_commit(outputs: FetchOutputs, row: FetchedRow, before: Callable[[], object]) -> None:
    with outputs:
        assert outputs.state is not None
        outputs.records.write(b'{"n": 1}\n')
        outputs.state.put(row)
        outputs.is_dirty = True
        before()
        outputs.commit()
