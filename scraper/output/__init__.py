"""Outputs: files renamed when complete, growing files, partitioned files; in SQLite, deduplication, checkpoints, fetch states."""
