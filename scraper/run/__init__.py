"""From readings to lines: in this process, or in several that share the work and never the order."""

from scraper.run.engine import run_job
from scraper.run.jobs import Job, Lines, Result, Sink, counted, headline_lines, outcome_of, page_lines

__all__ = ["Job", "Lines", "Result", "Sink", "counted", "headline_lines", "outcome_of", "page_lines", "run_job"]
