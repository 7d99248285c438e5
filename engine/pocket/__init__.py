"""The embedded default model: a small GPT-2 trained on a known world.

Importing this package costs no torch.
"""
