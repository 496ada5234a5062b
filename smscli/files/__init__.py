"""The files people write, read with places. The only room with YAML and CSV."""
