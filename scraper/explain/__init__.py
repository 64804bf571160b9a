"""The label, rule and reason of every piece of a page, as JSON Lines, plain text or an HTML page."""

from scraper.explain.page import to_html
from scraper.explain.report import Group, Piece, Report, Section, pieces_of, report_on, to_line, to_lines

__all__ = ["Group", "Piece", "Report", "Section", "pieces_of", "report_on", "to_html", "to_line", "to_lines"]
