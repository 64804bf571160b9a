"""Outputs: files renamed when complete, files that grow, partitioned files, and in SQLite deduplication, checkpoints and fetch states."""
