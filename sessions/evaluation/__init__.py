"""Evaluation as the papers do it: CounterFact and zsRE over a session, one edit after the other.

A run belongs to a session. Every case becomes a step, committed in one transaction with all that
was measured of it, so a run that is killed goes on where it was: no edit is repeated or skipped.
Importing this package costs nothing.
"""
