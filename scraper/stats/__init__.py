"""What is in many page records: counted in one pass, as tables of words and numbers, and as a page with pictures."""

from scraper.stats.counting import Counted, Statistics
from scraper.stats.tables import NOTHING, Grid, Table, overview, tables_of

__all__ = ["NOTHING", "Counted", "Grid", "Statistics", "Table", "overview", "tables_of"]
