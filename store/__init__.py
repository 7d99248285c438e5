"""The session store: SQLite through SQLAlchemy. Takes and gives plain records; knows no tensors."""
