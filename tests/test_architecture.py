"""Which package may import which, and what an import costs."""

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import scraper

ROOT = Path(scraper.__file__).parent

LAYERS = (
    ("defaults", "errors", "text", "urls", "markup"),
    ("models", "records"),
    ("provenance",),
    ("layouts", "parse", "remote"),
    ("extract",),
    ("sources", "output"),
    ("fetch", "stats"),
    ("explain",),
    ("engine",),
    ("scale",),
    ("cli",),
)
"""From the bottom up: a package imports itself and layers below, but no other package of its own layer."""
ONLY_USERS = {
    "selectolax": {"parse"},
    "lxml": {"fetch"},
    "html5lib": set(),
    "typer": {"cli"},
    "rich": {"cli"},
    "httpx": {"fetch"},
    "httpcore": {"fetch"},
    "pyarrow": {"sources", "output"},
    "vl_convert": {"stats"},
    "zipfile": {"sources"},
    "fastwarc": {"sources", "fetch"},
    "datatrove": {"scale"},
    "distributed": {"scale"},
    "fsspec": {"remote"},
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
            yield from (f"scraper.{alias.name}" for alias in node.names) if node.module == "scraper" else (node.module,)


def test_imports_point_down() -> None:
    """A package imports only itself and packages in layers below it."""
    level = {name: n for n, layer in enumerate(LAYERS) for name in layer}
    for room, path in modules():
        for name in imports(path):
            if name.startswith("scraper."):
                used = name.split(".")[1]
                assert used in (room, "__version__") or level[used] < level[room], f"{path.relative_to(ROOT)} imports {name}"


def test_a_library_has_one_user() -> None:
    """Each library is imported by the packages that may use it and by no others; libraries used only for comparison by none."""
    for room, path in modules():
        for name in imports(path):
            assert room in ONLY_USERS.get(name.split(".")[0], {room}), f"{path.relative_to(ROOT)} imports {name}"


def test_modules_are_short() -> None:
    """No module has more than 400 lines, and the median is between 100 and 300."""
    lengths = sorted(len(path.read_text(encoding="utf-8").splitlines()) for _, path in modules())
    assert lengths[-1] <= 400
    assert 100 <= lengths[len(lengths) // 2] <= 300


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
    """Cleaning does not load the command line, and printing the version loads next to nothing."""
    check = f"{code}\nimport sys; print(*sorted({forbidden!r} & set(sys.modules)), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == ""


def type_names(path: Path) -> Iterator[str]:
    """Yield the names of classes, and of type aliases such as ``Name = Literal[...]``, without a leading underscore."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    yield from (node.name.lstrip("_") for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id.lstrip("_")
            if name[:1].isupper() and not name.isupper():
                yield name


def test_a_type_has_its_name_for_itself() -> None:
    """No two classes or type aliases of the program, its tests and its bench have the same name, apart from a leading underscore."""
    places = (ROOT, ROOT.parent / "tests", ROOT.parent / "bench")
    names = Counter(name for place in places for path in place.rglob("*.py") for name in type_names(path))
    assert [name for name, count in names.items() if count > 1] == []
