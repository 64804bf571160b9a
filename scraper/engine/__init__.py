"""Run a job over a source: in the main process or in several, always in the order of the input."""
