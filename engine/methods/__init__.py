"""Editing methods beside the rules of ROME: each computes a dense delta of some parameters.

A method is a module with one function `(model, request, hparams, progress, stop) → DenseDelta`;
`dense.py` applies such deltas and takes them back to the bit. Importing this package is free.
"""
