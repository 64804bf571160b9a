"""The tree of errors."""

import re
from collections.abc import Iterator

from scraper import errors


def tree(error: type[Exception]) -> Iterator[tuple[str, str, bool]]:
    yield error.__name__, getattr(error, "code", ""), getattr(error, "is_transient", False)
    for child in error.__subclasses__():
        yield from tree(child)


def test_the_docstring_draws_the_tree() -> None:
    """The tree in the module's docstring has the classes in order, with their codes and a star at those that are transient."""
    drawn = re.findall(r"^ {4}[│├└─ ]*(\w+) *(?:([a-z-]*)(?=$|,| \*))?(.*)", errors.__doc__ or "", re.MULTILINE)
    assert [(name, code, rest == " *") for name, code, rest in drawn] == list(tree(errors.ScraperError))
