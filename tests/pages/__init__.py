"""Invented pages, the accidents that happen to pages, and what must come out of them."""
