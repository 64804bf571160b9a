"""The page of ``explain --html`` in a real browser."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from tests.browsing import INSTALL, displayed, logged, lowest_contrast, luminance, requested, show
from tests.test_cli import FIXTURES, HTML, run

HOSTILE_PAGE = """<html><head><title>&lt;/title>&lt;script>document.title = 'pwned'&lt;/script></title>
<link rel=canonical href="https://www.masress.com/a/1?&quot;>&lt;script>document.title='pwned'&lt;/script>"></head>
<body><div id=mainContent>
<span class=articletitle>&lt;/title&gt;&lt;/style&gt;&lt;/textarea&gt;&lt;script&gt;document.title = 'pwned'&lt;/script&gt;\u202eltr.exe</span>
<span class=articlenewspaper>نشر في المنارة يوم 03 - 11 - 2021</span>
<span class=articlecontent>" onmouseover="document.title='pwned'" autofocus onfocus="document.title='pwned'" x=".<br>
&lt;!--&gt; &lt;img src=x onerror="document.title='pwned'"&gt; &amp;lt;script&amp;gt;document.title = 'pwned'&amp;lt;/script&amp;gt;.<br>
<a href="javascript:document.title = 'pwned'" onclick="document.title = 'pwned'">a link</a> &lt;a href="javascript:alert(1)"&gt;b&lt;/a&gt;.<br>
&lt;iframe srcdoc="&lt;script&gt;top.document.title = 'pwned'&lt;/script&gt;"&gt; &lt;svg onload="document.title='pwned'"&gt; &lt;base href=//x&gt;.<br>
&lt;/p&gt;&lt;/main&gt;&lt;style&gt;*{display:none}&lt;/style&gt; \u2066\u202e override \u2069.
</span></div></body></html>"""


def explain(page: Path, directory: Path) -> Path:
    out = directory / "out.html"
    assert run("explain", page, "--html", out).returncode == 0
    return out


@pytest.fixture
def page(browser: Chrome, tmp_path: Path) -> Chrome:
    """The explanation of an Arabic article, opened."""
    show(browser, explain(HTML, tmp_path))
    return browser


def click(browser: Chrome, selector: str) -> None:
    # By script: for selenium, what is in a closed ``details`` is hidden, although the style sheet shows it.
    browser.execute_script("document.querySelector(arguments[0]).click()", selector)


def test_it_needs_nothing_but_itself_and_breaks_no_rule_of_its_policy(page: Chrome) -> None:
    """The page makes no further request, logs no error, and its policy allows exactly its own style sheet."""
    assert requested(page) == {page.current_url}
    assert logged(page, "browser") == []
    assert page.find_element(By.CSS_SELECTOR, ".hint").value_of_css_property("position") == "fixed"
    assert page.find_elements(By.TAG_NAME, "script") == []
    policy = page.find_element(By.CSS_SELECTOR, "meta[http-equiv]").get_attribute("content")
    assert policy is not None
    assert re.fullmatch(r"default-src 'none'; style-src 'sha256-[\w+/=]+'; base-uri 'none'; form-action 'none'", policy)


def test_the_legend_filters_by_fate_and_by_label(page: Chrome) -> None:
    """Unchecking a fate or a label hides its pieces and no others; checking shows them again."""
    before = len(displayed(page, ".piece"))
    removed = len(displayed(page, ".piece.removed"))
    assert 0 < removed < before
    click(page, "#show-is-removed")
    assert (len(displayed(page, ".piece.removed")), len(displayed(page, ".piece"))) == (0, before - removed)
    assert displayed(page, ".group.removed") == []
    click(page, "#show-is-removed")
    assert len(displayed(page, ".piece")) == before
    click(page, "#show-is-heading")
    assert displayed(page, ".is-heading") == []
    assert displayed(page, ".piece.is-body")
    assert all(not element.is_displayed() for element in page.find_elements(By.CSS_SELECTOR, ".why"))


@pytest.mark.parametrize("width", [400, 1280])
def test_a_phone_shows_the_page_first(page: Chrome, tmp_path: Path, width: int) -> None:
    """On a phone the tables are folded and the page begins on the first screen; a wide window shows everything."""
    show(page, explain(HTML, tmp_path), width=width)
    folds = page.find_elements(By.CSS_SELECTOR, ".fold > summary")
    is_phone = width == 400
    assert {summary.is_displayed() for summary in folds} == {is_phone}

    def shown() -> list[bool]:
        names = "['.cards', '.filters', '.rules']"
        visible: list[bool] = page.execute_script(f"return {names}.map(name => document.querySelector(name).checkVisibility())")
        return visible

    assert shown() == [not is_phone] * 3
    assert not is_phone or page.find_element(By.CSS_SELECTOR, ".piece").rect["y"] < 500
    for name in ("tables", "show", "reasons"):
        click(page, f".{name} > summary")
    assert shown() == [True] * 3


def test_a_long_ticker_unfolds(page: Chrome) -> None:
    """A long ticker shows some headlines, counts the others, and unfolds to all."""
    assert len(displayed(page, ".piece.is-headline")) == 5
    summary = page.find_element(By.CSS_SELECTOR, "main summary")
    assert summary.text == "7 more headlines"
    summary.send_keys(Keys.ENTER)
    assert len(displayed(page, ".piece.is-headline")) == 12


@pytest.mark.parametrize("width", [400, 1280])
def test_a_long_menu_scrolls_in_its_place(page: Chrome, tmp_path: Path, width: int) -> None:
    """A menu of many entries takes a part of the first screen, so that the article is near, and is printed whole."""
    source = tmp_path / "menu.html"
    entry = '<li class="ui-menuitem ui-widget"><a href="/difaf"><span class="ui-menuitem-text">ضفاف</span></a></li>'
    markup = HTML.read_text(encoding="utf-8").replace('<ul class="ui-menu-list">', f'<ul class="ui-menu-list">{entry * 300}', 1)
    source.write_text(markup, encoding="utf-8")
    show(page, explain(source, tmp_path), width=width)
    menu = page.find_element(By.CSS_SELECTOR, ".is-chrome.piece")
    assert 200 < menu.size["height"] < 300
    hidden = "return arguments[0].scrollHeight - arguments[0].clientHeight"
    assert page.execute_script(hidden, menu) > 0
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert page.execute_script(hidden, menu) == 0
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_the_keyboard_reaches_every_piece_and_shows_rule_and_reason(page: Chrome) -> None:
    """Tab moves from filter to piece; the focus is visible, and its rule and reason are shown and announced."""
    visited: list[str] = []
    for _ in range(60):
        ActionChains(page).send_keys(Keys.TAB).perform()
        focused = page.switch_to.active_element
        visited.append(focused.get_attribute("class") or focused.get_attribute("id") or focused.tag_name)
        if visited[-1].startswith("piece field is-field is-title"):
            break
    assert visited[0] == "skip"
    assert visited.index("show-is-field") < next(n for n, name in enumerate(visited) if name.startswith("piece"))
    assert sum("piece field is-field is-headline" in name for name in visited) == 5
    title = page.switch_to.active_element
    assert title.value_of_css_property("outline-style") == "solid"
    (why,) = displayed(page, ".why")
    rule, because = why.find_elements(By.TAG_NAME, "p")
    assert rule.text == "arabress/title"
    assert because.text == "span.articletitle holds the title [code]."
    assert described(page, title) == because.text


def described(browser: Chrome, element: WebElement) -> str:
    """Return the description that a screen reader gets of an element besides its text."""
    browser.execute_script("arguments[0].id = 'asked'", element)
    root = browser.execute_cdp_cmd("DOM.getDocument", {})["root"]["nodeId"]
    node = browser.execute_cdp_cmd("DOM.querySelector", {"nodeId": root, "selector": "#asked"})
    tree = browser.execute_cdp_cmd("Accessibility.getPartialAXTree", {**node, "fetchRelatives": False})
    description: str = tree["nodes"][0]["description"]["value"]
    return description


def test_pointing_at_a_piece_shows_rule_and_reason_and_hides_nothing(page: Chrome) -> None:
    """The reason for the piece under the pointer takes precedence over that of the focus, and covers no piece."""
    page.execute_script("document.querySelector('.is-title.piece').focus()")
    dateline = page.find_element(By.CSS_SELECTOR, ".is-dateline.piece")
    page.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": "mouseMoved", **middle(page, dateline)})
    first, second = displayed(page, ".why")
    top = page.execute_script(
        "const r = arguments[0].getBoundingClientRect(); return document.elementFromPoint(r.x + 9, r.y + 9)", first
    )
    assert top.text.startswith("arabress/dateline")
    panel = second.rect
    assert all(piece.rect["x"] + piece.rect["width"] <= panel["x"] for piece in displayed(page, ".piece, .card"))


def middle(browser: Chrome, element: WebElement) -> dict[str, Any]:
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    box = browser.execute_script("return arguments[0].getBoundingClientRect().toJSON()", element)
    return {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}


def test_each_piece_has_its_own_direction(page: Chrome) -> None:
    """Arabic runs from right to left, a Latin line beside it from left to right."""
    directions = {piece.value_of_css_property("direction") for piece in displayed(page, ".piece.is-body")}
    assert directions == {"rtl"}
    assert page.find_element(By.CSS_SELECTOR, ".head").value_of_css_property("direction") == "ltr"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("case", ["arabic-article-html", "unknown-page-html", "listing-html"])
def test_text_is_told_from_its_ground(browser: Chrome, tmp_path: Path, case: str, scheme: str) -> None:
    """All text has a contrast of 4.5 to 1 or more in both schemes (WCAG 2.2, 1.4.3), and the schemes differ."""
    show(browser, explain(FIXTURES / case / "source.html", tmp_path), scheme=scheme)
    assert lowest_contrast(browser) >= 4.5
    paper = browser.find_element(By.TAG_NAME, "body").value_of_css_property("background-color")
    assert (luminance(paper) > 0.5) == (scheme == "light")


@pytest.mark.parametrize("width", [320, 700, 1280])
def test_it_is_never_wider_than_its_window(browser: Chrome, tmp_path: Path, width: int) -> None:
    """The page never scrolls sideways, not even for a word of any length."""
    source = tmp_path / "page.txt"
    source.write_text(f"{'ن' * 900}\n{'x' * 900}\nhttps://a.example/{'y' * 300}\n", encoding="utf-8")
    for page in (HTML, source):
        show(browser, explain(page, tmp_path), width=width)
        assert browser.execute_script("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_hostile_page_executes_nothing(browser: Chrome, tmp_path: Path) -> None:
    """Scripts, handlers, end tags, links and overrides of a page are only text in its explanation."""
    source = tmp_path / "hostile.html"
    source.write_text(HOSTILE_PAGE, encoding="utf-8")
    show(browser, explain(source, tmp_path))
    for piece in displayed(browser, ".piece"):
        piece.click()
    for summary in displayed(browser, "summary"):
        summary.click()
    assert "</title></style></textarea><script>" in browser.title
    assert not browser.title.startswith("pwned")
    assert logged(browser, "browser") == []
    made = browser.execute_script("""
        return {tags: [...new Set([...document.querySelectorAll('*')].map(e => e.localName))],
                attributes: [...new Set([...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames()))],
                links: [...document.links].map(e => e.getAttribute('href')),
                text: document.body.innerText}""")
    assert not {"script", "img", "iframe", "base", "textarea", "link"} & set(made["tags"])
    assert not [name for name in made["attributes"] if name.startswith("on") or name in ("src", "style", "autofocus", "srcdoc")]
    assert made["links"] == ["#page"]
    assert browser.execute_script("return document.querySelectorAll('style').length") == 1
    for wanted in (
        "onerror=\"document.title='pwned'\"",
        "</p></main><style>*{display:none}</style>",
        r"\u202eltr.exe",
        "&lt;script&gt;",
    ):
        assert wanted in made["text"]
    assert re.search("[\u202a-\u202e\u2066-\u2069]", browser.page_source) is None


def test_without_a_browser_it_says_how_to_have_one() -> None:
    """Without a browser, the skipped test names the packages to install, and CI installs them."""
    ci = (FIXTURES.parent.parent / ".ci" / "run").read_text(encoding="utf-8")
    assert all(package in ci for package in INSTALL.removeprefix("apt-get install ").split())
    assert "SCRAPER_REQUIRE_TOOLS=1" in ci
    done = subprocess.run(["bash", "-n", str(FIXTURES.parent.parent / ".ci" / "run")], check=False)
    assert done.returncode == 0
