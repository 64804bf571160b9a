"""Load layout files strictly."""

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from scraper.errors import LayoutError
from scraper.layouts.layout import Layout, RuleSource
from scraper.layouts.schema import ExtensionFile, LayoutFile

BUILT_IN = "built-in"


def load_layout(path: Path) -> Layout:
    """Load a layout file that extends no other.

    Raises:
        LayoutError: if it cannot be read, is not TOML, or has faults; the message names the file and the place.
    """
    (layout,) = assemble([read_source(path)])
    return layout


def read_source(path: Path) -> RuleSource:
    """Read a layout file.

    Raises:
        LayoutError: if the system refuses, or it is not a file: reading a pipe or a device could block forever.
    """
    if path.exists() and not path.is_file():
        raise LayoutError(str(path), "it is not a file; a layout is a TOML file")
    try:
        return RuleSource(str(path), path.read_bytes())
    except OSError as error:
        raise LayoutError(str(path), f"the layout file cannot be read: {error.strerror}") from None


def parse(source: RuleSource) -> LayoutFile | ExtensionFile:
    """Parse a layout file and check everything that can be checked without other files.

    Raises:
        LayoutError: with all faults.
    """
    from scraper.layouts.validation import faults_in_rules, faults_of_shape

    raw = _toml(source)
    kind: type[LayoutFile | ExtensionFile] = ExtensionFile if "extends" in raw else LayoutFile
    faults = list(faults_of_shape(raw, kind))
    if faults:
        raise LayoutError(source.place, *faults)
    file: LayoutFile | ExtensionFile = msgspec.convert(raw, kind)
    faults = list(faults_in_rules(file))
    if faults:
        raise LayoutError(source.place, *faults)
    return file


def _toml(source: RuleSource) -> dict[str, Any]:
    try:
        return tomllib.loads(source.data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = source.data.count(b"\n", 0, error.start) + 1
        raise LayoutError(source.place, f"the file is not UTF-8 (at line {line})") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise LayoutError(source.place, f"this is not valid TOML: {error}") from None


def assemble(sources: Iterable[RuleSource]) -> tuple[Layout, ...]:
    """Return the layouts of some files with their extensions applied. Later extensions take precedence.

    Raises:
        LayoutError: if a file has faults, two layouts have the same name, or a file names a layout that does not exist.
    """
    files: dict[str, LayoutFile] = {}
    read_from: dict[str, list[RuleSource]] = {}
    extensions: list[tuple[RuleSource, ExtensionFile]] = []
    parsed = [(source, parse(source)) for source in sources]
    for source, file in parsed:
        if isinstance(file, ExtensionFile):
            extensions.append((source, file))
        elif file.name in files:
            other = read_from[file.name][0].place
            raise LayoutError(
                source.place,
                f"{other} has a layout {file.name!r} too; give this one another name, or let it extend that one (extends = {file.name!r})",
            )
        else:
            files[file.name], read_from[file.name] = file, [source]
            _check_between_rules(source, file, file)
    for source, extension in extensions:
        files[extension.extends] = _extended(files, source, extension)
        read_from[extension.extends].append(source)
    for source, file in parsed:
        _check_preferences(source, file, files)
    return tuple(Layout(file, read_from[name]) for name, file in files.items())


def _extended(files: dict[str, LayoutFile], source: RuleSource, extension: ExtensionFile) -> LayoutFile:
    from scraper.layouts.extension import extend, faults_of_extension
    from scraper.layouts.validation import near

    layout = files.get(extension.extends)
    if layout is None:
        raise LayoutError(
            source.place, f"there is no layout {extension.extends!r} to extend - at `$.extends`{near(extension.extends, files)}"
        )
    faults = list(faults_of_extension(layout, extension))
    if faults:
        raise LayoutError(source.place, *faults)
    extended = extend(layout, extension)
    _check_between_rules(source, extended, extension)
    return extended


def _check_between_rules(source: RuleSource, file: LayoutFile, own: LayoutFile | ExtensionFile) -> None:
    from scraper.layouts.validation import faults_between_rules

    faults = list(faults_between_rules(file, own))
    if faults:
        raise LayoutError(source.place, *faults)


def _check_preferences(source: RuleSource, file: LayoutFile | ExtensionFile, layouts: Iterable[str]) -> None:
    from scraper.layouts.validation import near

    for n, name in enumerate(file.over):
        if name not in layouts:
            raise LayoutError(
                source.place, f"there is no layout {name!r} to be preferred to - at `$.over[{n}]`{near(name, layouts)}"
            )


def builtin_sources() -> list[RuleSource]:
    """Return the built-in layout files."""
    return [RuleSource(BUILT_IN, path.read_bytes()) for path in sorted(Path(__file__).parent.glob("*.toml"))]


@cache
def builtin_layouts() -> tuple[Layout, ...]:
    """Return the built-in layouts. They are not validated here; a test does that."""
    return tuple(Layout(msgspec.toml.decode(source.data, type=LayoutFile), [source]) for source in builtin_sources())
