"""Two renderings of every outcome: text and JSON."""
