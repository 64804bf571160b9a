"""Run the cleaning on engines for many machines."""
