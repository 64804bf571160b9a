"""What is shown to people, whatever it is about: text that does not act, HTML, the frame of a page, short names in words."""

from scraper.showing.markup import Markup, join, tag, void
from scraper.showing.sheet import style_sheet, to_page
from scraper.showing.shown import shown

__all__ = ["Markup", "join", "shown", "style_sheet", "tag", "to_page", "void"]
