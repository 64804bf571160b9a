"""Tests: cases, properties, the command line, the documents."""
