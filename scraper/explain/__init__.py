"""What every piece of a page was taken for, by which rule and why: as JSON Lines, as plain text, as a page of its own."""

from scraper.explain.page import to_html
from scraper.explain.pieces import Piece, pieces_of, to_line
from scraper.explain.plain import to_lines
from scraper.explain.report import Group, Report, Section, number_of, report_on

__all__ = ["Group", "Piece", "Report", "Section", "number_of", "pieces_of", "report_on", "to_html", "to_line", "to_lines"]
