"""What is in many page records: counted in one pass, as tables of words and numbers, and as a page with pictures."""

from scraper.stats.counting import RecordSummary, Statistics
from scraper.stats.tables import NOTHING, Grid, Table, overview, tables_of

__all__ = ["NOTHING", "Grid", "RecordSummary", "Statistics", "Table", "overview", "tables_of"]
