"""Editing methods beside the rules of ROME.

A method is a module with one function `(model, request, hparams, progress, stop) → ComputedEdit`
(`edit.py`), which only reads the model; its delta is a value that is stored and added again to the
bit. A further method brings its hyperparameters to hparams/ and an entry to `sessions/ways.py`.
Importing this package is free.
"""
