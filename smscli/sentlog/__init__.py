"""The memory. The only room with SQL."""
