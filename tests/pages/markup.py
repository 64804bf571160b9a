"""A story as an HTML page, in the markup of real pages."""

import html
import re
from random import Random
from typing import Final

from tests.pages.options import BAD, CUT, PageOptions
from tests.pages.stories import BodyBlock, ListingEntry, Story
from tests.pages.wordings import accented, dateline, footer, notice
from tests.pages.words import NEWSPAPERS, phrase

_INLINE: Final = (
    "<b>|</b>",
    "<i>|</i>",
    '<a href="/difaf/12">|</a>',
    '<span style="color:red">|</span>',
    '<font size="2">|</font>',
    "<em>|</em>",
)
_STATE: Final = (
    '<input type="hidden" name="javax.faces.ViewState" id="j_id1:javax.faces.ViewState:{}" value="H4sIAAAAAAAA/61Zz28bxxWe" />'
)


class PageMarkup:
    """A page under construction."""

    def __init__(self, story: Story, options: PageOptions, rng: Random) -> None:
        self.story = story
        self.options = options
        self.rng = rng
        self.host = f"{options.scheme}://{'www.' if options.www else ''}{story.host}"

    def letters(self, text: str) -> list[str]:
        """Return the text's characters as they are in the markup."""
        options, rng = self.options, self.rng
        letters = []
        for letter in accented(text, options):
            as_is = letter in (BAD, CUT) or letter.isspace()
            if options.entities and not as_is:
                letters.append(f"&#x{ord(letter):x};" if options.entities == "hex" else f"&#{ord(letter)};")
            else:
                letters.append(html.escape(letter, quote=False))
            if options.controls and rng.random() < 0.05:
                letters[-1] += rng.choice(options.controls)
        return letters

    def say(self, text: str) -> str:
        """Return the text in markup."""
        return "".join(self.letters(text))

    def tell(self, text: str) -> str:
        """Return a text of the story in markup, with inserted characters if the options ask for them."""
        options, rng = self.options, self.rng
        if options.sprinkle:
            text = "".join(letter + (rng.choice(options.sprinkle) if rng.random() < 0.05 else "") for letter in text)
        return self.say(text)

    @property
    def own_address(self) -> str:
        """The address of the page."""
        page = self.options.page
        return self.host + (self.story.path if page == "article" else LISTINGS[self.story.lang][page])

    def address(self, path: str) -> str:
        """Return an address as it is in a link."""
        return self.host + path if self.options.saved else path

    def block(self, block: BodyBlock) -> str:
        """Return a block of the body."""
        if block.heading:
            tag = self.options.bold_heading
            return f"<{tag}>{self.tell(block.text)}</{tag}>"
        letters = self.letters(block.text)
        if self.options.inline and len(letters) > 8:
            for _ in range(self.rng.randint(1, 3)):
                if len(letters) <= 8:  # what is in an element counts as one
                    break
                start = self.rng.randrange(1, len(letters) - 3)
                end = self.rng.randrange(start + 1, min(len(letters) - 1, start + 12))
                if not any("<" in letter for letter in letters[start - 1 : end + 1]):
                    opening, closing = self.rng.choice(_INLINE).split("|")
                    letters[start : end + 1] = [opening + "".join(letters[start : end + 1]) + closing]
        return "".join(letters)

    def body(self) -> str:
        """Return the article's body."""
        options, story = self.options, self.story
        blocks = [self.block(block) for block in story.blocks]
        noise = '<script>var a = "<p>x</p>";</script><!-- comment --><style>p {color: red}</style>' if options.scripts else ""
        stray = "</body></html>" if options.stray_end else ""
        middle = len(blocks) // 2
        blocks[middle] = noise + blocks[middle] + noise
        if stray:
            blocks[middle] += stray
        blocks[0] += options.stray
        match options.body:
            case "p":
                inner = "".join(f"<p>{block}</p>\n" for block in blocks)
            case "div":
                inner = "".join(f"<div>{block}</div>" for block in blocks)
            case "spans":
                return options.paragraph_break.join(f'<span class="articlecontent">{block}</span>' for block in blocks)
            case _:
                inner = options.paragraph_break.join(blocks)
        deep = options.nesting == "body"
        if not options.content_span:
            return f"{'<div>' * 3000 * deep}{inner}{'</div>' * 3000 * deep}"
        return f'<span class="articlecontent">{"<div>" * 3000 * deep}{inner}{"</div>" * 3000 * deep}</span>'

    def article(self) -> str:
        """Return the content of an article's main column."""
        story, options = self.story, self.options
        parts = []
        sentences = notice(story, options)
        if sentences is not None:
            hidden = "" if options.notice == "visible" else ' style="display:none"'
            between = " " if options.notice == "one-line" else "<br />"
            parts.append(f'<div id="reported"{hidden}><span>{self.say(sentences[0])}</span>{between}{self.say(sentences[1])}</div>')
        title = f"{options.bidi[:1]}{self.tell(story.title)}{options.bidi[1:]}"
        tag = options.title_tag
        parts.append(f'<{tag} class="articletitle{options.extra_class}">{title}</{tag}><br />')
        if options.dateline:
            parts.append(f'<span class="articlenewspaper">{self.say(dateline(story, options))}</span><br /><br />')
        if options.image:
            parts.append(f'<img src="//images2.{story.host}/{story.slug}/{story.number}" alt="x" /><br />')
        parts.append(self.body())
        last = footer(story, options)
        if last is not None:
            opening = f'<a href="{html.escape(story.original_url)}" target="_blank">'
            before, word, after = map(self.say, last)
            all_linked = options.linked_footer == "all"
            whole = f"{opening}{before}{word}{after}</a>" if all_linked else f"{before}{opening}{word}</a>{after}"
            parts.append(f"<br /><br /><br />{whole}")
        return "\n".join(parts)

    def entry(self, entry: ListingEntry) -> str:
        """Return a teaser."""
        pieces = [f'<a href="{self.address(entry.path)}" class="teasertitle">{self.tell(entry.title)}</a><br />']
        pieces.append(f'<a href="{self.address(entry.path)}" class="teasersubtitle">{self.tell(entry.subtitle)}</a>')
        image = f'<img class="teaserimage" src="//images2.{self.story.host}/a/1/thumb" alt="x" />'
        pieces.append(f'<a href="{self.address(entry.path)}">{image}</a>')
        if entry.author is not None:
            pieces.append(f'<a href="/author/A+B" class="teaserauthor">{self.tell(entry.author)}</a>')
        if entry.newspaper is not None:
            pieces.append(f'<a href="/difaf" class="teasernewspaper">{self.tell(entry.newspaper)}</a>')
        return '<div class="teasercontainer" style="height: auto">\n' + "\n".join(pieces) + "\n</div>"

    def listing(self) -> str:
        """Return the content of a listing's main column."""
        entries = [self.entry(entry) for entry in self.story.teasers]
        if self.options.page == "home":
            entries[0] = f'<div class="maincontainer">{entries[0]}</div>'
            entries.insert(1, f'<div class="tableheader">{self.say(NEWSPAPERS[self.story.lang][1])}</div>')
        else:
            entries.insert(0, f'<span class="pagetitle">{self.say(NEWSPAPERS[self.story.lang][0])}</span>')
        return "\n".join(entries)

    def ticker(self) -> str:
        """Return the ticker."""
        if not self.options.ticker or self.options.page == "author":
            return ""
        slots = (f'<a href="{self.address(slot.path)}">{self.tell(slot.text)}</a>{self.options.nbsp}' for slot in self.story.ticker)
        return f'<marquee direction="right" id="marquee"><span class="marquee">{"".join(slots)}</span>\n</marquee>'

    def head(self) -> str:
        """Return the page's head."""
        story, options = self.story, self.options
        says = options.encoding if options.meta == "true" else options.meta
        charset = "" if says == "none" else f'<meta http-equiv="Content-Type" content="text/html; charset={says}" />\n'
        title = f"<title>مغرس : {self.say(story.title)}\n</title>".replace(CUT, "")
        given = {
            "og": f'<meta property="og:url" content="{self.own_address}" />\n<meta property="og:site_name" content="x" />\n',
            "canonical": f'<link rel="canonical" href="{self.own_address}" />\n',
        }.get(options.address, "")
        parts = [title, charset] if options.title_first else [charset, title]
        return f'<head><script>document.write("<b>x</b>");</script>{parts[0]}{given}{parts[1]}</head>'

    def page(self) -> str:
        """Return the whole page."""
        story, options = self.story, self.options
        names = NEWSPAPERS[story.lang] * 3
        menu = "".join(
            f'<li class="ui-menuitem"><a href="/n{n}"><span class="t">{self.say(name)}</span></a></li>'
            for n, name in enumerate(names)
        )
        videos = "".join(
            f'<div class="teasercontainer"><a href="/video/{n}" class="teasertitle">\n'
            f'<img src="//img.example/x.jpg" alt="x" /><br />\n{self.say(phrase(self.rng, story.lang))}\n</a><br />\n</div>'
            for n in range(5)
        )
        main = self.article() if options.page == "article" else self.listing()
        main = f'<div id="mainContent">\n{main}\n</div>' if options.main else main
        deep = 3000 * (options.nesting == "main")
        chrome = CHROME[story.lang]
        page = (
            f'{options.doctype}\n<html xmlns="//www.w3.org/1999/xhtml">{self.head()}<body class="Link body">\n'
            f'<div class="wrap"><div id="firstColumn">\n</div><div id="container">'
            f'<div class="header"><a href="/"><img src="/resources/logo.png" alt="x" /></a></div>'
            f'<form id="f"><div id="centeredmenu"><ul>{menu}</ul>{_STATE.format(0)}</div></form>\n'
            f'<div id="belowheader">\n{self.ticker()}<br /><br />'
            f'<div id="sideBar"><div class="mainvideosgroup"><div class="tableheader">{self.say(chrome[0])}</div>{videos}'
            f"</div></div>\n"
            f"{'<div>' * deep}{main}{'</div>' * deep}</div>\n"
            f'<div id="footer"><div id="footermenu"><ul><li><a href="/about">{self.say(chrome[1])}</a></li>'
            f"<li>{_STATE.format(1)}</li><li><span>{self.say(chrome[2])}</span></li></ul></div></div>"
            f'<div id="social"><a href="//t.example/x"></a></div></div><div id="lastColumn"></div></div>'
            f'<form id="g"><button class="ui-button report" type="submit"><span>{self.say(chrome[3])}</span></button>'
            f"</form></body>\n</html>"
        )
        return self.finished(page)

    def finished(self, page: str) -> str:
        """Return the page after the changes to its markup as a whole."""
        options = self.options
        page = page.partition(CUT)[0]
        if options.unclosed:
            page = page.replace(f"</{options.unclosed}>", "")
        if options.unclosed_place >= 0:
            tags = list(re.finditer(r"</(a|span|div|b|p|li|ul|form|i|em|marquee|font)>", page))
            missing = tags[int(options.unclosed_place * len(tags))]
            page = page[: missing.start()] + page[missing.end() :]
        if options.saved:
            page = page.replace("<html", f"<!-- saved from url=(0049){self.own_address} -->\n<html", 1)
            page = page.replace("<span ", '<span data-v="1" style="" ').replace("<div ", '<div data-reactid=".0" ')
        if options.quotes != '"':
            page = re.sub(r'(<[a-z][^<>"]*?)"', lambda found: found[0], page)
            page = re.sub(r'="([^"<>\']*)"', rf"={options.quotes}\1{options.quotes}", page)
        if options.upper_tags:
            page = re.sub(r"</?[a-z][a-z0-9]*", lambda found: found[0].upper(), page)
        if options.declaration:
            page = "<?xml version='1.0' encoding='UTF-8' ?>\n" + page
        return page.replace("\n", options.newline)


LISTINGS: Final = {
    "ar": {"home": "/", "section": "/politics", "newspaper": "/difaf", "author": "/author/A+B"},
    "fr": {"home": "/fr", "section": "/fr/politics", "newspaper": "/fr/difaf", "author": "/fr/author/A+B"},
    "en": {"home": "/en", "section": "/en/politics", "newspaper": "/en/difaf", "author": "/en/author/A+B"},
}
CHROME: Final = {
    "ar": ("أشرطة", "حول الموقع", "لدينا 52913288 خبرا ومقالا مفهرسا.", "أبلغ عن إشهار غير لائق"),
    "fr": ("Vidéos", "À propos", "52913288 articles.", "Signaler une publicité"),
    "en": ("Videos", "About", "52913288 articles.", "Report an advert"),
}


def render_markup(story: Story, options: PageOptions, rng: Random) -> str:
    """Return the page as HTML."""
    return PageMarkup(story, options, rng).page()
