"""Fidelity: invented stories through other programs and then through scraper, judged field by field."""
