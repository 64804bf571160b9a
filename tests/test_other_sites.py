"""Layouts of other sites: bylines, no ticker, strokes between headlines, dates in words."""

from pathlib import Path

import pytest

from scraper import Outcome, Page, clean
from scraper.layouts import choose_layouts, load_layout

EXAMPLES = Path(__file__).parent.parent / "examples" / "layouts"
LAYOUTS = choose_layouts(EXAMPLES, {})
TITLE = "El tren de la sierra vuelve a llevar libros"
DATE = "Publicado el 12 de marzo de 2024"
BODY = "Un vagón pintado de verde recorre desde el lunes los siete pueblos de la sierra con tres mil libros a bordo."
END = "Nota publicada originalmente en El Eco."


def outcome_of(*lines: str) -> Outcome:
    return clean(Page(data="\n".join(lines).encode()), LAYOUTS)


def removed(outcome: Outcome) -> list[str]:
    return [piece.rule for piece in outcome.record.removed]


@pytest.mark.parametrize(
    "head",
    [
        (TITLE, "Por Inés Carrizo", DATE),
        (TITLE, DATE, "Por Inés Carrizo"),
        (TITLE, "POR INÉS CARRIZO", DATE),
        ("Sección: Cultura", TITLE, "Por Inés Carrizo", DATE),
    ],
)
def test_a_byline_stands_next_to_the_dateline(head: tuple[str, ...]) -> None:
    """A byline above or below the dateline is removed under its rule and gives the author; the line above is the title."""
    outcome = outcome_of(*head, "", BODY, END)
    record = outcome.record
    assert (record.title, (record.author or "").lower(), record.date) == (TITLE, "inés carrizo", "2024-03-12")
    assert record.text == BODY
    assert "plaza/byline" in removed(outcome)


@pytest.mark.parametrize(
    "line",
    [
        "Por la tarde el vagón vuelve vacío.",
        "Por Villa Nogal pasa los martes, y los niños lo esperan en el andén con los libros de la semana anterior",
        "Lo firma Por Inés Carrizo",
    ],
)
def test_a_line_that_only_begins_like_a_byline_is_body(line: str) -> None:
    """A sentence is not a byline, not even right below the dateline, and neither is a line with more text."""
    record = outcome_of(TITLE, DATE, line, BODY, END).record
    assert record.author is None
    assert record.text == f"{line}\n\n{BODY}"


def test_a_byline_further_down_is_a_quotation() -> None:
    """The words of a byline stay in the body."""
    record = outcome_of(TITLE, "Por Inés Carrizo", DATE, BODY, "Por Tomás Ibarra", BODY, END).record
    assert record.author == "Inés Carrizo"
    assert "Por Tomás Ibarra" in record.text


def test_a_byline_that_breaks_a_dateline_in_two_leaves_both_parts_to_be_seen(tmp_path: Path) -> None:
    """A byline inside a dateline is found, and the rest of the dateline, which no rule matches any more, is text."""
    element = '[[elements]]\nid = "when"\nlabel = "dateline"\nselect = ["p.when"]\nbecause = "x"\n'
    path = tmp_path / "plaza.toml"
    path.write_text((EXAMPLES / "plaza.toml").read_text(encoding="utf-8") + element, encoding="utf-8")
    lines = f'<p class="when">Publicado<br>Por Tomás Ibarra<br>el 12 de marzo de 2024</p><p>Por Inés Carrizo</p><p>{BODY}</p>'
    page = f'<article><h1 class="titulo">{TITLE}</h1>{lines}</article>'
    record = clean(Page(data=page.encode()), [load_layout(path)]).record
    assert (record.author, record.date, "no-date" in record.warnings) == ("Tomás Ibarra", None, True)
    assert record.text.splitlines() == ["el 12 de marzo de 2024", "", "Por Inés Carrizo", "", BODY]


def test_a_byline_in_a_part_of_the_frame_is_chrome() -> None:
    """Text that an element rule has labelled keeps its label, whatever it says and wherever it is."""
    page = (
        f"""<article><h1 class="titulo">{TITLE}</h1><p class="seccion">Por Inés Carrizo</p><p>{DATE}</p><p>{BODY}</p></article>"""
    )
    outcome = clean(Page(data=page.encode()), LAYOUTS)
    assert (outcome.record.author, outcome.record.text) == (None, BODY)
    assert removed(outcome) == ["plaza/category", "plaza/dateline"]


def test_a_dateline_may_name_the_author(tmp_path: Path) -> None:
    """The slots ``author`` and ``newspaper`` are read in wordings of any kind."""
    path = tmp_path / "plaza.toml"
    source = (EXAMPLES / "plaza.toml").read_text(encoding="utf-8")
    path.write_text(source.replace('["Publicado el {date}"]', '["Firma {author} para {newspaper}, {date}"]'), encoding="utf-8")
    page = Page(data=f"{TITLE}\nFirma Inés Carrizo para La Sierra, 1 de mayo de 2024\n{BODY}\n{END}".encode())
    record = clean(page, [load_layout(path)]).record
    assert (record.author, record.newspaper, record.date) == ("Inés Carrizo", "La Sierra", "2024-05-01")


@pytest.mark.parametrize(
    ("printed", "date"),
    [
        ("12 de MARZO de 2024", "2024-03-12"),
        ("1 de diciembre de 1999", "1999-12-01"),
        ("31 de abril de 2024", None),
        ("1 de brumario de 2024", None),
    ],
)
def test_months_are_read_by_their_names(printed: str, date: str | None) -> None:
    """Month names are read in any case; an unknown name or an impossible day gives no date and a warning."""
    record = outcome_of(TITLE, f"Publicado el {printed}", BODY, END).record
    assert record.date == date
    assert ("bad-date" in record.warnings) is (date is None)


def test_a_part_of_a_date_may_be_missing_from_its_pattern(tmp_path: Path) -> None:
    """A date pattern without a day gives an impossible date, not an error of the program."""
    source = (EXAMPLES / "plaza.toml").read_text(encoding="utf-8")
    path = tmp_path / "plaza.toml"
    path.write_text(source.replace(r"(?P<day>\d{1,2}) de ", r"(?:(?P<day>\d{1,2}) de )?"), encoding="utf-8")
    page = Page(data=f"{TITLE}\nPublicado el marzo de 2024\n{BODY}\n{END}".encode())
    record = clean(page, [load_layout(path)]).record
    assert (record.date, "bad-date" in record.warnings) == (None, True)


def test_a_site_without_ticker_has_no_ticker() -> None:
    """Without a ticker in the layout, no first line and no single line is split into headlines."""
    long = "    ".join(["Una línea"] * 40)
    outcome = outcome_of(long, DATE, BODY, END)
    assert (outcome.record.title, outcome.record.text.split("\n\n")[0]) == (None, " ".join(["Una línea"] * 40))
    assert outcome.record.headlines == []
    flattened = outcome_of(" ".join([TITLE, DATE, BODY, END])).record
    assert (flattened.title, flattened.text, flattened.warnings) == (TITLE, BODY, [])
    assert (flattened.date, flattened.newspaper) == ("2024-03-12", "El Eco")


def test_a_title_with_strokes_is_no_ticker() -> None:
    """The line above the dateline is the title, even if it contains the separator of headlines."""
    page = f"Ferries | Tides | Piers\nPosted by The Quay on May 3, 2024\n{BODY}\nRead the original article on The Quay."
    record = clean(Page(data=page.encode()), LAYOUTS).record
    assert (record.title, record.headlines, record.lang) == ("Ferries | Tides | Piers", [], "en")


@pytest.mark.parametrize("stroke", [" | ", " • "])
def test_ten_headlines_between_strokes_are_enough(stroke: str) -> None:
    """Ten headlines between strokes match the layout without other evidence; nine do not."""
    headlines = [f"Harbour news number {n} of the day" for n in range(10)]
    record = clean(Page(data=f"{stroke.join(headlines)}\nOne text.\nAnother.".encode()), LAYOUTS).record
    assert (record.layout, [line.text for line in record.headlines]) == ("harborwire", headlines)
    assert clean(Page(data=f"{stroke.join(headlines[1:])}\nOne text.\nAnother.".encode()), LAYOUTS).record.layout is None


def test_one_line_below_a_ticker_is_no_headline() -> None:
    """The whole static page may be one line below the ticker."""
    ticker = "".join(f"خبر طويل من أخبار اليوم رقم {n}\u00a0\u00a0\u00a0\u00a0" for n in range(12))
    record = clean(Page(data=f"{ticker}\n{BODY}".encode()), LAYOUTS).record
    assert (record.layout, len(record.headlines), record.text) == ("arabress", 12, BODY)


def test_a_byline_of_an_element_is_no_title_where_only_place_tells_it() -> None:
    """Without column, title and dateline, an element gives the author, and no line is taken for the title."""
    body = f'<p class="firma">Inés Carrizo</p><p>{TITLE}</p><p>{BODY}</p><p>{END}</p>'
    record = clean(Page(data=f"<html><body>{body}</body></html>".encode(), url="https://plaza.example/1"), LAYOUTS).record
    assert (record.author, record.title, record.text) == ("Inés Carrizo", None, f"{TITLE}\n\n{BODY}")
