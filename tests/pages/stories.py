"""Invented stories: the content of pages, without their form."""

from dataclasses import dataclass, replace
from random import Random
from typing import Final

from tests.pages.words import NEWSPAPERS, SPECIAL, phrase, sentence, some

HOSTS: Final = ("maghress.com", "masress.com", "djazairess.com", "turess.com", "sauress.com", "sudaress.com", "yemeress.com")


@dataclass(frozen=True)
class BodyBlock:
    """A paragraph or a sub-heading."""

    text: str
    heading: bool = False


@dataclass(frozen=True)
class TickerSlot:
    """A place in the ticker; without text it is empty."""

    text: str
    path: str


@dataclass(frozen=True)
class ListingEntry:
    """A teaser of a listing."""

    title: str
    path: str
    author: str | None
    newspaper: str | None
    subtitle: str = ""


@dataclass(frozen=True)
class Story:
    """The content of a page."""

    lang: str
    host: str
    slug: str
    number: int
    newspaper: str
    title: str
    day: int
    month: int
    year: int
    blocks: tuple[BodyBlock, ...]
    ticker: tuple[TickerSlot, ...]
    teasers: tuple[ListingEntry, ...]
    original_url: str
    quotes_a_dateline: bool = False
    """Whether a line of the body reads exactly like a dateline."""

    @property
    def path(self) -> str:
        """The path of the article's address."""
        return f"{'' if self.lang == 'ar' else '/' + self.lang}/{self.slug}/{self.number}"


def make_story(rng: Random, lang: str) -> Story:
    """Return an invented story."""
    near = rng.random() < 0.3
    newspaper = rng.choice(NEWSPAPERS[lang])
    blocks, quotes = _body(rng, lang, newspaper, near)
    return Story(
        lang=lang,
        host=rng.choice(HOSTS),
        slug=rng.choice(("difaf", "alamoud24", "sawt-sahl", "marsa_fr", "yawm7", "elphare")),
        number=rng.choice((rng.randint(1, 9), rng.randint(10**5, 10**7), rng.randint(10**9, 10**10 - 1), 1803221451)),
        newspaper=newspaper,
        title=phrase(rng, lang),
        day=rng.randint(1, 28),
        month=rng.randint(1, 12),
        year=rng.randint(1998, 2025),
        blocks=blocks,
        ticker=_ticker(rng, lang),
        teasers=(*(_entry(rng, lang) for _ in range(rng.randint(0, 13))), replace(_entry(rng, lang), title=phrase(rng, lang))),
        original_url=f"https://www.{rng.choice(('difaf', 'marsa'))}.example/{rng.randint(1, 9999)}.html?a=1&b=2",
        quotes_a_dateline=quotes,
    )


def _body(rng: Random, lang: str, newspaper: str, near: bool) -> tuple[tuple[BodyBlock, ...], bool]:
    blocks = [BodyBlock(_paragraph(rng, lang)) for _ in range(rng.choice((1, 2, 3, 5, 8, 13, 30)))]
    if len(blocks) == 1 and rng.random() < 0.5:
        return (BodyBlock(some(rng, lang, 3, 5) + "."),), False
    for _ in range(rng.choice((0, 0, 1, 2))):
        place = rng.randrange(1, len(blocks)) if len(blocks) > 1 else 0
        if not blocks[place].heading and not blocks[place - 1].heading:
            blocks.insert(place, BodyBlock(_heading(rng, lang), heading=True))
    quotes = False
    if near:
        for kind in rng.sample(range(8), rng.choice((1, 1, 2, 8))):
            block = near_miss(rng, lang, newspaper, kind)
            quotes |= kind == 3
            place = rng.randint(1, len(blocks))
            while blocks[place - 1].heading:
                place -= 1
            blocks.insert(max(place, 1), block)
    return tuple(blocks), quotes


def _paragraph(rng: Random, lang: str) -> str:
    return " ".join(sentence(rng, lang) for _ in range(rng.choice((1, 1, 2, 4))))


def _heading(rng: Random, lang: str) -> str:
    return some(rng, lang, 2, 4)[:55].strip()


def near_miss(rng: Random, lang: str, newspaper: str, kind: int) -> BodyBlock:
    """Return a paragraph that resembles a part of the frame without being one."""
    before, after = sentence(rng, lang), some(rng, lang, 6, 9) + "."
    other = rng.choice([name for name in NEWSPAPERS[lang] if name != newspaper])
    date = f"{rng.randint(1, 28):02} - {rng.randint(1, 12):02} - {rng.randint(1998, 2025)}"
    footer = {
        "ar": '"انقر هنا لقراءة الخبر من مصدره."',
        "fr": "« Cliquez ici pour lire l'article depuis sa source. »",
        "en": '"Click here to read the story from its source."',
    }[lang]
    thanks = {"ar": "شكرا على الإبلاغ!", "fr": "Merci d'avoir signalé !", "en": "Thank you for reporting!"}[lang]
    dateline = {"ar": "نشر في {} يوم {}", "fr": "Publié dans {} le {}", "en": "Published in {} on {}"}[lang].format(other, date)
    texts = (
        f"{before} {footer} {after}",
        f"{before} {thanks} {after}",
        f"{before} {dateline} {after}",
        dateline,
        f"{before} {newspaper} {after}",
        some(rng, lang, 2, 3) + rng.choice((".", "!", "؟" if lang == "ar" else "?")),
        before.replace(" ", "    ", 1) + " " + after,
        "    ".join(sentence(rng, lang) for _ in range(4)),
    )
    return BodyBlock(texts[kind])


def _ticker(rng: Random, lang: str) -> tuple[TickerSlot, ...]:
    if rng.random() < 0.12:
        return ()
    texts: list[str] = []
    total = rng.choice((58, 58, 58, rng.randint(10, 57)))
    special = SPECIAL[lang]
    while len(texts) < total:
        chance = rng.random()
        text = phrase(rng, lang)
        if chance < 0.02:
            text = f"[{text}]"
        elif chance < 0.04:
            text = f"»{some(rng, lang, 1, 2)}« {text}"[:200].strip()
        elif chance < 0.05:
            text = special["prefix"] + text
        elif chance < 0.06:
            text = f"{text}..#{some(rng, lang, 1, 1)}"
        elif chance < 0.07:
            text = some(rng, lang, 1, 1)
        elif chance < 0.09:
            text = (text + " " + some(rng, lang, 20, 24))[:200].strip()
        elif chance < 0.11 and texts:
            text = texts[-1]
        elif chance < 0.13 and texts:
            text = special["study"] + texts[-1]
        if len(text) >= 3:  # the shortest headline seen on a real page
            texts.append(text)
    language = "" if lang == "ar" else f"/{lang}"
    return tuple(TickerSlot(text, f"{language}/{rng.choice(('difaf', 'marsa'))}/{rng.randint(1, 10**7)}") for text in texts)


def _entry(rng: Random, lang: str) -> ListingEntry:
    language = "" if lang == "ar" else f"/{lang}"
    return ListingEntry(
        title="" if rng.random() < 0.08 else phrase(rng, lang),
        path=f"{language}/{rng.choice(('difaf', 'marsa'))}/{rng.randint(1, 10**7)}",
        author=some(rng, lang, 2, 2) if rng.random() < 0.4 else None,
        newspaper=rng.choice(NEWSPAPERS[lang]) if rng.random() < 0.7 else None,
        subtitle=phrase(rng, lang) if rng.random() < 0.2 else "",
    )
