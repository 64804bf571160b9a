"""The documents about fetching, run as printed."""

import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from scraper.cli.checks import default_user_agent
from tests.site import Site
from tests.site.replies import Reply

ROOT = Path(__file__).parent.parent


def blocks(language: str, name: str = "cron.md") -> list[str]:
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[Site, dict[str, str]]]:
    """The test site and an environment in which it is the whole web, with a certificate for the documents' site."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("www.maghress.com").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    bin_ = tmp_path / ".local" / "bin"
    bin_.mkdir(parents=True)
    (bin_ / "scraper").symlink_to(Path(sys.executable).with_name("scraper"))
    with Site(tls=context, addresses=("127.0.0.1",)) as site:
        kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        env = {"HOME": str(tmp_path), "https_proxy": f"http://127.0.0.1:{site.port}", "SSL_CERT_FILE": str(tmp_path / "ca.pem")}
        yield site, kept | env


def test_the_crontab_line_works_as_printed(web: tuple[Site, dict[str, str]], tmp_path: Path) -> None:
    """The crontab line prints nothing while all is well and writes each headline once; a failure prints a sentence."""
    site, env = web
    line, _ = blocks("cron")
    *times, command = line.strip().split(" ", 5)
    assert all(re.fullmatch(r"\*|\d+", time) for time in times)
    assert "%" not in command
    subprocess.run(blocks("sh")[0], shell=True, env=env, check=True)  # noqa: S602 - it is what cron does

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(["sh", "-c", command], env=env, capture_output=True, text=True, timeout=60, check=False)

    counts = []
    for edition in (0, 1):
        site.edition = edition
        done = run()
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        counts.append((tmp_path / "news" / "news.jsonl").read_bytes().count(b"\n"))
    assert counts == [58, 63]
    (tmp_path / "news" / "news.db").unlink()
    site.robots["www.maghress.com"] = Reply(200, b"User-agent: *\nDisallow: /\n")
    done = run()
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert ": robots: " in done.stderr


def test_the_headlines_of_saved_pages_work_as_printed(web: tuple[Site, dict[str, str]], tmp_path: Path) -> None:
    """The other crontab line writes the headlines of saved pages to a file named by the day."""
    _, env = web
    _, line = blocks("cron")
    command = line.strip().split(" ", 5)[5]
    assert not re.search(r"(?<!\\)%", command)  # in a crontab, a bare % ends the command
    (tmp_path / "news" / "saved").mkdir(parents=True)
    shutil.copy(ROOT / "tests/fixtures/arabic-article-html/source.html", tmp_path / "news" / "saved")
    done = subprocess.run(["sh", "-c", command.replace("\\%", "%")], env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (written,) = (tmp_path / "news").glob("headlines-????-??-??.jsonl")
    assert written.read_bytes().count(b"\n") == 12


def test_new_headlines_lead_to_their_articles(web: tuple[Site, dict[str, str]], tmp_path: Path) -> None:
    """The recipe fetches new headlines, and then the article of each of them."""
    _, env = web
    headlines, articles = blocks("sh", "recipes.md")[0].splitlines()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    subprocess.run(headlines.split(), cwd=tmp_path, env=env | {"PATH": path}, check=True, timeout=60)
    lines = (tmp_path / "new.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    assert len(lines) == 58
    (tmp_path / "new.jsonl").write_text("".join(lines[:2]), encoding="utf-8")  # there is a second between two requests
    subprocess.run(articles.split(), cwd=tmp_path, env=env | {"PATH": path}, check=True, timeout=60)
    records = [json.loads(line) for line in (tmp_path / "articles.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [record["url"] for record in records] == [json.loads(line)["url"] for line in lines[:2]]


def test_the_crontab_line_of_a_crawl_works_as_printed(web: tuple[Site, dict[str, str]], tmp_path: Path) -> None:
    """The crawl of the hour prints one line, writes each page once, and the next one reads the front page again."""
    site, env = web
    (line,) = blocks("cron", "crawl.md")
    command = line.strip().split(" ", 5)[5]
    assert "%" not in command
    (tmp_path / "news").mkdir()
    for edition in (0, 1):
        site.edition = edition
        command = command.replace("--refresh 50m", "--refresh 0m")  # as if an hour had passed
        done = subprocess.run(
            ["sh", "-c", command], env=env | {"SCRAPER_DELAY": "0"}, capture_output=True, text=True, timeout=120, check=False
        )
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (0, "", 1), done.stderr
    records = [json.loads(line) for line in (tmp_path / "news" / "crawl.jsonl").read_text(encoding="utf-8").splitlines()]
    articles = [record["url"] for record in records if record["kind"] == "article"]
    assert len(articles) == len(set(articles)) > 63
    assert [record["url"] for record in records].count("https://www.maghress.com/") == 2


@pytest.mark.parametrize(("name", "unit"), [("cron.md", "scraper-news"), ("crawl.md", "scraper-crawl")])
def test_the_systemd_units_are_valid_and_run_the_same_command(
    tmp_path: Path, web: tuple[Site, dict[str, str]], name: str, unit: str
) -> None:
    """The units are valid for systemd, and their command is that of the crontab line."""
    _, env = web
    service, timer = blocks("ini", name)
    line = blocks("cron", name)[0]
    assert re.search(r"bin/scraper (.*)$", service, re.MULTILINE)[1] == re.search(r'bin/scraper" (.*)$', line)[1]  # type: ignore[index]  # they are there
    verify = shutil.which("systemd-analyze")
    if verify is None:
        assert not os.environ.get("SCRAPER_REQUIRE_TOOLS"), "systemd-analyze is missing"
        pytest.skip("systemd-analyze is not installed (Debian, Ubuntu: apt-get install systemd)")
    (tmp_path / f"{unit}.service").write_text(service)
    (tmp_path / f"{unit}.timer").write_text(timer)
    units = [str(tmp_path / f"{unit}.{kind}") for kind in ("service", "timer")]

    def verified() -> subprocess.CompletedProcess[str]:
        environment = env | {"XDG_RUNTIME_DIR": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
        return subprocess.run([verify, "--user", "verify", *units], env=environment, capture_output=True, text=True, check=False)

    done = verified()
    assert (done.returncode, done.stderr) == (0, "")
    (tmp_path / f"{unit}.timer").write_text(timer.replace("hourly", "hurly"))
    assert verified().returncode != 0  # so it does look


@pytest.mark.parametrize("command", ["fetch", "crawl"])
def test_every_option_is_in_its_document(command: str) -> None:
    """docs/fetch.md names each option of ``fetch``, and docs/crawl.md those that only ``crawl`` has."""
    text = (ROOT / "docs" / "fetch.md").read_text(encoding="utf-8")
    if command == "crawl":
        text += (ROOT / "docs" / "crawl.md").read_text(encoding="utf-8")
    shown = subprocess.run(
        [sys.executable, "-m", "scraper", command, "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COLUMNS": "200"},
    ).stdout
    options = set(re.findall(r"--[a-z-]+", shown)) - {"--help", "--output", "--quiet", "--no-ticker-only"}
    assert {option for option in options if not re.search(rf"`[^`]*{option}[^a-z-]", text)} == set()


def test_the_readme_s_try_without_a_network_works_as_printed(tmp_path: Path) -> None:
    """The README's example fetches and saves the page, reports the missing one, and leaves no process running."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"^```sh\n(\.venv/bin/python -m tests\.site &\n.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    assert block is not None
    script = block[1].replace(".venv/bin", str(Path(sys.executable).parent))
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert (tmp_path / "fetched.jsonl").read_bytes().count(b"\n") == 1
    assert (tmp_path / "raw.warc.gz").stat().st_size > 0
    assert "fault/404: not-found: " in done.stderr


@pytest.fixture
def served() -> Iterator[list[str]]:
    """The addresses that ``python -m tests.site`` prints: a front page, with a minute of half a second, and an article."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "tests.site", "--port", str(port), "--minute", "0.5"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as site:
        assert site.stdout is not None
        try:
            yield [re.findall(r"http://[\w.:/]+", site.stdout.readline())[0] for _ in range(2)]
        finally:
            site.terminate()


def test_the_site_of_the_document_is_served_by_hand(served: list[str], tmp_path: Path) -> None:
    """The front page and the article can be fetched, and the front page has more headlines a minute later."""
    front, article = served
    command = [sys.executable, "-m", "scraper", "fetch", "--delay", "0", "-q"]
    done = subprocess.run([*command, article], capture_output=True, check=True, timeout=60)
    assert done.stdout.count(b"\n") == 1
    news = [*command, front, "--ticker-only", "--state", str(tmp_path / "db"), "-o", str(tmp_path / "out")]
    counts = []
    for _ in range(2):
        subprocess.run(news, check=True, timeout=60)
        counts.append((tmp_path / "out").read_bytes().count(b"\n"))
        time.sleep(0.6)
    assert counts[0] == 58
    assert counts[1] > 58
    assert (counts[1] - 58) % 5 == 0


def test_the_site_needs_no_package() -> None:
    """The site starts in a plain clone: it needs nothing but Python until a fault asks for more."""
    code = "import sys; sys.path.insert(0, '.'); import tests.site.__main__"
    done = subprocess.run([sys.executable, "-S", "-I", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_default_user_agent_names_the_program_and_where_to_read_about_it() -> None:
    """The default user agent tells a site's operator which program requests pages and where to read about it."""
    assert re.fullmatch(r"scraper/\S+ \((\+https?://\S+|.*README.*)\)", default_user_agent())
