"""Layout files are loaded strictly, and wordings are matched as loosely as pages vary, but no looser."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.errors import LayoutError
from scraper.layouts import load_layout
from scraper.layouts.schema import Selector
from scraper.layouts.wording import Wording
from scraper.models import Element
from tests.cases import ARABRESS

SOURCE = (Path(__import__("scraper.layouts").layouts.__file__).parent / "arabress.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('name = "arabress"', 'name = "arabress"\ncolour = "red"', "unknown field `colour`"),
        ('name = "arabress"', 'name = "arabress\\n"', r"matching regex .* - at `\$.name`"),
        ('id = "menu"', 'id = "menu"\nlable = "chrome"', r"unknown field `lable` - at `\$.elements\[\d+\]`"),
        ('because = "The site\'s logo [seen]."\n', "", r"missing required field `because` - at `\$.elements\[\d+\]`"),
        ('because = "The site\'s logo [seen]."\n', 'because = " "\n', r"matching regex .* - at `\$.elements\[\d+\].because`"),
        ("separator = '", "separator = '(?P<x", r"missing >.* - at `\$.ticker.separator`"),
        ('usual = "', 'usual = "|', r"rule 'ticker': .* is not white space.* - at `\$.ticker.usual`"),
        ('usual = "', 'usual = "\\n" # "', r"rule 'ticker': .* is not a separator.* - at `\$.ticker.usual`"),
        (r"(?P<year>\d{4})", r"\d{4}", r"a date needs the groups day, month, year and no others - at `\$.date`"),
        ("path = '/(?P<lang>fr|en)/?'", "path = '/(fr'", r"unterminated subpattern.* - at `\$.addresses\[\d+\].path`"),
        (
            'select = ["div.header"]',
            'select = ["div > p"]',
            r"'div > p' is not a compound selector .* - at `\$.elements\[\d+\].select\[0\]`",
        ),
        ('select = ["div.header"]', "select = []", r"length >= 1 - at `\$.elements\[\d+\].select`"),
        ('label = "footer"', 'label = "feet"', r"Invalid enum value 'feet' - at `\$.wordings\[\d+\].label`"),
        ('ar = ["أبلغ عن', 'ar = ["(أبلغ عن', r"'\)' is missing - at `\$.wordings\[\d+\].say.ar`"),
        (
            'within = ["teaser"]',
            'within = ["tease"]',
            r"'teaser-title' refers to an element rule 'tease' that does not exist.* - at `\$.elements\[\d+\]`",
        ),
        ('id = "menu"', 'id = "header"', r"two rules have the id 'header'.* - at `\$.elements\[\d+\]`"),
        ("slots = 10", "slots = 'ten'", r"Expected `int`, got `str` - at `\$.ticker.slots`"),
        ("slots = 10", "slots = = 10", r"line \d+"),
    ],
)
def test_a_wrong_layout_file_is_refused_with_file_and_place(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    """An unknown key, a missing reason, or an invalid pattern, selector or wording is an error that names file and path."""
    assert SOURCE.count(old) >= 1
    path = tmp_path / "wrong.toml"
    path.write_text(SOURCE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(LayoutError) as caught:
        load_layout(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert re.search(complaint, str(caught.value))


def test_a_layout_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing file and a file of garbage are layout errors."""
    with pytest.raises(LayoutError, match=r"nowhere\.toml: the layout file cannot be read"):
        load_layout(tmp_path / "nowhere.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(LayoutError, match=r"bytes\.toml"):
        load_layout(tmp_path / "bytes.toml")


@pytest.mark.parametrize(
    ("line", "rule", "lang"),
    [
        ("شكرا على الإبلاغ!", "report-notice", "ar"),
        ("شكرا على الابلاغ !", "report-notice", "ar"),
        ("شكرا على الإبلاغ! سيتم حجب هذه الصورة تلقائيا عندما يتم الإبلاغ عنها من طرف عدة أشخاص.", "report-notice", "ar"),
        ("MERCI D’AVOIR SIGNALÉ !", "report-notice", "fr"),
        ("Merci d'avoir signal\ufffd!", "report-notice", "fr"),
        (
            "Cette image sera automatiquement bloqu\ufffde apr\ufffds qu'elle soit signal\ufffde par plusieurs personnes.",
            "report-notice",
            "fr",
        ),
        ("Cette image sera automatiquement bloquée après qu’elle soit signalée par plusieurs personnes", "report-notice", "fr"),
        ("Thank you for reporting !", "report-notice", "en"),
        ("This image will be automatically disabled when it gets reported by several people.", "report-notice", "en"),
        ("نشر في أخبار يوم الجمعة يوم 19 - 02 - 2025", "dateline", "ar"),
        ("نشر في الواحة يوم 19-02-2025", "dateline", "ar"),
        ("نشر في الواحة يوم ١٩ - ٠٢ - ٢٠٢٥", "dateline", "ar"),
        ("ن\ufffd\ufffdر في الواحة يوم 19 - 02 - 2025", "dateline", "ar"),
        ("Publié dans La Dépêche du 21 le 03 - 04 - 2010", "dateline", "fr"),
        ("Publi\ufffd dans La D\ufffdp\ufffdche le 03 - 04 - 2010", "dateline", "fr"),
        ("publie dans l'Oasis le 3/4/2010", "dateline", "fr"),
        ("Published in The Oasis on 19 - 09 - 2013", "dateline", "en"),
        ("انقر هنا لقراءة الخبر من مصدره.", "source-footer", "ar"),
        ("انقر هنا لقراءة الخبر من مصدره", "source-footer", "ar"),
        ("Cliquez ici pour lire l’article depuis sa source.", "source-footer", "fr"),
        ("CLIQUEZ ICI POUR LIRE L' ARTICLE DEPUIS SA SOURCE", "source-footer", "fr"),
        ("Click here to read the story from its source.", "source-footer", "en"),
    ],
)
def test_wordings_are_matched_as_loosely_as_pages_vary(line: str, rule: str, lang: str) -> None:
    """Apostrophes, spacing, case, diacritics, the full stop, Arabic digits and lost letters make no difference to a match."""
    hit = ARABRESS.wording_of(line)
    assert hit is not None
    assert (hit.rule.id, hit.lang) == (rule, lang)


@pytest.mark.parametrize(
    "line",
    [
        "شكرا على الإبلاغ! قالها الوزير مبتسما.",
        "قال: شكرا على الإبلاغ!",
        "كما تقول العبارة: انقر هنا لقراءة الخبر من مصدره.",
        "انقر هنا لقراءة الخبر من مصدره. ثم عد إلى الصفحة.",
        "نشر في الواحة يوم الجمعة الماضي مقال طويل.",
        "نشر في الواحة يوم 19 - 02 - 2025 مقال طويل.",
        "وقد نشر في الواحة يوم 19 - 02 - 2025",
        "Publié dans La Gazette le 3 de avril 2010",
        "Cliquez ici.",
        "\ufffd\ufffd\ufffd\ufffd \ufffd\ufffd\ufffd \ufffd\ufffd\ufffd\ufffd\ufffd\ufffd \ufffd\ufffd\ufffd\ufffd\ufffd \ufffd\ufffd \ufffd\ufffd\ufffd\ufffd\ufffd",
    ],
)
def test_a_line_that_only_quotes_a_wording_is_not_one(line: str) -> None:
    """A sentence that contains or resembles a wording, or is mere damage, does not match it."""
    assert ARABRESS.wording_of(line) is None


@pytest.mark.parametrize(
    ("text", "newspaper", "day", "is_printed"),
    [
        ("نشر في أخبار يوم الجمعة يوم 19 - 02 - 2025", "أخبار يوم الجمعة", "2025-02-19", True),
        ("Publié dans La Dépêche du 21 le 03 - 04 - 2010", "La Dépêche du 21", "2010-04-03", True),
        ("نشر في الواحة يوم 31 - 02 - 2025", "الواحة", None, True),
        ("فلان نشر في الواحة يوم ١ - ٢ - ٢٠٢٥", "الواحة", "2025-02-01", True),
        ("La Gazette, 03/04/2010", None, "2010-04-03", True),
        ("La Gazette", None, None, False),
    ],
)
def test_a_dateline_gives_newspaper_and_day(text: str, newspaper: str | None, day: str | None, is_printed: bool) -> None:
    """The newspaper may contain the dateline's own words, an impossible day gives no date, and missing parts stay missing."""
    dateline = ARABRESS.read_dateline(text)
    assert (dateline.newspaper, dateline.date and dateline.date.isoformat(), dateline.is_date_printed) == (
        newspaper,
        day,
        is_printed,
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/hespress/1500000", {"newspaper_slug": "hespress"}),
        ("/elbotola/1803221451", {"newspaper_slug": "elbotola"}),
        ("/fr/lesoir/7", {"newspaper_slug": "lesoir", "lang": "fr"}),
        ("/en/ahramweekly/20517/", {"newspaper_slug": "ahramweekly", "lang": "en"}),
        ("/hespress", {"newspaper_slug": "hespress"}),
        ("/hespress/rss", {"newspaper_slug": "hespress"}),
        ("/politics", {}),
        ("/video/212719", {}),
        ("/author/A+B", {}),
        ("/fr", {"lang": "fr"}),
        ("/fr/politics", {"lang": "fr"}),
        ("/", {}),
        ("", {}),
    ],
)
def test_an_address_names_newspaper_and_language(path: str, expected: dict[str, str]) -> None:
    """The slug precedes the number, the language the slug; sections, videos and authors are not newspapers."""
    assert ARABRESS.address(f"https://www.maghress.com{path}") == expected


@pytest.mark.parametrize(
    ("text", "fits"), [("div", True), ("#b", True), (".x.y", True), ("div#b.y", True), ("p", False), (".z", False), ("#c", False)]
)
def test_a_compound_selector_asks_for_all_of_its_parts(text: str, fits: bool) -> None:
    """A selector matches if tag, id and each class match."""
    assert Selector.parse(text).matches(Element("div", "b", "x y", None, None)) is fits


@pytest.mark.parametrize("text", ["", "div p", "div>p", "a:hover", "a[href]", "*", "#a#b", "div,p"])
def test_what_is_no_compound_selector_is_refused(text: str) -> None:
    """A selector with any unsupported part is refused."""
    with pytest.raises(ValueError, match=r"selector|ids"):
        Selector.parse(text)


@given(st.text())
def test_no_line_breaks_the_wordings(line: str) -> None:
    """No line makes matching raise."""
    squeezed = " ".join(line.split())
    if squeezed:
        ARABRESS.wording_of(squeezed)
    assert ARABRESS.read_dateline(line).lang in (None, "ar", "en", "fr")


@pytest.mark.parametrize(
    ("sentence", "line"),
    [
        ("Voir tout ", "Voir tout"),
        ("[Encore ]ici!", "ici"),
        ("(Voir|Lire) l'article.", "lire l’article"),
        ("le {date}", "le 1/2/2020"),
    ],
)
def test_no_line_that_is_a_wording_is_shorter_than_it_says(sentence: str, line: str) -> None:
    """No wording matches a line shorter than its least length, by which lines are skipped."""
    wording = Wording("fr", [sentence], r"\d{1,2}/\d{1,2}/\d{4}", chained=False)
    assert wording.match(line) is not None
    assert wording.shortest <= len(line)
