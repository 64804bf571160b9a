"""A real browser for the tests of HTML pages."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

INSTALL = "apt-get install chromium chromium-driver"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


def missing() -> str | None:
    """Return how to install a browser if there is none."""
    has_all = shutil.which("chromedriver") is not None and any(map(shutil.which, BROWSERS))
    return None if has_all else f"a browser is missing: {INSTALL}"


def open_browser(profile: Path) -> Iterator[Chrome]:
    """Yield a headless browser with a new profile; without a browser, skip, or fail if tools are required."""
    if (what := missing()) is not None:
        if os.environ.get("SCRAPER_REQUIRE_TOOLS"):
            pytest.fail(what)
        pytest.skip(what)
    options = ChromeOptions()
    options.binary_location = next(filter(None, map(shutil.which, BROWSERS)))
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # Given the driver's path, selenium does not search the network for one.
    driver = Chrome(options=options, service=ChromeService(shutil.which("chromedriver")))
    yield driver
    driver.quit()


def show(browser: Chrome, file: Path, width: int = 1280, scheme: str = "light") -> None:
    browser.get("about:blank")  # ends what the previous page, or the browser's own first one, still loads
    for kind in ("browser", "performance"):
        logged(browser, kind)  # discard the logs of the previous page
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get(file.as_uri())


def logged(browser: Chrome, kind: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = browser.get_log(kind)  # type: ignore[no-untyped-call]
    return entries


def displayed(browser: Chrome, selector: str) -> list[WebElement]:
    return [element for element in browser.find_elements(By.CSS_SELECTOR, selector) if element.is_displayed()]


def lowest_contrast(browser: Chrome) -> float:
    """Return the lowest contrast between a text and its background."""
    pairs = browser.execute_script("""
        const ground = e => { for (; e; e = e.parentElement) {
            const c = getComputedStyle(e).backgroundColor; if (!c.endsWith(', 0)')) return c } };
        return [...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && (e.innerText || e.localName === 'text'))
            .map(e => [e.localName === 'text' ? getComputedStyle(e).fill : getComputedStyle(e).color, ground(e)])""")
    assert len(pairs) > 50
    return min(contrast(*pair) for pair in pairs)


def requested(browser: Chrome) -> set[str]:
    """Return the addresses that the browser has requested since the page was shown."""
    log = "".join(str(entry["message"]) for entry in logged(browser, "performance"))
    assert "Network.requestWillBeSent" in log
    return set(re.findall(r'"request":\{[^{}]*(?:\{[^{}]*\})?[^{}]*"url":"([^"]+)"', log))


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour as defined by WCAG 2.2."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
