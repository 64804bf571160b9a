"""The page of ``stats --html`` in a real browser."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.browsing import displayed, logged, lowest_contrast, luminance, requested, show
from tests.test_cli import run
from tests.test_explain import ACTING
from tests.test_stats import ARTICLE, HOSTILE_NAMES, NAMES, corpus, counts, write

PICTURES = (
    "Kinds",
    "Languages",
    "Sites",
    "Newspapers",
    "Years",
    "Months",
    "Days with pages, and gaps",
    "Lengths of articles",
    "Warnings",
)


def stats(records: Iterable[dict[str, Any]], directory: Path, *options: str) -> Path:
    out = directory / "stats.html"
    done = run("stats", write(directory / "pages.jsonl", records), "--html", out, *options)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    return out


@pytest.fixture
def page(browser: Chrome, tmp_path: Path) -> Chrome:
    """The statistics of seven newspapers, opened."""
    show(browser, stats(corpus(3000), tmp_path))
    return browser


def card(title: str) -> str:
    return f"section[aria-label='{title}']"


def table(browser: Chrome, title: str) -> list[list[str]]:
    """Return the cells of the table below a picture, folded or not."""
    rows: list[list[str]] = browser.execute_script(
        "return [...document.querySelectorAll(arguments[0] + ' tbody tr')].map(r => [...r.cells].map(c => c.textContent))",
        card(title),
    )
    return rows


def test_it_needs_nothing_but_itself_and_breaks_no_rule_of_its_policy(page: Chrome, tmp_path: Path) -> None:
    """The page makes no further request, logs no error, has no script, and is smaller than a megabyte."""
    assert requested(page) == {page.current_url}
    assert logged(page, "browser") == []
    assert page.find_elements(By.TAG_NAME, "script") == []
    policy = page.find_element(By.CSS_SELECTOR, "meta[http-equiv]").get_attribute("content")
    assert policy is not None
    assert re.fullmatch(r"default-src 'none'; style-src 'sha256-[\w+/=]+'; base-uri 'none'; form-action 'none'", policy)
    assert (tmp_path / "stats.html").stat().st_size < 1_000_000


def test_each_table_has_a_picture_and_its_numbers(page: Chrome, tmp_path: Path) -> None:
    """Each picture has a bar for each row, and its numbers, those of the terminal, unfold below it."""
    printed = run("stats", tmp_path / "pages.jsonl").stdout.decode()
    for title in PICTURES:
        (picture,) = displayed(page, f"{card(title)} svg")
        assert picture.size["height"] > 30
        assert displayed(page, f"{card(title)} table") == []
        page.find_element(By.CSS_SELECTOR, f"{card(title)} summary").click()
        assert len(displayed(page, f"{card(title)} table")) == 1
    for title in ("Kinds", "Languages", "Sites", "Years", "Warnings"):
        rows = table(page, title)
        assert {row[0]: int(row[1].replace(",", "")) for row in rows} == counts(printed, title)
        assert len(page.find_elements(By.CSS_SELECTOR, f"{card(title)} svg [aria-roledescription='bar']")) == len(rows)
    assert len(displayed(page, f"{card('Lengths of texts')} table")) == 1


def test_the_longest_bar_is_that_of_the_most_pages(page: Chrome) -> None:
    """The lengths of bars are proportional to their numbers."""
    widths = page.execute_script(
        f'return [...document.querySelectorAll("{card("Newspapers")} [aria-roledescription=bar]")].map(b => b.getBoundingClientRect().width)'
    )
    pages = [int(row[1].replace(",", "")) for row in table(page, "Newspapers")]
    assert len(widths) == len(pages) == len(NAMES)
    assert all(abs(width / widths[0] - count / pages[0]) < 0.01 for width, count in zip(widths, pages, strict=True))


def test_a_name_without_a_slug_has_no_empty_line_below_it(browser: Chrome, tmp_path: Path) -> None:
    """Where newspapers have slugs, the pictures say which has none."""
    records = [ARTICLE | {"newspaper": f"N{n}", "newspaper_slug": slug} for n, slug in enumerate(("almanara", "sahl", None))]
    show(browser, stats(records, tmp_path))
    for title in ("Newspapers", "Days with pages, and gaps"):
        texts = [text.text for text in displayed(browser, f"{card(title)} svg text")]
        assert texts.count("no slug") == 1
        assert {"almanara", "sahl"} <= set(texts)


def test_arabic_names_are_text_that_the_browser_shapes(page: Chrome) -> None:
    """A name in a picture or table is one piece of text, shaped, complete and inside its picture."""
    found = page.execute_script(f"""
        return [...document.querySelectorAll("{card("Newspapers")} svg text")].map(t => [t.textContent, t.getComputedTextLength(),
            t.getBoundingClientRect().left >= t.ownerSVGElement.getBoundingClientRect().left - 1, getComputedStyle(t).unicodeBidi])""")
    texts = {text: (width, is_within, bidi) for text, width, is_within, bidi in found}
    assert set(NAMES) <= set(texts)
    apart = page.execute_script(
        """
        const c = document.createElement('canvas').getContext('2d');
        c.font = getComputedStyle(document.querySelector('svg text')).font;
        return arguments[0].map(n => [...n].reduce((sum, l) => sum + c.measureText(l).width, 0))""",
        list(NAMES),
    )
    for name, letters in zip(NAMES, apart, strict=True):
        width, is_within, bidi = texts[name]
        assert is_within
        assert bidi == "plaintext"
        # Joined letters are narrower than the same letters alone.
        assert width < letters * 0.97 or name.isascii() or name[0] == "L"
    directions = page.execute_script(
        f'return [...document.querySelectorAll("{card("Newspapers")} tbody th")].map(t => [t.textContent, getComputedStyle(t).direction])'
    )
    assert dict(directions) == {name: "ltr" if name[0] in "LT" else "rtl" for name in NAMES}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_told_from_its_ground(browser: Chrome, tmp_path: Path, scheme: str) -> None:
    """All text has a contrast of 4.5 to 1 or more in both schemes, that of pictures too, and bars one of 3 to 1 (WCAG 2.2)."""
    show(browser, stats(corpus(800), tmp_path), scheme=scheme)
    for summary in displayed(browser, "summary"):
        summary.click()
    assert lowest_contrast(browser) >= 4.5
    paper = browser.find_element(By.TAG_NAME, "body").value_of_css_property("background-color")
    assert (luminance(paper) > 0.5) == (scheme == "light")
    bar, ground = browser.execute_script("""
        const bar = document.querySelector('[aria-roledescription=bar]');
        return [getComputedStyle(bar).fill, getComputedStyle(bar.closest('.card')).backgroundColor]""")
    light, dark = sorted((luminance(bar), luminance(ground)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 3


@pytest.mark.parametrize("width", [320, 390, 700, 1280])
def test_it_is_never_wider_than_its_window(browser: Chrome, tmp_path: Path, width: int) -> None:
    """The page never scrolls sideways, and no words overlap, whatever the names and numbers."""
    # A name of nothing but accents piles them up, in a picture as anywhere.
    names = [*(name for name in HOSTILE_NAMES if not unicodedata.combining(name[0])), *NAMES, "كلمة " * 40, "x" * 300]
    records = (
        ARTICLE | {"newspaper": name, "newspaper_slug": name, "site": name, "date": f"{2000 + n}-01-01"}
        for n, name in enumerate(names)
    )
    show(browser, stats(records, tmp_path), width=width)
    for summary in displayed(browser, "summary"):
        summary.click()
    assert browser.execute_script("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    covered = browser.execute_script("""
        const boxes = [...document.querySelectorAll("section[aria-label='Newspapers'] svg text")].map(t => [t.textContent, t.getBoundingClientRect()]);
        return boxes.flatMap(([a, r], i) => boxes.slice(i + 1).filter(([b, s]) =>
            r.left + 1 < s.right && s.left + 1 < r.right && r.top + 4 < s.bottom && s.top + 4 < r.bottom).map(([b]) => [a, b]))""")
    assert covered == []


@pytest.mark.parametrize("years", [1, 5, 9, 14, 20, 30])
def test_labels_of_years_are_apart(browser: Chrome, tmp_path: Path, years: int) -> None:
    """On a phone, no two labels of an axis touch each other, and each time axis has some."""
    records = (ARTICLE | {"date": f"{2025 - n % years}-{n % 12 + 1:02}-15"} for n in range(years * 12))
    show(browser, stats(records, tmp_path), width=400)
    for title in ("Years", "Months", "Days with pages, and gaps"):
        boxes = browser.execute_script(
            "return [...document.querySelectorAll(arguments[0])].filter(t => t.getAttribute('opacity') !== '0').map(t => t.getBoundingClientRect()).map(r => [r.left, r.right, r.top, r.bottom])",
            f"{card(title)} svg .role-axis-label text",
        )
        assert boxes, title
        for number, one in enumerate(boxes):
            for other in boxes[number + 1 :]:
                is_beside = one[1] + 3 <= other[0] or other[1] + 3 <= one[0]
                is_below = one[3] - 3 <= other[2] or other[3] - 3 <= one[2]
                assert is_beside or is_below, (title, one, other)


def test_a_newspaper_stands_with_its_site(page: Chrome) -> None:
    """With several sites, the pictures and numbers of newspapers name the site and slug of each."""
    for title in ("Newspapers", "Days with pages, and gaps"):
        slugs = {cell for row in table(page, title) for cell in row if ".com/" in cell}
        assert len(slugs) == len(NAMES)
        texts = {text.text for text in page.find_elements(By.CSS_SELECTOR, f"{card(title)} svg text")}
        assert slugs <= texts


def test_hostile_names_execute_nothing(browser: Chrome, tmp_path: Path) -> None:
    """Scripts, handlers, end tags and overrides in records are only text on the page and in its pictures."""
    evil = "document.title='pwned'"
    names = [
        *HOSTILE_NAMES,
        f"</text></svg><script>{evil}</script>",
        f'" onload="{evil}',
        f"<img src=x onerror={evil}>",
        "</style><style>*{display:none}",
    ]
    records = [ARTICLE | dict.fromkeys(("newspaper", "newspaper_slug", "site"), name) for name in names]
    show(browser, stats(records, tmp_path))
    assert "scraper stats" in browser.title
    assert logged(browser, "browser") == []
    made = browser.execute_script("""
        return {tags: [...new Set([...document.querySelectorAll('*')].map(e => e.localName))],
                attributes: [...new Set([...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames()))]}""")
    assert not {"script", "img", "image", "iframe", "foreignobject", "a", "link", "use"} & {tag.lower() for tag in made["tags"]}
    assert not [name for name in made["attributes"] if name.startswith("on") or name in ("src", "style", "href", "xlink:href")]
    assert browser.execute_script("return document.querySelectorAll('style').length") == 1
    assert ACTING.search(browser.page_source.replace("\t", "")) is None
    assert any(f"<img src=x onerror={evil}>" in row[0] for row in table(browser, "Newspapers"))


def test_what_is_not_shown_is_counted(browser: Chrome, tmp_path: Path) -> None:
    """A picture has at most fifty rows, the table as many as --top, and both say how many more there are."""
    records = (ARTICLE | {"newspaper": f"n{n}", "newspaper_slug": f"p{n}"} for n in range(300))
    show(browser, stats(records, tmp_path, "--top", "200"))
    assert len(table(browser, "Newspapers")) == 200
    assert len(browser.find_elements(By.CSS_SELECTOR, f"{card('Newspapers')} [aria-roledescription=bar]")) == 50
    notes = browser.find_element(By.CSS_SELECTOR, card("Newspapers")).text
    assert "the picture shows the first 50 of 200" in notes
    assert "and 100 more newspapers with 100 pages (33.3%)" in notes


def test_it_is_the_same_each_time(tmp_path: Path) -> None:
    """The same records give the same page, byte for byte, on stdout as in a file."""
    out = stats(corpus(500), tmp_path)
    assert out.read_bytes() == run("stats", tmp_path / "pages.jsonl", "--html", "-").stdout
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["pages.jsonl", "stats.html"]


def test_nothing_to_count_is_said(browser: Chrome, tmp_path: Path) -> None:
    """The page of an empty input says so instead of showing empty pictures."""
    show(browser, stats([], tmp_path))
    assert browser.find_element(By.TAG_NAME, "main").text == "There are no page records."
    assert browser.find_elements(By.TAG_NAME, "svg") == []
