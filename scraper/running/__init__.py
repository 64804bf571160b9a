"""From readings to lines: in this process, or in several that share the work and never the order."""

from scraper.running.jobs import Job, Lines, Result, Sink, counted, headline_lines, outcome_of, page_lines
from scraper.running.runs import run_job

__all__ = ["Job", "Lines", "Result", "Sink", "counted", "headline_lines", "outcome_of", "page_lines", "run_job"]
