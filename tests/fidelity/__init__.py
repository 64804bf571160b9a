"""Fidelity: what becomes of invented stories on their way through other programs and then through scraper, field by field."""
