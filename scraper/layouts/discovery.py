"""Find the layouts of a run: those built in, and those of the user."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from scraper.defaults import LAYOUTS_VARIABLE, config_directory
from scraper.errors import LayoutError
from scraper.layouts.layout import Layout, RuleSource
from scraper.layouts.loading import assemble, builtin_layouts, builtin_sources, read_source


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
