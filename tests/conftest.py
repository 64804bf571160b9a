"""Settings of all tests.

Properties use new random examples for people, who can look into failures, and the same ones each time in CI.
The user's own layouts are not used, only those that a test names. Ignored signals are not inherited.
"""

import gc
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

# A shell starts background jobs with Ctrl-C ignored, and the programs that tests start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

os.environ.pop("SCRAPER_LAYOUTS", None)
os.environ["XDG_CONFIG_HOME"] = os.devnull


def pytest_collection_finish() -> None:
    """Keep the garbage collector from going through all tests and modules again and again."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """Let extension modules be collected, which complain otherwise when the process ends."""
    gc.unfreeze()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Return the same name of a test in each process that collects it: compressed bytes may contain the time."""
    return argname if isinstance(val, bytes) and not val.isascii() else None


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Chrome]":
    """A headless browser with a new profile."""
    from tests.browsing import open_browser

    yield from open_browser(tmp_path_factory.mktemp("profile"))
