"""Clean on engines for many machines."""
