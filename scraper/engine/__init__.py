"""Run a job over a source: in the main process or in several, always in the order of the input."""

from scraper.engine.jobs import ItemResult, Job, Lines, Sink, counted, headline_lines, outcome_of, page_lines
from scraper.engine.loop import run_job

__all__ = ["ItemResult", "Job", "Lines", "Sink", "counted", "headline_lines", "outcome_of", "page_lines", "run_job"]
