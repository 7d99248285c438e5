"""The command layer: one registry of typed commands that every front end renders.

`spec` says what a command is, `registry` lists them, `execute` runs one, `typed` reads an input
line. Importing this package costs nothing; no command imports torch, SQLAlchemy or a screen until
it runs.
"""
