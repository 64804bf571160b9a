"""Which of the files that are found, and which of the pages in them, are read."""

import posixpath
import random
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from operator import itemgetter

from scraper.sources.items import Item, ReadOptions

_PAGES = (".html", ".htm", ".xhtml")
_COMPANIONS = ("_files", "_fichiers", ".files")
"""What browsers append to the name of a page for the folder of its scripts, frames and pictures; Firefox translates it."""


def companion_folders(files: Iterable[str]) -> set[str]:
    """Return the names of folders that browsers save beside the pages among ``files``: ``x_files`` beside ``x.html``."""
    stems = [file[: -len(ending)] for file in files for ending in _PAGES if file.lower().endswith(ending)]
    return {stem + companion for stem in stems for companion in _COMPANIONS}


def is_in_companion(path: str, folders: set[str]) -> bool:
    """Return True if a path leads into one of these folders."""
    parent = posixpath.dirname(path)
    while parent and parent not in folders and parent != posixpath.dirname(parent):
        parent = posixpath.dirname(parent)
    return parent in folders


def is_chosen(path: str, options: ReadOptions) -> bool:
    """Return True if a file is to be read.

    Args:
        path: its path below the directory, or in the archive, in which it was found.
        options: the patterns that it must match, and those that it must not match.
    """
    return (not options.include or _matches(path, options.include)) and not _matches(path, options.exclude)


def _matches(path: str, patterns: Iterable[str]) -> bool:
    """Return True if a pattern matches: one with a slash the whole path, any other the file's name."""
    name = posixpath.basename(path)
    return any(fnmatchcase(path if "/" in pattern else name, pattern) for pattern in patterns)


def chosen_items(items: Iterator[Item], options: ReadOptions) -> Iterator[Item]:
    """Yield the first items, or a random sample in their order, as the options say. What is left out counts for neither."""
    if options.limit is not None:
        items = _first(items, options.limit)
    return items if options.sample is None else _sample(items, options.sample, options.seed)


def _first(items: Iterator[Item], count: int) -> Iterator[Item]:
    for item in items:
        yield item
        count -= item.left_out is None
        if not count:
            return


def _sample(items: Iterator[Item], size: int, seed: int) -> Iterator[Item]:
    """Hold ``size`` items at a time, so that each of all items has the same chance (reservoir sampling, algorithm R)."""
    chance = random.Random(seed)  # noqa: S311 - it only has to be fair
    kept: list[tuple[int, Item]] = []
    count = 0
    for item in items:
        if item.left_out is not None:
            yield item
            continue
        place = len(kept) if len(kept) < size else chance.randrange(count + 1)
        if place < size:
            kept[place : place + 1] = [(count, item)]
        count += 1
    yield from map(itemgetter(1), sorted(kept, key=itemgetter(0)))
