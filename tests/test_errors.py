"""The tree of errors."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from scraper import Page, ReadOptions, errors
from scraper.engine.jobs import Job, clean_item, page_lines


def tree(error: type[errors.ScraperError]) -> Iterator[tuple[str, str, bool]]:
    yield error.__name__, getattr(error, "code", ""), getattr(error, "is_transient", False)
    for child in error.__subclasses__():
        if child.__module__ == errors.__name__:  # another test may have made one
            yield from tree(child)


def test_the_docstring_draws_the_tree() -> None:
    """The tree in the module's docstring has the classes in order, with their codes and a star at those that are transient."""
    drawn = re.findall(r"^ {4}[│├└─ ]*(\w+) *(?:([a-z-]*)(?=$|,| \*))?(.*)", errors.__doc__ or "", re.MULTILINE)
    assert [(name, code, rest == " *") for name, code, rest in drawn] == list(tree(errors.ScraperError))


def test_an_error_has_the_exit_status_that_is_drawn() -> None:
    """The exit statuses in the tree are those of the classes."""
    drawn = re.findall(r"(\w+) +exit status (\d+)", errors.__doc__ or "")
    assert len(drawn) > 5
    assert [getattr(errors, name).exit_status for name, _ in drawn] == [int(status) for _, status in drawn]


def test_too_little_memory_is_named() -> None:
    """A MemoryError is not a bug in the program: the page fails under a name of its own."""
    with pytest.raises(errors.OutOfMemory, match="not enough memory for the page"), errors.map_unexpected_errors("page"):
        raise MemoryError


@pytest.mark.parametrize(("error", "code"), [(MemoryError, "out-of-memory"), (ValueError, "internal-error")])
@pytest.mark.parametrize("step", ["lines", "links", "keys", "target"])
def test_an_error_at_any_step_of_a_page_costs_that_page(step: str, error: type[Exception], code: str) -> None:
    """An error while the lines, links, keys or output of a page are made is its failure, as one while it is cleaned."""

    def broken(_: object) -> Any:
        raise error

    step_of_job: dict[str, Any] = {step: broken}
    job = Job(ReadOptions(), "keep", page_lines)._replace(**step_of_job)
    done = clean_item(job, Page(data="نص", input="a.txt"))
    assert done.failure is not None
    assert done.failure.code == code
