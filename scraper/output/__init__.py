"""Where records go: files that appear only when whole, files that grow, many files at once, and what must be remembered between pages."""
