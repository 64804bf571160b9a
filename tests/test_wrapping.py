"""Wrapped lines are joined again, and lines that were not wrapped are not."""

import os
import random
import shutil
import subprocess
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scraper import Page, clean
from scraper.extract.converted_text import rejoined
from scraper.models import Document
from scraper.parse import read_text
from scraper.text import squeeze
from tests.pages.words import phrase, sentence

LANGS = ["ar", "fr", "en"]


def blocks_of(document: Document) -> list[str]:
    return [squeeze(document.text[block.start : block.end]) for block in document.blocks]


def no_wording(_: str) -> bool:
    return False


def paragraphs_of(seed: int, lang: str) -> list[str]:
    rng = random.Random(seed)
    return [" ".join(sentence(rng, lang) for _ in range(rng.randint(1, 5))) for _ in range(12)]


def ends(blocks: list[str]) -> set[int]:
    """Return where blocks end, in non-space characters."""
    found, at = set(), 0
    for block in blocks:
        at += len("".join(block.split()))
        found.add(at)
    return found


@settings(max_examples=120)
@given(st.integers(0, 2**32), st.sampled_from(LANGS), st.integers(60, 100), st.sampled_from(["", "   "]), st.booleans())
def test_no_paragraph_is_cut(seed: int, lang: str, width: int, indent: str, blank: bool) -> None:
    """For any width and indentation, each end of a block is the end of a paragraph, and no word is lost."""
    paragraphs = paragraphs_of(seed, lang)
    wrapped = [textwrap.fill(text, width, initial_indent=indent, subsequent_indent=indent) for text in paragraphs]
    document = rejoined(read_text(("\n\n" if blank else "\n").join(wrapped)), no_wording)
    assert document.is_rejoined
    blocks = blocks_of(document)
    assert " ".join(blocks) == " ".join(map(squeeze, paragraphs))
    assert ends(blocks) <= ends(paragraphs)
    if blank:
        assert len(blocks) == len(paragraphs)
    else:
        assert len(blocks) >= len(paragraphs) // 2


@pytest.mark.parametrize("lang", LANGS)
def test_paragraphs_that_stand_on_a_line_each_are_not_joined(lang: str) -> None:
    """Texts whose lines are paragraphs, headlines or short sentences are not joined."""
    rng = random.Random(lang)
    texts = [[" ".join(sentence(rng, lang) for _ in range(3)) for _ in range(40)], [phrase(rng, lang) for _ in range(40)]]
    for lines in texts:
        document = read_text("\n".join(lines))
        assert rejoined(document, no_wording) is document


def test_a_poem_is_not_joined() -> None:
    """Lines of similar length that end with room for the next word are not joined."""
    rng = random.Random(5)
    verses = [" ".join(sentence(rng, "ar").split()[: rng.randint(6, 9)]) for _ in range(40)]
    document = read_text("\n".join(verses))
    assert rejoined(document, no_wording) is document


def test_a_wording_is_joined_to_nothing() -> None:
    """A line that is a wording, such as a dateline, stays alone, even below a full line."""
    lines = textwrap.wrap(" ".join(paragraphs_of(1, "fr")), 72)
    document = rejoined(read_text("\n".join([*lines[:12], "Publié", *lines[12:]])), lambda line: line == "Publié")
    assert "Publié" in blocks_of(document)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["lynx", "-dump", "-stdin", "-force_html", "-assume_charset=utf-8", "-display_charset=utf-8"], id="lynx"),
        pytest.param(["w3m", "-dump", "-T", "text/html", "-cols", "80", "-I", "utf-8", "-O", "utf-8"], id="w3m"),
        pytest.param(["pandoc", "-f", "html", "-t", "plain"], id="pandoc"),
    ],
)
@pytest.mark.parametrize("lang", LANGS)
def test_what_real_programs_wrap_is_put_together(command: list[str], lang: str) -> None:
    """Paragraphs wrapped by lynx, w3m and pandoc come out complete and in order."""
    if shutil.which(command[0]) is None:
        assert not os.environ.get("SCRAPER_REQUIRE_TOOLS"), f"{command[0]} is missing"
        pytest.skip(f"{command[0]} is not installed")
    paragraphs = paragraphs_of(7, lang)
    page = "<meta charset=utf-8>" + "".join(f"<p>{text}</p>" for text in paragraphs)
    done = subprocess.run(command, input=page.encode(), capture_output=True, check=True)
    blocks = blocks_of(rejoined(read_text(done.stdout.decode()), no_wording))
    assert "".join("".join(blocks).split()) == "".join("".join(paragraphs).split())
    assert len(blocks) == len(paragraphs)


def test_a_line_of_nothing_but_a_mark_stands_above_a_name() -> None:
    """Above a name a line may hold only the mark of a link, and no word."""
    words = "une longue ligne de texte qui remplit toute la largeur de la page et "
    lines = [*(f"   [{n}]page {n}" for n in range(1, 6)), *(f"   {words[:60]}" for _ in range(8))]
    lines[9:9] = ["   " + words[:62], "   [7]", "   Jean Dupont", "   Publié dans Le Matin le 10 - 05 - 2012"]
    record = clean(Page(data="\n".join(lines).encode())).record
    assert (record.newspaper, record.date) == ("Le Matin", "2012-05-10")
    assert "Jean Dupont" in (record.author, record.title)
