"""The edit engine: models, keys, values, deltas, statistics and generation.

Knows no screen and no database. Importing this package costs nothing: every module is imported
by name, and only those that touch tensors import torch.
"""
