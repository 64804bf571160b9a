"""Layouts: the rules for a family of sites, as data."""

from scraper.layouts.layout import Layout, Region, chrome_parts, layout_of_site
from scraper.layouts.loading import builtin_layouts, choose_layouts, load_layout

__all__ = ["Layout", "Region", "builtin_layouts", "choose_layouts", "chrome_parts", "layout_of_site", "load_layout"]
