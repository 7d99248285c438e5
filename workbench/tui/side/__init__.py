"""The left of the screen: history and queue."""
