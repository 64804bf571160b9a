"""The tree of errors."""

import re
from collections.abc import Iterator

import pytest

from scraper import errors


def tree(error: type[Exception]) -> Iterator[tuple[str, str, bool]]:
    yield error.__name__, getattr(error, "code", ""), getattr(error, "is_transient", False)
    for child in error.__subclasses__():
        if child.__module__ == errors.__name__:  # another test may have made one
            yield from tree(child)


def test_the_docstring_draws_the_tree() -> None:
    """The tree in the module's docstring has the classes in order, with their codes and a star at those that are transient."""
    drawn = re.findall(r"^ {4}[│├└─ ]*(\w+) *(?:([a-z-]*)(?=$|,| \*))?(.*)", errors.__doc__ or "", re.MULTILINE)
    assert [(name, code, rest == " *") for name, code, rest in drawn] == list(tree(errors.ScraperError))


def test_too_little_memory_is_named() -> None:
    """A MemoryError is not a bug in the program: the page fails under a name of its own."""
    with pytest.raises(errors.OutOfMemory, match="not enough memory for the page"), errors.map_unexpected_errors("page"):
        raise MemoryError
