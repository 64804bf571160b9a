"""Layout files: find those of a run, load them strictly, apply extensions, and write a layout as one file."""

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from scraper.defaults import LAYOUTS_VARIABLE, config_directory
from scraper.errors import LayoutError
from scraper.layouts.layout import Layout, RuleSource
from scraper.layouts.schema import AddressRule, ElementRule, ExtensionFile, LayoutFile, LinkRule, WordingRule
from scraper.models import prepare_type
from scraper.text import printable

BUILT_IN = "built-in"

for _kind in (LayoutFile, ExtensionFile):  # threads of a Dask worker load layouts
    prepare_type(_kind)

R = TypeVar("R", AddressRule, ElementRule, WordingRule, LinkRule)


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
    from scraper.layouts.validation import faults_of_extension, near

    layout = files.get(extension.extends)
    if layout is None:
        raise LayoutError(
            source.place, f"there is no layout {extension.extends!r} to extend - at `$.extends`{near(extension.extends, files)}"
        )
    faults = list(faults_of_extension(layout, extension))
    if faults:
        raise LayoutError(source.place, *faults)
    extended = _merge(layout, extension)
    _check_between_rules(source, extended, extension)
    return extended


def _merge(layout: LayoutFile, extension: ExtensionFile) -> LayoutFile:
    """Return the layout with the additions, replacements and removals of an extension. It keeps its name.

    Entries that :func:`~scraper.layouts.validation.faults_of_extension` reports are ignored.
    """
    off = set(extension.off)
    wordings = [rule if rule.id not in extension.say else _with_sentences(rule, extension.say[rule.id]) for rule in layout.wordings]
    return replace(
        layout,
        hosts=[*layout.hosts, *extension.hosts],
        over=[*layout.over, *extension.over],
        date=extension.date or layout.date,
        months={**layout.months, **extension.months},
        ticker=extension.ticker or layout.ticker,
        heading=extension.heading or layout.heading,
        images=extension.images or layout.images,
        author=extension.author or layout.author,
        lang=extension.lang or layout.lang,
        addresses=_with(extension.addresses, layout.addresses, off),
        elements=_without_off(_with(extension.elements, layout.elements, off), off),
        wordings=_with(extension.wordings, wordings, off),
        links=_with(extension.links, layout.links, off),
    )


def _with(added: Sequence[R], rules: Sequence[R], off: set[str]) -> list[R]:
    return list(added) + [rule for rule in rules if rule.id not in off]


def _without_off(rules: Sequence[ElementRule], off: set[str]) -> list[ElementRule]:
    """Remove rules that are switched off from ``not_within``; in ``within`` they are a fault."""
    gone = off - {rule.id for rule in rules}
    return [replace(rule, not_within=[other for other in rule.not_within if other not in gone]) for rule in rules]


def _with_sentences(rule: WordingRule, more: dict[str, list[str]]) -> WordingRule:
    say = {lang: [*rule.say.get(lang, ()), *more.get(lang, ())] for lang in (*rule.say, *more)}
    return replace(rule, say=say)


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


def choose_layouts(directory: Path | None = None, environment: Mapping[str, str] = os.environ) -> tuple[Layout, ...]:
    """Return the built-in layouts and those of the user.

    The user's layouts are the ``*.toml`` files of the configuration directory (``$XDG_CONFIG_HOME/scraper/layouts``, or
    ``~/.config/scraper/layouts``; it may be missing), of the directories in ``$SCRAPER_LAYOUTS``, and of ``directory``, sorted by
    name in each. Extensions are applied in this order.

    Raises:
        LayoutError: if a file has faults, two layouts have the same name, or a given directory cannot be read or has no layout file.
    """
    sources = user_sources(directory, environment)
    return assemble([*builtin_sources(), *sources.values()]) if sources else builtin_layouts()


def user_sources(directory: Path | None = None, environment: Mapping[str, str] = os.environ) -> dict[Path, RuleSource]:
    """Return the user's layout files by their real paths, each once.

    Raises:
        LayoutError: if a given directory, or a file in one, cannot be read.
    """
    paths = [*_config_files(environment), *_named_files(directory, environment)]
    return {path.resolve(): read_source(path) for path in paths}


def _config_files(environment: Mapping[str, str]) -> Iterator[Path]:
    directory = Path(config_directory(environment) or os.devnull, "layouts")
    if directory.is_dir():
        yield from _files(directory)


def _named_files(directory: Path | None, environment: Mapping[str, str]) -> Iterator[Path]:
    named = [Path(name) for name in environment.get(LAYOUTS_VARIABLE, "").split(os.pathsep) if name]
    for path in [*named, *([directory] if directory is not None else [])]:
        files = _files(path)
        if not files:
            raise LayoutError(str(path), "there is no layout file (*.toml) in this directory")
        yield from files


def _files(directory: Path) -> list[Path]:
    try:
        names = sorted(os.listdir(directory))
    except OSError as error:
        raise LayoutError(str(directory), f"the directory of layouts cannot be read: {error.strerror}") from None
    return [directory / name for name in names if name.endswith(".toml") and not name.startswith(".")]


def as_toml(layout: Layout) -> str:
    """Return the text of a layout's file, or, if other files extend it, of one file that is equivalent to all of them."""
    import tomli_w

    if len(layout.sources) == 1:
        return layout.sources[0].data.decode("utf-8-sig")
    places = "".join(f"#     {printable(source.place)}\n" for source in layout.sources)
    file = tomli_w.dumps(msgspec.to_builtins(layout.file), multiline_strings=False)
    return f"# One layout, equivalent to these files together, each of which extends those before it:\n{places}\n{file}"
