"""Output for people: safe text, HTML, page frames, and names explained in words."""

from scraper.render.markup import Markup, join, tag, void
from scraper.render.safe_text import shown
from scraper.render.sheet import style_sheet, to_page

__all__ = ["Markup", "join", "shown", "style_sheet", "tag", "to_page", "void"]
