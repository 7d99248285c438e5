"""The domain: sessions, their history tree, cursor, queue, replay, export and import."""
