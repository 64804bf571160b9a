"""Records of texts and pages that other programs made are right, or warn of what they do not know.

The tables of docs/fidelity.md with fewer stories; ``scripts/fidelity --show`` lists the mistakes of a cell.
"""

import os
import re
from dataclasses import replace
from functools import cache
from typing import Any

import msgspec
import pytest

from scraper import Page, clean
from tests.blocks import ROOT
from tests.fidelity.judging import ADDRESSES, FIELDS, NEEDS, Verdict, judge, judge_record
from tests.fidelity.saving import SAVINGS
from tests.fidelity.stories import Sample, make_samples
from tests.fidelity.tables import DOCUMENT, ToolRow, chosen, judged, lines_of
from tests.fidelity.tools import DEBIAN, TOOLS, Tool, missing

STORIES = 16
MOST_WRONG, LEAST_RIGHT = 1, 93
"""Percent of pages. Of sixteen, one may have a warning instead of being right; docs/fidelity.md has the figures of 120."""


@cache
def samples() -> list[Sample]:
    return list(make_samples(STORIES))


def _row(tool: Tool) -> ToolRow:
    if (what := missing(tool)) is not None:
        if os.environ.get("SCRAPER_REQUIRE_TOOLS"):
            pytest.fail(what)
        pytest.skip(what)
    return judged(tool, samples())


def _shares(row: ToolRow, name: str) -> str:
    where = ("html:" if row.tool.is_html else "") + row.tool.name
    right, wrong = row.share(name, "right"), row.share(name, "wrong")
    return (
        f'{name}: right {right:.0f} %, silently wrong {wrong:.0f} %; scripts/fidelity --stories {STORIES} --show 3 "{where}" {name}'
    )


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_a_record_of_a_text_is_right_or_says_so(tool: Tool) -> None:
    """A text that keeps enough of a page gives a right record, and hardly ever a silently wrong one."""
    row = _row(tool)
    assert row.pages >= (STORIES if "x" not in tool.keeps else 4)
    assert [_shares(row, name) for name in FIELDS if row.share(name, "wrong") > MOST_WRONG] == []
    kept = [name for name in FIELDS if NEEDS[name] in tool.keeps and row.counts[name]]
    assert [_shares(row, name) for name in kept if row.share(name, "right") < LEAST_RIGHT] == []


@pytest.mark.parametrize("tool", SAVINGS, ids=lambda tool: tool.name)
def test_a_record_of_a_saved_page_is_right(tool: Tool) -> None:
    """A saved page gives the record of the page as it was sent, with the network's addresses, however it was saved."""
    row = _row(tool)
    assert row.pages == STORIES
    assert [_shares(row, name) for name in (*FIELDS, ADDRESSES) if row.share(name, "right") < 100] == []


def test_the_stories_are_of_every_make() -> None:
    """The stories vary in language, paragraphs, sub-headings, authors, notices, lists and tables, and are on their pages."""
    some = list(make_samples(100))
    assert {sample.story.lang for sample in some} == {"ar", "fr", "en"}
    assert {sample.options.body for sample in some} == {"br", "p"}
    assert {part.kind for sample in some for part in sample.parts} == {"paragraph", "heading", "list", "table"}
    assert {sample.where for sample in some} == {"none", "line", "inline"}
    for share, of in (
        (0.75, [sample.options.notice != "none" for sample in some]),
        (0.25, [sample.where != "none" and sample.author is None for sample in some]),
        (0.5, [sample.story.lang == "ar" for sample in some]),
    ):
        assert abs(sum(of) / len(some) - share) < 0.15
    pages = [sample.html.decode() for sample in some]
    assert all(30_000 < len(sample.html) < 120_000 for sample in some)
    assert all(sample.story.newspaper in page for sample, page in zip(some, pages, strict=True))
    assert all(page.count(">هنا</a>") == (sample.story.lang == "ar") for sample, page in zip(some, pages, strict=True))


def _verdicts(sample: Sample, keeps: str = "tdabhk", source: str = "", **changes: object) -> dict[str, Verdict]:
    record = msgspec.structs.replace(clean(Page(data=sample.html)).record, **changes)
    return {case.field: case.verdict for case in judge_record(sample, record, source or sample.html.decode(), keeps)}


@pytest.fixture(scope="module")
def sample() -> Sample:
    """A story with an author, sub-headings and some paragraphs."""
    return next(
        sample
        for sample in make_samples(200)
        if sample.author and sample.headlines and any(part.kind == "heading" for part in sample.parts) and len(sample.parts) > 4
    )


def test_the_right_record_is_judged_right(sample: Sample) -> None:
    """The record of the page itself is right in every field."""
    assert set(_verdicts(sample).values()) == {"right"}


def test_a_field_without_its_warning_is_silently_wrong(sample: Sample) -> None:
    """A null field is reported only by its own warning, and a wrong value is always silently wrong."""
    for name, warning in (("title", "no-title"), ("newspaper", "no-newspaper"), ("date", "no-date")):
        nothing: dict[str, Any] = {name: None}
        assert _verdicts(sample, **nothing)[name] == "wrong"
        assert _verdicts(sample, **nothing, warnings=[warning])[name] == "reported"
        assert _verdicts(sample, **{name: "x"}, warnings=[warning])[name] == "wrong"


def test_an_author_is_missed_where_the_text_has_one(sample: Sample) -> None:
    """A null author counts as reported only if the text lacks the name; the newspaper's name is not an author."""
    assert _verdicts(sample, author=None)["author"] == "wrong"
    assert _verdicts(sample, author=None, source="nothing of it")["author"] == "reported"
    own = replace(sample, printed=sample.story.newspaper)
    assert _verdicts(own, author=None)["author"] == "right"
    assert _verdicts(own, author=own.printed)["author"] == "wrong"


def test_a_body_is_wrong_with_a_word_more_or_less(sample: Sample) -> None:
    """A body is wrong if words are lost, added or reordered, or a paragraph is cut or, without the warning, joined."""
    blocks = clean(Page(data=sample.html)).record.text.split("\n\n")
    cut = [*blocks[0].split(" ", 1), *blocks[1:]]
    joined = [f"{blocks[0]} {blocks[1]}", *blocks[2:]]
    for wrong in (blocks[1:], [*blocks, "x"], blocks[::-1], cut):
        for keeps in ("tdabhk", "tdabw", "dg"):
            assert _verdicts(sample, keeps, text="\n\n".join(wrong), warnings=["lines-rejoined"])["text"] == "wrong"
    verdicts = {keeps: _verdicts(sample, keeps, text="\n\n".join(joined))["text"] for keeps in ("tdabhk", "tdabw", "dg")}
    assert verdicts == {"tdabhk": "wrong", "tdabw": "wrong", "dg": "right"}
    assert _verdicts(sample, "tdabw", text="\n\n".join(joined), warnings=["lines-rejoined"])["text"] == "right"


def test_what_a_program_left_out_is_not_asked_of_a_record(sample: Sample) -> None:
    """A record need not contain what the program before it left out."""
    blocks = clean(Page(data=sample.html)).record.text.split("\n\n")
    rest = "\n\n".join(blocks[1:])
    assert _verdicts(sample, "x", source=rest, text=rest)["text"] == "right"
    assert _verdicts(sample, "x", source=rest, text="\n\n".join(blocks[2:]))["text"] == "wrong"


def test_headings_and_headlines_are_all_or_said(sample: Sample) -> None:
    """An invented sub-heading is always wrong, a missing one where lines are kept; a ticker must be complete or reported."""
    record = clean(Page(data=sample.html)).record
    assert _verdicts(sample, "tdabw", headings=[*record.headings, "x"])["headings"] == "wrong"
    assert _verdicts(sample, headings=[])["headings"] == "wrong"
    assert _verdicts(sample, "tdabw", headings=[])["headings"] == "reported"
    assert _verdicts(sample, headlines=record.headlines[1:])["headlines"] == "wrong"
    assert _verdicts(sample, headlines=[])["headlines"] == "wrong"
    assert _verdicts(sample, headlines=[], warnings=["ticker-not-split"])["headlines"] == "reported"
    assert _verdicts(sample, headlines=[], source="nothing of it")["headlines"] == "right"


def test_the_first_headline_of_a_glued_text_may_be_lost(sample: Sample) -> None:
    """On a single line, nothing separates the first headline from the menu: without it the ticker counts as reported."""
    rest = clean(Page(data=sample.html)).record.headlines[1:]
    assert _verdicts(sample, "dg", headlines=rest, warnings=["unlabelled-text"])["headlines"] == "reported"
    assert _verdicts(sample, "dg", headlines=rest)["headlines"] == "wrong"
    assert _verdicts(sample, "dg", headlines=rest[1:], warnings=["unlabelled-text"])["headlines"] == "wrong"


def test_nobody_is_asked_to_part_what_is_glued(sample: Sample) -> None:
    """If a program puts the author behind the title on one line, neither is judged; where lines are kept, both are."""
    source = f"{sample.story.title} {sample.printed} x"
    assert {"title", "author"}.isdisjoint(_verdicts(sample, "dg", source=source))
    assert {"title", "author"} <= set(_verdicts(sample, "tdabhk", source=source))


def test_addresses_of_an_archive_are_wrong(sample: Sample) -> None:
    """Links into an unknown archive are judged to be wrong addresses."""
    page = sample.html.decode().replace('href="/', 'href="https://archive.example/1/')
    assert {case.field for case in judge(sample, page, "tdabhk", is_html=True) if case.verdict == "wrong"} >= {ADDRESSES}


def test_the_document_has_a_row_for_each_tool_in_its_pinned_version() -> None:
    """The document's tables list the current tools in their installed versions."""
    text = DOCUMENT.read_text(encoding="utf-8")
    pins = dict(line.lower().split("==") for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").split())
    for tool in (*TOOLS, *SAVINGS):
        version = pins.get(tool.package.lower().replace("-", "_"), pins.get(tool.package.lower(), ""))
        assert tool.package in ("", *DEBIAN) or version
        assert f"| {tool.name} | `{tool.call}` | {version}" in text
    assert "is missing" not in text
    assert all(line in text for line in lines_of([]))


def test_tools_are_chosen_by_name() -> None:
    """A whole name chooses one tool, a part of a name all that contain it; ``html:`` chooses ways of saving."""
    assert [tool.name for tool in chosen("lynx")] == ["lynx"]
    assert len(chosen("LYNX,")) == 2
    assert chosen("html:wayback") == [tool for tool in SAVINGS if tool.name == "Wayback Machine"]
    assert len(chosen("html:")) == len(SAVINGS) >= 8
    assert not chosen("nothing")


def test_programs_are_named_as_their_packages_are() -> None:
    """The document says how to install each program that is not a Python package."""
    match = re.search(r"apt-get install ([a-z0-9 -]+)", DOCUMENT.read_text(encoding="utf-8"))
    assert match is not None
    assert match[1].split() == " ".join(DEBIAN.values()).split()
