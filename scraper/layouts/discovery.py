"""Which layouts a run uses: those that come with the program, and those of its user."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from scraper.errors import LayoutError
from scraper.layouts.layout import Layout, RuleSource
from scraper.layouts.loading import assemble, builtin_layouts, builtin_sources, read_source

VARIABLE: Final = "SCRAPER_LAYOUTS"


def choose_layouts(directory: Path | None = None, environment: Mapping[str, str] = os.environ) -> tuple[Layout, ...]:
    """Return the layouts that come with the program and those of its user.

    The user's are the ``*.toml`` files of the user's configuration directory (``$XDG_CONFIG_HOME/scraper/layouts``, or
    ``~/.config/scraper/layouts``; it may be missing), then those of the directories that ``$SCRAPER_LAYOUTS`` names, then those of
    ``directory``, by name in each. What extends a layout is applied in this order.

    Raises:
        LayoutError: if a file is wrong, two layouts have one name, or a directory that was named cannot be read or has no such file.
    """
    sources = user_sources(directory, environment)
    return assemble([*builtin_sources(), *sources.values()]) if sources else builtin_layouts()


def user_sources(directory: Path | None = None, environment: Mapping[str, str] = os.environ) -> dict[Path, RuleSource]:
    """Return the user's layout files, each once, by their real paths.

    Raises:
        LayoutError: if a directory that was named, or a file in one, cannot be read.
    """
    paths = [*_config_files(environment), *_named_files(directory, environment)]
    return {path.resolve(): read_source(path) for path in paths}


def _config_files(environment: Mapping[str, str]) -> Iterator[Path]:
    # A relative path is to be ignored (https://specifications.freedesktop.org/basedir-spec/latest/#variables).
    config = environment.get("XDG_CONFIG_HOME", "")
    home = environment.get("HOME", "")
    base = config if os.path.isabs(config) else os.path.join(home, ".config") if os.path.isabs(home) else None
    directory = os.path.join(base, "scraper", "layouts") if base is not None else None
    if directory is not None and os.path.isdir(directory):
        yield from _files(Path(directory))


def _named_files(directory: Path | None, environment: Mapping[str, str]) -> Iterator[Path]:
    named = [Path(name) for name in environment.get(VARIABLE, "").split(os.pathsep) if name]
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
