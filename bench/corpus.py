"""Corpora: invented pages in the network's markup, as large as real ones.

A real page has 70 to 110 kB, with more than 450 elements, 58 headlines, and 3 kB of state in each form. Its menu is that of its
site, the same on every page; its sidebar changes from day to day, and so does the ticker with the news of the day of the fetch.
"""

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from html import escape
from random import Random
from typing import Final

from tests.pages.markup import PageMarkup
from tests.pages.options import PageOptions
from tests.pages.stories import BodyBlock, Story, TickerSlot, make_story
from tests.pages.text import render_text
from tests.pages.words import phrase, sentence

_MENU: Final = 150
_VIDEOS: Final = 13
_HEADLINES: Final = 58
PARAGRAPHS: Final = 14
_PAGES_OF_A_DAY: Final = 20
_STATE: Final = 2200
"""Bytes of a form's state; base64 makes them a third longer."""

SITE: Final = "مغرس"
"""The site's name, which also precedes each title in the page's head."""


class _LongPage(PageMarkup):
    """A page whose menu and sidebar are as long as on the real sites."""

    def __init__(self, story: Story, options: PageOptions, rng: Random, site: str, day: int) -> None:
        super().__init__(story, options, rng)
        self._site, self._day = Random(site), Random(f"{site} {day}")

    def page(self) -> str:
        """Return the whole page."""
        item = (
            '<li class="ui-menuitem ui-widget ui-corner-all" role="menuitem"><a tabindex="-1" class="ui-menuitem-link ui-corner-all" '
            'href="/n{n}"><span class="ui-menuitem-text">{name}</span></a></li>'
        )
        video = (
            '<div class="teasercontainer" style="height: auto; padding: 8px">\n<a href="/video/{n}" class="teasertitle" title="{value}">'
            '\n<img class="teaserimage" src="//img.example/vi/{n}/default.jpg" alt="{value}" />\n<br />\n{title}\n</a>\n<br />\n</div>'
        )
        names = (phrase(self._site, self.story.lang)[:24] for _ in range(_MENU))
        titles = (phrase(self._day, self.story.lang)[:60] for _ in range(_VIDEOS))
        menu = "".join(item.format(n=n, name=self.say(name)) for n, name in enumerate(names))
        videos = "".join(video.format(n=n, title=self.say(title), value=escape(title)) for n, title in enumerate(titles))
        whole = re.sub(r'(?<=value=")H4sI[^"]*', lambda _: b64encode(self.rng.randbytes(_STATE)).decode(), super().page())
        named = (
            f'<meta property="og:title" content="{escape(self.story.title)}" />\n<meta property="og:site_name" content="{SITE}" />'
        )
        whole = whole.replace('<meta property="og:site_name" content="x" />', named)
        head, _, rest = whole.partition('<div id="centeredmenu"><ul>')
        _, _, rest = rest.partition("</ul>")
        state, _, rest = rest.partition("</div>")  # it follows the menu on the real sites
        middle, _, rest = rest.partition('<div class="mainvideosgroup">')
        _, _, rest = rest.partition('</div>\n<div id="mainContent">')
        header = f'<div class="tableheader">{self.say(phrase(self._site, self.story.lang)[:14])}</div>'
        return (
            f'{head}<div id="centeredmenu" class="ui-menu ui-menubar"><ul class="ui-menu-list">{menu}</ul></div>{state}{middle}'
            f'<div class="mainvideosgroup">{header}{videos}</div></div>\n<div id="mainContent">{rest}'
        )


def stories(seed: int) -> Iterator[Story]:
    """Yield stories without end, each with a full ticker and a body of fourteen paragraphs."""
    rng = Random(seed)
    while True:
        story = make_story(rng, "ar")
        slots = (TickerSlot(phrase(rng, "ar"), f"/slug/{n}") for n in range(_HEADLINES))
        blocks = (BodyBlock(" ".join(sentence(rng, "ar") for _ in range(rng.randint(1, 4)))) for _ in range(PARAGRAPHS))
        yield replace(story, ticker=tuple(slots), blocks=tuple(blocks))


def html_page(story: Story, rng: Random, day: int = 0, options: PageOptions | None = None, site: str = "") -> bytes:
    """Return the page of a story in HTML, as fetched from a site on a day."""
    return _LongPage(story, options or PageOptions(), rng, site or story.host, day).page().encode()


def html_pages(count: int, seed: int = 1) -> Iterator[bytes]:
    """Yield pages in HTML as in one crawl: they share the menu of their site and the sidebar of their day."""
    rng = Random(seed)
    for n, story in zip(range(count), stories(seed), strict=False):
        yield html_page(story, rng, n // _PAGES_OF_A_DAY)


def mixed_html_pages(count: int, seed: int = 1) -> Iterator[bytes]:
    """Yield pages in HTML as in a mixed archive: each has a menu, a sidebar and a ticker of its own."""
    rng = Random(seed)
    for n, story in zip(range(count), stories(seed), strict=False):
        yield html_page(story, rng, site=f"{seed} {n}")


def texts(count: int, seed: int = 2) -> Iterator[str]:
    """Yield the texts of such pages."""
    rng = Random(seed)
    for _, story in zip(range(count), stories(seed), strict=False):
        yield render_text(story, PageOptions(), rng)


def foreign_texts(count: int, seed: int = 3) -> Iterator[str]:
    """Yield texts of other sites, as long as those of the network's pages."""
    rng = Random(seed)
    for _ in range(count):
        lines = [phrase(rng, "ar"), *(" ".join(sentence(rng, "ar") for _ in range(4)) for _ in range(24))]
        yield "\n".join(lines) + "\n"
