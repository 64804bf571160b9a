"""``--dedup`` writes each page of a run once, exactly, and counts every page that it omits."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

from scraper import Page, clean
from scraper.output.checkpoint import Checkpoint, Position
from scraper.output.database import Database
from scraper.output.dedup import DedupStore, page_digests
from tests.containers import jsonl, twenty_pages
from tests.test_cli import HTML, TEXT, UNKNOWN, records, run


def write(path: Path, pages: Sequence[tuple[str | None, str]]) -> Path:
    """Write a dump of addresses and texts."""
    path.write_text("".join(json.dumps({"url": url, "text": text}) + "\n" for url, text in pages), encoding="utf-8")
    return path


def test_the_first_of_equal_pages_stays(tmp_path: Path) -> None:
    """Addresses are equal whatever their scheme and ``www.``, texts whatever their address; a page that equals no earlier one is written."""
    one, two = TEXT.read_text(encoding="utf-8"), UNKNOWN.read_text(encoding="utf-8")
    pages = [
        ("https://www.maghress.com/difaf/1", one),
        ("http://maghress.com/difaf/1", two),  # omitted, so its text does not make the third a repeat
        ("https://news.example/difaf/2", two),
        ("https://www.maghress.com/difaf/3", one),
        (None, two),
        (None, two + "كلمة"),
        ("https://www.maghress.com/difaf/1?page=2", two + "كلمتان"),
    ]
    dump = write(tmp_path / "dump.jsonl", pages)
    done = run("clean", dump, "--dedup", "--spans", tmp_path / "spans", "--summary", tmp_path / "summary")
    found = records(done)
    assert done.returncode == 0
    assert [record["input"].rpartition("#")[2] for record in found] == ["1", "3", "6", "7"]
    spans = [json.loads(line)["id"] for line in (tmp_path / "spans").read_text().splitlines()]
    assert list(dict.fromkeys(spans)) == [record["id"] for record in found]
    summary = json.loads((tmp_path / "summary").read_text())
    assert summary["left_out"] == {"repeated-text": 2, "repeated-url": 1}
    assert summary["pages"] == 4
    assert b"left out: 2 repeated-text, 1 repeated-url" in done.stderr


def test_what_a_page_does_not_have_repeats_nothing(tmp_path: Path) -> None:
    """Pages without an address, or without title and text, do not repeat each other."""
    listing = "<html><body><div class='teasercontainer'><a class='teasertitle' href='/difaf/{n}'>عنوان {n}</a></div></body></html>"
    record = clean(Page(data=listing.format(n=1).encode(), url="https://www.maghress.com/difaf")).record
    assert (record.kind, record.title, record.text) == ("listing", None, "")
    assert page_digests(record)[1] is None
    pages = [(f"https://www.maghress.com/paper{n}", listing.format(n=n)) for n in range(5)]
    done = run("clean", write(tmp_path / "dump.jsonl", pages), "--dedup")
    assert len(records(done)) == 5
    assert b"left out" not in done.stderr


def test_without_the_option_every_page_is_written() -> None:
    """Without --dedup every page is written."""
    assert len(records(run("clean", HTML, HTML))) == 2
    assert len(records(run("clean", HTML, HTML, "--dedup"))) == 1


def test_the_first_in_input_order_stays_whoever_cleans_it(tmp_path: Path) -> None:
    """Any number of processes gives the same bytes, spans and counts, with repeats near and far."""
    rng = Random(7)
    base = [(f"{number}{name}", data + f"\n{number}".encode()) for number in range(40) for name, data in twenty_pages()]
    pages = rng.choices(base, k=1500)
    dump = tmp_path / "dump.jsonl"
    dump.write_bytes(jsonl(pages))
    done = []
    for jobs in "12":
        spans = tmp_path / f"spans{jobs}"
        result = run("clean", dump, "--dedup", "-j", jobs, "--spans", spans)
        done.append((result.returncode, result.stdout, result.stderr, spans.read_bytes()))
    assert done[0] == done[1]
    whole = records(run("clean", dump))
    earlier: set[object] = set()
    expected = []
    for record in whole:
        keys: set[object] = {("url", record["url"])} if record["url"] else set()
        keys |= {("text", record["title"], record["text"])} if record["title"] or record["text"] else set()
        if not keys & earlier:
            expected.append(record)
            earlier |= keys
    assert 0 < len(expected) < len(whole)
    assert [json.loads(line) for line in done[1][1].splitlines()] == expected


def test_each_page_once_in_any_of_many_outputs(tmp_path: Path) -> None:
    """With many outputs, a page is written to one of them only, and nothing else changes."""
    dump = tmp_path / "dump.jsonl"
    dump.write_bytes(jsonl(twenty_pages() * 10))
    whole = run("clean", dump, "--dedup")
    done = run("clean", dump, "--dedup", "-j2", "-o", tmp_path / "out/{lang}/{kind}.jsonl")
    assert done.stderr == whole.stderr
    written = [line for path in (tmp_path / "out").rglob("*.jsonl") for line in path.read_bytes().splitlines()]
    assert sorted(written) == sorted(whole.stdout.splitlines())


def digests(rng: Random, many: int) -> list[tuple[bytes | None, bytes | None]]:
    """Return digests of pages, some of which repeat others."""

    def one(kind: int) -> bytes | None:
        return rng.choice((None, bytes([kind] * 8) + rng.randrange(many).to_bytes(8, "big")))

    return [(one(0), one(1)) for _ in range(many)]


def test_a_run_that_goes_on_knows_what_was_committed_and_nothing_behind(tmp_path: Path) -> None:
    """Opened again, a checkpoint has the digests of all pages before its position and of none after it."""
    for seed in range(20):
        rng = Random(seed)
        pages = digests(rng, 60)
        with Database() as database:
            store = DedupStore(database)
            expected = [store.repeat(*page) for page in pages]
        found: list[object] = [None] * len(pages)
        at = 0
        while at < len(pages):
            with Checkpoint(tmp_path / f"out{seed}") as checkpoint:
                at = checkpoint.position.chunks
                if checkpoint.is_new:
                    checkpoint.begin("digest", "out")
                store = DedupStore(checkpoint)
                for _ in range(rng.randint(1, 30)):
                    if at == len(pages):
                        break
                    found[at] = store.repeat(*pages[at])
                    at += 1
                    if rng.random() < 0.2:
                        checkpoint.advance(Position(at), {}, {})
        assert found == expected


def test_a_killed_process_leaves_what_it_committed(tmp_path: Path) -> None:
    """After a killed process, the next one finds exactly what was committed, position and digests alike."""
    code = (
        "import os, sys; from pathlib import Path; from scraper.output.dedup import DedupStore\n"
        "from scraper.output.checkpoint import Checkpoint, Position\n"
        "with Checkpoint(Path(sys.argv[1])) as checkpoint:\n"
        "    checkpoint.begin('digest', 'out')\n"
        "    store = DedupStore(checkpoint)\n"
        "    for n in range(3000):\n"
        "        store.repeat(n.to_bytes(16, 'big'), None)\n"
        "        if n == 1999: checkpoint.advance(Position(2000), {'out': 7}, {'kinds': {'page': 2000}})\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    out = tmp_path / "out"
    assert subprocess.run([sys.executable, "-c", code, out], check=False).returncode == -9
    with Checkpoint(out) as checkpoint:
        assert (checkpoint.position.chunks, checkpoint.lengths, checkpoint.counts) == (2000, {"out": 7}, {"kinds": {"page": 2000}})
        store = DedupStore(checkpoint)
        counts = Counter(store.repeat(n.to_bytes(16, "big"), None) for n in range(3000))
        checkpoint.begin("digest", "out")
        assert DedupStore(checkpoint).repeat(bytes(16), None) is None
    assert counts == {"repeated-url": 2000, None: 1000}


def test_memory_does_not_grow_with_the_pages() -> None:
    """Ten times as many pages need little more memory than a fixed part of the file's size."""
    code = (
        "import os, resource, sys; from scraper.output.database import Database; from scraper.output.dedup import DedupStore\n"
        "with Database() as database:\n"
        "    seen = DedupStore(database)\n"
        "    for _ in range(int(sys.argv[1])): seen.repeat(os.urandom(16), os.urandom(16))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    # The peak of a process includes its parent's memory at the fork, so a small process starts it.
    launcher = [sys.executable, "-c", "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))", sys.executable, "-c", code]
    few, many = (int(subprocess.run([*launcher, count], capture_output=True, check=True).stdout) for count in ("15000", "150000"))
    assert many - few < 12 * 1024


def test_a_full_disk_is_told_in_a_sentence() -> None:
    """On a full disk the store raises an OutputError with a remedy, and no page passes as new."""
    code = (
        "import os, resource; from scraper.output.database import Database; from scraper.output.dedup import DedupStore\n"
        "from scraper.errors import OutputError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))\n"
        "try:\n"
        "    with Database() as database:\n"
        "        seen = DedupStore(database)\n"
        "        while True: seen.repeat(os.urandom(16), os.urandom(16))\n"
        "except OutputError as error:\n"
        "    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "the temporary data of the run cannot be stored (" in done.stdout
    assert "TMPDIR" in done.stdout


def test_headlines_of_repeated_pages_are_left_out(tmp_path: Path) -> None:
    """`headlines --dedup` leaves out the headlines of a page that repeats an earlier one; --unique, which counts pages, refuses it."""
    once, twice = run("headlines", HTML), run("headlines", HTML, HTML, "--dedup", "--summary", tmp_path / "summary")
    assert (once.stdout, json.loads((tmp_path / "summary").read_text())["left_out"]) == (twice.stdout, {"repeated-url": 1})
    assert run("headlines", HTML, "--dedup", "--unique").returncode == 2
