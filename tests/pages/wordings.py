"""The sentences of the frame: notice, dateline, footer, in their language and as the options require."""

import unicodedata
from typing import Final

from tests.pages.options import BAD, PageOptions
from tests.pages.stories import Story

NOTICES: Final = {
    "ar": ("شكرا على الإبلاغ!", "سيتم حجب هذه الصورة تلقائيا عندما يتم الإبلاغ عنها من طرف عدة أشخاص."),
    "fr": (
        "Merci d'avoir signalé!",
        "Cette image sera automatiquement bloquée après qu'elle soit signalée par plusieurs personnes.",
    ),
    "en": ("Thank you for reporting!", "This image will be automatically disabled when it gets reported by several people."),
}
DATELINES: Final = {"ar": "نشر في {} يوم {}", "fr": "Publié dans {} le {}", "en": "Published in {} on {}"}
FOOTERS: Final = {
    "ar": ("انقر ", "هنا", " لقراءة الخبر من مصدره."),
    "fr": ("Cliquez ", "ici", " pour lire l'article depuis sa source."),
    "en": ("Click ", "here", " to read the story from its source."),
}


def notice(story: Story, options: PageOptions) -> tuple[str, str] | None:
    """Return the two sentences of the notice, if the page has it."""
    first, second = NOTICES[story.lang]
    second = _hurt(second, "notice", options)
    match options.notice:
        case "none":
            return None
        case "upper":
            return first.upper(), second.upper()
        case "lower":
            return first.lower(), second.lower()
        case "spaced":
            return first.replace("!", "\xa0!"), second.replace(".", " .")
        case "curly":
            return first.replace("'", "’"), second.replace("'", "’")
    return first, second


def dateline(story: Story, options: PageOptions) -> str:
    """Return the dateline."""
    date = options.date.format(story.day, story.month, story.year).translate(str.maketrans("0123456789", options.digits))
    before, between, _ = DATELINES[story.lang].split("{}")
    between = _hurt(between.strip(), "dateline", options).join("  ")
    if options.upper_dateline:
        before, between = before.upper(), between.upper()
    words = [before, between, date]
    spaced = [word.replace(" ", options.dateline_space) for word in words]
    return spaced[0] + story.newspaper + spaced[1] + spaced[2]


def footer(story: Story, options: PageOptions) -> tuple[str, str, str] | None:
    """Return the footer in three pieces, if the page has it; the middle one is the link's word."""
    before, word, after = FOOTERS[story.lang]
    after = _hurt(after, "footer", options)
    match options.footer:
        case "none":
            return None
        case "no-stop":
            after = after.removesuffix(".")
        case "upper":
            before, word, after = before.upper(), word.upper(), after.upper()
        case "curly":
            after = after.replace("'", "’")
    return before, word, after


def _hurt(words: str, which: str, options: PageOptions) -> str:
    if options.bad_frame != which or not options.encoding.startswith("utf-8"):
        return words
    letters = [place for place, letter in enumerate(words) if letter.isalpha()]
    place = letters[int(options.bad_place * len(letters))]
    return words[:place] + BAD * len(words[place].encode()) + words[place + 1 :]


def accented(text: str, options: PageOptions) -> str:
    """Return the text with its accents as the page encodes them."""
    if options.accents == "nfd":
        return unicodedata.normalize("NFD", text)
    if options.accents == "lost":
        return "".join(
            "\ufffd" if len(unicodedata.normalize("NFD", letter)) > 1 and letter < "\u0600" else letter for letter in text
        )
    return text
