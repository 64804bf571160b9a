"""Run a job over a source: in the main process or in several, always in the order of the input."""

from scraper.run.engine import run_job
from scraper.run.jobs import Job, Lines, Result, Sink, counted, headline_lines, outcome_of, page_lines

__all__ = ["Job", "Lines", "Result", "Sink", "counted", "headline_lines", "outcome_of", "page_lines", "run_job"]
