"""Chance in properties: anew for people, who can look at what is found; the same each time where a machine decides.

No layouts of whoever runs the tests: only those that a test names. Nor their signals.
"""

import os
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("dev", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

# A shell starts what it puts in the background with Ctrl-C ignored, and what the tests start would ignore it, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

os.environ.pop("SCRAPER_LAYOUTS", None)
os.environ["XDG_CONFIG_HOME"] = os.devnull


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Chrome]":
    """A browser without a window, a profile or a past."""
    from tests.browsing import open_browser

    yield from open_browser(tmp_path_factory.mktemp("profile"))
