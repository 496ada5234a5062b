"""What makes parts of docs/ out of the program, so that they cannot go stale.

`make docs` writes the pages, `make pictures` the pictures; tests make the same again and compare.
"""
