"""The centre of the screen: one tab a file, and `table.py`, which says which there are."""
