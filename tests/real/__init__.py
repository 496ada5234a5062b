"""Servers that others have written, run for real on loopback (`pytest -m real`)."""
