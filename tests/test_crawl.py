"""``scraper crawl`` on an invented network of newspapers with everything that leads a crawler on, and astray."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from scraper.errors import StateError, StateInUse
from scraper.output.fetch_state import State, reading
from scraper.output.frontier import DONE, Frontier, FrontierEntry, Scope, key_of
from tests.fork_server import quick_command
from tests.site import Reply, Request, Site, SiteNetwork
from tests.site.network import DATES, ENDLESS, GAPS, SESSIONS, TRACKED
from tests.site.replies import page
from tests.test_running import on_a_terminal

COMMAND = [sys.executable, "-m", "scraper"]
ARTICLES = int(os.environ.get("SCRAPER_ARTICLES", "180"))
KILLS = 20


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(network=SiteNetwork(ARTICLES)) as served:
        yield served


def network(site: Site) -> SiteNetwork:
    assert site.network is not None
    return site.network


def crawl(
    site: Site, folder: Path, *options: str | Path, starts: tuple[str, ...] = ("/",), delay: str = "0", hosts: int = 3
) -> CompletedProcess[str]:
    asked = [site.url(path, host) for host in range(hosts) for path in starts]
    command = [*quick_command(), "crawl", *asked, "--state", folder / "db", "-o", folder / "out.jsonl", "--delay", delay, *options]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=600, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def records(file: Path) -> list[dict[str, Any]]:
    data = file.read_bytes() if file.exists() else b""
    assert data == b"" or data.endswith(b"\n")
    return [json.loads(line) for line in data.splitlines()]


def written(site: Site, folder: Path) -> Counter[tuple[int, str]]:
    """Return how often each article was written, by host and path."""
    found: Counter[tuple[int, str]] = Counter()
    for record in records(folder / "out.jsonl"):
        if record["kind"] == "article":
            host, _, path = record["url"].removeprefix("http://").partition("/")
            found[site.addresses.index(host.partition(":")[0]), f"/{path}"] += 1
    return found


def requested(site: Site, slug: str) -> list[str]:
    return [visit.target for visit in site.log if visit.target.startswith(f"/{slug}")]


def test_every_article_is_written_once_and_as_clean_makes_it_of_the_archive(site: Site, tmp_path: Path) -> None:
    """Lists, feeds, sitemaps and tickers lead to every article; each is written once, with the record of the saved exchange."""
    done = crawl(site, tmp_path, "--save", tmp_path / "raw.warc.gz")
    assert (done.returncode, written(site, tmp_path)) == (0, Counter(list(network(site).articles())))
    assert "endless-paging" in done.stderr
    assert not [visit for visit in site.log if visit.target.startswith("/private")]
    cleaned = subprocess.run([*COMMAND, "clean", "-q", tmp_path / "raw.warc.gz"], capture_output=True, check=True)
    ours, theirs = (
        {row["url"]: {**row, "input": "", "fetched_at": ""} for row in rows}
        for rows in (records(tmp_path / "out.jsonl"), map(json.loads, cleaned.stdout.splitlines()))
    )
    assert ours == theirs
    before = len(site.log)
    again = crawl(site, tmp_path)
    assert (again.returncode, len(site.log) - before, again.stderr) == (0, 0, "scraper: 0 pages\n")


def test_killed_at_random_moments_nothing_is_lost_and_nothing_twice(site: Site, tmp_path: Path) -> None:
    """After SIGKILL at 20 seeded moments, the crawl that goes on has each article once, and output and state agree."""
    rng = random.Random(20261)
    site.pause = 0.02  # so that 20 kills come before the end, also while a busy machine is late with them
    start = [site.url("/", host) for host in range(3)]
    command = [*COMMAND, "crawl", *start, "--state", str(tmp_path / "db"), "-o", str(tmp_path / "out.jsonl"), "--delay", "0", "-q"]
    within = 0
    for _ in range(KILLS):
        before = (tmp_path / "out.jsonl").stat().st_size if (tmp_path / "out.jsonl").exists() else -1
        with subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True) as process:
            began = time.monotonic()
            while process.poll() is None and time.monotonic() - began < 20:
                if (tmp_path / "out.jsonl").exists() and (tmp_path / "out.jsonl").stat().st_size > before >= 0:
                    break
                time.sleep(0.002)
                before = max(before, 0) if (tmp_path / "out.jsonl").exists() else before
            time.sleep(rng.random() * 0.2)
            within += process.poll() is None
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=30)
    site.pause = 0.0
    done = crawl(site, tmp_path)
    assert done.returncode == 0, done.stderr
    assert written(site, tmp_path) == Counter(list(network(site).articles()))
    assert max(Counter(record["url"] for record in records(tmp_path / "out.jsonl")).values()) == 1
    with State(tmp_path / "db") as state:
        assert state.length(tmp_path / "out.jsonl") == (tmp_path / "out.jsonl").stat().st_size
        assert set(Frontier(state, Scope(frozenset(), 0), "page").counts()) == {DONE}
    assert within > KILLS / 2, f"only {within} kills before the end"


def test_a_host_is_asked_once_at_a_time_and_with_a_pause(site: Site, tmp_path: Path) -> None:
    """Between two requests to a host lies at least the delay, while other hosts are asked."""
    crawl(site, tmp_path, "--max-pages", "24", delay="0.15")
    for host in site.addresses:
        visits = sorted((visit for visit in site.log if visit.host == host), key=lambda visit: visit.began)
        assert len(visits) >= 6
        assert all(after.began - before.ended >= 0.149 for before, after in pairwise(visits))


def test_a_newspaper_is_crawled_alone_and_the_next_run_may_want_more(site: Site, tmp_path: Path) -> None:
    """With --newspaper only its lists and articles are requested, besides feeds and sitemaps; a run without it fetches the rest."""
    done = crawl(site, tmp_path, "--newspaper", "paper4", starts=("/paper4",), hosts=2)
    assert done.returncode == 1  # the second host has no such newspaper, and it was named
    wanted = {(article.host, article.path) for article in network(site).newspaper(GAPS)}
    assert set(written(site, tmp_path)) == wanted
    asked = {visit.target.partition("?")[0] for visit in site.log}
    others = {path for path in asked if not path.startswith("/paper4")}
    assert others <= {"/robots.txt", "/sitemap.xml", "/sitemap-1.xml", "/sitemap-2.xml.gz"}
    assert re.search(r"not fetched yet: \d+ outside the scope", done.stderr)
    before = len(site.log)
    crawl(site, tmp_path, starts=("/paper4",), hosts=2)
    assert len(site.log) > before
    assert set(written(site, tmp_path)) > wanted


@pytest.mark.parametrize("command", ["crawl", "fetch"])
def test_the_name_of_a_newspaper_in_place_of_its_slug_is_refused(tmp_path: Path, command: str) -> None:
    """A value of --newspaper that no requested address can have ends with status 2, the value and the remedy."""
    asked = [*COMMAND, command, "https://www.maghress.com/", "--state", str(tmp_path / "db"), "--newspaper", "هسبريس"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "--newspaper: 'هسبريس' is in no address that is fetched; write the newspaper_slug" in done.stderr
    assert not (tmp_path / "db").exists()


def test_a_newspaper_of_which_nothing_is_found_is_named(site: Site, tmp_path: Path) -> None:
    """A finished crawl reports each --newspaper without an address; a crawl that a limit has ended does not."""
    options = ("--newspaper", "paper4", "--newspaper", "paper44")
    limited = crawl(site, tmp_path, *options, "--max-pages", "3")
    assert "no address of" not in limited.stderr
    done = crawl(site, tmp_path, *options)
    assert re.findall("no address of '(.*)' was found; name a newspaper by its newspaper_slug", done.stderr) == ["paper44"]
    assert {path.split("/")[1] for _, path in written(site, tmp_path)} == {"paper4"}


@pytest.mark.parametrize("limit", ["--max-pages", "--max-time"])
def test_a_run_ends_at_its_limit_and_the_next_goes_on(site: Site, tmp_path: Path, limit: str) -> None:
    """A limit ends a run with status 0 and a line that says what is left; nothing is requested twice by the runs after it."""
    site.pause = 0.01
    done = crawl(site, tmp_path, limit, "40" if limit == "--max-pages" else "1.5s")
    assert done.returncode == 0
    assert re.search(rf"not fetched yet: \d+ queued; stopped at {limit}", done.stderr)
    assert done.stderr.count("\n") == 1
    if limit == "--max-pages":
        assert len([visit for visit in site.log if visit.target != "/robots.txt"]) <= 40 + 3  # and redirects
    site.pause = 0.0
    assert crawl(site, tmp_path).returncode == 0
    assert written(site, tmp_path) == Counter(list(network(site).articles()))
    articles = Counter((visit.host, visit.target) for visit in site.log if re.fullmatch(r"/paper\d+/\d{4}", visit.target))
    assert sum(count > 1 for count in articles.values()) <= 3 * 17  # what was under way at the end of the time


def test_a_refresh_fetches_lists_again_and_no_article(site: Site, tmp_path: Path) -> None:
    """After --refresh the lists that lead to what is new are asked for changes, and only new articles are fetched."""
    crawl(site, tmp_path)
    before, old = len(site.log), set(network(site).articles())
    unchanged = crawl(site, tmp_path, "--refresh", "0s")
    assert "unchanged" in unchanged.stderr
    assert all("if-none-match" in visit.headers for visit in site.log[before:] if visit.target == "/")
    assert not [visit for visit in site.log[before:] if re.fullmatch(r"/paper[01]/\d+", visit.target)]
    site.edition, before = 1, len(site.log)
    crawl(site, tmp_path, "--refresh", "0s")
    found = written(site, tmp_path)
    new = {(article.host, article.path) for article in network(site).articles(1).values() if article.shown_in == "list"} - old
    assert len(new) > 40
    assert new <= set(found)
    assert max(found.values()) == 1
    fetched = [visit for visit in site.log[before:] if re.fullmatch(r"/paper\d+/\d{4}", visit.target)]
    assert len(fetched) < 3 * len(new)


class Ahead(SiteNetwork):
    """A network with a page that shows the newest articles of a list before that list does."""

    def reply(self, host: int, request: Request, edition: int) -> Reply:
        """Return the answer to a request."""
        if request.path != "/first":
            return super().reply(host, request, edition)
        newest = [article for article in self.newspaper(0, edition) if article.shown_in in ("list", "paging")][:20]
        links = "".join(
            f'<div class="teasercontainer"><a class="teasertitle" href="{article.path}">x</a></div>' for article in newest
        )
        return page(f'<div id="mainContent">{links}</div>'.encode(), request)


def test_a_refreshed_list_is_paged_although_its_first_page_was_known_from_elsewhere(tmp_path: Path) -> None:
    """New articles on the second page of a list are found, also if another page has shown those of the first one before."""
    with Site(network=Ahead(ARTICLES)) as site:
        for site.edition in (0, 6):
            crawl(site, tmp_path, "--refresh", "0s", "--depth", "1", "--newspaper", "paper0", starts=("/first", "/paper0"), hosts=1)
        new = {(article.host, article.path) for article in network(site).newspaper(0, 6) if article.shown_in in ("list", "paging")}
        assert len(new - {(article.host, article.path) for article in network(site).newspaper(0)}) > 20
        assert new <= set(written(site, tmp_path))


def test_the_ticker_alone_gives_each_headline_once(site: Site, tmp_path: Path) -> None:
    """--ticker-only writes the headlines of all pages of a crawl, each once, also over several runs."""
    for _ in range(2):
        crawl(site, tmp_path, "--ticker-only", "--depth", "1")
    rows = records(tmp_path / "out.jsonl")
    assert len(rows) > 57
    assert max(Counter((row["site"], row["headline"]) for row in rows).values()) == 1


def test_session_ids_and_tracking_parameters_are_no_new_pages(site: Site, tmp_path: Path) -> None:
    """Links to one article with ever new session ids or tracking parameters are one request, and the record has the plain address."""
    crawl(site, tmp_path)
    for n in (SESSIONS, TRACKED):
        asked = requested(site, f"paper{n}/1")
        moved = {target.replace("old", "") for target in requested(site, f"paper{n}/old")}
        assert {target for target, count in Counter(asked).items() if count > 1} <= moved
        assert not [target for target in asked if re.search(r"jsessionid|PHPSESSID|utm_", target)]


def test_traps_are_bounded(site: Site, tmp_path: Path) -> None:
    """A calendar and a list without an end are left after ten pages with nothing new, and --max-alike bounds what looks alike."""
    crawl(site, tmp_path)
    assert len(requested(site, "calendar")) <= 3 * 15
    pages = -(-len(network(site).newspaper(ENDLESS)) // 20)
    assert len(requested(site, f"paper{ENDLESS}?page")) <= pages + 11
    done = crawl(site, tmp_path / "alike", "--max-alike", "1")
    assert "too-many-alike" in done.stderr


def test_depth_counts_links_and_not_the_pages_of_a_list(site: Site, tmp_path: Path) -> None:
    """With --depth 1, all pages of a start's list are read and their articles fetched, and nothing after these."""
    crawl(site, tmp_path, "--depth", "1", starts=("/paper0",), hosts=1)
    listed = {(article.host, article.path) for article in network(site).newspaper(0) if article.shown_in == "list"}
    assert listed <= set(written(site, tmp_path))
    assert not requested(site, "paper3/")


def test_an_archive_is_fetched_by_number_up_to_the_last_miss_allowed(site: Site, tmp_path: Path) -> None:
    """From the newest number down, each number is asked for once; the run says how long it takes, and where it stopped."""
    articles = network(site).newspaper(GAPS)
    options = ("--archive", f"paper{GAPS}", "--max-misses", "20")
    done = crawl(site, tmp_path, *options, starts=("/paper4",), hosts=2)
    assert done.returncode == 2
    assert "name one START" in done.stderr
    assert "--refresh: an archive fetches each number once" in crawl(site, tmp_path, *options, "--refresh", "1h", hosts=1).stderr
    start = [*COMMAND, "crawl", site.url("/", 1), *options, "--state", str(tmp_path / "db"), "-o", str(tmp_path / "out.jsonl")]
    done = subprocess.run([*start, "--delay", "0.001"], capture_output=True, text=True, check=False)
    newest = max(article.number for article in articles if article.shown_in == "list")
    assert f"scraper: paper4: {newest:,} numbers from {newest} to 1, at least 0:00:" in done.stderr
    assert done.returncode == 0
    assert {path for _, path in written(site, tmp_path)} == {f"/paper4/{article.number}" for article in articles}
    numbers = [int(target.rpartition("/")[2]) for target in requested(site, "paper4/")]
    assert numbers == sorted(numbers, reverse=True)
    before = len(site.log)
    more = subprocess.run(
        [*start, "--from", str(newest), "--to", str(newest + 500), "--delay", "0"], capture_output=True, text=True, check=False
    )
    assert f"stopped after 20 numbers in a row without an article, at paper4/{newest + 20}" in more.stderr
    assert more.returncode == 0
    assert len(site.log) - before <= 20 + 8 + 1
    again = subprocess.run([*start, "--from", str(newest), "--to", str(newest + 500)], capture_output=True, text=True, check=False)
    assert f"at paper4/{newest + 20}" in again.stderr
    quiet = subprocess.run([*start, "--delay", "0", "-q"], capture_output=True, check=True)
    assert not quiet.stderr
    assert max(Counter(record["url"] for record in records(tmp_path / "out.jsonl")).values()) == 1


class Misleading(SiteNetwork):
    """A network with a page that links to an article with a number that is far too large, and to the newest one."""

    def reply(self, host: int, request: Request, edition: int) -> Reply:
        """Return the answer to a request."""
        if request.path != "/start":
            return super().reply(host, request, edition)
        numbers = (95_000_001, max(article.number for article in self.newspaper(GAPS)))
        links = "".join(f'<div class="teasercontainer"><a class="teasertitle" href="/paper4/{n}">x</a></div>' for n in numbers)
        return page(f'<div id="mainContent">{links}</div>'.encode(), request)


def test_an_archive_begins_with_an_article_that_exists(tmp_path: Path) -> None:
    """A link to a number that is far too large does not lead the archive astray."""
    with Site(network=Misleading(ARTICLES)) as site:
        newest = max(article.number for article in network(site).newspaper(GAPS))
        command = [*COMMAND, "crawl", site.url("/start", 1), "--archive", f"paper{GAPS}", "--state", str(tmp_path / "db")]
        done = subprocess.run([*command, "--delay", "0"], capture_output=True, text=True, check=False)
    assert f"numbers from {newest} to 1" in done.stderr


def test_numbers_that_look_like_dates_are_announced(site: Site, tmp_path: Path) -> None:
    """Before it begins, an archive by dates says that most numbers have no article, and how long all of them take."""
    last = network(site).newspaper(DATES)[-1].number
    options = ("--archive", f"paper{DATES}", "--from", str(last + 2), "--to", str(last), "--max-pages", "1")
    command = [*COMMAND, "crawl", site.url("/", 2), *options, "--state", str(tmp_path / "db"), "--delay", "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "they look like dates, so most of them have no article" in done.stderr


def test_a_second_run_on_the_same_state_says_so(site: Site, tmp_path: Path) -> None:
    """While a run has the state, another one ends with status 1 and one sentence."""
    (tmp_path / "db").touch()
    with State(tmp_path / "db"):
        done = crawl(site, tmp_path)
    assert done.returncode == 1
    assert "another run holds this state" in done.stderr


def test_a_state_is_shown_while_a_run_holds_it(site: Site, tmp_path: Path) -> None:
    """``scraper state`` shows what a run has committed and does not disturb it; --retry, which would change the state, is refused."""
    site.pause = 0.02
    start = [site.url("/", host) for host in range(3)]
    command = [*COMMAND, "crawl", *start, "--state", str(tmp_path / "db"), "-o", str(tmp_path / "out.jsonl"), "--delay", "0", "-q"]
    show = [*COMMAND, "state", str(tmp_path / "db")]
    with subprocess.Popen(command) as process:
        while not (tmp_path / "out.jsonl").exists() or (tmp_path / "out.jsonl").stat().st_size < 20_000:
            time.sleep(0.01)
        shown = [subprocess.run(show, capture_output=True, text=True, check=True).stdout for _ in range(2)]
        refused = subprocess.run([*show, "--retry", "blocked"], capture_output=True, text=True, check=False)
        assert process.poll() is None
        site.pause = 0.0
        assert process.wait(60) == 0
    assert (refused.returncode, refused.stderr.count("another run holds this state")) == (1, 1)
    shown.append(subprocess.run(show, capture_output=True, text=True, check=True).stdout)
    fetched = [int(text.replace(",", "")) for text in re.findall(r"^fetched +([\d,]+)$", "".join(shown), re.MULTILINE)]
    assert 0 < fetched[0] <= fetched[1] < fetched[2]
    assert written(site, tmp_path) == Counter(list(network(site).articles()))


_WRITER = """
import random, sys
from pathlib import Path
from scraper.output.fetch_state import State
with State(Path(sys.argv[1])) as state:
    state.execute("CREATE TABLE IF NOT EXISTS pairs (a INTEGER PRIMARY KEY, b INTEGER, pad BLOB)")
    for n in range(10**9):
        for a in random.sample(range(2000), 40):
            state.execute("INSERT OR REPLACE INTO pairs VALUES (?, ?, zeroblob(?))", a, n, random.randrange(900))
        state.execute("INSERT OR REPLACE INTO pairs VALUES (-1, ?, NULL)", n)
        state.execute("INSERT OR REPLACE INTO pairs VALUES (2000000, ?, NULL)", n)
        state.commit()
"""


@pytest.mark.parametrize("pause", [0.0, 0.03, 0.3])
def test_what_is_read_of_a_state_in_use_is_one_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pause: float) -> None:
    """However often the run writes its log back to the file while that is copied, what is read is one commit; or there is an error."""
    copy_file = shutil.copyfile

    def copy_slowly(source: Path, target: Path) -> None:
        copy_file(source, target)
        time.sleep(pause)

    monkeypatch.setattr("scraper.output.fetch_state.shutil.copyfile", copy_slowly)
    latest, read = -1, 0
    with subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path / "db")]) as writer:
        try:
            while not (tmp_path / "db-wal").exists() or (tmp_path / "db-wal").stat().st_size < 1 << 20:
                time.sleep(0.01)
            began = time.monotonic()
            while time.monotonic() < began + 4:
                with suppress(StateInUse), reading(tmp_path / "db") as state:
                    assert state.rows("PRAGMA integrity_check") == [("ok",)]
                    (first,), (last,) = state.rows("SELECT b FROM pairs WHERE a IN (-1, 2000000) ORDER BY a")
                    ((most,),) = state.rows("SELECT max(b) FROM pairs")
                    assert first == last == most >= latest
                    latest, read = first, read + 1
            assert writer.poll() is None
        finally:
            writer.kill()
    assert read > 5 or pause


def test_links_that_lead_nowhere_are_counted_and_starts_fail(site: Site, tmp_path: Path) -> None:
    """A page that is gone or disallowed is counted if it was found, and fails if it was named."""
    found = crawl(site, tmp_path, "--max-pages", "60")
    assert found.returncode == 0
    assert re.search(r"left out: .*\d+ not-found", found.stderr)
    named = crawl(site, tmp_path / "named", starts=("/private/1", "/paper0/99999999"), hosts=1)
    assert named.returncode == 1
    assert re.findall(r": (robots|not-found): ", named.stderr) == ["robots", "not-found"]


def test_a_crawl_stays_on_its_hosts(site: Site, tmp_path: Path) -> None:
    """Links to other sites are not followed, and neither are those to other hosts of the network that no start names."""
    crawl(site, tmp_path, hosts=1, starts=("/",))
    assert {visit.host for visit in site.log} == {"127.0.0.1"}


def test_a_state_is_shown_and_what_failed_is_tried_again(site: Site, tmp_path: Path) -> None:
    """``scraper state`` counts addresses by code, host and newspaper, lists what failed, and --retry queues it again."""
    site.robots["127.0.0.1"] = Reply(404)
    crawl(site, tmp_path, hosts=1, starts=("/paper0/99999999", "/fault/403"))
    show = [*COMMAND, "state", str(tmp_path / "db")]
    shown = subprocess.run(show, capture_output=True, text=True, check=True).stdout
    assert re.search(r"^blocked +1$", shown, re.MULTILINE)
    assert re.search(r"^ +0 +0 +\d+ +\d+  127\.0\.0\.1$", shown, re.MULTILINE)
    listed = subprocess.run([*show, "--failed"], capture_output=True, text=True, check=True).stdout.splitlines()
    assert site.url("/fault/403") in listed
    done = subprocess.run([*show, "--retry", "blocked"], capture_output=True, text=True, check=True)
    assert done.stderr == "scraper: 1 address with blocked will be fetched again\n"
    before = len(site.log)
    crawl(site, tmp_path, hosts=1, starts=("/fault/403",))
    assert [visit.target for visit in site.log[before:] if visit.target != "/robots.txt"] == ["/fault/403"]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_crawl_says_what_is_left_and_the_next_one_goes_on(
    site: Site, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    """Ctrl-C and SIGTERM end a crawl with what is not fetched yet; what the next run fetches completes it, each article once."""
    site.pause = 0.02
    start = [site.url("/", host) for host in range(3)]
    command = [*COMMAND, "crawl", *start, "--state", str(tmp_path / "db"), "-o", str(tmp_path / "out.jsonl"), "--delay", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while not (tmp_path / "out.jsonl").exists() or (tmp_path / "out.jsonl").stat().st_size < 20_000:
            time.sleep(0.01)
        process.send_signal(number)
        _, stderr = process.communicate(timeout=30)
    assert process.returncode == status
    assert re.search(r"not fetched yet: \d+ queued", stderr), stderr
    site.pause = 0.0
    assert crawl(site, tmp_path).returncode == 0
    assert written(site, tmp_path) == Counter(list(network(site).articles()))


def test_a_terminal_shows_the_crawl(site: Site, tmp_path: Path) -> None:
    """A terminal shows rate, queue, hosts and what was left out, and at the end one line."""
    site.pause = 0.02
    options = ("--state", tmp_path / "db", "-o", tmp_path / "out", "--delay", "0", "--max-pages", "60")
    shown = on_a_terminal("crawl", site.url("/"), *options)
    assert re.search(r"\d+ done \([\d.]+/s\), \d+ queued, \d+ s", shown)
    assert re.search(r"127\.0\.0\.1: \d+ done, [\d.]+/s", shown)


def test_the_next_address_is_that_of_the_least_depth_and_hosts_take_turns(tmp_path: Path) -> None:
    """What is nearer to a start comes first, whenever it was found; what is taken comes once."""
    depths = enumerate((3, 1, 2, 1))
    entries = {key_of(str(n)): FrontierEntry(f"http://a/{n}", "a", None, None, "story", False, depth) for n, depth in depths}
    with State(tmp_path / "db") as state:
        frontier = Frontier(state, Scope(frozenset({"a"}), 2), "page")
        assert frontier.add(entries) == (3, 4)
        assert [visit.entry.address for visit in frontier.take("a", 9)] == ["http://a/1", "http://a/3", "http://a/2"]
        assert frontier.take("a", 9) == []
        further = Frontier(state, Scope(frozenset({"a"}), 3), "page")
        further.begin()
        assert len(further.take("a", 9)) == 4


def test_a_narrower_scope_holds_for_what_was_found_and_done_before(site: Site, tmp_path: Path) -> None:
    """Addresses without a newspaper, and lists that are due again, are fetched by --newspaper only if they are in its scope."""
    crawl(site, tmp_path, "--max-pages", "30")
    allowed = re.compile(r"/|/paper4\b.*|/robots\.txt|/sitemap.*|.*/rss")
    for refresh in ((), ("--refresh", "0s")):
        before = len(site.log)
        crawl(site, tmp_path, "--newspaper", "paper4", *refresh, starts=("/paper4",), hosts=2)
        asked = {visit.target for visit in site.log[before:]}
        assert asked
        assert not [target for target in asked if not allowed.fullmatch(target)]


def test_what_is_outside_a_site_is_for_a_later_run(site: Site, tmp_path: Path) -> None:
    """Links to the network's other hosts that --site leaves out stay in the state, and a run without it fetches them."""
    crawl(site, tmp_path, "--site", site.addresses[1])
    assert {host for host, _ in written(site, tmp_path)} == {1}
    assert crawl(site, tmp_path).returncode == 0
    assert written(site, tmp_path) == Counter(list(network(site).articles()))


def test_a_page_is_written_after_a_run_for_its_headlines(site: Site, tmp_path: Path) -> None:
    """What a run with --ticker-only has read is read again for its pages, and only once."""
    crawl(site, tmp_path, "--ticker-only", "--depth", "1", hosts=1)
    (tmp_path / "out.jsonl").rename(tmp_path / "headlines.jsonl")
    crawl(site, tmp_path, hosts=1)
    assert written(site, tmp_path) == Counter([article for article in network(site).articles() if article[0] == 0])
    before = len(site.log)
    crawl(site, tmp_path, hosts=1)
    assert len(site.log) == before


class Linked(SiteNetwork):
    """A network with a list of links that a test chooses, and with old addresses of the articles, /old/…."""

    links: tuple[str, ...] = ()
    per_page = 1000

    def reply(self, host: int, request: Request, edition: int) -> Reply:
        """Return the answer to a request."""
        if request.path.startswith("/old/"):
            return Reply(301, b"", {"Location": request.path.removeprefix("/old")})
        if request.path != "/start":
            return super().reply(host, request, edition)
        number = int(request.query.get("page", "1"))
        shown = self.links[(number - 1) * self.per_page : number * self.per_page]
        rows = "".join(f'<div class="teasercontainer"><a class="teasertitle" href="{link}">x</a></div>' for link in shown)
        more = f'<a rel="next" href="/start?page={number + 1}">next</a>' if number * self.per_page < len(self.links) else ""
        return page(f'<div id="mainContent">{rows}{more}</div>'.encode(), request)


def test_an_article_behind_a_link_and_a_redirect_is_written_once(tmp_path: Path) -> None:
    """Where a redirect leads to an address that is about to be requested, the page is written once."""
    served = Linked(ARTICLES)
    paths = [article.path for article in served.newspaper(0)]
    # So far apart that the second one waits for its turn when the first one is done.
    served.links = (*(f"/old{path}" for path in paths[:24]), *paths, *(f"/old{path}" for path in paths[24:]))
    with Site(network=served) as site:
        site.pause = 0.005
        crawl(site, tmp_path, "--depth", "1", starts=("/start",), hosts=1)
        assert written(site, tmp_path) == Counter([(0, path) for path in paths])


def test_what_is_found_again_nearer_to_a_start_comes_into_the_scope(tmp_path: Path) -> None:
    """An address that was too many links away is fetched when another page links to it that is near enough."""
    served = Linked(ARTICLES)
    articles = [article for article in served.newspaper(0) if article.shown_in == "list"]
    served.links = (articles[0].path,)
    with Site(network=served) as site:
        crawl(site, tmp_path, "--depth", "1", starts=("/start",), hosts=1)
        assert written(site, tmp_path) == Counter([(0, articles[0].path)])
        crawl(site, tmp_path, "--depth", "1", starts=("/paper0",), hosts=1)
        assert {(0, article.path) for article in articles} <= set(written(site, tmp_path))


def test_a_list_that_becomes_a_start_is_read_again_for_what_it_has_brought_nearer(site: Site, tmp_path: Path) -> None:
    """A START that an earlier run has read farther away leads as far as in a state of its own, and nothing is written twice."""
    crawl(site, tmp_path, "--depth", "1", hosts=1)
    crawl(site, tmp_path, "--depth", "1", starts=("/paper0",), hosts=1)
    crawl(site, tmp_path / "alone", "--depth", "1", starts=("/paper0",), hosts=1)
    assert set(written(site, tmp_path / "alone")) <= set(written(site, tmp_path))
    assert max(Counter(record["url"] for record in records(tmp_path / "out.jsonl")).values()) == 1
    before = len(site.log)
    crawl(site, tmp_path, "--depth", "1", starts=("/paper0",), hosts=1)
    assert len(site.log) == before


def test_a_list_that_becomes_a_start_is_due_again_at_once(tmp_path: Path) -> None:
    """--refresh holds for a START that earlier runs have found farther away than --depth."""
    served = Linked(ARTICLES)
    served.links = ("/paper0",)
    with Site(network=served) as site:
        crawl(site, tmp_path, "--depth", "1", starts=("/start",), hosts=1)
        before = len(site.log)
        crawl(site, tmp_path, "--depth", "0", "--refresh", "0s", starts=("/paper0",), hosts=1)
        assert "/paper0" in [visit.target for visit in site.log[before:]]


def test_a_session_id_in_an_odd_place_leaves_nothing_undone(tmp_path: Path) -> None:
    """An address with a session id inside its query is requested once, and done then."""
    served = Linked(ARTICLES)
    served.links = ("/about/1?a=1;jsessionid=12", "/about/2?;jsessionid=12")
    with Site(network=served) as site:
        first, again = (crawl(site, tmp_path, "--depth", "1", starts=("/start",), hosts=1) for _ in range(2))
        assert "queued" not in first.stderr + again.stderr
        assert sorted(requested(site, "about/")) == ["/about/1?a=1", "/about/2?"]


def test_words_in_other_letters_are_not_alike(tmp_path: Path) -> None:
    """--max-alike counts addresses that differ in numbers, however they are written, and not those that differ in Arabic words."""
    served = Linked(ARTICLES)
    served.links = ("/about/سعيد", "/about/مريم", "/about/%D9%A1", "/about/%D9%A2", "/about/7")
    with Site(network=served) as site:
        crawl(site, tmp_path, "--depth", "1", "--max-alike", "1", starts=("/start",), hosts=1)
        assert len(requested(site, "about/")) == 3


def test_what_max_alike_has_left_out_is_fetched_by_a_run_that_allows_more(tmp_path: Path) -> None:
    """Addresses beyond --max-alike stay in the state for a run with a larger one, which needs no page for them a second time."""
    served = Linked(ARTICLES)
    served.links = tuple(f"/about/{number}" for number in range(5))
    with Site(network=served) as site:
        first = crawl(site, tmp_path, "--depth", "1", "--max-alike", "2", starts=("/start",), hosts=1)
        assert re.search(r"left out: .*too-many-alike.*not fetched yet: \d+ outside the scope", first.stderr)
        assert requested(site, "about/") == ["/about/0", "/about/1"]
        crawl(site, tmp_path, "--depth", "1", "--max-alike", "4", starts=("/start",), hosts=1)
        crawl(site, tmp_path, "--depth", "1", starts=("/start",), hosts=1)
        assert requested(site, "about/") == list(served.links)
        assert len(requested(site, "start")) == 1


def test_only_so_many_alike_addresses_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trap with addresses without end costs a state no more than a number of rows, or --max-alike if that is larger."""
    monkeypatch.setattr("scraper.output.frontier._MOST_KEPT", 3)
    with State(tmp_path / "db") as state:
        counted = [Frontier(state, Scope(frozenset(), 0, most), "page").count_alike("a") for most in (1, 2, 2, 2, 4, 4)]
    assert counted == [1, 2, 3, None, 4, None]


def test_a_list_with_addresses_that_are_not_fetched_is_barren(tmp_path: Path) -> None:
    """What is beyond --max-alike is nothing new on a list, which is left when it has shown nothing else for ten pages."""
    served = Linked(ARTICLES)
    served.links, served.per_page = tuple(f"/about/{number}" for number in range(100)), 2
    with Site(network=served) as site:
        options = ("--depth", "0", "--max-alike", "25")
        done = crawl(site, tmp_path, *options, starts=("/start",), hosts=1)
        assert "1 endless-paging" in done.stderr
        assert len(requested(site, "start")) == 13 + 11


def test_a_state_without_the_numbers_of_alike_addresses_is_gone_on_with(tmp_path: Path) -> None:
    """In a state of the first versions, all addresses that were kept are within --max-alike."""
    with State(tmp_path / "db") as state:
        Frontier(state, Scope(frozenset({"a"}), 0), "page")
        state.execute("ALTER TABLE frontier DROP COLUMN alike")
        frontier = Frontier(state, Scope(frozenset({"a"}), 0, 1), "page")
        assert frontier.add({b"1": FrontierEntry("http://a/1", "a", None, None, "story", False, 0)}) == (1, 1)
        assert [visit.entry.alike for visit in frontier.take("a", 9)] == [0]


def test_a_larger_depth_leads_as_far_as_if_it_had_been_given_at_first(site: Site, tmp_path: Path) -> None:
    """Runs with ever larger --depth write what one run with the largest writes, and request nothing twice."""
    for depth in ("0", "1", "2"):
        crawl(site, tmp_path, "--depth", depth)
    assert max(Counter((visit.host, visit.target) for visit in site.log if visit.target != "/robots.txt").values()) == 1
    crawl(site, tmp_path / "at-once", "--depth", "2")
    assert written(site, tmp_path) == written(site, tmp_path / "at-once")
    assert len(written(site, tmp_path)) > 100


class TwoWays(SiteNetwork):
    """A network with a list, /z, two links from one start, and one from another, which is to be asked for again after a second."""

    origin = ""
    is_busy = True

    def reply(self, host: int, request: Request, edition: int) -> Reply:
        """Return the answer to a request."""
        links = {
            (0, "/start"): ["/hop"],
            (0, "/hop"): [*(f"/about/{number}" for number in range(60)), "/z"],
            (0, "/z"): [article.path for article in self.newspaper(0)],
            (1, "/start"): [f"{self.origin}/z"],
        }.get((host, request.path))
        if (host, request.path, self.is_busy) == (1, "/start", True):
            self.is_busy = False
            return Reply(503, b"", {"Retry-After": "1"})
        if links is None:
            return super().reply(host, request, edition)
        rows = "".join(f'<div class="teasercontainer"><a class="teasertitle" href="{link}">x</a></div>' for link in links)
        return page(f'<div id="mainContent">{rows}</div>'.encode(), request)


def test_a_page_that_is_found_nearer_while_it_waits_for_its_turn_leads_farther(tmp_path: Path) -> None:
    """The links of a page are as far from a start as the shortest way to it that is known when it has been read."""
    served = TwoWays(ARTICLES)
    with Site(network=served) as site:
        served.origin, site.pause = site.url("").rstrip("/"), 0.05
        crawl(site, tmp_path, "--depth", "2", starts=("/start",), hosts=2)
        ends = {(visit.host, visit.target): visit.ended for visit in site.log}
        first, second = site.addresses[:2]
        assert ends[first, "/hop"] < ends[second, "/start"] < ends[first, "/z"]
        assert {(0, article.path) for article in network(site).newspaper(0)} <= set(written(site, tmp_path))


def test_a_list_of_articles_that_fetch_has_read_is_paged_to_its_end(tmp_path: Path) -> None:
    """Articles that `fetch` has read are new to a crawl, so that their list seems finite, and no page is written again."""
    served = Linked(ARTICLES)
    paths = [path for host, path in served.articles() if host == 0]
    served.links, served.per_page = (*paths[:60], f"/old{paths[0]}", *paths[60:]), 5
    with Site(network=served) as site:
        read = "".join(f"{site.url(path)}\n" for path in ("/start", *paths[:60]))
        command = [*COMMAND, "fetch", "--from-list", "-", "--state", str(tmp_path / "db"), "-o", str(tmp_path / "out.jsonl")]
        subprocess.run([*command, "--delay", "0", "-q"], input=read, text=True, check=True)
        crawl(site, tmp_path, "--depth", "1", starts=("/start",), hosts=1)
        assert written(site, tmp_path) == Counter([(0, path) for path in paths])
        assert max(Counter(record["url"] for record in records(tmp_path / "out.jsonl")).values()) == 1


def test_a_list_whose_articles_are_too_many_links_away_is_paged_to_its_end(tmp_path: Path) -> None:
    """Addresses outside the scope are new, too, so that a later run with a wider scope finds all pages of a list."""
    served = Linked(ARTICLES)
    paths = [article.path for article in served.newspaper(0)]
    served.links, served.per_page = tuple(paths), 2
    with Site(network=served) as site:
        for depth in ("0", "1"):
            crawl(site, tmp_path, "--depth", depth, starts=("/start",), hosts=1)
        assert written(site, tmp_path) == Counter([(0, path) for path in paths])


def test_a_link_that_was_redirected_to_another_site_is_fetched_by_a_crawl_of_that_site(tmp_path: Path) -> None:
    """A page that was left out since it is on another site is written when its own site is crawled with the same state."""
    served = Linked(ARTICLES)
    path = served.newspaper(1)[0].path
    with Site(network=served) as site:
        served.links = (f"/fault/to?to={site.url(path, 1)}",)
        assert "1 other-site" in crawl(site, tmp_path, "--depth", "1", starts=("/start",), hosts=1).stderr
        served.links = (path,)
        crawl(site, tmp_path, "--depth", "1", starts=("/start",), hosts=2)
        assert written(site, tmp_path) == Counter([(1, path)])


def test_a_start_of_an_earlier_run_on_another_host_is_not_fetched_again(site: Site, tmp_path: Path) -> None:
    """A run leaves other hosts alone, so that a later one there finds in a list what is new since its own last run."""
    for starts in ((site.url("/paper0"), site.url("/paper1", 1)), (site.url("/paper0"),), (site.url("/paper1", 1),)):
        command = [*COMMAND, "crawl", *starts, "--depth", "1", "--refresh", "0s", "--delay", "0", "--state", str(tmp_path / "db")]
        subprocess.run([*command, "-o", str(tmp_path / "out.jsonl")], capture_output=True, check=True)
        site.edition = 1
    new = {(1, article.path) for article in network(site).newspaper(1, 1)} - {
        (1, article.path) for article in network(site).newspaper(1)
    }
    assert len(new) == 5
    assert new <= set(written(site, tmp_path))


def test_what_failed_for_its_headlines_and_is_written_since_is_not_fetched_again(tmp_path: Path) -> None:
    """What failed with an error that may pass is tried again until it is read for the records of the run, and not after that."""
    served = Linked(ARTICLES)
    served.links = ("/paper0",)
    with Site(network=served) as site:
        site.robots["127.0.0.1"] = Reply(500)
        failed = crawl(site, tmp_path, "--ticker-only", starts=("/start",), hosts=1)
        assert "robots-unreachable" in failed.stderr
        del site.robots["127.0.0.1"]
        first, again = (crawl(site, tmp_path, "--depth", "0", starts=("/start",), hosts=1) for _ in range(2))
        assert "1 page: 1 listing" in first.stderr
        assert "0 pages" in again.stderr


class Moved(SiteNetwork):
    """A network with an old address of an article, below another number."""

    def reply(self, host: int, request: Request, edition: int) -> Reply:
        """Return the answer to a request."""
        if request.path == "/paper0/999":
            return Reply(301, b"", {"Location": "/paper0/1000"})
        return super().reply(host, request, edition)


def test_an_archive_writes_an_article_once_to_which_an_old_address_is_redirected(tmp_path: Path) -> None:
    """What a redirect has led to is not written again by its number, neither in the same run nor in an archive after a crawl."""
    with Site(network=Moved(ARTICLES)) as site:
        options = ("--archive", "paper0", "--from", "998", "--to", "1001")
        done = crawl(site, tmp_path / "archive", *options, hosts=1)
        assert "left out: 1 not-found, 1 repeated" in done.stderr
        assert written(site, tmp_path / "archive") == Counter([(0, "/paper0/1000"), (0, "/paper0/1001")])
        paths = {article.path for article in network(site).newspaper(0) if article.shown_in == "redirect"}
        crawl(site, tmp_path, "--newspaper", "paper0", starts=("/paper0",), hosts=1)
        crawl(site, tmp_path, "--archive", "paper0", "--to", "1000", hosts=1)
        found = written(site, tmp_path)
        assert paths
        assert all(found[0, path] == 1 for path in paths)
        assert max(found.values()) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--to", "5"), "--to: it is a number of --archive"),
        (("--max-misses", "1000"), "--max-misses: it is a number of --archive; name the newspaper_slug there"),
        (("--archive", "paper4", "--depth", "10"), "--depth: an archive follows no links; leave it out"),
        (("--archive", "paper4", "--max-alike", "9"), "--max-alike: an archive follows no links; leave it out"),
        (("--archive", "paper4", "--refresh-articles", "1d"), "--refresh-articles: an archive fetches each number once"),
        (("--archive", "paper4", "--from", "9" * 25), "--from: '" + "9" * 25 + "' is out of range"),
    ],
)
def test_options_that_an_archive_or_a_crawl_cannot_heed_are_refused(
    site: Site, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    """What only an archive takes, what it cannot do, and numbers that no article has end with status 2 and one sentence."""
    done = crawl(site, tmp_path, *options, hosts=1)
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr


def test_with_a_state_no_output_is_compressed(site: Site, tmp_path: Path) -> None:
    """An output that is appended to is plain, and a name that says otherwise is refused."""
    for option, name in (("-o", "out.jsonl.gz"), ("--spans", "spans.jsonl.ZST")):
        done = crawl(site, tmp_path, option, tmp_path / name, hosts=1)
        assert (done.returncode, f"scraper: {option}: with --state, " in done.stderr) == (2, True), done.stderr


def test_a_time_longer_than_any_wait_is_no_limit(site: Site, tmp_path: Path) -> None:
    """A number of centuries for --max-time and --refresh is taken as it is meant."""
    done = crawl(site, tmp_path, "--max-time", "9999999d", "--refresh", "9" * 30, "--max-pages", "2", hosts=1)
    assert (done.returncode, "stopped at --max-pages" in done.stderr) == (0, True), done.stderr


def test_a_state_on_a_full_disk_asks_for_space(tmp_path: Path) -> None:
    """Where the state cannot grow, the remedy is space."""
    with State(tmp_path / "db") as state:
        state.execute("PRAGMA max_page_count = 1")
        with pytest.raises(StateError, match="free some space"):
            state.put_robots("http://a", "x" * 100_000, 0.0)


def test_a_state_counts_an_address_once(site: Site, tmp_path: Path) -> None:
    """An address whose headlines and page were both written is counted once."""
    for options in (("--ticker-only",), ()):
        crawl(site, tmp_path, "--depth", "0", *options, starts=("/", "/fault/403"), hosts=1)
    show = [*COMMAND, "state", str(tmp_path / "db")]
    shown = subprocess.run(show, capture_output=True, text=True, check=True).stdout
    assert re.search(r"^fetched +1$", shown, re.MULTILINE)
    assert re.search(r"^failed +1$", shown, re.MULTILINE)
    done = subprocess.run([*show, "--retry", "blocked"], capture_output=True, text=True, check=True)
    assert done.stderr == "scraper: 1 address with blocked will be fetched again\n"


def test_an_archive_ends_at_a_limit_before_it_has_begun(site: Site, tmp_path: Path) -> None:
    """A limit that ends the run while the newest number is sought is no failure."""
    command = [*COMMAND, "crawl", site.url("/", 1), "--archive", "paper4", "--state", str(tmp_path / "db"), "--delay", "0"]
    done = subprocess.run([*command, "--max-pages", "1"], capture_output=True, text=True, check=False)
    assert (done.returncode, "stopped at --max-pages" in done.stderr, "no-number" in done.stderr) == (0, True, False)
    assert [visit.target for visit in site.log] == ["/robots.txt", "/"]
    more = subprocess.run([*command, "--from", "90", "--max-pages", "20"], capture_output=True, text=True, check=False)
    assert "not fetched yet: 70 numbers" in more.stderr
    alone = subprocess.run([*command[:5], "--from", "5", *command[7:]], capture_output=True, text=True, check=False)
    assert (alone.returncode, "--from: it is a number of --archive" in alone.stderr) == (2, True)


def test_an_archive_that_robots_disallow_ends_and_one_in_arabic_letters_goes_on(site: Site, tmp_path: Path) -> None:
    """Disallowed numbers are misses; numbers below a slug in other letters are not fetched again by the next run."""
    command = [*COMMAND, "crawl", site.url("/", 1), "--from", "50", "--state", str(tmp_path / "db"), "--delay", "0"]
    done = subprocess.run([*command, "--archive", "private", "--max-misses", "9"], capture_output=True, text=True, check=False)
    assert "stopped after 9 numbers in a row without an article, at private/42" in done.stderr
    for _ in range(2):
        subprocess.run([*command, "--archive", "جريدة"], capture_output=True, text=True, check=True)
    assert max(Counter(visit.target for visit in site.log).values()) == 1


def test_a_state_with_what_is_no_address_is_shown(site: Site, tmp_path: Path) -> None:
    """What a list named that is no address is counted as failed; --retry changes only what failed."""
    command = [*COMMAND, "fetch", "http://[bad", site.url("/"), "--state", str(tmp_path / "db"), "-q", "--delay", "0"]
    subprocess.run(command, capture_output=True, check=False)
    shown = subprocess.run([*COMMAND, "state", str(tmp_path / "db")], capture_output=True, text=True, check=True).stdout
    assert re.search(r"^bad-address +1$", shown, re.MULTILINE)
    done = subprocess.run([*COMMAND, "state", str(tmp_path / "db"), "--retry", "ok"], capture_output=True, text=True, check=True)
    assert done.stderr == "scraper: 0 addresses with ok will be fetched again\n"
