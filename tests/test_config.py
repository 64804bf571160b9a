"""The configuration file: what it may say, what wins over it, and how mistakes in it are named."""

from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.site import Site
from tests.test_cli import FIXTURES, TEXT, records, run

EXAMPLES = Path(__file__).parent.parent / "examples" / "layouts"
PLAZA = FIXTURES / "plaza-article-html" / "source.html"


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as served:
        yield served


class Home:
    """A directory with a configuration file, for runs of the command."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.file = directory / "scraper" / "config.toml"
        self.file.parent.mkdir()

    def run(self, *arguments: str | Path, config: str, env: dict[str, str] | None = None) -> CompletedProcess[bytes]:
        """Run the command with a configuration file of this content."""
        self.file.write_text(config, encoding="utf-8")
        return run(*arguments, env={"XDG_CONFIG_HOME": str(self.directory), **(env or {})})


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_the_command_line_wins_over_the_environment_over_the_file_over_the_default(home: Home, site: Site) -> None:
    """Each place where an option can be set wins over those below it."""
    file, variable = 'user-agent = "file/1"\ndelay = 0\n', {"SCRAPER_USER_AGENT": "variable/1"}
    for arguments, env, config, sent in (
        ([], {}, "", "scraper/"),
        ([], {}, file, "file/1"),
        ([], variable, file, "variable/1"),
        ([], {"SCRAPER_USER_AGENT": ""}, file, "file/1"),
        (["--user-agent", "option/1"], variable, file, "option/1"),
    ):
        assert home.run("fetch", site.url("/difaf/1"), "-q", *arguments, config=config, env=env).returncode == 0
        assert site.log[-1].headers["user-agent"].startswith(sent)


def test_a_contact_is_added_to_the_user_agent(home: Home, site: Site) -> None:
    """The contact is in the user agent, be that the default or another one, and an address of a page has a plus before it."""
    for config, agent in (
        ('contact = "a@b.example"', r"scraper/0.1.0 (a@b.example)"),
        ('contact = "https://b.example/"', r"scraper/0.1.0 (+https://b.example/)"),
        ('contact = "a@b.example"\nuser-agent = "Archive/2"', r"Archive/2 (a@b.example)"),
    ):
        home.run("fetch", site.url("/difaf/1"), config=config)
        assert site.log[-1].headers["user-agent"] == agent


def test_the_delay_of_the_file_is_kept(home: Home, site: Site) -> None:
    """Requests to a host are as far apart as the file says."""
    for delay, least, most in ((0, 0.0, 0.9), (2, 2.0, 30.0)):  # by default it is a second
        del site.log[:]
        assert home.run("fetch", site.url("/difaf/1"), site.url("/difaf/2"), "-q", config=f"delay = {delay}").returncode == 0
        first, second = (visit for visit in site.log if visit.target.startswith("/difaf"))
        assert least <= second.began - first.ended <= most


def test_layouts_of_the_file_are_used_unless_others_are_named(home: Home, tmp_path: Path) -> None:
    """The directory is relative to the file, and --layouts and $SCRAPER_LAYOUTS replace it; ~/.config/scraper/layouts stays."""
    (home.file.parent / "mine").symlink_to(EXAMPLES)
    other = tmp_path / "other"
    other.mkdir()
    harborwire = (EXAMPLES / "harborwire.toml").read_text(encoding="utf-8")
    (other / "other.toml").write_text(harborwire.replace('"harborwire"', '"other"'), encoding="utf-8")
    for arguments, env, layout in (
        ([], {}, "plaza"),
        (["--layouts", str(other)], {}, None),
        ([], {"SCRAPER_LAYOUTS": str(other)}, None),
    ):
        (record,) = records(home.run("clean", PLAZA, *arguments, config='layouts = "mine"', env=env))
        assert record["layout"] == layout
    (home.file.parent / "layouts").symlink_to(EXAMPLES)
    (record,) = records(home.run("clean", PLAZA, config="", env={"SCRAPER_LAYOUTS": str(other)}))
    assert record["layout"] == "plaza"


def test_the_file_is_found_where_the_specification_says(tmp_path: Path) -> None:
    """Without an absolute $XDG_CONFIG_HOME, the file is in ``~/.config``; no file, and no home, are fine."""
    directory = tmp_path / ".config" / "scraper"
    directory.mkdir(parents=True)
    (directory / "config.toml").write_text("wrong = 1\n")
    for env, status in (
        ({"HOME": str(tmp_path), "XDG_CONFIG_HOME": ""}, 2),
        ({"HOME": str(tmp_path), "XDG_CONFIG_HOME": "relative"}, 2),
        ({"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}, 0),
        ({"HOME": "", "XDG_CONFIG_HOME": ""}, 0),
    ):
        assert run("clean", TEXT, env=env).returncode == status


@pytest.mark.parametrize(
    ("config", "sentences"),
    [
        ("dealy = 1", ["'dealy' is not a key (is it 'delay'?); the keys are user-agent, contact, delay, layouts, jobs"]),
        ("[fetch]\ndelay = 1", ["'fetch' is not a key; the keys are user-agent, contact, delay, layouts, jobs"]),
        ('delay = "1"', ["delay: '1' is not a number of seconds from 0 to 86400"]),
        ("delay = 86401", ["delay: 86401 is not a number of seconds from 0 to 86400"]),
        ("delay = nan", ["delay: nan is not a number of seconds from 0 to 86400"]),
        ("delay = true", ["delay: True is not a number of seconds from 0 to 86400"]),
        ("jobs = 0\nuser-agent = ''", ["jobs: 0 is not a whole number from 1", "user-agent: '' is not text on one line"]),
        ("jobs = 1.0", ["jobs: 1.0 is not a whole number from 1"]),
        ('contact = "a\\nb"', ["contact: 'a\\nb' is not text on one line"]),
        ("delay = \n", ["it is not valid TOML: Invalid value (at line 1, column 9)"]),
    ],
)
def test_a_mistake_is_named_with_the_file_and_the_key(home: Home, config: str, sentences: list[str]) -> None:
    """A wrong file ends every command with status 2 before anything is done; each mistake is a sentence."""
    done = home.run("clean", TEXT, config=config)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().splitlines() == [f"scraper: {home.file}: {sentence}" for sentence in sentences]


def test_a_file_that_cannot_be_read_is_named(home: Home) -> None:
    """A file that is a directory or not UTF-8, and a directory of layouts that is missing, end a command with status 2."""
    done = home.run("clean", TEXT, config='layouts = "nowhere"')
    assert done.stderr.decode() == f"scraper: {home.file}: layouts: '{home.file.parent}/nowhere' is not a directory\n"
    home.file.write_bytes(b'contact = "\xff"')
    env = {"XDG_CONFIG_HOME": str(home.directory)}
    done = run("clean", TEXT, env=env)
    assert (done.returncode, done.stderr.decode()) == (2, f"scraper: {home.file}: it is not UTF-8: byte 12 is 0xff\n")
    home.file.unlink()
    home.file.mkdir()
    done = run("clean", TEXT, env=env)
    assert (done.returncode, done.stderr.decode()) == (2, f"scraper: {home.file}: it cannot be read: Is a directory\n")


def test_help_shows_what_the_file_says_and_is_never_refused(home: Home) -> None:
    """The default in the help is that of the file, which it names; a wrong file does not hide the help or the version."""
    shown = home.run("fetch", "--help", config="delay = 5", env={"COLUMNS": "200"}).stdout.decode()
    assert "[default: 5, from config.toml]" in shown
    for arguments in (("fetch", "--help"), ("fetch", "-h"), ("--version",), ("--help",)):
        assert home.run(*arguments, config="dealy = 5").returncode == 0
    assert home.run("fetch", "--help", config="dealy = 5").stdout == run("fetch", "--help").stdout


def test_a_wrong_variable_is_named() -> None:
    """A wrong value in the environment is called by the name of its variable; one that the command line replaces is not read."""
    done = run("clean", TEXT, env={"SCRAPER_JOBS": "many"})
    assert (done.returncode, done.stderr.decode()) == (2, "scraper: $SCRAPER_JOBS: 'many' is not a whole number\n")
    assert run("clean", TEXT, "--jobs", "1", env={"SCRAPER_JOBS": "many"}).returncode == 0


def test_jobs_of_the_file_are_used(home: Home) -> None:
    """A number of processes in the file is that of --jobs."""
    done = home.run("clean", TEXT, "--help", config="jobs = 3", env={"COLUMNS": "200"})
    assert "[default: 3, from config.toml]" in done.stdout.decode()
