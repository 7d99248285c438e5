"""The bottom of the screen: the input line, what helps while typing, and what runs."""
