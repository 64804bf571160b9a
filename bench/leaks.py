"""What an extractor leaks or loses, by comparing its results for invented pages with their stories."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from random import Random
from typing import Final

from bench.corpus import PARAGRAPHS, SITE, html_page, stories
from bench.extractors import Extracted, LoadedExtractor
from scraper.text import squeeze, visible
from tests.pages.options import PageOptions
from tests.pages.stories import BodyBlock, Story
from tests.pages.text import render_text
from tests.pages.wordings import dateline, footer, notice
from tests.pages.words import phrase, some

_HEADINGS_AT: Final = (5, 11)
_WORDS: Final = 4
"""The least number of words in a headline: so many do not occur in a body by chance."""
_SHORT: Final = 91
"""Characters in the body of a short piece of news, as in the shortest that was seen."""


@dataclass(frozen=True)
class ShortStory:
    """A story and its page."""

    story: Story
    page: bytes


@dataclass(frozen=True)
class Samples:
    """The same stories in several shapes."""

    br: Sequence[ShortStory]
    """Paragraphs separated by ``<br>``, as on the network's pages."""
    p: Sequence[ShortStory]
    """The same with a ``<p>`` around each paragraph."""
    short: Sequence[ShortStory]
    """The same with one short sentence as their body."""
    text: Sequence[ShortStory]
    """The same as plain text."""


def make_samples(count: int, seed: int = 4) -> Samples:
    """Return ``count`` stories in all shapes: Arabic, 14 paragraphs, 2 sub-headings, 58 headlines."""
    rng = Random(seed)
    whole = [_countable(story, rng) for story in islice(stories(seed), count)]
    short = [replace(story, blocks=(BodyBlock(_short(rng)),)) for story in whole]
    return Samples(
        br=[ShortStory(story, html_page(story, rng)) for story in whole],
        p=[ShortStory(story, html_page(story, rng, options=PageOptions(body="p"))) for story in whole],
        short=[ShortStory(story, html_page(story, rng)) for story in short],
        text=[ShortStory(story, render_text(story, PageOptions(), rng).encode()) for story in whole],
    )


def _countable(story: Story, rng: Random) -> Story:
    """Return the story with sub-headings, and with headlines too long to occur in its body by chance."""
    blocks = list(story.blocks)
    for place in _HEADINGS_AT:
        blocks.insert(place, BodyBlock(f"{some(rng, 'ar', 4, 4)} {place}"[:60], heading=True))
    slots = []
    for slot in story.ticker:
        text = slot.text
        while len(text.split()) < _WORDS:
            text = phrase(rng, "ar")
        slots.append(replace(slot, text=text))
    return replace(story, blocks=tuple(blocks), ticker=tuple(slots))


def _short(rng: Random) -> str:
    while True:
        text = some(rng, "ar", 14, 17) + "."
        if len(text) == _SHORT:
            return text


@dataclass(frozen=True)
class LeakCount:
    """The result for one page."""

    found: int
    """The number of headlines that are given as such, one by one."""
    inside: int
    """The number of headlines in the text of the article."""
    notice: bool
    footer: bool
    dateline: bool
    title: str
    date: str
    newspaper: str
    headings: int
    paragraphs: int
    chars: int
    """Visible characters of the text."""
    noise: int
    """Those of them that are neither of the body nor of the title."""
    flat: bool
    """Whether several blocks are on one line."""


def judge(found: Extracted, story: Story) -> LeakCount:
    """Compare an extractor's result with the story."""
    text = squeeze(found.text)
    given = {squeeze(headline) for headline in found.headlines}
    headlines = [squeeze(slot.text) for slot in story.ticker]
    blocks = [(squeeze(block.text), block.heading) for block in story.blocks]
    kept = [(block, heading) for block, heading in blocks if block in text]
    title = squeeze(story.title)
    own = sum(visible(block) for block, _ in kept) + visible(title) * (f" {title} " in f" {text} ")
    first, second = notice(story, PageOptions()) or ("", "")
    return LeakCount(
        found=sum(headline in given for headline in headlines),
        inside=sum(headline in text for headline in headlines),
        notice=first in text or second in text,
        footer="".join(footer(story, PageOptions()) or ()).rstrip(".") in text,
        dateline=squeeze(dateline(story, PageOptions())) in text,
        title=_title(squeeze(found.title or ""), title),
        date=_date(found.date, f"{story.year:04}-{story.month:02}-{story.day:02}"),
        newspaper="the site's name" if found.newspaper == SITE else _kind(found.newspaper, squeeze(story.newspaper)),
        headings=sum(heading for _, heading in kept),
        paragraphs=sum(not heading for _, heading in kept),
        chars=visible(text),
        noise=max(0, visible(text) - own),
        flat=len(kept) > 1 and len(found.text.split("\n")) < len(kept),
    )


def _kind(found: str | None, true: str) -> str:
    if not found:
        return "none"
    return "right" if found == true else "wrong"


def _title(found: str, true: str) -> str:
    before, _, rest = found.rpartition(f"{SITE} : ")
    if found in ("", true) or before:
        return _kind(found, true)
    if found == SITE:
        return "the site's name"
    named = "with the site's name" * (rest != found)
    return named if rest == true else " ".join(["cut", named]).strip() if rest in true else "wrong"


def _date(found: str | None, true: str) -> str:
    return "a 1 January" if found and found != true and found.endswith("-01-01") else _kind(found, true)


Cell = Callable[[Sequence[LeakCount]], str]


def _number(take: Callable[[LeakCount], int]) -> Cell:
    return lambda verdicts: f"{sum(map(take, verdicts)) / len(verdicts):.3g}"


def _on(take: Callable[[LeakCount], bool]) -> Cell:
    def cell(verdicts: Sequence[LeakCount]) -> str:
        times = sum(map(take, verdicts))
        return {0: "no", len(verdicts): "yes"}.get(times, f"on {times} of {len(verdicts)}")

    return cell


def _which(take: Callable[[LeakCount], str]) -> Cell:
    def cell(verdicts: Sequence[LeakCount]) -> str:
        words = [take(verdict) for verdict in verdicts]
        counted = sorted({(-words.count(word), word) for word in words})
        return counted[0][1] if len(counted) == 1 else ", ".join(f"{word} {-times}" for times, word in counted)

    return cell


def _noise(verdicts: Sequence[LeakCount]) -> str:
    chars = sum(verdict.chars for verdict in verdicts)
    return f"{sum(verdict.noise for verdict in verdicts) / chars:.0%}" if chars else "no text"


COLUMNS: Final[dict[str, Cell]] = {
    "headlines found, of 58": _number(lambda verdict: verdict.found),
    "headlines in the text": _number(lambda verdict: verdict.inside),
    "notice in the text": _on(lambda verdict: verdict.notice),
    "footer in the text": _on(lambda verdict: verdict.footer),
    "dateline in the text": _on(lambda verdict: verdict.dateline),
    "title": _which(lambda verdict: verdict.title),
    "date": _which(lambda verdict: verdict.date),
    "newspaper": _which(lambda verdict: verdict.newspaper),
    "sub-headings kept, of 2": _number(lambda verdict: verdict.headings),
    "paragraphs kept, of 14": _number(lambda verdict: verdict.paragraphs),
    "noise in the text": _noise,
}


def _whole(verdicts: Sequence[LeakCount], paragraphs: int) -> str:
    """Return in a few words what became of whole pages."""

    def body(verdict: LeakCount) -> str:
        if not verdict.chars:
            return "nothing"
        kept = {0: "body lost", paragraphs: "body kept"}.get(verdict.paragraphs, "body kept in part")
        return f"{kept} on one line" if verdict.flat else kept

    frame: dict[str, Callable[[LeakCount], bool]] = {
        "headlines": lambda verdict: verdict.inside > 0,
        "notice": lambda verdict: verdict.notice,
        "footer": lambda verdict: verdict.footer,
        "dateline": lambda verdict: verdict.dateline,
    }
    leaked = {name: _on(stands)(verdicts) for name, stands in frame.items()}
    named = [name if often == "yes" else f"{name} {often}" for name, often in leaked.items() if often != "no"]
    return "; leaked: ".join([_which(body)(verdicts), ", ".join(named)]).removesuffix("; leaked: ")


def leaks(tool: LoadedExtractor, samples: Samples) -> Iterator[str]:
    """Yield the cells of an extractor's row: one if both kinds of markup give the same, else that of ``<br>``, then of ``<p>``."""
    br, p, short, text = (
        [judge(tool.read(tool.extract(sample.page)), sample.story) for sample in shape]
        for shape in (samples.br, samples.p, samples.short, samples.text)
    )
    for cell in COLUMNS.values():
        one, other = cell(br), cell(p)
        yield one if one == other else f"{one} / {other}"
    yield _whole(short, 1)
    yield _whole(text, PARAGRAPHS)
