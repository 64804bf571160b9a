"""Invented stories, and their pages in the network's markup: as large as real ones, with menu, ticker, sidebar, notice and footers."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from random import Random
from typing import Final, Literal

from bench.corpus import SITE, _LongPage
from tests.pages.options import PageOptions
from tests.pages.stories import HOSTS, BodyBlock, Story, TickerSlot, make_story
from tests.pages.wordings import dateline
from tests.pages.words import phrase, sentence, some

_SITES: Final = dict(zip(HOSTS, ("مغرس", "مصرس", "جزايرس", "تورس", "سعورس", "سودارس", "يمرس"), strict=True))
_HEADLINES: Final = 58
_ABOUT: Final = {"ar": "حول {}", "fr": "À propos de {}", "en": "About {}"}
_ADVERTS: Final = {"ar": "الإعلانات", "fr": "Publicité", "en": "Advertisement"}
_COUNT: Final = "لدينا 52913288 خبرا ومقالا مفهرسا."
_REPORT: Final = "أبلغ عن إشهار غير لائق"

Where = Literal["none", "line", "inline"]
PartKind = Literal["paragraph", "heading", "list", "table"]


@dataclass(frozen=True)
class BodyPart:
    """A part of a body: a paragraph, a sub-heading, or a list or table with its items or cells."""

    kind: PartKind
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Sample:
    """A story, how its page shows it, and the page."""

    number: int
    story: Story
    parts: tuple[BodyPart, ...]
    printed: str
    """The name in the author's place, if any; it may be the newspaper's own."""
    where: Where
    """The place of that name: on its own line before the dateline, or on the dateline's line, before it."""
    options: PageOptions
    html: bytes

    @property
    def author(self) -> str | None:
        """The author, if the page names one."""
        return self.printed if self.where != "none" and self.printed != self.story.newspaper else None

    @property
    def date(self) -> str:
        """The day of publication."""
        return f"{self.story.year:04}-{self.story.month:02}-{self.story.day:02}"

    @property
    def url(self) -> str:
        """The page's own address."""
        return f"https://www.{self.story.host}{self.story.path}"

    @property
    def headlines(self) -> list[str]:
        """The headlines of the ticker."""
        return [slot.text for slot in self.story.ticker if slot.text]

    def __str__(self) -> str:
        shape = f"body {self.options.body}, headings {self.options.bold_heading}, author {self.where}, notice {self.options.notice}"
        return f"story {self.number} ({self.story.lang}, {shape}, {len(self.parts)} parts, {len(self.headlines)} headlines)"


class _SamplePage(_LongPage):
    """A page of the network with an author, lists and tables in the body, and the real site's footer."""

    def __init__(self, sample: Sample, rng: Random) -> None:
        super().__init__(sample.story, sample.options, rng, sample.story.host, sample.number // 20)
        self.sample = sample

    def part(self, part: BodyPart) -> str:
        """Return a part of the body with its closing tags."""
        texts = [self.say(text) for text in part.texts]
        if part.kind == "list":
            return f"<ul>{''.join(f'<li>{text}</li>' for text in texts)}</ul>\n"
        if part.kind == "table":
            rows = (f"<tr><td>{left}</td><td>{right}</td></tr>" for left, right in zip(texts[::2], texts[1::2], strict=True))
            return f"<table>{''.join(rows)}</table>\n"
        if part.kind == "heading":
            tag = self.options.bold_heading
            if tag == "h2":
                return f"<h2>{texts[0]}</h2>\n"
            texts[0] = f"<{tag}>{texts[0]}</{tag}>"
        return f"<p>{texts[0]}</p>\n" if self.options.body == "p" else f"{texts[0]}{self.options.paragraph_break}"

    def body(self) -> str:
        """Return the article's body."""
        inner = "".join(map(self.part, self.sample.parts)).removesuffix(self.options.paragraph_break)
        return f'<span class="articlecontent">{inner}</span>'

    def article(self) -> str:
        """Return the content of the main column."""
        whole, sample = super().article(), self.sample
        name = f'<a href="/author/{escape(sample.printed.replace(" ", "+"))}">{self.say(sample.printed)}</a>'
        shown = f'<span class="articlenewspaper">{self.say(dateline(sample.story, self.options))}</span>'
        before = {"none": "", "line": f"{name}<br />\n", "inline": f"{name} "}[sample.where]
        return whole.replace(shown, before + shown)

    def page(self) -> str:
        """Return the whole page."""
        lang, own = self.story.lang, _SITES[self.story.host]
        flags = "".join(f'<li><a href="https://www.{host}/">{name}</a></li>' for host, name in _SITES.items() if name != own)
        footer = (
            f'<div id="footer"><div id="footermenu"><ul><li><a href="/about" class="">\n{_ABOUT[lang].format(own)}\n</a></li>'
            f'<li><a href="/advertisement" class="">{_ADVERTS[lang]}</a></li><li><input type="hidden" value="YX==" /></li>{flags}'
            f"<li><span>{_COUNT}</span></li></ul></div></div>"
            '<div id="social"><a href="//t.example/x" target="_blank"><img src="/resources/twitter.png" /></a></div></div>'
            '<div id="lastColumn"></div></div>\n<form id="g" method="post"><button class="ui-button report" type="submit">'
            f'<span class="ui-button-text ui-c">{_REPORT}</span></button></form></body>\n</html>'
        )
        whole = super().page().replace(SITE, own)
        whole = whole.replace('<img src="/resources/logo.png" alt="x" />', f'<img src="/resources/logo.png" alt="{own}" />')
        return re.sub(r'<div id="footer">.*', lambda _: footer, whole, flags=re.DOTALL)


def make_samples(count: int, seed: int = 16) -> Iterator[Sample]:
    """Yield stories and their pages: half in Arabic, a quarter each in French and English, of every variety."""
    rng = Random(seed)
    for number in range(count):
        yield _sample(number, rng)


def _sample(number: int, rng: Random) -> Sample:
    lang = ("ar", "fr", "ar", "en")[number % 4]
    story = make_story(rng, lang)
    parts = _parts(rng, lang)
    story = replace(story, blocks=_blocks(parts), ticker=_ticker(story, rng))
    options = PageOptions(
        body=rng.choice(("br", "p")),
        paragraph_break=rng.choice(("<br />\n", "<br />\n", "<br /><br />\n")),
        bold_heading=rng.choice(("b", "h2", "strong")),
        notice=rng.choice(("two-lines", "two-lines", "two-lines", "none")),
    )
    where: Where = rng.choice(("none", "line", "inline"))
    printed = some_name(rng, lang)
    if rng.random() < 0.25:  # the newspaper's own name
        printed, where = story.newspaper, rng.choice(("line", "inline"))
    sample = Sample(number, story, parts, printed, where, options, b"")
    return replace(sample, html=_SamplePage(sample, rng).page().encode())


_NAMES: Final = {
    "ar": ("كريم العلوي", "سلمى بنت الوادي", "د. ياسين الأندلسي", "هدى منصور", "عبد الرحمن ولد سيدي"),
    "fr": ("Karim Alaoui", "Salma Benouda", "Dr Yacine L'Andalous", "Houda Mansour", "Jean-Noël d'Été"),
    "en": ("Karim Alaoui", "Salma O'Wadi", "Dr. Yassin Andalusi", "Huda Mansour", "Anne-Marie Reed"),
}


def some_name(rng: Random, lang: str) -> str:
    """Return an invented name."""
    return rng.choice(_NAMES[lang])


def _ticker(story: Story, rng: Random) -> tuple[TickerSlot, ...]:
    slots = list(story.ticker)
    while slots and len(slots) < _HEADLINES:
        slots.append(TickerSlot(phrase(rng, story.lang), f"/difaf/{rng.randint(1, 10**7)}"))
    if slots and rng.random() < 0.2:
        slots[7] = replace(slots[7], text="")
    return tuple(slot for slot in slots if len(slot.text) != 1 and len(slot.text) != 2)


def _parts(rng: Random, lang: str) -> tuple[BodyPart, ...]:
    longest = rng.choice((1, 2, 4, 8))
    count = rng.choice((1, 2, 3, 5, 8, 13))
    parts = [_paragraph(rng, lang, rng.randint(1, longest)) for _ in range(count)]
    if count > 2:
        for place in sorted(rng.sample(range(1, count), rng.choice((0, 1, 2))), reverse=True):
            parts.insert(place, BodyPart("heading", (some(rng, lang, 2, 4)[:55].strip(),)))
        # After a paragraph: in plain text a sub-heading above short lines cannot be told from one of them.
        place = next(place for place in range(len(parts) - 1, 0, -1) if parts[place - 1].kind == "paragraph")
        chance = rng.random()
        if chance < 0.12:
            parts.insert(place, BodyPart("list", tuple(some(rng, lang, 2, 7) for _ in range(rng.randint(3, 6)))))
        elif chance < 0.24:
            parts.insert(place, BodyPart("table", tuple(some(rng, lang, 1, 3) for _ in range(2 * rng.randint(3, 5)))))
    return tuple(parts)


def _paragraph(rng: Random, lang: str, sentences: int) -> BodyPart:
    return BodyPart("paragraph", (" ".join(sentence(rng, lang) for _ in range(sentences)),))


def _blocks(parts: Sequence[BodyPart]) -> tuple[BodyBlock, ...]:
    return tuple(BodyBlock(text, part.kind == "heading") for part in parts for text in part.texts)
