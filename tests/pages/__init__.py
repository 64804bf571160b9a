"""Invented pages, accidents that happen to pages, and the records expected of them."""
