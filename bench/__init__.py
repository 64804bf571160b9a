"""How fast the program is: ratios of times that were taken in one run, on corpora that it invents."""
