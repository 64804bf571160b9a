"""How a story becomes a page: the options that accidents change and from which the expected record follows."""

from dataclasses import dataclass
from typing import Final

BAD: Final = "\ue0ff"
"""Stands for a byte that is not UTF-8 until the page is encoded."""
CUT: Final = "\ue001"
"""Marks where a page is cut off."""


@dataclass(frozen=True)
class PageOptions:
    """How a page is written. The defaults are those of real pages."""

    # Both forms.
    ticker: bool = True
    notice: str = "two-lines"  # one-line, upper, lower, spaced, curly, none; in HTML also visible
    dateline: bool = True
    footer: str = "line"  # none, no-stop, upper
    date: str = "{0:02} - {1:02} - {2}"
    upper_dateline: bool = False
    digits: str = "0123456789"
    dateline_space: str = " "
    encoding: str = "utf-8"
    newline: str = "\n"
    bidi: str = ""
    sprinkle: str = ""
    bad_frame: str = ""  # which of notice, dateline and footer has the bad byte
    bad_place: float = 0.0
    accents: str = ""  # lost, nfd
    # Text only.
    separator: str = "\xa0" * 4
    blank: int = 1
    flat: str = ""  # all, lines
    stripped: bool = False
    indent: str = ""
    trailing: str = ""
    chrome: bool = False
    # HTML only.
    page: str = "article"  # home, section, newspaper, author
    body: str = "br"  # p, spans, div
    inline: bool = False
    scripts: bool = False
    nbsp: str = "&nbsp;" * 4
    entities: str = ""  # decimal, hex
    unclosed: str = ""
    unclosed_place: float = -1.0  # which of all closing tags is missing
    stray: str = ""
    title_tag: str = "span"
    extra_class: str = ""
    content_span: bool = True
    paragraph_break: str = "<br />\n"
    stray_end: bool = False
    controls: str = ""
    cut: bool = False
    nesting: str = ""  # main, body, ticker
    meta: str = "true"  # none, or its content
    saved: bool = False
    quotes: str = '"'
    upper_tags: bool = False
    doctype: str = "<!DOCTYPE html>"
    declaration: bool = True
    main: bool = True
    title_first: bool = False
    address: str = "og"  # canonical, page, none
    www: bool = True
    scheme: str = "https"
    image: bool = False
    linked_footer: str = "word"  # all
    bold_heading: str = "b"  # strong, h2
