"""Layouts of users: where they are found, how they amend one another, and how mistakes are reported."""

import json
import os
import pty
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scraper import Page, clean
from scraper.errors import AmbiguousLayout, LayoutError
from scraper.layouts import Layout, builtin_layouts, choose_layouts, load_layout
from scraper.layouts.layout import RuleSource
from scraper.layouts.loading import assemble, builtin_sources, parse
from tests.cases import ARABRESS
from tests.fork_server import quick_command

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples" / "layouts"
FIXTURES = ROOT / "tests" / "fixtures"
TEXT = FIXTURES / "arabic-article-text" / "source.txt"
PLAZA = FIXTURES / "plaza-article-html" / "source.html"
BECAUSE = 'because = "A page."\n'
EXTENDS = f'extends = "arabress"\n{BECAUSE}'
FOOTER = "انقر هنا لقراءة الخبر من مصدره."
MIRROR = f"""{BECAUSE}[[wordings]]
id = "source"
label = "footer"
evidence = "strong"
because = "The last line."
say.ar = ["{FOOTER}"]
"""


def run(*args: str | Path, env: dict[str, str] | None = None, cwd: Path = ROOT) -> CompletedProcess[str]:
    command = [*quick_command(), *map(str, args)]
    environment = {**os.environ, "COLUMNS": "200", **(env or {})}
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, env=environment, encoding="utf-8", check=False, cwd=cwd
    )


def write(directory: Path, **files: str) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (directory / f"{name}.toml").write_text(text, encoding="utf-8")
    return directory


def record_of(done: CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    record: dict[str, Any] = json.loads(done.stdout)
    return record


def chosen(directory: Path) -> dict[str, Layout]:
    return {layout.name: layout for layout in choose_layouts(directory, {})}


# --- amending a layout ---


def test_three_lines_correct_a_wording(tmp_path: Path) -> None:
    """Three lines of TOML move a footer with a different word from the text into ``removed``."""
    page = tmp_path / "page.txt"
    footer = FOOTER.replace("لقراءة", "لمطالعة")
    page.write_text(TEXT.read_text(encoding="utf-8").replace(FOOTER, footer), encoding="utf-8")
    before = record_of(run("clean", page))
    assert before["text"].endswith(footer)
    assert "arabress/source-footer" not in [piece["rule"] for piece in before["removed"]]

    lines = f'extends = "arabress"\nbecause = "Seen on one page."\nsay.source-footer.ar = ["{footer}"]\n'
    assert lines.count("\n") == 3
    after = record_of(run("clean", page, "--layouts", write(tmp_path / "mine", footer=lines)))
    assert after["text"] == before["text"].removesuffix(footer).rstrip()
    assert {"rule": "arabress/source-footer", "count": 1, "chars": 27} in after["removed"]
    assert after["layout"] == before["layout"] == "arabress"


def test_an_extension_adds_hosts_and_rules_and_says_more(tmp_path: Path) -> None:
    """An extension's entries are added to those of its layout, and its rules come first."""
    extension = f"""{EXTENDS}hosts = ["mirror.example"]
say.dateline.es = ["Publicado en {{newspaper}} el {{date}}"]
[[elements]]
id = "banner"
label = "chrome"
select = ["div.header", "div.banner"]
because = "A banner."
"""
    layout = chosen(write(tmp_path, more=extension))["arabress"]
    assert layout.is_host("www.mirror.example")
    assert layout.is_host("maghress.com")
    assert [rule.id for rule in layout.rules_of("div", "", "header")] == ["banner", "header"]
    hit = layout.wording_of("Publicado en El Eco el 1 - 2 - 2020")
    assert hit is not None
    assert (hit.rule.id, hit.lang) == ("dateline", "es")
    assert layout.wording_of("نشر في الواحة يوم 19 - 02 - 2025") is not None
    assert len(layout.file.rules) == len(ARABRESS.file.rules) + 1


def test_a_rule_is_switched_off_or_replaced(tmp_path: Path) -> None:
    """A rule in ``off`` is dropped; one with the id of an older rule replaces it, also where other rules refer to it."""
    off = f'{EXTENDS}off = ["source-footer", "sidebar", "teaser"]\n'
    replacement = '[[elements]]\nid = "teaser"\nlabel = "teaser"\nselect = ["li.entry"]\nbecause = "Another."\n'
    layout = chosen(write(tmp_path, off=off + replacement))["arabress"]
    assert layout.wording_of(FOOTER) is None
    assert layout.rules_of("div", "", "teasercontainer") == []
    assert [rule.id for rule in layout.rules_of("li", "", "entry")] == ["teaser"]
    record = record_of(run("clean", TEXT, "--layouts", write(tmp_path / "2", off=f'{EXTENDS}off = ["source-footer"]\n')))
    assert record["text"].endswith(FOOTER)


def test_several_extensions_amend_one_another_in_order(tmp_path: Path) -> None:
    """The order is configuration directory, directories of the variable, directory of the option; the last one wins."""
    rule = '[[elements]]\nid = "{}"\nlabel = "chrome"\nselect = ["p.x"]\nbecause = "x"\n'
    directories = [
        write(tmp_path / name, x=EXTENDS + rule.format(name.rpartition("/")[2]))
        for name in ("config/scraper/layouts", "one", "two", "three")
    ]
    environment = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "SCRAPER_LAYOUTS": os.pathsep.join(map(str, directories[1:3]))}
    layout = {layout.name: layout for layout in choose_layouts(directories[3], environment)}["arabress"]
    assert [found.id for found in layout.rules_of("p", "", "x")] == ["three", "two", "one", "layouts"]
    listed = run("layouts", "list", "--layouts", directories[3], env=environment).stdout
    assert " + ".join(["built-in", *(str(directory / "x.toml") for directory in directories)]) in listed


def test_the_home_directory_is_looked_into_unless_another_is_set(tmp_path: Path) -> None:
    """Layouts in ``~/.config`` are used unless ``XDG_CONFIG_HOME`` is absolute; the directory may be missing."""
    home = write(tmp_path / ".config/scraper/layouts", x=EXTENDS).parents[2]
    for environment in ({"HOME": str(home)}, {"HOME": str(home), "XDG_CONFIG_HOME": "relative"}):
        assert [layout.name for layout in choose_layouts(None, environment) if len(layout.sources) == 2] == ["arabress"]
    for environment in ({"HOME": str(home), "XDG_CONFIG_HOME": str(tmp_path)}, {"HOME": "/nowhere"}, {}):
        assert choose_layouts(None, environment) is builtin_layouts()


def test_a_directory_that_is_named_twice_is_read_once(tmp_path: Path) -> None:
    """A file is read once, even if it is found in several ways."""
    directory = write(tmp_path, mirror=f'name = "mirror"\n{MIRROR}')
    layouts = choose_layouts(directory, {"SCRAPER_LAYOUTS": f"{directory}/../{directory.name}"})
    assert [layout.name for layout in layouts] == [*(layout.name for layout in builtin_layouts()), "mirror"]


def test_a_program_uses_what_comes_with_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From Python, only the built-in layouts are used, whatever the user has configured."""
    monkeypatch.setenv("SCRAPER_LAYOUTS", str(EXAMPLES))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert clean(Page(data=PLAZA.read_bytes())).layout is None
    assert clean(Page(data=PLAZA.read_bytes()), choose_layouts()).record.layout == "plaza"


# --- mistakes ---


@pytest.mark.parametrize(
    ("text", "complaints"),
    [
        ('name = "x"\nbecause = = "y"\n', ["this is not valid TOML: Invalid value (at line 2, column 11)"]),
        ('name = "x"\nbecause = "\u0085', ["this is not valid TOML"]),
        ('name = "x"\n', ["missing required field `because` - at `$`"]),
        (f'name = "X"\n{BECAUSE}', ["matching regex", "at `$.name`"]),
        (f'name = "x"\nhosst = ["a"]\n{BECAUSE}', ["unknown field `hosst` - at `$` (is it 'hosts'?)"]),
        (f'extends = "arabres"\n{BECAUSE}', ["no layout 'arabres' to extend - at `$.extends` (is it 'arabress'?)"]),
        (f'{EXTENDS}name = "mine"\n', ["unknown field `name` - at `$`"]),
        ('extends = "arabress"\n', ["missing required field `because`"]),
        (f'{EXTENDS}off = ["side-bar"]\n', ["'arabress' has no rule 'side-bar' - at `$.off[0]`", "'sidebar'"]),
        (f'{EXTENDS}off = ["ticker"]\n', ["'ticker' cannot be switched off", "at `$.off[0]`"]),
        (
            f'{EXTENDS}off = ["teaser"]\n',
            ["'teaser-title' refers to an element rule 'teaser' that does not exist, since `off` names it"],
        ),
        (f'{EXTENDS}say.footer.ar = ["x"]\n', ["'arabress' has no wording 'footer' - at `$.say.footer`", "'source-footer'"]),
        (f'{EXTENDS}say.dateline.ar = ["(x"]\n', ["rule 'dateline': '(x' is not a wording", "at `$.say.dateline.ar`"]),
        (f'{EXTENDS}say.dateline.arabic = ["x"]\n', ["matching regex", "at `key` in `$.say[...]`"]),
        (
            f'{EXTENDS}[[elements]]\nid = "menu"\nlabel = "chrome"\nselect = ["p"]\n{BECAUSE}',
            ["two rules have the id 'menu'", "`off`"],
        ),
        (f'{EXTENDS}[[elements]]\nid = "x"\nlabel = "chrome"\nselect = ["p"]\n', ["rule 'x'", "`because` - at `$.elements[0]`"]),
        (
            f"{EXTENDS}[[addresses]]\nid = \"x\"\npath = '/(a'\n{BECAUSE}",
            ["rule 'x': '/(a' is not a valid pattern", "`$.addresses[0].path`"],
        ),
        (
            f"{EXTENDS}[[addresses]]\nid = \"x\"\npath = '/(?P<slug>a)'\n{BECAUSE}",
            ["rule 'x'", "newspaper_slug and lang, not slug"],
        ),
        (
            f"{EXTENDS}date = '(?i)(?P<day>a)(?P<month>b)(?P<year>c)'\n",
            ["within a wording", "is not a valid pattern: global flags", "`$.date`"],
        ),
        (f'{EXTENDS}hosts = ["a.example", "www.b.example"]\n', ["'www.b.example' is not a host name", "`$.hosts[1]`"]),
        (f'name = "core"\n{MIRROR}', ["the name 'core' is taken"]),
        (f"{EXTENDS}date = '(?P<day>.)'\n", ["a date needs the groups day, month, year", "`$.date`"]),
        (f"{EXTENDS}[images]\nid = \"x\"\nskip = ['(']\n{BECAUSE}", ["rule 'x'", "`$.images.skip[0]`"]),
        (
            f"{EXTENDS}[ticker]\nid = \"ticker\"\nseparator = ' *'\nslots = 9\nlongest = 9\n{BECAUSE}",
            ["rule 'ticker'", "matches an empty string", "`$.ticker.separator`"],
        ),
        (
            f'name = "x"\n{BECAUSE}[[elements]]\nid = "t"\nlabel = "ticker"\nselect = ["p"]\n{BECAUSE}',
            ["rule 't' finds a ticker, but no table [ticker]", "- at `$.elements[0]`"],
        ),
        (
            f'name = "x"\n{BECAUSE}[[wordings]]\nid = "d"\nlabel = "dateline"\nsay.en = ["On {{date}}"]\n{BECAUSE}',
            ["rule 'd' contains {date}, but no key `date`", "- at `$.wordings[0]`"],
        ),
        (f'{EXTENDS}say.dateline.ar = ["a {{x}} b {{x}}"]\n', ["it has a slot twice"]),
        (f'{EXTENDS}say.dateline.ar = ["a {{x y}}"]\n', ["braces contain a name"]),
        (f'{EXTENDS}say.dateline.ar = ["{{newspaper}}"]\n', ["it has no word"]),
        (f'{EXTENDS}over = ["miror"]\n', ["no layout 'miror' to be preferred to"]),
        (f'{EXTENDS}over = ["arabress"]\n', ["cannot be preferred to itself"]),
        (f'name = "arabress"\n{MIRROR}', ["built-in has a layout 'arabress' too", "extends"]),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_place(tmp_path: Path, text: str, complaints: list[str]) -> None:
    """``check`` and ``clean`` end with 2 and one sentence with file, rule and place, and ``clean`` writes nothing."""
    path = write(tmp_path, wrong=text) / "wrong.toml"
    for done in (run("layouts", "check", path), run("clean", TEXT, "--layouts", tmp_path, "-o", tmp_path / "out.jsonl")):
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"scraper: {path}: ")
        assert all(complaint in done.stderr for complaint in complaints), done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.glob("out.jsonl*"))


LINES = [line for path in sorted(EXAMPLES.glob("*.toml")) for line in path.read_text(encoding="utf-8").splitlines()]
PAGES = [Page(data=path.read_bytes()) for path in sorted(FIXTURES.glob("[hp][al]*-article-*/source.*"))]


@settings(max_examples=300)
@given(st.data())
def test_whatever_stands_in_a_file_is_a_layout_or_a_fault(data: st.DataObject) -> None:
    """A file with lost, doubled, swapped or damaged lines is refused by name, or cleans pages without an internal error."""
    lines = (EXAMPLES / data.draw(st.sampled_from(["plaza.toml", "harborwire.toml"]))).read_text(encoding="utf-8").splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        n = data.draw(st.integers(0, len(lines) - 1))
        line = lines[n]
        at = data.draw(st.integers(0, len(line)))
        damaged = data.draw(
            st.sampled_from([[], [line, line], [line[:at] + data.draw(st.text("()[]{}|?+*\\\"'.d1", max_size=2)) + line[at:]]])
            | st.sampled_from(LINES).map(lambda other: [other])
        )
        lines[n : n + 1] = damaged
        if not lines:
            return
    try:
        layouts = assemble([RuleSource("damaged.toml", "\n".join(lines).encode())])
    except LayoutError as error:
        assert str(error).startswith("damaged.toml: ")
        return
    for page in PAGES:
        clean(page, layouts)


def test_check_lists_all_faults_and_a_run_the_first(tmp_path: Path) -> None:
    """``check`` lists all mistakes; a run reports the first and refers to ``check``."""
    rule = '[[elements]]\nid = "{}"\nlabel = "chrom"\nselect = ["p"]\nbecause = "x"\n'
    path = write(tmp_path, wrong=f'name = "x"\ncolour = 1\n{rule.format("a")}{rule.format("b")}') / "wrong.toml"
    faults = run("layouts", "check", path).stderr.splitlines()
    assert len(faults) == 4
    assert all(f"rule {rule_id!r}: Invalid enum value 'chrom'" in "".join(faults) for rule_id in "ab")
    assert "(is it 'chrome'?)" in faults[1]
    (message,) = run("clean", TEXT, "--layouts", tmp_path).stderr.splitlines()
    assert message.endswith("(and 3 more, which `scraper layouts check` lists)")


@pytest.mark.parametrize("command", ["clean", "headlines"])
def test_a_directory_that_is_named_must_be_there_and_hold_layouts(tmp_path: Path, command: str) -> None:
    """A missing, empty or wrong directory gives one sentence and status 2, in the option and in the variable."""
    file = write(tmp_path / "some", x=EXTENDS) / "x.toml"
    (tmp_path / "empty").mkdir()
    for path, complaint in (("nowhere", "No such file"), ("empty", "no layout file (*.toml)"), (file, "Not a directory")):
        by_option = run(command, TEXT, "--layouts", tmp_path / path)
        by_variable = run(command, TEXT, env={"SCRAPER_LAYOUTS": str(tmp_path / path)})
        for done in (by_option, by_variable):
            assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
            assert done.stderr.startswith(f"scraper: {tmp_path / path}: ")
            assert complaint in done.stderr


def test_two_files_with_one_layout_are_both_named(tmp_path: Path) -> None:
    """Two files with the same layout are an error that names both."""
    one = write(tmp_path / "one", a=f'name = "mirror"\n{MIRROR}') / "a.toml"
    two = write(tmp_path / "two", b=f'name = "mirror"\n{MIRROR}') / "b.toml"
    done = run("layouts", "list", "--layouts", two.parent, env={"SCRAPER_LAYOUTS": str(one.parent)})
    assert done.returncode == 2
    assert str(one) in done.stderr
    assert str(two) in done.stderr


def test_the_layouts_that_come_with_the_program_have_no_faults() -> None:
    """The built-in layouts, which are not validated when loaded, have no mistakes."""
    files = [layout.file for layout in builtin_layouts()]
    assert [layout.file for layout in assemble(builtin_sources())] == files
    assert [parse(source) for source in builtin_sources()] == files


def test_a_file_that_is_no_text_is_named_with_its_line(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are reported with their line."""
    (tmp_path / "x.toml").write_bytes(b'name = "x"\nbecause = "\xff"\n')
    with pytest.raises(LayoutError, match=r"x\.toml: the file is not UTF-8 \(at line 2\)"):
        load_layout(tmp_path / "x.toml")


# --- two layouts that fit ---


def test_two_layouts_that_fit_are_an_error_until_a_file_decides(tmp_path: Path) -> None:
    """The error names both layouts, their evidence and the remedy; ``over`` in one file decides, in both files it does not."""
    both = write(tmp_path / "both", mirror=f'name = "mirror"\n{MIRROR}')
    done = run("clean", TEXT, TEXT.parent.parent / "plaza-article-text" / "source.txt", "--layouts", both)
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 1
    message = done.stderr.splitlines()[0]
    assert f"{TEXT}: ambiguous-layout: " in message
    assert "arabress (report-notice, dateline, source-footer, ticker) and mirror (source)" in message
    assert 'over = ["arabress"] into the file of mirror' in message

    mirror = write(tmp_path / "mirror", mirror=f'name = "mirror"\nover = ["arabress"]\n{MIRROR}')
    assert record_of(run("clean", TEXT, "--layouts", mirror))["layout"] == "mirror"
    over = f'{EXTENDS}over = ["mirror"]\n'
    assert record_of(run("clean", TEXT, "--layouts", write(both, over=over)))["layout"] == "arabress"
    with pytest.raises(AmbiguousLayout):
        clean(Page(data=TEXT.read_bytes()), choose_layouts(write(mirror, over=over), {}))


def test_a_preference_says_nothing_where_only_one_fits(tmp_path: Path) -> None:
    """A preferred layout must still fit the page."""
    layouts = chosen(write(tmp_path, plaza=f'name = "mirror"\nover = ["arabress"]\n{MIRROR}'))
    data = TEXT.read_text(encoding="utf-8").replace(FOOTER, "").encode()
    assert clean(Page(data=data), list(layouts.values())).record.layout == "arabress"


# --- list, show, check ---


def test_a_digest_is_that_of_the_files() -> None:
    """The digest is the SHA-256 of one file, or of several files' digests; the summary shows twelve digits of those used."""
    (plaza,) = (layout for layout in choose_layouts(EXAMPLES, {}) if layout.name == "plaza")
    assert plaza.digest == sha256((EXAMPLES / "plaza.toml").read_bytes()).hexdigest()
    assert plaza.source == str(EXAMPLES / "plaza.toml")
    done = run("clean", PLAZA, TEXT, "--layouts", EXAMPLES)
    digests = f"arabress {ARABRESS.digest[:12]}, plaza {plaza.digest[:12]}"
    assert done.stderr.startswith("scraper: 2 pages: 2 article; ")
    assert done.stderr.endswith(f"; layouts: {digests}\n")


def test_list_is_a_table_of_plain_lines(tmp_path: Path) -> None:
    """The list has one aligned line per layout, and no file name moves the terminal's cursor."""
    directory = write(tmp_path / "\x1b[31mred\u202e", footer=f'{EXTENDS}say.source-footer.ar = ["x"]\n')
    done = run("layouts", "list", "--layouts", directory)
    head, *lines = done.stdout.splitlines()
    assert len(lines) == len(builtin_layouts())
    (line,) = (line for line in lines if line.startswith("arabress"))
    assert head.split() == ["name", "digest", "hosts", "rules", "from"]
    assert line.split()[:4] == ["arabress", chosen(directory)["arabress"].digest[:12], "7", "31"]
    assert head.index("from") == line.index("built-in + ")
    assert done.stdout.replace("\n", "").isprintable()
    wrong = run("clean", TEXT, "--layouts", write(directory, x="\n"))
    assert wrong.stderr.replace("\n", "").isprintable()


def test_show_prints_the_file_or_all_that_several_say(tmp_path: Path) -> None:
    """``show`` prints the text of a single file, or one text that makes the same layout as several files."""
    assert run("layouts", "show", "plaza", "--layouts", EXAMPLES).stdout == (EXAMPLES / "plaza.toml").read_text(encoding="utf-8")
    directory = write(tmp_path / "mine", x=f'{EXTENDS}off = ["menu"]\nsay.dateline.es = ["El {{date}}"]\nover = []\n')
    shown = run("layouts", "show", "arabress", "--layouts", directory).stdout
    assert str(directory / "x.toml") in shown
    (tmp_path / "shown.toml").write_text(shown, encoding="utf-8")
    assert load_layout(tmp_path / "shown.toml").file == chosen(directory)["arabress"].file


def test_show_of_a_layout_that_is_not_there_is_wrong_usage() -> None:
    """An unknown name ends with status 2 and a suggestion."""
    done = run("layouts", "show", "arabres")
    assert (done.returncode, done.stdout) == (2, "")
    assert "'arabress'" in done.stderr


def test_show_sends_no_control_character_to_a_terminal(tmp_path: Path) -> None:
    """Control characters in comments reach a pipe as they are and are spelled out on a terminal."""
    write(tmp_path, mirror=f'# \u009b31m \u202e\nname = "mirror"\n{MIRROR}')
    command = [sys.executable, "-m", "scraper", "layouts", "show", "mirror", "--layouts", str(tmp_path)]
    controller, terminal = pty.openpty()
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=terminal, timeout=60, check=True)
    os.close(terminal)
    shown = os.read(controller, 65536).decode()
    os.close(controller)
    assert "\\u009b31m \\u202e\r\n" in shown
    assert FOOTER in shown
    assert "\u009b31m \u202e" in run("layouts", "show", "mirror", "--layouts", tmp_path).stdout


def test_check_counts_what_rules_find_in_samples() -> None:
    """Each rule has its line, in the order of the file, even if it finds nothing; for other pages the missing evidence is listed."""
    pages = [PLAZA, FIXTURES / "plaza-byline-unknown-words-html" / "source.html", FIXTURES / "unknown-page-text" / "source.txt"]
    done = run("layouts", "check", EXAMPLES / "plaza.toml", *pages)
    assert done.returncode == 0
    by_page, _, by_rule = done.stdout.partition("\n\n")
    assert [line.split()[0] for line in by_page.splitlines()] == ["layout", "plaza", "plaza", "unknown"]
    assert "nothing; no strong evidence; 0 of 1 pieces of evidence" in by_page
    counts = {rule: (int(pages), int(pieces)) for pages, pieces, rule in map(str.split, by_rule.splitlines()[1:])}
    layout = load_layout(EXAMPLES / "plaza.toml")
    assert list(counts) == ["plaza/heading", *(f"plaza/{rule.id}" for rule in layout.file.rules)]
    assert counts["plaza/author"] == counts["plaza/dateline"] == (2, 2)
    assert counts["plaza/byline"] == counts["plaza/source"] == (1, 1)
    assert counts["plaza/category-line"] == (0, 0)


def test_check_counts_tickers_addresses_and_places() -> None:
    """Rules that label no text count the elements or addresses that they match."""
    done = run("layouts", "check", EXAMPLES / "harborwire.toml", FIXTURES / "harborwire-article-html")
    counts = {row.split()[2]: row.split()[1] for row in done.stdout.partition("\n\n")[2].splitlines()}
    assert counts["harborwire/column"] == counts["harborwire/latest"] == "1"
    assert counts["harborwire/story-address"] == "6"
    assert int(counts["harborwire/ticker"]) == 9
    assert counts["harborwire/ticker-unsplit"] == "0"


def test_check_without_pages_says_that_all_is_well_and_with_a_missing_one_that_it_is_not(tmp_path: Path) -> None:
    """A valid file gives one line and status 0; a page that cannot be read gives status 1."""
    done = run("layouts", "check", EXAMPLES / "plaza.toml")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("plaza ")
    assert run("layouts", "check", EXAMPLES / "plaza.toml", tmp_path / "nowhere.html").returncode == 1
    assert run("layouts", "check", tmp_path / "nowhere.toml").returncode == 2


def test_check_names_pages_that_two_layouts_fit(tmp_path: Path) -> None:
    """Pages that fit two layouts are errors, as in a run, and the other pages are counted."""
    path = write(tmp_path, mirror=f'name = "mirror"\n{MIRROR}') / "mirror.toml"
    (tmp_path / "page.txt").write_text(f"Some text.\n{FOOTER}", encoding="utf-8")
    (tmp_path / "off.toml").write_text(f'{EXTENDS}off = ["source-footer"]\n', encoding="utf-8")
    done = run("layouts", "check", path, TEXT)
    assert done.returncode == 1
    assert f"{TEXT}: ambiguous-layout: " in done.stderr
    done = run("layouts", "check", path, tmp_path / "page.txt", "--layouts", tmp_path)
    assert done.returncode == 0
    assert done.stdout.splitlines()[1].split() == ["mirror", str(tmp_path / "page.txt"), "source"]


def test_headlines_takes_layouts_too() -> None:
    """A ticker that only a user's layout describes gives headlines, by strokes and by links."""
    page = FIXTURES / "harborwire-article-text" / "source.txt"
    assert run("headlines", page).stdout == ""
    lines = run("headlines", page, "--layouts", EXAMPLES).stdout.splitlines()
    assert [json.loads(line)["headline"] for line in lines][2] == "Storm warning lifted"
    assert len(lines) == 5


def test_a_pipe_is_no_layout_file(tmp_path: Path) -> None:
    """A pipe is refused, named or in a directory of layouts, instead of being read."""
    os.mkfifo(tmp_path / "a.toml")
    cases: list[list[str | Path]] = [["layouts", "check", tmp_path / "a.toml"], ["clean", TEXT, "--layouts", tmp_path]]
    for arguments in cases:
        done = run(*arguments)
        assert (done.returncode, "it is not a file" in done.stderr) == (2, True)
