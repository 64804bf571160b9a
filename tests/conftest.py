"""Chance in properties: anew for people, who can look at what is found; the same each time where a machine decides.

No layouts of whoever runs the tests: only those that a test names.
"""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("dev", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

os.environ.pop("SCRAPER_LAYOUTS", None)
os.environ["XDG_CONFIG_HOME"] = os.devnull


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Chrome]":
    """A browser without a window, a profile or a past."""
    from tests.browsing import open_browser

    yield from open_browser(tmp_path_factory.mktemp("profile"))
