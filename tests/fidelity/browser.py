"""Texts and trees of pages from Chromium, all in one session."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from selenium.webdriver import Chrome, ChromeOptions, ChromeService

from tests.browsing import BROWSERS, FLAGS
from tests.fidelity.stories import Sample

_UNREACHED: Final = "--host-resolver-rules=MAP * ~NOTFOUND"
"""No address is resolved: the pages are invented, and so are the addresses in them."""


def inner_texts(samples: Sequence[Sample]) -> list[str]:
    """Return the text of each page's body as the browser renders it."""
    return _asked(samples, "return document.body.innerText")


def outer_htmls(samples: Sequence[Sample]) -> list[str]:
    """Return each page's tree in the browser, serialised as HTML."""
    return _asked(samples, "return document.documentElement.outerHTML")


def _asked(samples: Sequence[Sample], script: str) -> list[str]:
    options = ChromeOptions()
    options.binary_location = next(filter(None, map(shutil.which, BROWSERS)))
    with TemporaryDirectory() as folder:
        for flag in (*FLAGS, _UNREACHED, f"--user-data-dir={folder}/profile"):
            options.add_argument(flag)
        driver = Chrome(options=options, service=ChromeService(shutil.which("chromedriver")))
        try:
            return [_ask(driver, Path(folder) / f"{sample.number}.html", sample.html, script) for sample in samples]
        finally:
            driver.quit()


def _ask(driver: Chrome, file: Path, page: bytes, script: str) -> str:
    file.write_bytes(page)
    driver.get(file.as_uri())
    return str(driver.execute_script(script))
