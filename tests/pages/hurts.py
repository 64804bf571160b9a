"""Accidents that happen to pages. Each changes the story or its page; any two can be combined."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from tests.pages.options import BAD, CUT, PageOptions
from tests.pages.stories import BodyBlock, Story, TickerSlot, near_miss
from tests.pages.words import sentence, some

Made = tuple[Story, PageOptions]
Change = Callable[[Story, PageOptions, Random], Made]


@dataclass(frozen=True)
class Hurt:
    """An accident: the forms, languages and pages it applies to, and its effect."""

    slug: str
    change: Change
    forms: tuple[str, ...] = ("text", "html")
    langs: tuple[str, ...] = ("ar", "fr", "en")
    late: bool = False
    """Whether it comes after all others, since it looks at their result."""
    articles: bool = False


def _set(**changes: object) -> Change:
    # dataclasses.replace is checked at run time: an unknown name raises.
    return lambda story, options, _: (story, replace(options, **changes))  # type: ignore[arg-type]


def empty_slots(story: Story, options: PageOptions, rng: Random) -> Made:
    """Some links of the ticker have no text."""
    slots = list(story.ticker)
    for _ in range(rng.randint(1, 3)):
        slots.insert(rng.randint(0, len(slots)), TickerSlot("", "/difaf/1"))
    return replace(story, ticker=tuple(slots) if story.ticker else ()), options


def impossible_date(story: Story, options: PageOptions, rng: Random) -> Made:
    """The date is no day of the calendar."""
    day, month = rng.choice(((31, 2), (30, 2), (31, 4), (0, 5), (12, 13), (32, 1), (0, 0)))
    return replace(story, day=day, month=month), options


def odd_newspaper(story: Story, options: PageOptions, _: Random) -> Made:
    """The newspaper's name contains the dateline's words."""
    names = {"ar": "أخبار يوم الجمعة", "fr": "La Dépêche du 21 le soir", "en": "Report on Friday"}
    return replace(story, newspaper=names[story.lang]), options


def no_full_stops(story: Story, options: PageOptions, _: Random) -> Made:
    """No line of the body ends in a full stop."""
    return replace(story, blocks=tuple(replace(block, text=block.text.rstrip(".!؟? ")) for block in story.blocks)), options


def short_body(story: Story, options: PageOptions, rng: Random) -> Made:
    """The body is one short sentence."""
    return replace(story, blocks=(BodyBlock(some(rng, story.lang, 2, 5) + "."),), quotes_a_dateline=False), options


def long_body(story: Story, options: PageOptions, rng: Random) -> Made:
    """The body is several pages long."""
    more = tuple(BodyBlock(sentence(rng, story.lang)) for _ in range(200))
    return replace(story, blocks=story.blocks + more), options


def near_misses(story: Story, options: PageOptions, rng: Random) -> Made:
    """The body has paragraphs that resemble the frame."""
    more = tuple(near_miss(rng, story.lang, story.newspaper, kind) for kind in range(8))
    return replace(story, blocks=story.blocks + more + (BodyBlock(sentence(rng, story.lang)),), quotes_a_dateline=True), options


def bad_byte(story: Story, options: PageOptions, rng: Random) -> Made:
    """One byte of one field is not UTF-8."""
    if not options.encoding.startswith("utf-8"):
        return story, options

    def damaged(text: str) -> str:
        place = rng.randrange(max(len(text), 1))
        size = len(text[place : place + 1].encode())
        if rng.random() < 0.5 or text[place : place + 1] in {" ", "<", CUT}:
            return text[:place] + BAD + text[place:]
        return text[:place] + BAD * size + text[place + 1 :]

    where = rng.choice(("title", "newspaper", "block", "block", "headline"))
    if where == "headline" and story.ticker:
        place = rng.randrange(len(story.ticker))
        slot = story.ticker[place]
        return replace(
            story, ticker=(*story.ticker[:place], replace(slot, text=damaged(slot.text)), *story.ticker[place + 1 :])
        ), options
    if where == "title":
        return replace(story, title=damaged(story.title)), options
    if where == "newspaper":
        return replace(story, newspaper=damaged(story.newspaper)), options
    place = rng.randrange(len(story.blocks))
    block = story.blocks[place]
    return replace(
        story, blocks=(*story.blocks[:place], replace(block, text=damaged(block.text)), *story.blocks[place + 1 :])
    ), options


def bad_byte_in_frame(story: Story, options: PageOptions, rng: Random) -> Made:
    """One byte of the notice, the dateline's words or the footer is not UTF-8."""
    if options.accents == "lost":
        return story, options  # each line of the frame is damaged already
    return story, replace(options, bad_frame=rng.choice(("notice", "dateline", "footer")), bad_place=rng.random())


def small_ticker(story: Story, options: PageOptions, rng: Random) -> Made:
    """The ticker has a few headlines only."""
    return replace(story, ticker=story.ticker[: rng.randint(2, 9)]), options


def one_unclosed(story: Story, options: PageOptions, rng: Random) -> Made:
    """One closing tag is missing."""
    return story, replace(options, unclosed_place=rng.random())


def truncated(story: Story, options: PageOptions, rng: Random) -> Made:
    """The page ends somewhere in the body."""
    place = rng.randrange(len(story.blocks))
    block = story.blocks[place]
    cut = replace(block, text=block.text[: rng.randint(1, len(block.text))] + CUT)
    return replace(story, blocks=(*story.blocks[:place], cut)), replace(options, cut=True)


def tatweel(story: Story, options: PageOptions, _: Random) -> Made:
    """Words of the story are stretched."""
    return replace(story, title=story.title.replace("ا", "ـا", 2)), options


TEXT: Final = ("text",)
HTML: Final = ("html",)
HURTS: Final = (
    Hurt("four-spaces", _set(separator="    "), TEXT),
    Hurt("collapsed-ticker", _set(separator=" "), TEXT),
    Hurt("empty-slots", empty_slots),
    Hurt("flattened", _set(flat="all"), TEXT),
    Hurt("flattened-no-notice", _set(flat="all", notice="none"), TEXT),
    Hurt("joined-lines", _set(flat="lines"), TEXT),
    Hurt("crlf", _set(newline="\r\n")),
    Hurt("bom", _set(encoding="utf-8-sig")),
    Hurt("utf-16", _set(encoding="utf-16")),
    Hurt("no-blank-lines", _set(blank=0), TEXT),
    Hurt("doubled-blank-lines", _set(blank=2), TEXT),
    Hurt("no-ticker", _set(ticker=False)),
    Hurt("no-notice", _set(notice="none"), articles=True),
    Hurt("no-footer", _set(footer="none"), articles=True),
    Hurt("no-dateline", _set(dateline=False), articles=True),
    Hurt("tight-date", _set(date="{0:02}-{1:02}-{2}"), articles=True),
    Hurt("short-date", _set(date="{0}-{1}-{2}"), articles=True),
    Hurt("arabic-digits", _set(digits="٠١٢٣٤٥٦٧٨٩"), articles=True),
    Hurt("impossible-date", impossible_date, articles=True),
    Hurt("odd-newspaper", odd_newspaper, articles=True),
    Hurt("bad-byte", bad_byte, articles=True, late=True),
    Hurt("bad-byte-in-frame", bad_byte_in_frame, articles=True, late=True),
    Hurt("lost-accents", _set(accents="lost"), langs=("fr",)),
    Hurt("bidi-title", _set(bidi="\u200f\u200e"), articles=True),
    Hurt("bidi-embedded-title", _set(bidi="\u202b\u202c"), articles=True),
    Hurt("no-full-stops", no_full_stops, articles=True),
    Hurt("short-body", short_body, articles=True),
    Hurt("long-body", long_body, articles=True),
    Hurt("near-misses", near_misses, articles=True),
    # Not reported yet, but likely.
    Hurt("doubled-dateline-spaces", _set(dateline_space="  "), articles=True),
    Hurt("nbsp-dateline", _set(dateline_space="\xa0"), articles=True),
    Hurt("tab-indent", _set(indent="\t", trailing=" \t"), TEXT),
    Hurt("four-space-indent", _set(indent="    "), TEXT),
    Hurt("trailing-spaces", _set(trailing="  "), TEXT),
    Hurt("tatweel", tatweel, langs=("ar",), articles=True),
    Hurt("curly-apostrophes", _set(notice="curly", footer="curly"), langs=("fr",), articles=True),
    Hurt("upper-case-notice", _set(notice="upper"), langs=("fr", "en"), articles=True),
    Hurt("lower-case-notice", _set(notice="lower"), langs=("fr", "en"), articles=True),
    Hurt("spaced-notice", _set(notice="spaced"), articles=True),
    Hurt("one-line-notice", _set(notice="one-line"), articles=True),
    Hurt("upper-case-footer", _set(footer="upper"), langs=("fr", "en"), articles=True),
    Hurt("footer-without-stop", _set(footer="no-stop"), articles=True),
    Hurt("trailing-chrome", _set(chrome=True), TEXT, articles=True),
    Hurt("decomposed-accents", _set(accents="nfd"), langs=("fr",)),
    Hurt("dashes", _set(date="{0:02} – {1:02} – {2}"), articles=True),
    Hurt("slashes", _set(date="{0:02}/{1:02}/{2}"), articles=True),
    Hurt("persian-digits", _set(digits="۰۱۲۳۴۵۶۷۸۹"), articles=True),
    Hurt("zero-widths", _set(sprinkle="\u200b\u200e\u200f\u00ad\u2060\ufeff")),
    Hurt("controls", _set(controls="\x00\x01\x08\x0e\x1b\x7f"), HTML),
    Hurt("controls-in-text", _set(sprinkle="\x01\x08\x0e\x1b\x7f"), TEXT, articles=True),
    # In English so few bytes are not ASCII that the text is "almost all valid UTF-8".
    Hurt("windows-1256", _set(encoding="windows-1256"), langs=("ar", "fr")),
    Hurt("upper-case-dateline", _set(upper_dateline=True), langs=("fr", "en"), articles=True),
    Hurt("bidi-dateline", _set(dateline_space=" \u200f"), articles=True),
    Hurt("carriage-returns", _set(newline="\r"), TEXT),
    Hurt("mixed-spaces", _set(separator="\xa0 \xa0 "), TEXT),
    Hurt("ticker-on-lines", _set(separator="\n"), TEXT),
    Hurt("stripped-lines", _set(stripped=True), TEXT),
    Hurt("small-ticker", small_ticker),
    # HTML only.
    Hurt("one-unclosed", one_unclosed, HTML),
    Hurt("stray-p", _set(stray="</p></i></b>"), HTML, articles=True),
    Hurt("heading-title", _set(title_tag="h1"), HTML, articles=True),
    Hurt("more-classes", _set(extra_class=" rtl big"), HTML, articles=True),
    Hurt("no-content-span", _set(content_span=False), HTML, articles=True),
    Hurt("double-breaks", _set(paragraph_break="<br><br>"), HTML, articles=True),
    Hurt("long-breaks", _set(paragraph_break="<BR clear=all />&nbsp;<br/>"), HTML, articles=True),
    Hurt("paragraphs", _set(body="p"), HTML, articles=True),
    Hurt("several-spans", _set(body="spans"), HTML, articles=True),
    Hurt("divisions", _set(body="div"), HTML, articles=True),
    Hurt("inline", _set(inline=True), HTML, articles=True),
    Hurt("scripts", _set(scripts=True), HTML, articles=True),
    Hurt("visible-notice", _set(notice="visible"), HTML, articles=True),
    Hurt("eight-nbsp", _set(nbsp="&nbsp;" * 8), HTML),
    Hurt("no-nbsp", _set(nbsp=""), HTML),
    Hurt("numeric-nbsp", _set(nbsp="&#160;&#xa0;&#xA0;&#0160;"), HTML),
    Hurt("entities", _set(entities="decimal"), HTML),
    Hurt("hex-entities", _set(entities="hex"), HTML),
    *(Hurt(f"unclosed-{tag}", _set(unclosed=tag), HTML) for tag in ("a", "span", "div", "b", "li", "marquee", "form", "ul")),
    Hurt("unclosed-p", _set(unclosed="p", body="p"), HTML, articles=True),
    Hurt("stray-end", _set(stray_end=True), HTML, articles=True),
    Hurt("truncated", truncated, HTML, articles=True, late=True),
    Hurt("nested-main", _set(nesting="main"), HTML),
    Hurt("nested-body", _set(nesting="body"), HTML, articles=True),
    Hurt("no-meta", _set(meta="none"), HTML),
    Hurt("lying-meta", _set(meta="windows-1252"), HTML),
    Hurt("lying-meta-arabic", _set(meta="windows-1256"), HTML),
    Hurt("windows-1256-no-meta", _set(encoding="windows-1256", meta="none"), HTML, langs=("ar",)),
    Hurt("saved", _set(saved=True), HTML),
    Hurt("single-quotes", _set(quotes="'"), HTML),
    Hurt("unquoted-upper-tags", _set(upper_tags=True), HTML),
    Hurt("lower-doctype", _set(doctype='<!doctype html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN">', declaration=False), HTML),
    Hurt("no-doctype", _set(doctype="", declaration=False), HTML),
    Hurt("no-main", _set(main=False), HTML, articles=True),
    Hurt("title-first", _set(title_first=True), HTML),
    Hurt("canonical", _set(address="canonical", www=False), HTML),
    Hurt("no-address", _set(address="none"), HTML),
    Hurt("http", _set(scheme="http", www=False), HTML),
    Hurt("image", _set(image=True), HTML, articles=True),
    Hurt("linked-footer", _set(linked_footer="all"), HTML, articles=True),
    Hurt("strong-headings", _set(bold_heading="strong"), HTML, articles=True),
    Hurt("h2-headings", _set(bold_heading="h2"), HTML, articles=True),
)
