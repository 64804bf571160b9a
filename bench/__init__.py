"""The program's speed: ratios of times measured in one run, on invented corpora."""
