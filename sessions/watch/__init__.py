"""Watching a session: full vitals, calibration, verdict, guard, retention, replay anew, compare."""
