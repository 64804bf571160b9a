"""Output for people: HTML pages, and the names in records explained in words."""

from scraper.render.html import Markup, join, style_sheet, tag, to_page, void

__all__ = ["Markup", "join", "style_sheet", "tag", "to_page", "void"]
