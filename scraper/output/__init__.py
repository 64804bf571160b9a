"""Outputs: files renamed when complete, files that grow, partitioned files, and the stores for deduplication, journals and fetch states."""
