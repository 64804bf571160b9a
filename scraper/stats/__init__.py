"""Statistics of page records, counted in one pass, as tables and as an HTML page with charts."""

from scraper.stats.counting import RecordSummary, Statistics, to_json
from scraper.stats.tables import NOTHING, Grid, Table, overview, tables_of

__all__ = ["NOTHING", "Grid", "RecordSummary", "Statistics", "Table", "overview", "tables_of", "to_json"]
