"""Count how often records of damaged pages are right: invent pages, damage them in pairs, clean them, compare.

Run it with, for instance, ``--seed 1 --count 2000 --show 5``; ``--case`` with a seed that ``--show`` prints gives the page itself.
"""

import argparse
import re
import signal
import sys
from collections import Counter
from dataclasses import dataclass
from random import Random
from types import FrameType

from scraper import Page, PageError, clean
from scraper.records import PageRecord
from scraper.text import visible
from tests.pages.expectation import Expectation, differences, expect
from tests.pages.hurts import HURTS, Hurt
from tests.pages.markup import render_markup
from tests.pages.options import BAD, PageOptions
from tests.pages.stories import Story, make_story
from tests.pages.text import render_text


@dataclass(frozen=True)
class DamagedPage:
    """A damaged page and the expected record."""

    seed: str
    form: str
    story: Story
    options: PageOptions
    hurts: tuple[Hurt, ...]
    data: bytes
    expected: Expectation

    @property
    def name(self) -> str:
        """The seed that makes this page again, and the accidents that happened to it."""
        hurts = " + ".join(hurt.slug for hurt in self.hurts) or "unhurt"
        return f"[{self.seed}] {self.form} {self.story.lang} {self.options.page}: {hurts}"


def make_case(seed: str, form: str | None = None, only: str | None = None) -> DamagedPage:
    """Return the page of a seed."""
    rng = Random(seed)
    form = form or rng.choice(("text", "html"))
    lang = rng.choice(("ar", "ar", "ar", "fr", "en"))
    wanted = next((hurt for hurt in HURTS if hurt.slug == only), None)
    if wanted is not None and lang not in wanted.langs:
        lang = wanted.langs[0]
    if wanted is not None and form not in wanted.forms:
        form = wanted.forms[0]
    page = rng.choice(("home", "section", "newspaper", "author")) if rng.random() < 0.15 else "article"
    if wanted is not None and wanted.articles:
        page = "article"
    story = make_story(rng, lang)
    options = PageOptions(page=page)
    fitting = [hurt for hurt in HURTS if form in hurt.forms and lang in hurt.langs and (page == "article" or not hurt.articles)]
    hurts = rng.sample(fitting, rng.choice((0, 1, 2, 2, 2, 2, 2, 2)))
    if wanted is not None:
        hurts = [wanted, *[hurt for hurt in hurts if hurt is not wanted][:1]]
    hurts.sort(key=lambda hurt: hurt.late)
    for hurt in hurts:
        story, options = hurt.change(story, options, rng)
    text = render_text(story, options, rng) if form == "text" else render_markup(story, options, rng)
    return DamagedPage(seed, form, story, options, tuple(hurts), _encoded(text, options, form), expect(story, options, form))


def _encoded(text: str, options: PageOptions, form: str) -> bytes:
    if options.encoding.startswith("utf-8"):
        return text.encode(options.encoding).replace(BAD.encode(), b"\xff")
    text = text.replace(BAD, "\ufffd")
    if options.encoding == "windows-1256":
        if len(re.findall(r"[^\x00-\x7f]", text)) == 1:
            return text.encode()  # a single such byte shows no encoding
        if form == "html":
            return text.encode(options.encoding, "xmlcharrefreplace")
        try:
            return text.encode(options.encoding)
        except UnicodeEncodeError:
            return text.encode()
    return text.encode(options.encoding)


class Late(BaseException):
    """A page takes longer than any page may. Not an Exception, so that nothing in between catches it."""


def _late(_: int, frame: FrameType | None) -> None:
    raise Late(f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else "")


def judge(case: DamagedPage) -> list[str]:
    """Return the mistakes of the program on a page."""
    signal.signal(signal.SIGALRM, _late)
    signal.setitimer(signal.ITIMER_REAL, 3)
    try:
        outcome = clean(Page(data=case.data))
    except Late as late:
        return [f"slow: {late}"]
    except PageError as error:
        return [f"error: {error.code}: {error}"]
    except Exception as error:  # noqa: BLE001 - any other exception is what this looks for
        return [f"crash: {type(error).__name__}: {error}"]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    wrong = differences(case.expected, outcome.record)
    counted = _in_fields(outcome.record) + sum(piece.chars for piece in outcome.record.removed)
    if visible(outcome.document.text) != counted:
        wrong.append(f"sum: {visible(outcome.document.text)} visible characters, {counted} in the record")
    return wrong


def _in_fields(record: PageRecord) -> int:
    pieces = [record.title, record.text, *(headline.text for headline in record.headlines)]
    for teaser in record.teasers:
        pieces += [teaser.title, teaser.author, teaser.newspaper]
    return sum(visible(piece) for piece in pieces if piece is not None)


def main() -> int:
    """Measure, print, and return 0 if every page was right."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", default="1", help="pages are the same for the same seed")
    parser.add_argument("--count", type=int, default=2000, help="how many pages")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="show the first N pages that are wrong")
    parser.add_argument("--form", choices=("text", "html"), help="only pages of this form")
    parser.add_argument("--hurt", help="only pages with this hurt")
    parser.add_argument("--case", metavar="SEED", help="write the page of one case to stdout, by the seed that --show prints")
    asked = parser.parse_args()
    if asked.case:
        sys.stdout.buffer.write(make_case(asked.case, asked.form, asked.hurt).data)
        return 0
    used: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    fields: Counter[str] = Counter()
    wrong_pages = 0
    for number in range(asked.count):
        case = make_case(f"{asked.seed}-{number}", asked.form, asked.hurt)
        slugs = [hurt.slug for hurt in case.hurts] or ["unhurt"]
        used.update(slugs)
        wrong = judge(case)
        if not wrong:
            continue
        wrong_pages += 1
        failed.update(slugs)
        fields.update({line.partition(":")[0] for line in wrong})
        if wrong_pages <= asked.show:
            print(case.name, *wrong, sep="\n    ")
    print(
        f"{asked.count} pages, {100 * (asked.count - wrong_pages) / asked.count:.2f} % with every field right, {wrong_pages} wrong"
    )
    for slug, count in sorted(failed.items(), key=lambda item: -item[1] / used[item[0]]):
        print(f"  {slug}: {count}/{used[slug]}")
    for name, count in fields.most_common():
        print(f"  field {name}: {count}")
    return 1 if wrong_pages else 0


if __name__ == "__main__":
    sys.exit(main())
