"""The strict loader of layout files."""

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
    """Load a layout file that stands on its own.

    Raises:
        LayoutError: if it cannot be read, is no TOML, or holds what a layout does not; the message names the file and the place.
    """
    (layout,) = assemble([read_source(path)])
    return layout


def read_source(path: Path) -> RuleSource:
    """Read a layout file.

    Raises:
        LayoutError: if the system refuses, or it is a pipe or a device, at which one would wait for ever.
    """
    if path.exists() and not path.is_file():
        raise LayoutError(str(path), "it is no file; a layout is a TOML file")
    try:
        return RuleSource(str(path), path.read_bytes())
    except OSError as error:
        raise LayoutError(str(path), f"the layout file cannot be read: {error.strerror}") from None


def parse(source: RuleSource) -> LayoutFile | ExtensionFile:
    """Read what stands in a layout file, and check all that can be checked without another.

    Raises:
        LayoutError: with every fault that was found.
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
        raise LayoutError(source.place, f"this is no TOML: {error}") from None


def assemble(sources: Iterable[RuleSource]) -> tuple[Layout, ...]:
    """Make the layouts of some files, each with what extends it. Of several extensions the last has the first word.

    Raises:
        LayoutError: if a file is wrong, two layouts have one name, or a layout is spoken of that is not there.
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
            _check_whole(source, file, file)
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
    _check_whole(source, extended, extension)
    return extended


def _check_whole(source: RuleSource, file: LayoutFile, own: LayoutFile | ExtensionFile) -> None:
    from scraper.layouts.validation import faults_between_rules

    faults = list(faults_between_rules(file, own))
    if faults:
        raise LayoutError(source.place, *faults)


def _check_preferences(source: RuleSource, file: LayoutFile | ExtensionFile, known: Iterable[str]) -> None:
    from scraper.layouts.validation import near

    for n, name in enumerate(file.over):
        if name not in known:
            raise LayoutError(source.place, f"there is no layout {name!r} to be preferred to - at `$.over[{n}]`{near(name, known)}")


def builtin_sources() -> list[RuleSource]:
    """Return the layout files that come with the program."""
    return [RuleSource(BUILT_IN, path.read_bytes()) for path in sorted(Path(__file__).parent.glob("*.toml"))]


@cache
def builtin_layouts() -> tuple[Layout, ...]:
    """Return the layouts that come with the program. They are tested, and not looked through for faults again."""
    return tuple(Layout(msgspec.toml.decode(source.data, type=LayoutFile), [source]) for source in builtin_sources())
