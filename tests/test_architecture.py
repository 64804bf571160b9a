"""Who may import whom, and what an import costs."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import scraper

ROOT = Path(scraper.__file__).parent

# Each room may import those named, and itself. The order is the road's: from errors to the command line.
ROOMS: dict[str, set[str]] = {
    "errors": set(),
    "core": set(),
    "characters": set(),
    "links": set(),
    "archives": set(),
    "marks": set(),
    "spans": {"errors", "characters", "core"},
    "pages": set(),
    "decoding": {"pages", "errors"},
    "documents": {"pages", "links", "errors"},
    "wrapping": {"pages"},
    "layouts": {"pages", "errors", "characters", "links"},
    "ticker": {"pages", "layouts", "characters", "spans"},
    "segments": {"pages", "layouts", "characters", "marks", "spans", "ticker"},
    "flattened": {"pages", "layouts", "characters", "core", "segments", "spans", "ticker"},
    "recognition": {"pages", "layouts", "errors", "characters", "links", "marks", "segments", "ticker", "flattened"},
    "elements": {"pages", "layouts", "characters", "core", "segments", "spans", "ticker"},
    "column": {"pages", "layouts", "characters", "segments", "ticker"},
    "head": {"pages", "layouts", "characters", "segments", "ticker", "column"},
    "outline": {"pages", "layouts", "characters", "segments", "head"},
    "headings": {"pages", "layouts", "characters", "segments"},
    "labelling": {
        "characters",
        "pages",
        "layouts",
        "core",
        "elements",
        "flattened",
        "headings",
        "outline",
        "segments",
        "spans",
        "ticker",
    },
    "records": set(),
    "projection": {
        *("archives", "pages", "layouts", "characters", "labelling", "links", "recognition", "records", "segments", "spans"),
    },
    "identity": {"records"},
    "audit": {"spans", "records", "characters", "errors"},
    "choosing": {"records"},
    "cleaning": {
        *("pages", "layouts", "errors", "characters", "core", "spans", "decoding", "documents", "marks", "wrapping"),
        *("recognition", "labelling", "projection", "records", "audit"),
    },
    "showing": {"pages", "records", "spans"},
    "explaining": {"pages", "layouts", "characters", "core", "spans", "recognition", "records", "cleaning", "showing"},
    "trial": {"cleaning", "layouts", "characters", "recognition", "segments", "spans"},
    "tally": {"records"},
    "statistics": {"records", "showing"},
    "refusals": {"errors", "links"},
    "codings": {"errors"},
    "reading": {"pages", "errors", "links", "records", "refusals", "codings"},
    "fetching": {"pages", "errors", "links", "refusals", "codings"},
    "packing": set(),
    "writing": {"errors", "packing"},
    "patterns": {"records", "writing"},
    "partitions": {"errors", "packing", "patterns", "writing"},
    "journals": {"errors", "writing"},
    "appending": {"errors"},
    "state": {"errors"},
    "embedded": {"errors"},
    "seen": {"embedded", "errors"},
    "histories": {"embedded", "errors", "identity", "records"},
    "running": {
        *("errors", "pages", "choosing", "cleaning", "explaining", "identity", "layouts", "projection", "reading"),
        *("records", "tally", "journals"),
    },
    "cli": {
        *("errors", "cleaning", "showing", "explaining", "layouts", "links", "pages", "projection", "records", "spans"),
        *("statistics", "tally", "trial", "choosing", "identity", "reading", "fetching", "writing", "appending", "state"),
        *("seen", "histories", "running", "patterns", "partitions", "journals"),
    },
}
ONLY_USERS = {
    "selectolax": {"documents"},
    "lxml": set(),
    "html5lib": set(),
    "typer": {"cli"},
    "rich": {"cli"},
    "httpx": {"fetching"},
    "pyarrow": {"reading"},
    "vl_convert": {"statistics"},
    "zipfile": {"reading"},
    "fastwarc": {"reading", "fetching"},
}


def modules() -> Iterator[tuple[str, Path]]:
    for path in ROOT.rglob("*.py"):
        room = path.relative_to(ROOT).parts[0].removesuffix(".py")
        if room not in ("__init__", "__main__"):
            yield room, path


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield f"{node.module}.{node.names[0].name}" if node.module == "scraper" else node.module


def test_each_room_imports_only_what_stands_before_it() -> None:
    """The table of rooms is the whole truth about who knows whom."""
    for room, path in modules():
        for name in imports(path):
            if name.startswith("scraper."):
                used = name.split(".")[1]
                assert used in {room, "__version__"} | ROOMS[room], f"{path.relative_to(ROOT)} imports {name}"


def test_rooms_stand_in_order() -> None:
    """No room knows one that stands after it, so that there is no circle."""
    order = list(ROOMS)
    assert all(order.index(used) < order.index(room) for room, uses in ROOMS.items() for used in uses)


def test_a_library_has_one_user() -> None:
    """Only one room knows the HTML parser, only one the command line's library; those that tests compare with have none."""
    for room, path in modules():
        for name in imports(path):
            assert room in ONLY_USERS.get(name.split(".")[0], {room}), f"{path.relative_to(ROOT)} imports {name}"


def test_modules_are_short() -> None:
    """No module has more than 400 lines, and half of them fewer than 150."""
    lengths = sorted(len(path.read_text(encoding="utf-8").splitlines()) for _, path in modules())
    assert lengths[-1] <= 400
    assert lengths[len(lengths) // 2] < 150


@pytest.mark.parametrize(
    ("code", "forbidden"),
    [
        ("import scraper", {"typer", "rich", "httpx", "selectolax", "msgspec"}),
        (
            "from scraper import clean, Page; clean(Page(data='نص'.encode()))",
            {"typer", "rich", "httpx", "charset_normalizer", "lxml", "sqlite3"},
        ),
        (
            "import sys; sys.argv = ['scraper', '--version']; from scraper.__main__ import main; main()",
            {"typer", "rich", "selectolax", "msgspec"},
        ),
    ],
)
def test_an_import_costs_only_what_it_needs(code: str, forbidden: set[str]) -> None:
    """A program that cleans loads no command line, and asking for the version loads next to nothing."""
    check = f"{code}\nimport sys; print(*sorted({forbidden!r} & set(sys.modules)), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == ""
