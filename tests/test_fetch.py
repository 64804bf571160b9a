"""``scraper fetch`` against a local server with every fault that a server can have."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import httpcore
import httpx
import pytest
import trustme
from fastwarc.warc import ArchiveIterator
from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from scraper.errors import FetchError
from scraper.fetch import Client
from scraper.fetch.client import ERRORS
from scraper.output.fetch_state import State
from tests.fork_server import quick_command
from tests.site import Site
from tests.site.content import new_headlines, ticker
from tests.site.replies import Reply
from tests.test_running import on_a_terminal

COMMAND = [sys.executable, "-m", "scraper", "fetch"]


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as served:
        yield served


# Runs a command and writes its peak resident memory in kB to a file.
MEASURED = """
import resource, subprocess, sys
status = subprocess.call(sys.argv[2:])
open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(status)
"""


def fetch(
    *args: str | Path, delay: str = "0", data: bytes = b"", env: dict[str, str] | None = None, peak: Path | None = None
) -> CompletedProcess[bytes]:
    start = [*quick_command(), "fetch"] if peak is None else [sys.executable, "-c", MEASURED, str(peak), *COMMAND]
    command = [*start, *map(str, args), "--delay", delay]
    return subprocess.run(command, input=data, capture_output=True, timeout=60, check=False, env={**os.environ, **(env or {})})


def rows(data: bytes) -> list[dict[str, Any]]:
    assert data == b"" or data.endswith(b"\n")
    return [json.loads(line) for line in data.split(b"\n") if line]


def failures(done: CompletedProcess[bytes]) -> list[tuple[str, str]]:
    stderr = done.stderr.decode()
    assert "Traceback" not in stderr
    return [(found[1], found[2]) for found in re.finditer(r"^scraper: (\S+): ([a-z-]+): .+$", stderr, re.MULTILINE)]


def test_pages_come_in_the_order_asked_with_their_final_address(site: Site) -> None:
    """Pages come in the order of the addresses, however slow a host; ``input`` is what was asked, ``url`` where it led."""
    asked = [site.url(f"/difaf/{n}", host=n % 3) for n in range(9)] + [site.url("/fault/to")]
    done = fetch(*asked)
    found = rows(done.stdout)
    assert (done.returncode, [row["input"] for row in found]) == (0, asked)
    assert found[-1]["url"] == site.url("/difaf/1")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found[0]["fetched_at"])
    assert found[0]["kind"] == "article"


@pytest.mark.parametrize("name", ["out.jsonl", "{newspaper_slug}.jsonl"])
def test_an_output_is_not_replaced_by_one_without_a_record(site: Site, tmp_path: Path, name: str) -> None:
    """If no page can be fetched, the records of an earlier run stay; if one can, they are replaced."""
    assert fetch(site.url("/difaf/1"), "-o", tmp_path / name).returncode == 0
    (written,) = tmp_path.glob("*.jsonl")
    before = written.read_bytes()
    assert fetch(site.url("/fault/404"), "-o", tmp_path / name).returncode == 1
    assert (written.read_bytes(), [path.name for path in tmp_path.iterdir()]) == (before, [written.name])
    assert fetch(site.url("/difaf/2"), site.url("/fault/404"), "-o", tmp_path / name).returncode == 1
    assert [row["url"] for row in rows(written.read_bytes())] == [site.url("/difaf/2")]


FAULTS: dict[str, tuple[str, ...]] = {
    "not-found": ("404", "410", "soft-404", "to-front"),
    "blocked": ("401", "403", "challenge", "challenge-503", "login", "to-login"),
    "empty": ("204", "blank"),
    "server-error": ("500", "408", "425"),
    "http-status": ("418", "no-location"),
    "connection": ("reset", "too-short", "no-http", "close"),
    "timeout": ("drip", "drip?where=head", "hang"),
    "too-large": ("endless", "bomb-gzip", "bomb-br", "bomb-zstd"),
    "redirect": ("circle/a", "chain", "to-file", "to-ftp", "to-nowhere"),
    "bad-encoding": ("encoding-unknown", "encoding-damaged", "encoding-cut"),
    "not-text": ("picture", "picture-as-page", "json"),
    "rate-limited": ("503-later",),
    "robots": ("/private/1",),
}
"""Faults by the code that they give."""


@pytest.mark.parametrize("code", FAULTS)
def test_a_fault_is_named_and_costs_nobody_else(site: Site, tmp_path: Path, code: str) -> None:
    """Each fault has its own error code, ends with status 1 within limits of time and memory, and the page on another host is fetched."""
    listed = tmp_path / "failures.jsonl"
    asked = [site.url(name if name.startswith("/") else f"/fault/{name}") for name in FAULTS[code]]
    began = time.monotonic()
    done = fetch(
        *(*asked, site.url("/difaf/1", host=1)),
        *("--timeout", "0.6" if code == "timeout" else "6", "--max-bytes", "3000000", "--failures", listed),
        peak=tmp_path / "peak",
    )
    assert time.monotonic() - began < 10 + 5 * len(asked)
    assert int((tmp_path / "peak").read_text()) < 400_000
    assert failures(done) == [(address, code) for address in asked]
    assert (done.returncode, len(rows(done.stdout))) == (1, 1)
    assert [(row["input"], row["code"]) for row in rows(listed.read_bytes())] == [(address, code) for address in asked]


@pytest.mark.parametrize(
    "path",
    [
        "/fault/burst?times=3",
        "/fault/burst?times=1&status=429&after=0",
        "/fault/reset?times=2",
        "/fault/chunked",
        "/fault/chain?n=9",
        *(f"/fault/encoded/{name}" for name in ("gzip", "br", "zstd", "deflate", "raw-deflate", "gzip,%20br")),
        "/fault/wrong-charset",
    ],
)
def test_what_passes_or_can_be_read_gives_its_record(site: Site, path: str) -> None:
    """Transient failures are retried, encodings are undone, and a wrong charset in the header does not beat valid UTF-8."""
    done = fetch(site.url(path))
    assert (done.returncode, failures(done)) == (0, [])
    (row,) = rows(done.stdout)
    assert (row["kind"], row["lang"], "decoding-replaced" in row["warnings"]) == ("article", "ar", False)


def test_a_content_length_that_is_too_short_gives_what_it_promises(site: Site) -> None:
    """Bytes after the declared length belong to no page."""
    done = fetch(site.url("/fault/too-long"), site.url("/difaf/1"))
    assert len(rows(done.stdout)) == 2


def test_what_cannot_pass_is_asked_for_once(site: Site) -> None:
    """A 404 is not retried; a 500 is, three times."""
    fetch(site.url("/fault/404"), site.url("/fault/500"))
    assert (site.asked["127.0.0.1", "/fault/404"], site.asked["127.0.0.1", "/fault/500"]) == (1, 4)


@pytest.mark.parametrize("after", ["1", "date+2"])
@pytest.mark.parametrize("status", ["429", "503"])
def test_retry_after_is_obeyed(site: Site, status: str, after: str) -> None:
    """Retry-After is obeyed, in seconds and as a date."""
    assert fetch(site.url(f"/fault/burst?times=1&status={status}&after={after}")).returncode == 0
    first, second = (visit for visit in site.log if visit.target.startswith("/fault/burst"))
    assert second.began - first.ended >= 0.95


def test_a_host_that_asks_for_hours_is_left_alone_for_the_run(site: Site) -> None:
    """A host whose Retry-After is hours gets no more requests, and its other pages fail with the same code."""
    done = fetch(site.url("/fault/429-later"), site.url("/difaf/1"), site.url("/difaf/2", host=1))
    assert [code for _, code in failures(done)] == ["rate-limited", "rate-limited"]
    assert site.asked["127.0.0.1", "/difaf/1"] == 0
    assert len(rows(done.stdout)) == 1


# --- politeness ---


def test_one_request_at_a_time_per_host_and_never_faster_than_the_delay(site: Site) -> None:
    """A host gets one request at a time, with the delay between them, robots.txt and retries included."""
    site.pause = 0.02
    asked = [site.url(f"/difaf/{n}", host=n % 3) for n in range(12)] + [site.url("/fault/burst?times=2"), site.url("/fault/to")]
    began = time.monotonic()
    assert fetch(*asked, "--concurrency", "3", delay="0.15").returncode == 0
    took = time.monotonic() - began
    for host in site.addresses:
        visits = sorted((visit for visit in site.log if visit.host == host), key=lambda visit: visit.began)
        assert len(visits) >= 5
        assert all(later.began - earlier.ended >= 0.149 for earlier, later in pairwise(visits))
    # Different hosts are fetched concurrently: one after the other would take longer than the sum of the pauses.
    assert took < len(site.log) * 0.17 + 2


def test_concurrency_bounds_what_is_under_way(site: Site) -> None:
    """With --concurrency 1, no two requests overlap, whatever the hosts."""
    site.pause = 0.03
    fetch(*(site.url(f"/difaf/{n}", host=n % 3) for n in range(9)), "--concurrency", "1")
    visits = sorted(site.log, key=lambda visit: visit.began)
    assert all(later.began >= earlier.ended for earlier, later in pairwise(visits))


def test_www_and_the_bare_name_are_one_host(site: Site) -> None:
    """A host with ``www.`` and without is throttled as one."""
    env = {"http_proxy": f"http://127.0.0.1:{site.port}"}
    asked = [f"http://{www}oasis.example/difaf/{n}" for n in range(3) for www in ("", "www.")]
    assert fetch(*asked, delay="0.1", env=env).returncode == 0
    visits = sorted(site.log, key=lambda visit: visit.began)
    assert {visit.host for visit in visits} == {"oasis.example", "www.oasis.example"}
    assert all(later.began - earlier.ended >= 0.099 for earlier, later in pairwise(visits))


def test_a_crawl_delay_that_is_longer_counts(site: Site) -> None:
    """A site's crawl delay takes precedence over a shorter --delay."""
    site.robots["127.0.0.1"] = Reply(200, b"User-agent: scraper\nCrawl-delay: 0.4\n")
    fetch(site.url("/difaf/1"), site.url("/difaf/2"))
    _, first, second = site.log
    assert second.began - first.ended >= 0.399


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(404), None),
        (Reply(403, b"User-agent: *\nDisallow: /"), None),
        (Reply(500), "robots-unreachable"),
        (Reply(200, b"User-agent: *\nDisallow: /\n"), "robots"),
        (Reply(200, b"\xef\xbb\xbfUser-agent: other\nDisallow: /\n\nUser-Agent: SCRAPER\nDisallow: /private\n"), None),
        (Reply(200, b"User-agent: *\nDisallow: /difaf\nAllow: /difaf/1$\n"), None),
        (Reply(200, b"#" * 400_000 + b"\nUser-agent: *\nDisallow: /\n"), "robots"),
        (Reply(302, b"", {"Location": "/other-robots"}), None),
        (Reply(302, b"", {"Location": "/robots.txt?again"}), None),
    ],
)
def test_robots_txt_is_obeyed_by_rfc_9309(site: Site, reply: Reply, code: str | None) -> None:
    """4xx allows, 5xx disallows, our group counts, the longest match wins, 500 KiB are read, redirects are followed."""
    site.robots["127.0.0.1"] = reply
    done = fetch(site.url("/difaf/1"))
    assert [found for _, found in failures(done)] == ([] if code is None else [code])
    assert site.asked["127.0.0.1", "/difaf/1"] == (code is None)


def test_ignoring_robots_is_said_and_done(site: Site) -> None:
    """--ignore-robots is reported on stderr, and robots.txt is not requested."""
    done = fetch(site.url("/private/1"), "--ignore-robots", "-q")
    assert (done.returncode, len(rows(done.stdout))) == (0, 1)
    assert b"your own responsibility" in done.stderr
    assert [visit.target for visit in site.log] == ["/private/1"]


def test_robots_txt_is_kept_in_the_state(site: Site, tmp_path: Path) -> None:
    """A second run within a day does not request robots.txt again."""
    for n in range(2):
        fetch(site.url(f"/difaf/{n}"), "--state", tmp_path / "db", "-o", tmp_path / "out")
    assert site.asked["127.0.0.1", "/robots.txt"] == 1


def test_the_program_says_who_it_is_and_headers_can_be_added(site: Site) -> None:
    """The default user agent names the program and its document; --user-agent replaces it, --header adds headers."""
    fetch(site.url("/difaf/1"))
    assert re.match(r"scraper/\d\S* \(.*(README|http)", site.log[-1].headers["user-agent"])
    fetch(site.url("/difaf/1"), "--user-agent", " Archive/1 (a@b.example) ", "--header", "Accept-Language:  ar ")
    assert site.log[-1].headers["user-agent"] == "Archive/1 (a@b.example)"
    assert site.log[-1].headers["accept-language"] == "ar"


# --- redirects, certificates, proxies ---


def test_a_public_page_cannot_lead_to_a_private_address(monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    """A public page cannot lead to a private address, neither by redirect nor by a changed name; loopback may lead to loopback."""
    from scraper.errors import BadRedirect
    from scraper.fetch import Fetcher, FetchJob, Throttle, addresses

    answers: dict[str, list[list[str]]] = {}

    def resolve(host: str, _port: int, _timeout: float) -> Iterator[str]:
        kept = answers.get(host, [[host]])
        yield from kept.pop(0) if len(kept) > 1 else kept[0]

    monkeypatch.setattr(addresses, "resolve_host", resolve)
    monkeypatch.setattr("scraper.fetch.client.resolve_host", resolve)
    client = Client(headers=[], timeout=5, max_bytes=10**6)

    def fetched(target: str, *, start: str) -> Any:
        def get(url: str, **options: Any) -> Any:
            if url == start:  # there is no public site here, so its answer is invented; everything else is real
                return client.get(site.url("/fault/to?to=" + target), headers=[], max_bytes=10**6)
            return client.get(url, **options)

        fetcher = Fetcher(get, Throttle(delay=0, concurrency=1), {}, user_agent="scraper", max_bytes=10**6, ignores_robots=True)
        return fetcher.fetch(FetchJob(start))

    port = site.port
    public = "http://8.8.8.8/"
    assert isinstance(fetched(f"http://127.0.0.1:{port}/difaf/1", start=public).error, BadRedirect)
    answers["inside.example"] = [["10.0.0.1"]]
    assert isinstance(fetched("http://inside.example/", start=public).error, BadRedirect)
    answers["rebound.example"] = [["8.8.4.4"], ["127.0.0.1"]]
    before = len(site.log)
    assert isinstance(fetched(f"http://rebound.example:{port}/difaf/1", start=public).error, BadRedirect)
    assert len(site.log) == before + 1  # the redirect itself, and nothing after it
    assert fetched(f"http://127.0.0.2:{port}/difaf/1", start=site.url("/difaf/7")).error is None
    client.close()


@pytest.mark.parametrize(
    "host",
    [
        "[64:ff9b::7f00:1]",  # NAT64, RFC 6052
        "[64:ff9b:1::7f00:1]",  # NAT64 for local use, RFC 8215
        "[::127.0.0.1]",  # IPv4-compatible, RFC 4291
        "[::ffff:127.0.0.1]",  # IPv4-mapped, RFC 4291
        "[::ffff:0:7f00:1]",  # IPv4-translated, RFC 2765
        "[fec0::1]",  # site-local, RFC 3879
        "[2002:7f00:1::]",  # 6to4 of 127.0.0.1, RFC 3056
        "[2001:0:808:808::80ff:fffe]",  # Teredo of 127.0.0.1, RFC 4380
        "192.88.99.1",  # 6to4 relay anycast, RFC 7526
    ],
)
def test_a_public_page_cannot_lead_to_a_private_address_in_another_form(site: Site, host: str) -> None:
    """A redirect to an address that stands for a private one, or that no host of the internet has, is refused before it is asked for."""
    from scraper.errors import BadRedirect
    from scraper.fetch import Fetcher, FetchJob, Throttle

    client = Client(headers=[], timeout=5, max_bytes=10**6)
    requested = []

    def get(url: str, **_: Any) -> Any:
        requested.append(url)
        return client.get(site.url(f"/fault/to?to=http://{host}/"), headers=[])

    fetcher = Fetcher(get, Throttle(delay=0, concurrency=1), {}, user_agent="scraper", max_bytes=10**6, ignores_robots=True)
    assert isinstance(fetcher.fetch(FetchJob("http://8.8.8.8/")).error, BadRedirect)
    assert requested == ["http://8.8.8.8/"]
    client.close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def test_a_bad_certificate_is_named_and_one_from_the_environment_is_trusted(authority: trustme.CA, tmp_path: Path) -> None:
    """Certificates are checked, also against SSL_CERT_FILE, and a bad one is not retried."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with Site(tls=context, speaks_tls=True, addresses=("127.0.0.1", "127.0.0.2")) as secure:
        done = fetch(secure.url("/difaf/1"), "--ignore-robots")
        assert failures(done) == [(secure.url("/difaf/1"), "bad-certificate")]
        env = {"SSL_CERT_FILE": str(tmp_path / "ca.pem")}
        assert fetch(secure.url("/difaf/1"), env=env).returncode == 0
        done = fetch(secure.url("/difaf/1", host=1), "--ignore-robots", env=env)  # the right authority, the wrong name
        assert failures(done) == [(secure.url("/difaf/1", host=1), "bad-certificate")]


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("ftp://127.0.0.1/x", "bad-address"),
        ("no address", "bad-address"),
        ("http://user:secret@127.0.0.1/", "bad-address"),
        ("http://127.0.0.1:1/", "connection"),
        ("http://no-such-host.invalid/", "unknown-host"),
    ],
)
def test_an_address_that_leads_nowhere_is_named(address: str, code: str) -> None:
    """An address without a server gives one sentence with the cause, and status 1."""
    done = fetch(address, "--ignore-robots")
    assert done.returncode == 1
    assert f": {code}: " in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_unprintable_characters_are_escaped_as_in_python() -> None:
    """A message escapes what a terminal would obey with four digits, or with eight beyond U+FFFF."""
    done = fetch("ftp://\U000e0001\u202e\x1b.example/", "--ignore-robots")
    assert "scraper: ftp://\\U000e0001\\u202e\\u001b.example/: bad-address: " in done.stderr.decode()


# Runs the command with a resolver that takes a minute for each name.
SLOW_NAMES = """
import socket, time
real = socket.getaddrinfo
def slow(host, *rest, **more):
    time.sleep(60 if host == "slow.example" else 0)
    return real(host, *rest, **more)
socket.getaddrinfo = slow
from scraper.__main__ import main
main()
"""


@pytest.mark.parametrize("is_redirect", [False, True])
def test_a_name_that_does_not_resolve_in_time_is_a_timeout(site: Site, is_redirect: bool) -> None:
    """A resolver without a deadline delays no run for longer than --timeout."""
    address = site.url("/fault/to?to=http://slow.example/") if is_redirect else "http://slow.example/"
    command = [sys.executable, "-c", SLOW_NAMES, "fetch", address, "--ignore-robots", "--delay", "0", "--timeout", "0.3"]
    done = subprocess.run(command, capture_output=True, timeout=30, check=False)
    assert done.returncode == 1
    assert failures(done) == [(address, "timeout")]
    assert "'slow.example'" in done.stderr.decode()


def test_every_error_of_httpcore_is_mapped() -> None:
    """A request that fails raises an error of this program, also for an error that a later version of httpcore adds."""
    client = Client(headers=[], timeout=1, max_bytes=1)
    found = [kind for kind in vars(httpcore).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(found) >= 14
    for kind in found:
        if kind is not httpcore.ConnectionNotAvailable:  # the pool handles it
            assert issubclass(kind, ERRORS), kind
            assert isinstance(client._mapped(kind("reason")), FetchError), kind


@pytest.mark.parametrize(
    ("proxy", "reason"),
    [("gopher://127.0.0.1:1", "Unknown scheme"), ("http://[::1", "Invalid port"), ("socks5://127.0.0.1:1", "httpx[socks]")],
)
def test_a_proxy_that_cannot_be_used_is_named(proxy: str, reason: str) -> None:
    """A wrong proxy in the environment is an error of the connection, and says what is wrong with the proxy."""
    done = fetch("http://oasis.example/", "--ignore-robots", env={"http_proxy": proxy})
    assert failures(done) == [("http://oasis.example/", "connection")]
    assert f"the proxy {proxy!r}" in done.stderr.decode()
    assert reason in done.stderr.decode()


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["http://a.example/", "--delay", "-1"],
        ["http://a.example/", "--delay", "inf"],
        ["http://a.example/", "-o", "x", "--state", "x"],
        ["http://a.example/", "-o", "x", "--failures", "x.part"],
        ["http://a.example/", "-o", "{site}.jsonl", "--failures", "a.jsonl"],
        ["http://a.example/", "--spans", "-"],
        ["http://a.example/", "--refresh", "soon", "--state", "x"],
        ["http://a.example/", "--refresh", "1h"],
        ["http://a.example/", "--save", "raw.warc"],
        ["http://a.example/", "--header", "no colon"],
        ["http://a.example/", "--header", "A: b\nC: d"],
        ["http://a.example/", "--header", "User-Agent: x"],
    ],
)
def test_wrong_usage_exits_2(args: list[str], tmp_path: Path) -> None:
    """Wrong usage ends with status 2 before any request."""
    done = subprocess.run([*COMMAND, *args], cwd=tmp_path, capture_output=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stdout) == (2, b"")


# --- the saved archive ---


def archived(path: Path) -> list[tuple[str, str, str | None]]:
    """Return type, address and status of each record, asserting that FastWARC and warcio agree."""
    with path.open("rb") as file:
        fast = [
            (
                record.headers["WARC-Type"],
                str(record.headers.get("WARC-Target-URI")),
                record.http_headers.status_code if record.http_headers and record.headers["WARC-Type"] == "response" else None,
            )
            for record in ArchiveIterator(file, verify_digests=True)
        ]
    with path.open("rb") as file:
        slow = [
            (record.rec_type, str(record.rec_headers.get_header("WARC-Target-URI")), record.digest_checker.passed)
            for record in WarcioIterator(file, check_digests=True)
            if [record.raw_stream.read()]
        ]
    assert [(kind, url) for kind, url, _ in fast] == [(kind, url) for kind, url, _ in slow]
    assert all(passed in (True, None) for *_, passed in slow)
    return [(kind, url, str(status) if status is not None else None) for kind, url, status in fast]


def test_the_saved_archive_gives_the_records_of_the_fetch(site: Site, tmp_path: Path) -> None:
    """Every exchange is saved, failed ones too, and cleaning the archive gives the same records, except for ``input``."""
    raw = tmp_path / "raw.warc.gz"
    paths = [
        *("/", "/difaf/1", "/fault/encoded/br", "/fault/encoded/zstd", "/fault/encoded/gzip", "/fault/encoded/raw-deflate"),
        *("/fault/chunked", "/fault/to", "/fault/404", "/fault/challenge", "/fault/soft-404", "/fault/login", "/fault/to-front"),
        *("/fault/burst", "/fault/reset?times=1", "/fault/too-short", "/fault/wrong-charset", "/fault/json", "/fault/blank"),
        *("/fault/picture", "/fault/picture-as-page", "/fault/endless", "/fault/bomb-gzip", "/private/1"),
    ]
    done = fetch(*map(site.url, paths), "--save", raw, "--max-bytes", "3000000", "--timeout", "5")
    saved = archived(raw)
    assert saved[0][0] == "warcinfo"
    visits = [site.url(visit.target) for visit in site.log]
    assert sorted(url for kind, url, _ in saved if kind == "response") == sorted(visits)
    assert sorted(url for kind, url, _ in saved if kind == "request") == sorted(visits)
    command = [sys.executable, "-m", "scraper", "clean", str(raw), "--max-bytes", "3000000"]
    cleaned = subprocess.run(command, capture_output=True, timeout=60, check=False)
    mine, again = rows(done.stdout), rows(cleaned.stdout)
    assert len(mine) >= 11
    assert [row | {"input": ""} for row in mine] == [row | {"input": ""} for row in again]


@pytest.mark.parametrize(
    "options",
    [
        ["--only", "article"],
        ["--lang", "ar"],
        ["--newspaper", "difaf"],
        ["--site", "127.0.0.1", "--only", "listing"],
        ["--since", "2015-01-01", "--until", "2018-12-31"],
        ["--keys", "content=text,title,url", "-j", "1"],
        ["--dedup"],
        ["--unknown", "skip", "-j", "2"],
    ],
)
def test_options_of_clean_mean_the_same_in_fetch(site: Site, tmp_path: Path, options: list[str]) -> None:
    """Fetching with an option writes the lines that cleaning the saved archive with it writes."""
    raw, spans = tmp_path / "raw.warc.gz", [tmp_path / name for name in ("fetched", "cleaned")]
    paths = ["/", *(f"/{slug}/{n}" for slug in ("difaf", "rivages") for n in range(1, 13)), "/fault/json", "/difaf/1?again"]
    done = fetch(*map(site.url, paths), "--save", raw, "--spans", spans[0], *options)
    command = [sys.executable, "-m", "scraper", "clean", str(raw), "--spans", str(spans[1]), *options]
    cleaned = subprocess.run(command, capture_output=True, timeout=60, check=False)
    mine, again = ([{**row, "input": ""} for row in rows(data)] for data in (done.stdout, cleaned.stdout))
    assert mine == again
    assert 0 < len(mine) <= len(paths)
    assert [row["text"] for row in rows(spans[0].read_bytes())] == [row["text"] for row in rows(spans[1].read_bytes())]


def test_records_of_a_fetch_go_to_many_outputs(site: Site, tmp_path: Path) -> None:
    """A pattern names an output for each newspaper; with a state, which appends to one file, it is refused."""
    addresses = [site.url(f"/{slug}/{n}") for slug in ("difaf", "rivages") for n in range(3)]
    assert fetch(*addresses, "-o", tmp_path / "{newspaper_slug}.jsonl").returncode == 0
    found = {path.name: [row["newspaper_slug"] for row in rows(path.read_bytes())] for path in tmp_path.glob("*.jsonl")}
    assert found == {"difaf.jsonl": ["difaf"] * 3, "rivages.jsonl": ["rivages"] * 3}
    refused = fetch(*addresses, "-o", tmp_path / "{lang}.jsonl", "--state", tmp_path / "db")
    assert (refused.returncode, b"--state" in refused.stderr) == (2, True)


def test_a_page_that_was_left_out_is_fetched_in_full_the_next_time(site: Site, tmp_path: Path) -> None:
    """A page that a filter left out is written by a later run without the filter, though it has not changed."""
    out, db, address = tmp_path / "out.jsonl", tmp_path / "db", site.url("/fault/cached")
    assert fetch(address, "--state", db, "-o", out, "--only", "listing").returncode == 0
    assert out.read_bytes() == b""
    assert fetch(address, "--state", db, "-o", out, "--refresh", "0s").returncode == 0
    assert len(rows(out.read_bytes())) == 1


def test_dedup_holds_from_run_to_run(site: Site, tmp_path: Path) -> None:
    """With a state, a page that repeats one of an earlier run is left out; spans are appended as records are."""
    out, spans, db = (tmp_path / name for name in ("out.jsonl", "spans.jsonl", "db"))
    for address in ("/difaf/1", "/difaf/1?again", "/difaf/2"):
        assert fetch(site.url(address), "--dedup", "--state", db, "-o", out, "--spans", spans).returncode == 0
    assert [row["url"].rsplit("/", 1)[-1] for row in rows(out.read_bytes())] == ["1", "2"]
    assert {row["id"] for row in rows(spans.read_bytes())} == {row["id"] for row in rows(out.read_bytes())}


@pytest.mark.parametrize("kilobytes", [33, 90, 300])
def test_headers_that_can_be_fetched_can_be_read_from_the_archive(site: Site, tmp_path: Path, kilobytes: int) -> None:
    """A page whose headers are too long fails when it is fetched, not when its archive is read."""
    raw = tmp_path / "raw.warc.gz"
    done = fetch(site.url(f"/fault/long-headers?kilobytes={kilobytes}"), "--save", raw)
    cleaned = subprocess.run([sys.executable, "-m", "scraper", "clean", str(raw)], capture_output=True, timeout=60, check=False)
    assert len(rows(done.stdout)) == (kilobytes < 100)
    assert [row | {"input": ""} for row in rows(cleaned.stdout)] == [row | {"input": ""} for row in rows(done.stdout)]
    assert cleaned.returncode == 0


def test_a_torn_archive_is_mended_and_another_file_is_not_touched(site: Site, tmp_path: Path) -> None:
    """A torn last record of any length is cut off; a file that is not an archive is refused."""
    raw = tmp_path / "raw.warc.gz"
    fetch(site.url("/difaf/1"), "--save", raw)
    whole = raw.read_bytes()
    from scraper.output.committed_file import AppendFile

    starts = [match.start() for match in re.finditer(rb"\x1f\x8b\x08", whole)]
    for length in [*range(40), *range(starts[-1] - 3, starts[-1] + 40), *range(50, len(whole), 97), len(whole)]:
        raw.write_bytes(whole[:length])
        with AppendFile(raw) as file:
            file.repair_gzip(b"WARC/1.")
        left = raw.read_bytes()
        assert whole.startswith(left)
        assert len(left) in {0, len(whole), *starts}
        assert length - len(left) < max(b - a for a, b in zip(starts, [*starts[1:], len(whole)], strict=True))
    raw.write_text("my thesis")
    done = fetch(site.url("/difaf/1"), "--save", raw)
    assert (done.returncode, raw.read_text()) == (1, "my thesis")


# --- state ---


def test_a_second_run_fetches_only_what_is_new_or_worth_trying(site: Site, tmp_path: Path) -> None:
    """Fetched and permanently missing pages are skipped, a server's failure is retried, and a list of failures can be an input."""
    db, out, listed = tmp_path / "db", tmp_path / "out.jsonl", tmp_path / "failures.jsonl"
    asked = [site.url(path) for path in ("/difaf/1", "/fault/404", "/fault/burst?times=4")]
    first = fetch(*asked, "--state", db, "-o", out, "--failures", listed)
    assert (first.returncode, len(rows(out.read_bytes()))) == (1, 1)
    second = fetch(*asked, site.url("/difaf/2"), asked[0], "--state", db, "-o", out)
    assert (second.returncode, len(rows(out.read_bytes()))) == (0, 3)
    assert b"left out: 2 fetched before, 1 not-found before" in second.stderr
    assert site.asked["127.0.0.1", "/difaf/1"] == site.asked["127.0.0.1", "/fault/404"] == 1
    assert [row["input"] for row in rows(listed.read_bytes())] == asked[1:]
    assert fetch("--from-list", listed).returncode == 1


def test_names_that_are_not_utf8_are_names(site: Site, tmp_path: Path) -> None:
    """An output may have a name that is not UTF-8, and an address that is not is one failure, in this run and in the next."""
    out, failures = Path(f"{tmp_path}/o\udcff"), tmp_path / "failures"
    asked = [site.url("/difaf/1"), f"{site.url('/difaf/2')}?\udcff"]
    first = fetch(*asked, "--state", tmp_path / "db", "-o", out, "--failures", failures)
    assert (first.returncode, len(rows(out.read_bytes()))) == (1, 1)
    assert [row["code"] for row in rows(failures.read_bytes())] == ["bad-address"]
    second = fetch(*asked, site.url("/difaf/3"), "--state", tmp_path / "db", "-o", out)
    assert (second.returncode, len(rows(out.read_bytes()))) == (0, 2)
    assert b"1 fetched before" in second.stderr
    assert b"1 bad-address before" in second.stderr


@pytest.mark.parametrize("by", ["etag", "date"])
def test_a_page_that_has_not_changed_costs_no_record(site: Site, tmp_path: Path, by: str) -> None:
    """A page that is due again is requested with ETag or Last-Modified, and a 304 is only counted."""
    args = (site.url(f"/fault/cached?by={by}"), "--state", tmp_path / "db", "-o", tmp_path / "out", "--refresh")
    fetch(*args, "1h")
    fetch(*args, "1h")
    assert site.asked["127.0.0.1", f"/fault/cached?by={by}"] == 1
    done = fetch(*args, "0s")
    assert (done.returncode, len(rows((tmp_path / "out").read_bytes()))) == (0, 1)
    assert b"1 unchanged" in done.stderr


def test_the_hourly_news_appends_only_headlines_not_seen_before(site: Site, tmp_path: Path) -> None:
    """The first run writes the ticker, each later one only new headlines, and an unchanged page none."""
    args = (site.url("/"), "--ticker-only", "--state", tmp_path / "db", "-o", tmp_path / "news.jsonl")
    written = []
    for edition in (0, 0, 1):
        site.edition = edition
        assert fetch(*args).returncode == 0
        written.append([row["headline"] for row in rows((tmp_path / "news.jsonl").read_bytes())])
    assert written[0] == written[1] == [slot.text for slot in ticker(0)]
    assert written[2] == written[0] + new_headlines(1)


def test_a_page_without_ticker_is_no_quiet_success(site: Site) -> None:
    """With --ticker-only, a page without a ticker is a failure."""
    done = fetch(site.url("/fault/no-ticker"), "--ticker-only", "-q")
    assert (done.returncode, failures(done)) == (1, [(site.url("/fault/no-ticker"), "no-headlines")])


def test_another_run_on_the_same_state_says_so(site: Site, tmp_path: Path) -> None:
    """A second run on the same state ends with one sentence and status 1, and does not disturb the first."""
    command = [*COMMAND, site.url("/fault/hang"), "--timeout", "20", "--state", str(tmp_path / "db"), "-o", str(tmp_path / "out")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as first:
        while not any(visit.target == "/fault/hang" for visit in site.log):
            time.sleep(0.02)
        done = fetch(site.url("/difaf/1"), "--state", tmp_path / "db", "-o", tmp_path / "out")
        first.kill()
    assert (done.returncode, done.stderr.count(b"another run holds this state")) == (1, 1)
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: (folder / "db").write_text("my thesis" * 1000), "it is not a state file"),
        (lambda folder: subprocess.run(["python3", "-c", _FOREIGN, folder / "db"], check=True), "another program"),
        (lambda folder: _of_version(folder / "db", State.VERSION + 1), "it was made by a newer version of this program"),
        (lambda folder: _of_version(folder / "db", State.VERSION - 1), "it was made by an older version of this program"),
        (lambda folder: (folder / "db").mkdir(), "the state cannot be used"),
        (lambda folder: (folder / "out").write_text("half a line"), "its last line is incomplete"),
        (lambda folder: (folder / "out").mkdir(), "the output cannot be written"),
    ],
)
def test_a_state_or_output_that_does_not_fit_is_named(site: Site, tmp_path: Path, make: Any, message: str) -> None:
    """A wrong state or output ends with one sentence and status 1, and is left as it was."""
    make(tmp_path)
    done = fetch(site.url("/difaf/1"), "--state", tmp_path / "db", "-o", tmp_path / "out")
    assert done.returncode == 1
    assert message in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_headlines_are_a_list_of_articles(site: Site, tmp_path: Path) -> None:
    """Headlines lead --from-list to their articles, whatever keys they have; one without an address is counted as left out."""
    saved = tmp_path / "saved.html"
    saved.write_bytes(httpx.get(site.url("/difaf/1")).content)
    for more in ([], ["--unique"], ["--keys", "url"]):
        lines = subprocess.run(
            [sys.executable, "-m", "scraper", "headlines", saved, "--url", site.url("/difaf/1"), *more],
            capture_output=True,
            timeout=60,
            check=True,
        ).stdout
        addresses = [row["url"] for row in rows(lines)]
        assert len(addresses) > 3
        lines = b"".join(lines.splitlines(keepends=True)[:3]) + json.dumps({**rows(lines)[0], "url": None}).encode() + b"\n"
        done = fetch("--from-list", "-", data=lines)
        assert [row["url"] for row in rows(done.stdout)] == addresses[:3]
        assert b"left out: 1 headline without address" in done.stderr


def test_missing_directories_are_made(site: Site, tmp_path: Path) -> None:
    """The directories of state, outputs and archive are made."""
    names = {"--state": "a/db", "-o": "b/c/out.jsonl", "--save": "d/raw.warc.gz", "--spans": "e/spans.jsonl"}
    options = [part for option, name in names.items() for part in (option, tmp_path / name)]
    assert fetch(site.url("/difaf/1"), *options).returncode == 0
    assert all((tmp_path / name).stat().st_size for name in names.values())


def _of_version(path: Path, version: int) -> None:
    """Make a state of another version."""
    with State(path) as state:
        state.execute(f"PRAGMA user_version = {version}")
        state.commit()


_FOREIGN = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute('CREATE TABLE t (x)'); db.commit()"


def test_an_output_that_lost_lines_is_not_gone_on_with(site: Site, tmp_path: Path) -> None:
    """An output shorter than the state says is refused; one that was moved away is begun anew."""
    args = ("--state", tmp_path / "db", "-o", tmp_path / "out")
    fetch(site.url("/difaf/1"), *args)
    whole = (tmp_path / "out").read_bytes()
    (tmp_path / "out").write_bytes(whole[:-10])
    assert b"but the state expects" in fetch(site.url("/difaf/2"), *args).stderr
    (tmp_path / "out").unlink()
    assert fetch(site.url("/difaf/2"), *args).returncode == 0
    assert len(rows((tmp_path / "out").read_bytes())) == 1


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_at_once_and_what_was_committed_is_whole(
    site: Site, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    """A signal ends the run at once, even while a server hangs, and everything committed is complete."""
    out = tmp_path / "out"
    command = [
        *COMMAND,
        site.url("/difaf/1"),
        site.url("/fault/hang"),
        "--delay",
        "0",
        "--state",
        str(tmp_path / "db"),
        "-o",
        str(out),
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        while not any(visit.target == "/fault/hang" for visit in site.log) or not out.stat().st_size:
            time.sleep(0.02)
        time.sleep(0.3)
        began = time.monotonic()
        process.send_signal(number)
        _, stderr = process.communicate(timeout=30)
    assert (process.returncode, time.monotonic() - began < 3) == (status, True)
    assert b"Traceback" not in stderr
    assert len(rows(out.read_bytes())) == 1


def test_a_closed_pipe_ends_the_run_quietly_with_141(site: Site) -> None:
    """A closed pipe ends the run with status 141 and no message, as in every command."""
    with subprocess.Popen(
        [*COMMAND, *(site.url(f"/difaf/{n}") for n in range(40)), "--delay", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 141


def test_a_terminal_shows_how_the_fetch_stands(site: Site) -> None:
    """The terminal shows done, queued, the rate of each host and failures by code; messages get lines of their own."""
    addresses = [site.url("/difaf/1"), site.url("/fault/404"), site.url("/difaf/2"), site.url("/difaf/3")]
    shown = on_a_terminal("fetch", *addresses, "--delay", "0.4")
    assert re.search(r"[12] done \([\d.]+/s\), [123] queued, \d+ s", shown)
    assert re.search(r"127\.0\.0\.1: \d done, [\d.]+/s", shown)
    assert "failed: 1 not-found" in shown
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).replace("\r", "\n").splitlines()
    messages = [line for line in lines if line.startswith("scraper: ")]
    assert [line.split(": ")[1] for line in messages][:1] == [addresses[1]]
    assert messages[-1].startswith("scraper: 3 pages: 3 article")
    assert shown.rstrip().endswith(messages[-1])


def test_a_list_that_comes_slowly_is_fetched_as_it_comes(site: Site) -> None:
    """The first record is written while the list is still being read."""
    command = [*COMMAND, "--from-list", "-", "--delay", "0", "-q"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for n in range(2):
            process.stdin.write(site.url(f"/difaf/{n}\n").encode())
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["input"] == site.url(f"/difaf/{n}")
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def test_a_state_of_the_first_versions_is_gone_on_with(site: Site, tmp_path: Path) -> None:
    """A state in which a column has its old name is used as it is: nothing is fetched again."""
    options: list[str | Path] = ["--state", tmp_path / "db", "-o", tmp_path / "out.jsonl"]
    assert fetch(site.url("/difaf/1"), *options).returncode == 0
    with State(tmp_path / "db") as state:
        state.execute("ALTER TABLE pages RENAME COLUMN is_transient TO is_passing")
        state.commit()
    done = fetch(site.url("/difaf/1"), site.url("/difaf/2"), *options)
    assert b"1 page: 1 article" in done.stderr
    assert b"left out: 1 fetched before" in done.stderr
