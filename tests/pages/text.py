"""A story as a text page, in the form of real dumps."""

from random import Random

from tests.pages.options import PageOptions
from tests.pages.stories import Story
from tests.pages.wordings import accented, dateline, footer, notice


def render_text(story: Story, options: PageOptions, rng: Random) -> str:
    """Return the page as text."""
    if options.page != "article":
        lines = [accented(_sprinkled(f"{entry.title} (...)", options, rng), options) for entry in story.teasers if entry.title]
        return _joined(lines, options)
    lines = []
    if options.ticker and story.ticker:
        lines += ["".join(_sprinkled(slot.text, options, rng) + options.separator for slot in story.ticker), *_blank(7, options)]
    sentences = notice(story, options)
    if sentences is not None:
        lines += [" ".join(sentences)] if options.notice == "one-line" else sentences
        lines += _blank(3, options)
    title = _sprinkled(story.title, options, rng)
    lines.append(f"{options.bidi[:1]}{title}{options.bidi[1:]}")
    if options.dateline:
        lines.append(dateline(story, options))
    lines += _blank(1, options)
    lines += [_sprinkled(block.text, options, rng) for block in story.blocks]
    last = footer(story, options)
    if last is not None:
        lines += [*_blank(2, options), "".join(last)]
    if options.chrome:
        lines += ["", {"ar": "لدينا 52913288 خبرا ومقالا مفهرسا.", "fr": "Contact", "en": "Contact"}[story.lang]]
    return _joined([accented(line, options) for line in lines], options)


def _joined(lines: list[str], options: PageOptions) -> str:
    text = options.newline.join(f"{options.indent}{line}{options.trailing}" if line else line for line in lines)
    if options.stripped:
        text = options.newline.join(line.strip() for line in text.split(options.newline))
    if options.flat == "all":
        return " ".join(text.split())
    if options.flat == "lines":
        return " ".join(line.strip("\t ") for line in text.splitlines() if line.strip())
    return text


def _blank(count: int, options: PageOptions) -> list[str]:
    return [""] * (count * options.blank)


def _sprinkled(text: str, options: PageOptions, rng: Random) -> str:
    if not options.sprinkle:
        return text
    return "".join(letter + (rng.choice(options.sprinkle) if rng.random() < 0.05 else "") for letter in text)
