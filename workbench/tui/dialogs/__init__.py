"""Modal screens: one question or one form each. They know no session and start no job."""
